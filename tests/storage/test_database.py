"""Transactions and times, on both engines."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import StatementError

from bot.audit import Act, record
from bot.storage import audit
from bot.storage.database import Database, serialise
from bot.storage.tables import audit as audit_table

COUNT = select(func.count()).select_from(audit_table)
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
        assert await session.scalar(COUNT) == 0


async def test_writers_wait_for_each_other_instead_of_failing(database: Database) -> None:
    await asyncio.gather(*(note(database, AT) for _ in range(50)))
    async with database.reading() as session:
        assert await session.scalar(COUNT) == 50


async def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    async with database.transaction() as writer:
        await record(writer, at=AT, actor="U", act=Act.CREATED, account="main", target="x@y.example")
        async with database.reading() as reader:
            assert await reader.scalar(COUNT) == 0


async def test_a_look_sees_one_moment_though_others_write_meanwhile(database: Database) -> None:
    async with database.reading() as reader:
        assert await reader.scalar(COUNT) == 0
        await note(database, AT)
        assert await reader.scalar(COUNT) == 0
    async with database.reading() as reader:
        assert await reader.scalar(COUNT) == 1


async def test_what_is_serialised_sees_what_was_written_before_it(database: Database) -> None:
    async def take_one_of_five() -> None:
        async with database.transaction() as session:
            await serialise(session, "five places")
            if (await session.scalar(COUNT) or 0) < 5:
                await record(session, at=AT, actor="U", act=Act.CREATED, account="main", target="a@b.example")

    await asyncio.gather(*(take_one_of_five() for _ in range(30)))
    async with database.reading() as session:
        assert await session.scalar(COUNT) == 5


async def test_on_sqlite_a_turn_begins_when_it_is_asked_for(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "mailwarden.db", timeout=0, isolation_level=None)) as other:
        async with sqlite_database.transaction() as session:
            await serialise(session, "a turn")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


async def test_every_write_reaches_the_disk(sqlite_database: Database, tmp_path: Path) -> None:
    async with sqlite_database.reading() as session:
        assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert await session.scalar(text("PRAGMA synchronous")) == 2
    assert (tmp_path / "mailwarden.db").exists()
