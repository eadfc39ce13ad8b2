"""What all of the sandbox's routes share, and those that only its page uses, `/_page/`."""

import asyncio
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.slack.errors import ApiError, PersonError
from bot.sandbox.slack.people import People
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Workspace

PAGE = Path(__file__).parent / "page"
STRINGS = (
    "user",
    "channel",
    "ts",
    "view_id",
    "block_id",
    "action_id",
    "command",
    "text",
    "query",
    "target",
    "method",
    "shortcut",
    "name",
)
"""The fields of a body that are strings wherever they occur."""
HEARTBEAT = 15
"""Seconds after which a silent stream of events says that it is still there."""


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
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
    except web.HTTPClientError as error:
        return web.json_response({"error": error.reason.lower()}, status=error.status)


async def body_of(request: web.Request, *required: str) -> dict[str, Any]:
    """The JSON object of a request, with the required fields. Raises PersonError."""
    try:
        body = await request.json()
    except ValueError:
        raise PersonError("the body must be JSON") from None
    if not isinstance(body, dict):
        raise PersonError("the body must be a JSON object")
    missing = [name for name in required if name not in body]
    if missing:
        raise PersonError(f"missing: {', '.join(missing)}")
    wrong = [name for name in STRINGS if name in body and not isinstance(body[name], str)]
    if wrong:
        raise PersonError(f"must be a string: {', '.join(wrong)}")
    return body


def add_page(server: SlackServer, people: People, *, files: bool) -> None:
    """What the page needs beyond the JSON interface and, with `files`, the page itself at `/`."""
    slack = server.workspace

    async def index(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html")

    async def events(request: web.Request) -> web.StreamResponse:
        return await _follow(request, slack)

    async def commands(_request: web.Request) -> web.Response:
        return web.json_response(
            [
                {"command": c.command, "description": c.description, "usage_hint": c.usage_hint}
                for c in people.commands.values()
            ]
        )

    async def home(request: web.Request) -> web.Response:
        body = await body_of(request, "user")
        await people.open_home(slack.person(body["user"]))
        return web.json_response({})

    async def say(request: web.Request) -> web.Response:
        body = await body_of(request, "user", "channel", "text")
        people.say(slack.person(body["user"]), slack.channel(body["channel"]), str(body["text"]))
        return web.json_response({})

    async def remove(request: web.Request) -> web.Response:
        body = await body_of(request, "user", "channel", "ts")
        people.remove(slack.person(body["user"]), slack.channel(body["channel"]), body["ts"])
        return web.json_response({})

    async def file(request: web.Request) -> web.Response:
        found = slack.files.shown(request.match_info["id"])
        if found is None or found.content is None:
            raise web.HTTPNotFound
        return web.Response(
            body=found.content,
            content_type=found.mimetype,
            headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=86400"},
        )

    extras = web.Application(middlewares=[errors])
    extras.add_routes(
        [
            web.get("/events", events),
            web.get("/commands", commands),
            web.get("/files/{id}", file),
            web.post("/home", home),
            web.post("/say", say),
            web.post("/remove", remove),
        ]
    )
    server.app.add_subapp("/_page", extras)
    if files:
        server.app.router.add_get("/", index)
        server.app.router.add_static("/page", PAGE)


async def _follow(request: web.Request, slack: Workspace) -> web.StreamResponse:
    """Server-sent events: one for each revision of the state."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
    await response.prepare(request)
    revision = -1
    while True:
        try:
            async with asyncio.timeout(HEARTBEAT):
                revision = await slack.changed(revision)
            told = f"data: {revision}\n\n"
        except TimeoutError:
            told = ": still here\n\n"
        try:
            await response.write(told.encode())
        except ConnectionError:
            return response
