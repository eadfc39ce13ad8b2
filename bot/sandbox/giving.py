"""The calls of the JSON interface with which a person takes a shortcut or gives a file."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from bot.sandbox.routes import body_of
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.files import LARGEST
from bot.sandbox.slack.people import People


def add_calls(routes: web.Application, people: People, settle: Callable[[], Awaitable[None]]) -> None:
    """`settle` is waited for after what the bot may have something to do about."""
    slack = people.slack

    async def shortcut(request: web.Request) -> web.Response:
        body = await body_of(request, "user", "shortcut")
        person, name = slack.person(body["user"]), str(body["shortcut"])
        if "channel" in body and "ts" in body:
            await people.shortcuts.use_on(person, name, slack.channel(body["channel"]), body["ts"])
        else:
            await people.shortcuts.use(person, name)
        await settle()
        return web.json_response({})

    async def declared(_request: web.Request) -> web.Response:
        return web.json_response([asdict(one) for one in people.shortcuts.declared])

    async def upload(request: web.Request) -> web.Response:
        body = await body_of(request, "user", "name")
        given = slack.files.give(slack.person(body["user"]).id, str(body["name"]), _content(body))
        return web.json_response({"id": given.id})

    routes.router.add_get("/shortcuts", declared)
    routes.router.add_post("/shortcut", shortcut)
    routes.router.add_post("/upload", upload)


def _content(body: dict[str, object]) -> bytes:
    if isinstance(body.get("base64"), str):
        try:
            content = base64.b64decode(str(body["base64"]), validate=True)
        except binascii.Error:
            raise PersonError("base64 must be the file in base64") from None
    else:
        content = str(body.get("content", "")).encode()
    if len(content) > LARGEST:
        raise PersonError(f"a file has at most {LARGEST} bytes here")
    return content
