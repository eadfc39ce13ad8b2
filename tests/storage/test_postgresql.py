"""What PostgreSQL does otherwise than SQLite, and databases that can't be used."""

import asyncio
import io
import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.doctor import Check
from bot.doctor.database import look_at_database
from bot.errors import ConfigError
from bot.settings import DatabaseSettings
from bot.storage import slots
from bot.storage.database import Database, serialise
from tests.storage.test_database import AT
from tests.support.postgres import USER, PostgresServer

AWKWARD = "p@ss:w/rd%?#"
WRONG = "wr0ng-s3cr3t"


@pytest.fixture
async def url(postgres: PostgresServer) -> AsyncIterator[str]:
    async with postgres.database() as url:
        yield url


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.aclose()


async def why_unusable(url: str, password: SecretStr | None = None) -> str:
    """What is told of a database that can't be used: the same by looking and by migrating, and nothing secret."""
    settings = DatabaseSettings(url=url) if password is None else DatabaseSettings(url=url, password=password)
    database = Database(settings.url, settings.password)
    told = []
    for attempt in (database.revisions(), database.migrate()):
        with pytest.raises(ConfigError) as caught:
            _ = await attempt
        (problem,) = caught.value.problems
        told.append(problem)
        assert WRONG not in "".join(traceback.format_exception(caught.value))
    await database.aclose()
    assert told[0] == told[1]
    check = await look_at_database(settings)
    assert not check.passed
    assert str(check) == f"✗ database: {told[0].removeprefix('database.url: ')}"
    return told[0]


async def test_a_wrong_password_is_told_and_not_shown(postgres: PostgresServer, written: io.StringIO) -> None:
    logging.getLogger("asyncpg").setLevel(logging.DEBUG)
    told = await why_unusable(postgres.url("migrated", WRONG))
    assert told == (
        f'database.url: PostgreSQL database "migrated" on 127.0.0.1:{postgres.port} can\'t be used: '
        f'password authentication failed for user "{USER}". Check the user in database.url, and DATABASE_PASSWORD.'
    )
    assert WRONG not in written.getvalue()
    assert postgres.password not in written.getvalue()


async def test_a_server_that_is_not_there_is_told() -> None:
    told = await why_unusable(f"postgresql+asyncpg://bot:{WRONG}@127.0.0.1:9/state")
    assert told == (
        'database.url: PostgreSQL database "state" on 127.0.0.1:9 can\'t be used: Connection refused. '
        "Check database.url."
    )


async def test_a_host_that_is_not_there_is_told() -> None:
    told = await why_unusable(f"postgresql+asyncpg://bot:{WRONG}@no-such-host.invalid/state")
    assert told.startswith(
        'database.url: PostgreSQL database "state" on no-such-host.invalid can\'t be used: '
    )


async def test_a_database_that_is_not_there_is_told(postgres: PostgresServer) -> None:
    told = await why_unusable(postgres.url("nothing"))
    assert told.endswith('database "nothing" does not exist. Create it, or name another one in database.url.')


async def test_a_server_without_tls_is_told_where_tls_is_asked_for(postgres: PostgresServer) -> None:
    assert "rejected SSL upgrade" in await why_unusable(f"{postgres.url('migrated')}?ssl=require")


async def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    database = Database(f"sqlite+aiosqlite:///{tmp_path}/file/folder/state.db")
    with pytest.raises(ConfigError, match=r"database\.url: .*/state\.db can't be used: Not a directory\."):
        await database.migrate()
    await database.aclose()


async def test_a_user_who_may_not_create_tables_is_told(postgres: PostgresServer) -> None:
    async with postgres.database(template="template0") as url, postgres.user() as (name, password):
        settings = DatabaseSettings(url=url.replace(f"{USER}:{postgres.password}", f"{name}:{password}"))
        check = await look_at_database(settings)
        assert check.what == (
            f'database: {name} can\'t create tables in PostgreSQL database "{url.rpartition("/")[2]}" '
            f"on 127.0.0.1:{postgres.port}"
        )
        assert not check.passed
        database = Database(settings.url, settings.password)
        with pytest.raises(ConfigError, match=r"permission denied for schema public\. Let that user create"):
            await database.migrate()
        await database.aclose()


async def test_a_password_may_hold_any_character(postgres: PostgresServer, url: str) -> None:
    async with postgres.user(AWKWARD) as (name, _):
        bare = f"postgresql+asyncpg://{name}@127.0.0.1:{postgres.port}/{url.rpartition('/')[2]}"
        database = Database(bare, SecretStr(AWKWARD))
        async with database.reading() as session:
            assert await session.scalar(text("SELECT current_user")) == name
        await database.aclose()


async def test_the_doctor_tells_how_old_the_schema_is(postgres: PostgresServer) -> None:
    async with postgres.database(template="template0") as url:
        settings = DatabaseSettings(url=url)
        place = f'PostgreSQL database "{url.rpartition("/")[2]}" on 127.0.0.1:{postgres.port}'
        older = Check(passed=True, what=f"database: {place} will be brought up to date at the next start")
        assert await look_at_database(settings) == older
        database = Database(settings.url, settings.password)
        assert await database.revisions() == set()
        await database.migrate()
        assert await look_at_database(settings) == Check(passed=True, what=f"database: {place} is up to date")
        async with database.transaction() as session:
            _ = await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        newer = await look_at_database(settings)
        assert (newer.passed, newer.what) == (False, f"database: {place} was written by a newer Mailwarden")
        await database.aclose()


async def test_a_look_can_not_write(database: Database) -> None:
    async with database.reading() as session:
        with pytest.raises(DBAPIError, match="read-only transaction"):
            await slots.finish(session, "digest", "2026-11-21", now=AT)


async def test_another_replica_waits_for_its_turn(database: Database, url: str) -> None:
    other = Database(url)
    order: list[str] = []

    async def second() -> None:
        async with other.transaction() as session:
            await serialise(session, "this")
            order.append("second")

    async with asyncio.TaskGroup() as tasks, database.transaction() as session:
        await serialise(session, "this")
        tasks.create_task(second())
        while not await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            pass
        order.append("first")
    await other.aclose()
    assert order == ["first", "second"]


async def test_different_keys_do_not_wait_for_each_other(database: Database) -> None:
    async with database.transaction() as one, database.transaction() as other:
        await serialise(one, "this")
        await serialise(other, "that")


async def test_a_serialised_turn_ends_with_its_transaction(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await serialise(session, "this")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        await fail()
    async with database.transaction() as session:
        await serialise(session, "this")


async def test_connections_that_the_server_has_cut_are_replaced(
    database: Database, postgres: PostgresServer
) -> None:
    async def pid() -> Any:
        async with database.reading() as session:
            return await session.scalar(text("SELECT pg_backend_pid()"))

    before = await pid()
    assert await pid() == before
    await postgres.administer(f"SELECT pg_terminate_backend({before}, 5000)")
    assert await pid() != before


async def test_many_more_tasks_than_connections_all_get_their_turn(database: Database) -> None:
    async def claim(number: int) -> bool:
        async with database.transaction() as session:
            return await slots.claim(
                session, "digest", "2026-11-21", worker=f"w{number}", now=AT, lease_until=AT
            )

    lease_is_over_at_once = await asyncio.gather(*(claim(number) for number in range(100)))
    assert lease_is_over_at_once == [True] * 100
