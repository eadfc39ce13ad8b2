"""Databases without a schema, for what is about making one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'folder' / 'empty.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        async with server.database(template="template0") as url:
            yield url
