"""What a box answers with, and who gets an answer at all."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from bot.clock import Clock
from bot.sandbox.mailinabox.auth import NOT_ADMIN, REALM, Denied, Gate
from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.mailinabox.users import OK, Crash, Refused

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
JSON = "application/json"

_WHY = {
    HTTPStatus.NOT_FOUND: "The requested URL was not found on the server. If you entered the URL manually please check your "
    "spelling and try again.",
    HTTPStatus.METHOD_NOT_ALLOWED: "The method is not allowed for the requested URL.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The server encountered an internal error and was unable to complete your request. "
    "Either the server is overloaded or there is an error in the application.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    text: str
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(
        cls, value: Any, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
    ) -> "Answer":
        return cls(json.dumps(value, indent=2, sort_keys=True) + "\n", status, JSON, headers or {})


@dataclass(slots=True)
class Call:
    """A request. `address`: whose, None for whoever has the key of the box. `done`: it has changed something."""

    box: SimulatedBox
    clock: Clock
    gate: Gate
    headers: Mapping[str, str]
    query: dict[str, str]
    form: dict[str, str]
    address: str | None = None
    done: bool = False

    def field(self, name: str) -> str:
        return self.form.get(name, "")


Handler = Callable[[Call], Answer]


def page(status: HTTPStatus, *, by_web_server: bool = False, headers: dict[str, str] | None = None) -> Answer:
    """A page of HTML that says what went wrong: the daemon's, or the web server's where the daemon was not asked."""
    if not by_web_server and status in _WHY:
        text = (
            f"<!doctype html>\n<html lang=en>\n<title>{status.value} {status.phrase}</title>\n"
            f"<h1>{status.phrase}</h1>\n<p>{_WHY[status]}</p>\n"
        )
        return Answer(text, status, headers=headers or {})
    title = f"{status.value} {status.phrase}"
    text = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
        "<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
    )
    return Answer(text, status, "text/html", headers or {})


def for_admins(handler: Handler) -> Handler:
    """For administrators only."""

    @wraps(handler)
    def guarded(call: Call) -> Answer:
        try:
            caller = call.gate.authenticate(call.headers)
        except Denied as denied:
            return _denied(call, str(denied))
        if "admin" not in caller.privileges:
            return _denied(call, NOT_ADMIN)
        call.address = caller.address
        try:
            return handler(call)
        except Refused as refused:
            return Answer(str(refused), HTTPStatus.BAD_REQUEST)
        except Crash:
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)

    return guarded


def _denied(call: Call, reason: str) -> Answer:
    by_script = call.headers.get("X-Requested-With") == "XMLHttpRequest"
    status = HTTPStatus.FORBIDDEN if by_script else HTTPStatus.UNAUTHORIZED
    headers = {} if by_script else {"WWW-Authenticate": f'Basic realm="{REALM}"', "X-Reason": reason}
    if call.headers.get("Accept", "") in {"", "*/*"}:
        return Answer(f"{reason}\n", status, PLAIN, headers)
    return Answer(json.dumps({"status": "error", "reason": reason}) + "\n", status, JSON, headers)


def changing(change: Callable[[Call], None]) -> Handler:
    """A call that changes something and says OK."""

    def handler(call: Call) -> Answer:
        change(call)
        call.done = True
        return Answer(OK)

    return handler
