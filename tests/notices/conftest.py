"""A house: an outbox on each engine, and an emulated Slack over HTTP."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Workspace
from bot.storage.database import Database
from tests.support.outbox import House


@pytest.fixture
async def house(database: Database, clock: FrozenClock) -> AsyncIterator[House]:
    workspace = Workspace(
        people=[], channels=[Channel("C1", "ops", {BOT_USER}), Channel("C2", "dns", {BOT_USER})], clock=clock
    )
    scopes = frozenset({"chat:write"})
    server = SlackServer(workspace, scopes=scopes, bot_token="xoxb-test", app_token="xapp-test")
    await server.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token="xoxb-test", base_url=server.api_url, session=session, retry_handlers=[]
        )
        client.proxy = None
        yield House(server, database, clock, client)
    await server.stop()
