"""A few methods of Slack's Web API on a loopback port, which say no on demand: for tests of a single listener.

Whole features are tested in the sandbox instead (bot/sandbox).
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from slack_sdk.web.async_client import AsyncWebClient

TEAM = "T0SANDBOX"


@dataclass
class SlackApi:
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """method → the error code it answers with, until taken out"""
    strange: dict[str, dict[str, Any]] = field(default_factory=dict)
    """user id → what users.info says besides the usual"""
    groups: dict[str, list[str]] = field(default_factory=dict)
    hashes: dict[str, int] = field(default_factory=dict)
    url: str = ""

    def called(self, method: str) -> list[dict[str, Any]]:
        return [params for name, params in self.calls if name == method]

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        params: dict[str, Any] = dict(request.query)
        if request.can_read_body:
            if request.content_type == "application/json":
                params |= await request.json()
            else:
                params |= {key: _decoded(str(value)) for key, value in (await request.post()).items()}
        self.calls.append((method, params))
        if method in self.refusals:
            return web.json_response({"ok": False, "error": self.refusals[method]})
        if method.startswith("views.") and method != "views.publish":
            return self._view(method, params)
        if method == "users.info":
            user = {"id": params["user"], "team_id": TEAM} | self.strange.get(params["user"], {})
            return web.json_response({"ok": True, "user": user})
        if method == "usergroups.users.list":
            return web.json_response({"ok": True, "users": self.groups[params["usergroup"]]})
        return web.json_response({"ok": True})

    def _view(self, method: str, params: dict[str, Any]) -> web.Response:
        id_ = params.get("view_id") or f"V{len(self.hashes)}"
        present = f"h{self.hashes.setdefault(id_, 0)}"
        if method == "views.update":
            if params.get("hash") and params["hash"] != present:
                return web.json_response({"ok": False, "error": "hash_conflict"})
            self.hashes[id_] += 1
        view = params["view"] | {"id": id_, "hash": f"h{self.hashes[id_]}"}
        return web.json_response({"ok": True, "view": view})


@asynccontextmanager
async def slack_api() -> AsyncIterator[tuple[SlackApi, AsyncWebClient]]:
    api = SlackApi()
    application = web.Application()
    application.router.add_route("*", "/api/{method}", api.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        api.url = f"http://{host}:{port}/api/"
        async with ClientSession(trust_env=False) as session:
            client = AsyncWebClient(token="xoxb-test", base_url=api.url, session=session, retry_handlers=[])
            client.proxy = None
            yield api, client
    finally:
        await runner.cleanup()


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value
