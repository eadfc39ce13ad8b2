"""A Slack over HTTP, and the real slack_sdk client that asks it."""

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.sandbox.slack.people import People
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Message, Person, Workspace

SCOPES = frozenset({"chat:write", "users:read", "commands"})
ADA = Person("U0ADA", "ada", "admin")


class Slack:
    """The server, and a client that holds the bot's token."""

    def __init__(self, server: SlackServer, session: aiohttp.ClientSession) -> None:
        self.server = server
        self.session = session
        self.people = People(server.workspace, server.socket, [])
        self.client = self.client_with("xoxb-test")

    def client_with(self, token: str | None) -> AsyncWebClient:
        client = AsyncWebClient(
            token=token, base_url=self.server.api_url, session=self.session, retry_handlers=[]
        )
        client.proxy = None
        return client

    def trigger(self) -> str:
        return self.server.workspace.new_trigger("U0ADA")

    @property
    def messages(self) -> list[Message]:
        """What the channel C1 holds."""
        return self.server.workspace.channels["C1"].messages

    async def post(self, text: str = "x", **more: Any) -> str:
        """The ts of a message in C1."""
        return str((await self.client.chat_postMessage(channel="C1", text=text, **more))["ts"])


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    workspace = Workspace(
        people=[ADA, Person("U0BEN", "ben", "admin"), Person(BOT_USER, "bot", "app", is_bot=True)],
        channels=[
            Channel("C1", "ops", {"U0ADA", BOT_USER}),
            Channel("C2", "closed", {"U0ADA"}),
            Channel("C3", "old", {"U0ADA", BOT_USER}, archived=True),
        ],
        clock=FrozenClock(datetime(2026, 11, 21, 9, tzinfo=UTC)),
    )
    server = SlackServer(workspace, scopes=SCOPES, bot_token="xoxb-test", app_token="xapp-test")
    await server.start()
    async with aiohttp.ClientSession() as session:
        yield Slack(server, session)
    await server.stop()


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])
