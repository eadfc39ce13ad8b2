"""A replica in a process of its own: it executes all that is due, says so, and waits to be told how far time has moved."""

import asyncio
import os
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

import tests.support.lean  # noqa: F401 - for its effect
from bot.app import SLACK_TIMEOUT
from bot.clock import MovableClock
from bot.notices import SlackPoster
from bot.observability import configure_logging
from bot.services import open_services
from bot.settings import Settings
from handlers.notices import RENDERERS
from handlers.people import SlackPeople

IDLE = "idle"
"""What a replica says when nothing is due any more. The answer is a timedelta, or None: stop."""


async def heard(control: Connection) -> Any:
    """The next that the other side says. Raises EOFError if it has ended."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(control.fileno(), ready.set)
    try:
        _ = await ready.wait()
    finally:
        _ = loop.remove_reader(control.fileno())
    return control.recv()


def work(settings: Settings, log: Path, control: Connection) -> None:
    """Log to a file, whatever else would be written to standard error included."""
    with log.open("w") as stream:
        os.dup2(stream.fileno(), 2)
        _ = configure_logging("INFO", stream)
        asyncio.run(_work(settings, control))


async def _work(settings: Settings, control: Connection) -> None:
    clock = MovableClock()
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        client = AsyncWebClient(
            token=settings.slack.bot_token.get_secret_value(),
            base_url=settings.slack.api_url,
            session=session,
            retry_handlers=[],
        )
        client.proxy = None
        async with open_services(
            settings,
            clock=clock,
            people=SlackPeople(client),
            poster=SlackPoster(client),
            renderers=RENDERERS,
            gap=timedelta(0),
        ) as services:
            while True:
                await services.execution.run_due()
                control.send(IDLE)
                moved: timedelta | None = await heard(control)
                if moved is None:
                    return
                clock.advance(moved)
