"""The HTTP side: `/api/{method}`, the URLs that take files, and `/link`, on loopback only."""

import asyncio
import json
import logging
from typing import Any

from aiohttp import web

from bot.sandbox.slack.downloads import add_downloads
from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.events import NOTHING, MetadataEvents, Subscriptions
from bot.sandbox.slack.faults import UPLOAD, Fault, Faults
from bot.sandbox.slack.files import LARGEST
from bot.sandbox.slack.methods import METHODS, Method
from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.methods.files import UPLOAD_PATH
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace

log = logging.getLogger(__name__)

HOST = "127.0.0.1"


class SlackServer:
    """`app` takes further routes until `start`."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        scopes: frozenset[str],
        bot_token: str,
        app_token: str,
        ack_seconds: float = 3.0,
        subscriptions: Subscriptions = NOTHING,
    ) -> None:
        self.workspace = workspace
        self.faults = Faults()
        self.socket = SocketMode(self.faults, ack_seconds=ack_seconds)
        self.events = MetadataEvents(
            workspace, self.socket, self.faults, scopes=scopes, subscriptions=subscriptions
        )
        self.calls: list[str] = []
        """The methods that were called (and `upload`), in order: never their arguments, which may hold secrets."""
        self.url = ""
        self._arrived = asyncio.Condition()
        self._scopes = scopes
        self._bot_token = bot_token
        self._app_token = app_token
        self.app = web.Application(client_max_size=LARGEST + 64 * 1024)
        self.app.router.add_route("*", "/api/{method}", self._api)
        self.app.router.add_post(UPLOAD_PATH + "{ticket}", self._upload)
        self.app.router.add_get("/link", self.socket.link)
        add_downloads(self.app, workspace.files, token=bot_token, scopes=scopes)
        self._runner = web.AppRunner(self.app, access_log=None, shutdown_timeout=1.0)

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    async def start(self, port: int = 0) -> None:
        """Listen. Raises OSError if the port is taken."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"
        self.workspace.files.address = self.url

    async def stop(self) -> None:
        await self.events.close()
        await self.socket.close()
        await self._runner.cleanup()

    async def asked(self, method: str) -> None:
        """Wait until that method has been called."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: method in self.calls)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        self.calls.append(name)
        async with self._arrived:
            self._arrived.notify_all()
        # What has arrived takes effect, though the client may leave during a delay.
        _ = await request.read()
        fault = self.faults.take(name)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.answers:
            return _instead(fault)
        if fault.silent_success:
            return web.json_response({"ok": True, "ts": self.workspace.next_ts(), "channel": "", "view": {}})
        answer = await self._answer(name, request)
        for file in answer.get("files", []) if fault.unready else []:
            self.workspace.files.known[file["id"]].unready = fault.unready
        if fault.drop_response and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer, headers={"x-oauth-scopes": ",".join(sorted(self._scopes))})

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """Take a file's content, as it is or as a form. The URL is all it takes, and is good once."""
        self.calls.append(UPLOAD)
        content = await _content(request)
        fault = self.faults.take(UPLOAD)
        if fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault.answers:
            return _instead(fault)
        if not fault.silent_success and not self.workspace.files.receive(
            request.match_info["ticket"], content
        ):
            return web.Response(status=400, text="the URL was used or never given, or the length is another")
        if fault.drop_response and request.transport is not None:
            request.transport.abort()
        return web.Response(text=f"OK - {len(content)}")

    async def _answer(self, name: str, request: web.Request) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            return {"ok": False, "error": "unknown_method", "req_method": name}
        try:
            arguments = await _arguments(request)
            self._authorise(method, request, arguments)
            call = Call(self.workspace, self.socket, self.url, arguments)
            return {"ok": True, **await method.run(call)}
        except ApiError as error:
            return {"ok": False, "error": error.code, **error.extra}

    def _authorise(self, method: Method, request: web.Request, arguments: dict[str, Any]) -> None:
        header = request.headers.get("Authorization", "")
        token = header.removeprefix("Bearer ") or str(arguments.get("token") or "")
        if not token:
            raise ApiError("not_authed")
        expected, other = (
            (self._app_token, self._bot_token) if method.app_token else (self._bot_token, self._app_token)
        )
        if token == other:
            raise ApiError("not_allowed_token_type")
        if token != expected:
            raise ApiError("invalid_auth")
        if method.scope is not None and method.scope not in self._scopes:
            raise ApiError("missing_scope", needed=method.scope, provided=",".join(sorted(self._scopes)))


def _instead(fault: Fault) -> web.Response:
    headers = {"Retry-After": str(fault.retry_after)} if fault.status == 429 else {}
    body = fault.body if fault.body is not None else {"ok": False, "error": "ratelimited"}
    text = body if isinstance(body, str) else json.dumps(body)
    return web.Response(
        status=fault.status or 200, text=text, content_type="application/json", headers=headers
    )


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
        return part.encode() if isinstance(part, str) else bytes(part)
    return b""


async def _arguments(request: web.Request) -> dict[str, Any]:
    arguments: dict[str, Any] = dict(request.query)
    if request.method == "POST":
        if request.content_type == "application/json":
            try:
                body = await request.json()
            except ValueError:
                raise ApiError("invalid_json") from None
            if not isinstance(body, dict):
                raise ApiError("json_not_object")
            arguments |= body
        else:
            arguments |= dict(await request.post())
    return arguments
