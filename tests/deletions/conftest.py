"""The queue is tested on both engines."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.run import Sandbox, open_sandbox

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
async def sandbox(tmp_path: Path, database_url: str) -> AsyncIterator[Sandbox]:
    async with open_sandbox(
        tmp_path / "data", page=False, gap=timedelta(0), database=database_url, start=NOW
    ) as sandbox:
        yield sandbox
