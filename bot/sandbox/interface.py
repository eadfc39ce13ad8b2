"""The sandbox's JSON interface for scripts and tests, `/_sandbox/`. README.md beside this file describes every call."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Protocol

from aiohttp import web

from bot.clock import MovableClock
from bot.sandbox.giving import add_calls
from bot.sandbox.routes import add_page, body_of, errors
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.faults import SOCKET
from bot.sandbox.slack.files import File, Files, ids_in
from bot.sandbox.slack.people import People
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Message, View

SETTLE = 1.0
"""Seconds a command or a click may wait for the bot to finish, so that its effect is in the state when it returns."""


class MailSystem(Protocol):
    """A simulator of a mail system, as an account of the sandbox."""

    provider: str
    url: str
    credentials: dict[str, str]

    async def snapshot(self) -> dict[str, Any]:
        """What it really holds: users, domains, and the journal of requests as `calls`."""

    def inject(self, method: str, times: int, fault: dict[str, Any]) -> None:
        """Let the next `times` calls of a method fail. Raises ValueError for a fault it does not know."""


class BotHandle(Protocol):
    """What the interface needs of the bot."""

    async def wake(self) -> None:
        """Run everything that is due now; return when it is done."""

    async def settled(self) -> None:
        """Return when no listener is running."""


class Interface:
    def __init__(
        self,
        *,
        server: SlackServer,
        people: People,
        clock: MovableClock,
        accounts: Mapping[str, MailSystem],
        bot: "BotHandle",
        page: bool,
    ) -> None:
        self._server = server
        self._slack = server.workspace
        self._people = people
        self._clock = clock
        self._accounts = accounts
        self._bot = bot
        self._moving = asyncio.Lock()
        routes = web.Application(middlewares=[errors])
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
        add_calls(routes, people, self._settle)
        server.app.add_subapp("/_sandbox", routes)
        add_page(server, people, files=page)

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
                    {
                        "id": c.id,
                        "name": c.name,
                        "messages": [_message(message, slack.files) for message in c.messages],
                    }
                    for c in slack.channels.values()
                ],
                "views": [_view(view) for stack in slack.stacks.values() for view in stack],
                "homes": {
                    user: {"view_id": home.id, "blocks": home.blocks} for user, home in slack.homes.items()
                },
            }
        )

    async def _command(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "channel", "command")
        await self._people.command(
            self._slack.person(body["user"]),
            self._slack.channel(body["channel"]),
            body["command"],
            str(body.get("text", "")),
        )
        await self._settle()
        return web.json_response({})

    async def _click(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "block_id", "action_id")
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
        await self._settle()
        return web.json_response({})

    async def _input(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "view_id", "block_id", "action_id", "value")
        person = self._slack.person(body["user"])
        await self._people.fill(
            person,
            body["view_id"],
            body["block_id"],
            body["action_id"],
            body["value"],
            enter=body.get("enter") is True,
        )
        return web.json_response({})

    async def _options(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "view_id", "block_id", "action_id", "query")
        person = self._slack.person(body["user"])
        offered = await self._people.options(
            person, body["view_id"], body["block_id"], body["action_id"], str(body["query"])
        )
        return web.json_response({"options": offered})

    async def _submit(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "view_id")
        submitted = await self._people.submit(self._slack.person(body["user"]), body["view_id"])
        await self._settle()
        answer: dict[str, Any] = {"response_action": submitted.response_action}
        if submitted.errors is not None:
            answer["errors"] = submitted.errors
        return web.json_response(answer)

    async def _close(self, request: web.Request) -> web.Response:
        body = await body_of(request, "user", "view_id")
        await self._people.close(self._slack.person(body["user"]), body["view_id"])
        return web.json_response({})

    async def _move_clock(self, request: web.Request) -> web.Response:
        body = await body_of(request, "advance_seconds")
        seconds = body["advance_seconds"]
        if not _number(seconds, 0, 366 * 86_400):
            raise PersonError("advance_seconds is a number from 0 to a year")
        async with self._moving:
            self._clock.advance(timedelta(seconds=seconds))
            await self._bot.wake()
        self._slack.touch()
        return web.json_response({"clock": self._clock.now().isoformat()})

    async def _mail(self, request: web.Request) -> web.Response:
        return web.json_response(await self._account(request.match_info["account"]).snapshot())

    async def _faults(self, request: web.Request) -> web.Response:
        body = await body_of(request, "target", "method", "fault")
        times, fault, method = body.get("times", 1), body["fault"], body["method"]
        if not isinstance(fault, dict) or not _whole(times, 1, 1000):
            raise PersonError("fault is an object, and times a whole number from 1 to 1000")
        _check(fault)
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

    async def _settle(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SETTLE):
                await self._bot.settled()
                # What it posted comes back to it as an event, and it may have something to do about that.
                await self._server.events.quiet()
                await self._bot.settled()

    def _account(self, name: str) -> MailSystem:
        if name not in self._accounts:
            raise PersonError(f"there is no account {name!r}; there are {', '.join(self._accounts)}")
        return self._accounts[name]


def _number(value: Any, least: float, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and _number(value, least, most)


def _check(fault: dict[str, Any]) -> None:
    """Say now what would otherwise go wrong with some later call."""
    if fault.get("status") is not None and not _whole(fault["status"], 200, 599):
        raise PersonError("status is a number from 200 to 599")
    if not _number(fault.get("delay_seconds", 0), 0, 600):
        raise PersonError("delay_seconds is a number from 0 to 600")
    if not _whole(fault.get("retry_after", 1), 0, 3600):
        raise PersonError("retry_after is a whole number from 0 to 3600")
    if not _whole(fault.get("unready", 0), 0, 1000):
        raise PersonError("unready is a whole number from 0 to 1000")
    for name in ("silent_success", "drop_response", "after_effect", "redeliver", "reconnect"):
        if not isinstance(fault.get(name, False), bool):
            raise PersonError(f"{name} is true or false")


def _message(message: Message, files: Files) -> dict[str, Any]:
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
    ids = dict.fromkeys([*message.files, *ids_in(message.blocks)])
    if seen := [file for file in map(files.shown, ids) if file is not None]:
        shown["files"] = [_file(file) for file in seen]
    return shown


def _file(file: File) -> dict[str, Any]:
    return {
        "id": file.id,
        "name": file.name,
        "title": file.title,
        "mimetype": file.mimetype,
        "size": file.length,
        "alt_text": file.alt_text,
        "width": file.width,
        "height": file.height,
        "url": f"/_page/files/{file.id}",
    }


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
