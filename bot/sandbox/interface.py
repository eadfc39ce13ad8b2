"""The sandbox's JSON interface for scripts and tests (`/_sandbox/`), and what only its page needs (`/_page/`).

README.md beside this file describes every call.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.clock import MovableClock
from bot.sandbox.slack.errors import ApiError, PersonError
from bot.sandbox.slack.faults import SOCKET
from bot.sandbox.slack.people import People
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Message, View

PAGE = Path(__file__).parent / "page"


class MailSystem(Protocol):
    """A simulator of a mail system, as an account of the sandbox."""

    provider: str
    url: str
    credentials: dict[str, str]

    async def snapshot(self) -> dict[str, Any]:
        """What it really holds: users, domains, and the journal of requests as `calls`."""

    def inject(self, method: str, times: int, fault: dict[str, Any]) -> None:
        """Let the next `times` calls of a method fail. Raises ValueError for a fault it does not know."""


class Interface:
    def __init__(
        self,
        *,
        server: SlackServer,
        people: People,
        clock: MovableClock,
        accounts: Mapping[str, MailSystem],
        wake: Callable[[], Awaitable[None]],
        page: bool,
    ) -> None:
        self._server = server
        self._slack = server.workspace
        self._people = people
        self._clock = clock
        self._accounts = accounts
        self._wake = wake
        self._moving = asyncio.Lock()
        routes = web.Application(middlewares=[_errors])
        routes.add_routes(
            [
                web.get("/state", self._state),
                web.post("/command", self._command),
                web.post("/click", self._click),
                web.post("/input", self._input),
                web.post("/options", self._options),
                web.post("/submit", self._submit),
                web.post("/close", self._close),
                web.post("/clock", self._move_clock),
                web.get("/mail/{account}", self._mail),
                web.post("/faults", self._faults),
            ]
        )
        server.app.add_subapp("/_sandbox", routes)
        if page:
            extras = web.Application(middlewares=[_errors])
            extras.add_routes(
                [
                    web.get("/events", self._events),
                    web.get("/commands", self._commands),
                    web.post("/home", self._home),
                    web.post("/say", self._say),
                ]
            )
            server.app.add_subapp("/_page", extras)
            server.app.router.add_get("/", _index)
            server.app.router.add_static("/page", PAGE)

    async def _state(self, _request: web.Request) -> web.Response:
        slack = self._slack
        return web.json_response(
            {
                "clock": self._clock.now().isoformat(),
                "people": [
                    {"id": person.id, "name": person.name, "role": person.role}
                    for person in slack.people.values()
                    if not person.is_bot
                ],
                "accounts": [
                    {
                        "name": name,
                        "provider": mail.provider,
                        "url": mail.url,
                        "credentials": mail.credentials,
                    }
                    for name, mail in self._accounts.items()
                ],
                "channels": [
                    {"id": c.id, "name": c.name, "messages": [_message(message) for message in c.messages]}
                    for c in slack.channels.values()
                ],
                "views": [_view(view) for stack in slack.stacks.values() for view in stack],
                "homes": {
                    user: {"view_id": home.id, "blocks": home.blocks} for user, home in slack.homes.items()
                },
            }
        )

    async def _command(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "channel", "command")
        await self._people.command(
            self._slack.person(body["user"]),
            self._slack.channel(body["channel"]),
            body["command"],
            str(body.get("text", "")),
        )
        return web.json_response({})

    async def _click(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "block_id", "action_id")
        person, value = self._slack.person(body["user"]), body.get("value")
        if "view_id" in body:
            await self._people.click(person, body["view_id"], body["block_id"], body["action_id"], value)
        elif "channel" in body and "ts" in body:
            channel = self._slack.channel(body["channel"])
            await self._people.click_in_message(
                person, channel, body["ts"], body["block_id"], body["action_id"], value
            )
        else:
            raise PersonError("a click needs view_id, or channel and ts")
        return web.json_response({})

    async def _input(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id", "block_id", "action_id", "value")
        person = self._slack.person(body["user"])
        await self._people.fill(person, body["view_id"], body["block_id"], body["action_id"], body["value"])
        return web.json_response({})

    async def _options(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id", "block_id", "action_id", "query")
        person = self._slack.person(body["user"])
        offered = await self._people.options(
            person, body["view_id"], body["block_id"], body["action_id"], str(body["query"])
        )
        return web.json_response({"options": offered})

    async def _submit(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id")
        submitted = await self._people.submit(self._slack.person(body["user"]), body["view_id"])
        answer: dict[str, Any] = {"response_action": submitted.response_action}
        if submitted.errors is not None:
            answer["errors"] = submitted.errors
        return web.json_response(answer)

    async def _close(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "view_id")
        await self._people.close(self._slack.person(body["user"]), body["view_id"])
        return web.json_response({})

    async def _move_clock(self, request: web.Request) -> web.Response:
        body = await _body(request, "advance_seconds")
        seconds = body["advance_seconds"]
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, int | float)
            or not 0 <= seconds <= 366 * 86_400
        ):
            raise PersonError("advance_seconds is a number from 0 to a year")
        async with self._moving:
            self._clock.advance(timedelta(seconds=seconds))
            await self._wake()
        self._slack.touch()
        return web.json_response({"clock": self._clock.now().isoformat()})

    async def _mail(self, request: web.Request) -> web.Response:
        return web.json_response(await self._account(request.match_info["account"]).snapshot())

    async def _faults(self, request: web.Request) -> web.Response:
        body = await _body(request, "target", "method", "fault")
        times, fault, method = body.get("times", 1), body["fault"], str(body["method"])
        if not isinstance(fault, dict) or not isinstance(times, int) or not 1 <= times <= 1000:
            raise PersonError("fault is an object, and times a whole number from 1 to 1000")
        if body["target"] != "slack":
            try:
                self._account(body["target"]).inject(method, times, fault)
            except ValueError as error:
                raise PersonError(str(error)) from None
        elif method == SOCKET and fault.get("reconnect"):
            await self._server.socket.refresh()
        else:
            self._server.faults.inject(method, times, fault)
        return web.json_response({})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: one for each revision of the state."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        )
        await response.prepare(request)
        revision = -1
        while True:
            try:
                async with asyncio.timeout(15):
                    revision = await self._slack.changed(revision)
                await response.write(f"data: {revision}\n\n".encode())
            except TimeoutError:
                await response.write(b": still here\n\n")
            except ConnectionError:
                return response

    async def _commands(self, _request: web.Request) -> web.Response:
        return web.json_response(
            [
                {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                for c in self._people.commands.values()
            ]
        )

    async def _home(self, request: web.Request) -> web.Response:
        body = await _body(request, "user")
        await self._people.open_home(self._slack.person(body["user"]))
        return web.json_response({})

    async def _say(self, request: web.Request) -> web.Response:
        body = await _body(request, "user", "channel", "text")
        self._people.say(
            self._slack.person(body["user"]), self._slack.channel(body["channel"]), str(body["text"])
        )
        return web.json_response({})

    def _account(self, name: str) -> MailSystem:
        if name not in self._accounts:
            raise PersonError(f"there is no account {name!r}; there are {', '.join(self._accounts)}")
        return self._accounts[name]


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    # A page of another site must not drive the sandbox of somebody who has it running.
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{request.host}":
        return web.json_response({"error": "not from this origin"}, status=403)
    try:
        return await handler(request)
    except PersonError as error:
        return web.json_response({"error": str(error)}, status=400)
    except ApiError as error:
        return web.json_response({"error": error.code}, status=400)


async def _body(request: web.Request, *required: str) -> dict[str, Any]:
    try:
        body = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise PersonError("the body must be JSON") from None
    if not isinstance(body, dict):
        raise PersonError("the body must be a JSON object")
    missing = [name for name in required if name not in body]
    if missing:
        raise PersonError(f"missing: {', '.join(missing)}")
    return body


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


def _message(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "ts": message.ts,
        "user": message.user,
        "text": message.text,
        "blocks": message.blocks,
    }
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.ephemeral_for:
        shown["ephemeral_for"] = message.ephemeral_for
    return shown


def _view(view: View) -> dict[str, Any]:
    return {
        "id": view.id,
        "user": view.user,
        "callback_id": view.content.get("callback_id", ""),
        "title": (view.content.get("title") or {}).get("text", ""),
        "submit": (view.content.get("submit") or {}).get("text"),
        "close": (view.content.get("close") or {}).get("text"),
        "blocks": view.blocks,
        "state": {"values": view.state()},
        "errors": view.errors,
        "hash": view.hash,
    }
