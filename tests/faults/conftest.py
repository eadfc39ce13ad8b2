import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults.engines import Engine, PostgreSql, Sqlite
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
SPARE = 8
"""Databases on PostgreSQL: one more than are ever in use at once."""


@pytest.fixture(scope="session")
def workers() -> Iterator[Path]:
    """The socket that gives a worker to whoever connects."""
    home = Path(tempfile.mkdtemp(prefix="mailwarden-workers-"))
    command = [sys.executable, "-m", "tests.support.worker", str(home / "socket")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listening\n"
        yield home / "socket"
        process.terminate()
    shutil.rmtree(home)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def spare(postgres: PostgresServer) -> AsyncIterator[list[str]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(postgres.database()) for _ in range(SPARE)]


@pytest.fixture
def sqlite(tmp_path: Path) -> Engine:
    return Sqlite(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Engine:
    if request.param == "sqlite":
        engine: Engine = request.getfixturevalue("sqlite")
        return engine
    return PostgreSql(request.getfixturevalue("spare"))
