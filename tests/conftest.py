"""Fixtures every room uses: a clock that stands still, a real database file, and people in the sandbox."""

import io
import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.clock import FrozenClock
from bot.observability import CAPPED, configure_logging
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.screen import Screen
from bot.storage.database import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the log holds, with the root at DEBUG; all loggers are afterwards as they were."""
    root = logging.getLogger()
    before = root.level, root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in CAPPED}
    stream = io.StringIO()
    _ = configure_logging("DEBUG", stream)
    yield stream
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'mailwarden.db'}")
    await database.migrate()
    yield database
    await database.aclose()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data", page=False) as sandbox:
        yield sandbox


@pytest.fixture
def ada(sandbox: Sandbox) -> Screen:
    """An admin."""
    return sandbox.screen("ada")


@pytest.fixture
def ben(sandbox: Sandbox) -> Screen:
    """Another admin."""
    return sandbox.screen("ben")


@pytest.fixture
def vic(sandbox: Sandbox) -> Screen:
    """A viewer."""
    return sandbox.screen("vic")


@pytest.fixture
def eve(sandbox: Sandbox) -> Screen:
    """No operator."""
    return sandbox.screen("eve")
