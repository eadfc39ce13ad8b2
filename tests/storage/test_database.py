"""The engine: transactions, times and migrations on a real SQLite file."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import StatementError

from bot.audit import Act, record
from bot.storage import audit
from bot.storage.database import Database
from bot.storage.tables import audit as audit_table
from bot.storage.tables import metadata

AT = datetime(2026, 11, 21, 10, 0, tzinfo=timezone(timedelta(hours=1)))


async def note(database: Database, at: datetime) -> None:
    async with database.transaction() as session:
        await record(
            session, at=at, actor="U0ADA", act=Act.CREATED, account="main", target="anna@acme.example"
        )


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    await note(database, AT)
    async with database.reading() as session:
        (entry,) = await audit.newest(session, limit=1)
    assert entry.at == AT
    assert entry.at.tzinfo is UTC


async def test_naive_times_are_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive datetime"):
        await note(database, AT.replace(tzinfo=None))


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as session:
            await record(session, at=AT, actor="U", act=Act.CREATED, account="main", target="x@y.example")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        await fail()
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(audit_table)) == 0


async def test_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    await asyncio.gather(*(note(database, AT) for _ in range(50)))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(audit_table)) == 50


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writer:
        await record(writer, at=AT, actor="U", act=Act.CREATED, account="main", target="x@y.example")
        async with database.reading() as reader:
            assert await reader.scalar(select(func.count()).select_from(audit_table)) == 0


async def test_migrations_lead_exactly_to_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database.reading() as session:
        assert await (await session.connection()).run_sync(differences) == []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await note(database, AT)
    await database.migrate()
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(audit_table)) == 1


async def test_every_write_reaches_the_disk(sqlite_database: Database, tmp_path: Path) -> None:
    async with sqlite_database.reading() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA synchronous")) == 2
    assert (tmp_path / "mailwarden.db").exists()
