"""PurelyMail on loopback: its wire format, its quirks, and its failures on demand.

Failures come through `inject`, or by name, so that anybody can meet them from Slack: creating, changing or deleting a
user whose local part contains one of these words fails that way, and so does deleting a domain of such a name, or a
routing rule for such a local part:

    refused    an error envelope                silent    success, and nothing changes
    error500   HTTP 500, nothing changes        timeout   no answer for a minute, and nothing changes
"""

import asyncio
import json
import re
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.model import ProviderVerdict
from bot.sandbox.mail_data import SimulatedAccount, sandbox_account
from bot.sandbox.purelymail_operations import Json, Operations, Refused

HOST = "127.0.0.1"
TOKEN = "sandbox-purelymail-token"  # noqa: S105 - of use on this machine only
LONG = 60.0

_MAGIC: dict[str, Json] = {
    "refused": {"body": {"type": "error", "code": "refused", "message": "This name asks to be refused."}},
    "silent": {"silent_success": True},
    "error500": {"status": 500},
    "timeout": {"delay_seconds": LONG, "silent_success": True},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`status` and/or `body`: answered instead. `delay_seconds`: waited first. `silent_success`: success, no effect.
    `drop_response`: the effect, then a closed connection. `headers` go with `status`.
    """

    status: int | None = None
    delay_seconds: float = 0.0
    silent_success: bool = False
    drop_response: bool = False
    body: Any = None
    headers: dict[str, str] | None = None


async def _unchanged(_domain: str) -> ProviderVerdict:
    return ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)


async def _nobody(_domain: str) -> bool:
    return False


class PurelyMailSimulator:
    provider = "purelymail"

    def __init__(
        self,
        account: SimulatedAccount | None = None,
        *,
        clock: Clock,
        look: Callable[[str], Awaitable[ProviderVerdict]] = _unchanged,
        owned: Callable[[str], Awaitable[bool]] = _nobody,
    ) -> None:
        """`look` judges a domain's DNS afresh, `owned` whether it publishes the ownership code."""
        self.account = account or sandbox_account()
        self.credentials = {"api_token": TOKEN}
        self.url = ""
        self.calls: list[Json] = []
        """The journal: `at`, `operation`, `body`, `status`, `effect` (whether the operation was carried out)."""
        self._clock = clock
        self._operations = Operations(self.account, look, owned)
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._going_on = asyncio.Event()
        self._arrived = asyncio.Condition()
        app = web.Application(client_max_size=2 * 1024 * 1024)
        app.router.add_post("/api/v0/{operation}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)

    async def start(self, port: int = 0) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, HOST, port).start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"

    async def stop(self) -> None:
        self._going_on.set()
        await self._runner.cleanup()

    def inject(self, method: str, times: int, fault: Json) -> None:
        """Let the next `times` calls of an operation ("*" for any) fail. Raises ValueError for an unknown fault."""
        try:
            one = Fault(**fault)
        except TypeError:
            raise ValueError(f"a fault has the keys {', '.join(Fault.__slots__)}") from None
        if method != "*" and self._operations.find(method) is None:
            raise ValueError(f"PurelyMail has no operation {method!r}")
        self._faults[method].extend([one] * times)

    def mend(self) -> None:
        """Let no further call fail, nor one that is being answered wait any longer."""
        self._faults.clear()
        self._going_on.set()
        self._going_on = asyncio.Event()

    async def snapshot(self) -> Json:
        """What the account really holds, and the journal of requests."""
        return {
            "users": [
                {
                    "address": user.address,
                    "password": user.password,
                    "two_factor": user.two_factor,
                    "search_indexing": user.search_indexing,
                    "password_reset": user.password_reset,
                    "reset_methods": user.reset_methods,
                    "app_passwords": user.app_passwords,
                }
                for user in self.account.users.values()
            ],
            "domains": (await self._operations.list_domains({}))["domains"],
            "rules": list(self.account.rules.values()),
            "welcomed": self.account.welcomed,
            "calls": self.calls,
        }

    def effective(self, operation: str) -> list[Json]:
        """The bodies of the calls of an operation that were carried out."""
        return [call["body"] for call in self.calls if call["operation"] == operation and call["effect"]]

    async def asked(self, operation: str) -> None:
        """Wait until that operation has been asked for."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: any(call["operation"] == operation for call in self.calls))

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        operation = request.match_info["operation"]
        run = self._operations.find(operation)
        if run is None:
            return web.Response(
                status=404, text="<html><body>Not found</body></html>", content_type="text/html"
            )
        body = await _body(request)
        entry: Json = {
            "at": self._clock.now().isoformat(),
            "operation": operation,
            "body": body,
            "status": 200,
            "effect": False,
        }
        self.calls.append(entry)
        async with self._arrived:
            self._arrived.notify_all()
        fault = self._fault(operation, body)
        if fault.delay_seconds:
            await self._pause(fault.delay_seconds)
        if fault.status is not None or fault.body is not None:
            entry["status"] = fault.status or 200
            return _instead(fault)
        answer = await self._answer(request, run, body, entry, silent=fault.silent_success)
        if fault.drop_response and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer)

    async def _answer(
        self,
        request: web.Request,
        run: Callable[[Json], Awaitable[Json]],
        body: Json,
        entry: Json,
        *,
        silent: bool,
    ) -> Json:
        token = request.headers.get("Purelymail-Api-Token")
        if token is None:
            return _error("invalidToken", "Token must be supplied in Purelymail-Api-Token header")
        if token != TOKEN:
            return _error("invalidToken", "Token not valid.")
        if silent:
            return {"type": "success", "result": {}}
        try:
            result = await run(body)
        except Refused as refused:
            return _error(refused.code, refused.message)
        entry["effect"] = True
        return {"type": "success", "result": result}

    def _fault(self, operation: str, body: Json) -> Fault:
        for name in (operation, "*"):
            if self._faults[name]:
                return self._faults[name].popleft()
        name = self._written(operation, body)
        for word, fault in _MAGIC.items():
            if re.search(rf"(?<![a-z]){word}(?![a-z])", name):
                return Fault(**fault)
        return Fault()

    def _written(self, operation: str, body: Json) -> str:
        """The name of what a call would change, "" for none."""
        match operation:
            case "createAppPassword":
                return str(body.get("userHandle", "")).partition("@")[0]
            case (
                "createUser"
                | "modifyUser"
                | "deleteUser"
                | "upsertPasswordReset"
                | "deletePasswordReset"
                | "deleteAppPassword"
            ):
                return str(body.get("userName", "")).partition("@")[0]
            case "deleteDomain":
                return str(body.get("name", ""))
            case "deleteRoutingRule":
                rule = self._operations.rule(body.get("routingRuleId"))
                return "" if rule is None else str(rule["matchUser"])
            case _:
                return ""

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                _ = await self._going_on.wait()
        except TimeoutError:
            return


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _instead(fault: Fault) -> web.Response:
    body = fault.body if fault.body is not None else "<html><body>Internal error</body></html>"
    return web.Response(
        status=fault.status or 200,
        text=body if isinstance(body, str) else json.dumps(body),
        content_type="text/html" if isinstance(body, str) else "application/json",
        headers=fault.headers,
    )


def _error(code: str, message: str) -> Json:
    return {"type": "error", "code": code, "message": message}
