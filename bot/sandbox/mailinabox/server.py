"""A Mail-in-a-Box on loopback: the HTTP of its management daemon, its quirks, and its failures on demand.

Paths are those behind the web server of a box, `/admin/...`. Failures come through `inject`, whose methods are written
`POST /mail/users/add`, or by name, so that anybody can meet them from Slack: creating, changing or removing a user whose
local part contains one of these words fails that way.

    refused    status 400 and a text        silent    success, and nothing changes
    error500   HTTP 500, nothing changes    halfdone  HTTP 500, and it is done all the same
    timeout    no answer for a minute, and nothing changes
"""

import asyncio
import re
import ssl
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from bot.clock import Clock
from bot.sandbox.mailinabox.answers import Answer, Call, page
from bot.sandbox.mailinabox.auth import Gate, new_key
from bot.sandbox.mailinabox.calls import ROUTES, silence, verbs_of
from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.mailinabox.made_up import LOGIN, PASSWORD, sandbox_box

HOST = "127.0.0.1"
BASE = "/admin"
LONG = 60.0
FORM = "application/x-www-form-urlencoded"

Json = dict[str, Any]

_MAGIC: dict[str, Json] = {
    "refused": {"status": 400, "body": "This name asks to be refused."},
    "silent": {"silent_success": True},
    "error500": {"status": 500},
    "halfdone": {"status": 500, "after_effect": True},
    "timeout": {"delay_seconds": LONG, "silent_success": True},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`status` and/or `body`: answered instead, once it is done with `after_effect`, else without. `delay_seconds`: waited
    first. `silent_success`: success, no effect. `drop_response`: the effect, then a closed connection. `headers` go with
    `status`.
    """

    status: int | None = None
    delay_seconds: float = 0.0
    silent_success: bool = False
    drop_response: bool = False
    after_effect: bool = False
    body: Any = None
    headers: dict[str, str] | None = None


class MailInABoxSimulator:
    provider = "mailinabox"

    def __init__(
        self,
        box: SimulatedBox | None = None,
        *,
        clock: Clock,
        login: str = LOGIN,
        password: str = PASSWORD,
        session_key: Callable[[], str] = new_key,
    ) -> None:
        """`login` and `password` are what is told to others as `credentials`; `session_key` makes those of `/login`."""
        self.box = box or sandbox_box()
        self.credentials = {"login": login, "password": password}
        self.url = ""
        """Of the API, with `/admin`."""
        self.calls: list[Json] = []
        """The journal: `at`, `operation` (`POST /mail/users/add`), `body` (the form, or the query of a GET), `status`,
        `effect` (whether it was carried out).
        """
        self.most_at_once = 0
        """How many requests were open at the same time. A box serves one after another."""
        self._clock = clock
        self._gate = Gate(self.box, clock, session_key)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._open = 0
        self._going_on = asyncio.Event()
        self._arrived = asyncio.Condition()
        app = web.Application(client_max_size=2 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port, ssl_context=tls).start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"{'http' if tls is None else 'https'}://{host}:{bound}{BASE}"

    async def stop(self) -> None:
        self._going_on.set()
        await self._runner.cleanup()

    def inject(self, method: str, times: int, fault: Json) -> None:
        """Let the next `times` calls of a method ("*" for any) fail. Raises ValueError for an unknown fault."""
        try:
            one = Fault(**fault)
        except TypeError:
            raise ValueError(f"a fault has the keys {', '.join(Fault.__slots__)}") from None
        verb, _, path = method.partition(" ")
        if method != "*" and verb not in ROUTES.get(path, {}):
            raise ValueError(f"a box has no method {method!r}; they are written like 'POST /mail/users/add'")
        self._faults[method].extend([one] * times)

    def mend(self) -> None:
        """Let no further call fail, nor one that is being answered wait any longer."""
        self._faults.clear()
        self._going_on.set()
        self._going_on = asyncio.Event()

    async def snapshot(self) -> Json:
        """What the box really holds, and the journal of requests."""
        box = self.box
        return {
            "users": [
                {
                    "address": user.address,
                    "password": user.password,
                    "privileges": user.privileges,
                    "quota": user.quota,
                    "used": box.mailboxes[user.address].used if user.address in box.mailboxes else None,
                    "two_factor": bool(user.factors),
                }
                for user in box.users.values()
            ],
            "archived": [
                {"address": address, "used": mailbox.used}
                for address, mailbox in box.mailboxes.items()
                if address not in box.users
            ],
            "domains": [{"name": name} for name in sorted(box.mail_domains)],
            "aliases": [
                {"address": alias.address, "forwards_to": alias.forwards_to} for alias in box.aliases.values()
            ],
            "calls": self.calls,
        }

    def effective(self, operation: str) -> list[Json]:
        """The bodies of the calls of a method that were carried out."""
        return [call["body"] for call in self.calls if call["operation"] == operation and call["effect"]]

    async def asked(self, operation: str, *, times: int = 1) -> None:
        """Wait until that method has been asked for so many times."""
        async with self._arrived:
            await self._arrived.wait_for(
                lambda: sum(call["operation"] == operation for call in self.calls) >= times
            )

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            return await self._respond(request)
        finally:
            self._open -= 1

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix(BASE)
        if path == request.path:
            return _response(page(HTTPStatus.NOT_FOUND, by_web_server=True))
        verbs = verbs_of(self.box, path)
        if verbs is None:
            return _response(page(HTTPStatus.NOT_FOUND))
        verb = "GET" if request.method == "HEAD" else request.method
        if verb not in verbs:
            return _response(_other_verb(verb, set(verbs)))
        call = Call(
            self.box,
            self._clock,
            self._gate,
            request.headers,
            {name: request.query[name] for name in request.query},
            await _form(request),
        )
        operation = f"{verb} {path}"
        entry: Json = {
            "at": self._clock.now().isoformat(),
            "operation": operation,
            "body": call.query if verb == "GET" else call.form,
            "status": HTTPStatus.OK,
            "effect": False,
        }
        self.calls.append(entry)
        async with self._arrived:
            self._arrived.notify_all()
        answer = await self._answer(request, operation, call, entry)
        entry["status"] = int(answer.status)
        return _response(answer)

    async def _answer(self, request: web.Request, operation: str, call: Call, entry: Json) -> Answer:
        verb, _, path = operation.partition(" ")
        fault = self._fault(operation, call)
        if fault.delay_seconds:
            await self._pause(fault.delay_seconds)
        instead = fault.status is not None or fault.body is not None
        if instead and not fault.after_effect:
            return _instead(fault)
        if fault.silent_success and verb != "GET":
            return silence(call, path)
        answer = ROUTES[path][verb](call)
        entry["effect"] = call.done
        if fault.drop_response and request.transport is not None:
            request.transport.abort()
        return _instead(fault) if instead else answer

    def _fault(self, operation: str, call: Call) -> Fault:
        for name in (operation, "*"):
            if self._faults[name]:
                return self._faults[name].popleft()
        if operation.startswith("POST "):
            name = (call.form.get("email") or call.form.get("user") or "").partition("@")[0]
            for word, fault in _MAGIC.items():
                if re.search(rf"(?<![a-z]){word}(?![a-z])", name):
                    return Fault(**fault)
        return Fault()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                _ = await self._going_on.wait()
        except TimeoutError:
            return


async def _form(request: web.Request) -> dict[str, str]:
    """The first value of each field. Of any other body than a form nothing is read."""
    if request.content_type != FORM:
        return {}
    body = (await request.read()).decode("utf-8", "replace")
    return dict(reversed(parse_qsl(body, keep_blank_values=True, errors="replace")))


def _other_verb(verb: str, verbs: set[str]) -> Answer:
    allowed = sorted({*verbs, "OPTIONS", *({"HEAD"} if "GET" in verbs else set())})
    headers = {"Allow": ", ".join(allowed)}
    return (
        Answer("", headers=headers)
        if verb == "OPTIONS"
        else page(HTTPStatus.METHOD_NOT_ALLOWED, headers=headers)
    )


def _instead(fault: Fault) -> Answer:
    status = HTTPStatus(fault.status or HTTPStatus.OK)
    if fault.body is None:
        return page(status, headers=fault.headers or {})
    if isinstance(fault.body, str):
        return Answer(fault.body, status, headers=fault.headers or {})
    return Answer.of_json(fault.body, status, headers=fault.headers or {})


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        reason=answer.status.phrase.upper(),
        body=answer.text.encode(),
        headers={"Content-Type": answer.content_type, "Server": "nginx", **answer.headers},
    )
