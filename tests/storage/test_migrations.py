"""Every way to the newest schema leads to the same one, and loses nothing."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

import bot.storage
from bot import audit_trail
from bot.model import DeletionState, NoticeKind
from bot.storage import audit, deletions, digests, directory, findings, notices, slots, submissions
from bot.storage.audit import AuditEntry
from bot.storage.database import Database
from bot.storage.tables import metadata

SCRIPTS = ScriptDirectory(str(Path(bot.storage.__file__).parent / "migrations"))
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]

ROOT = Path(__file__).parents[2]

FIRST_ROWS = (
    """INSERT INTO deletions VALUES
    ('d1', 'main', 'user', 'anna@acme.example', 'anna@acme.example', 'left us für immer', 'U0ADA',
     '2026-11-20 09:00:00.000000', 86400, 'pending', 'C0MAILOPS', '1700000000.000100',
     '2026-11-20 09:00:01.250000', '2026-11-21 09:00:01.250000', NULL, NULL, 0, NULL, NULL, NULL),
    ('d2', 'main', 'user', 'ben@acme.example', 'ben@acme.example', '', 'U0ADA',
     '2026-11-19 09:00:00.000000', 3600, 'deleted', 'C0MAILOPS', '1700000000.000200',
     '2026-11-19 09:00:01.000000', '2026-11-19 10:00:01.000000', NULL, NULL, 1, NULL,
     '2026-11-19 10:00:02.000000', NULL),
    ('d3', 'main', 'user', 'ben@acme.example', 'ben@acme.example', 'again', 'U0BEN',
     '2026-11-20 09:00:00.000000', 3600, 'cancelled', 'C0MAILOPS', NULL, NULL, NULL, NULL, NULL, 0,
     'no answer', '2026-11-20 09:30:00.000000', 'U0ADA')""",
    """INSERT INTO notices VALUES
    ('deletion', 'd1', 'C0MAILOPS', 1, 1, '1700000000.000100', 0, '2026-11-20 09:00:00.000000', NULL, NULL, NULL),
    ('digest', '2026-11-20', 'C0DIGEST', 2, 1, NULL, 3, '2026-11-20 09:05:00.000000', 'host:1',
     '2026-11-20 09:06:00.000000', 'channel_not_found')""",
    """INSERT INTO audit (at, actor, act, account, target, detail) VALUES
    ('2026-11-20 09:00:00.000000', 'U0ADA', 'deletion_requested', 'main', 'anna@acme.example', ''),
    ('2026-11-20 09:00:01.250000', 'mailwarden', 'deletion_noticed', 'main', 'anna@acme.example', 'd1')""",
    """INSERT INTO submissions VALUES
    ('n1', 'U0ADA', '2026-11-20 08:59:00.000000', 'Scheduled.'),
    ('n2', 'U0BEN', '2026-11-20 08:59:30.000000', NULL)""",
    """INSERT INTO directory_users VALUES
    ('main', 'anna@acme.example', '2026-11-20 02:00:00.000000', FALSE),
    ('main', 'ben@acme.example', '2026-11-19 10:00:02.000000', TRUE)""",
    """INSERT INTO directory_domains VALUES
    ('main', 'acme.example', '{"mx": true, "spf": false, "dkim": true, "dmarc": false}'),
    ('main', 'none.example', NULL)""",
    """INSERT INTO directory_accounts VALUES
    ('main', '2026-11-20 02:00:00.000000', '2026-11-20 02:00:00.000000', NULL),
    ('new', NULL, '2026-11-20 02:00:00.000000', 'no answer')""",
    """INSERT INTO domain_health VALUES
    ('main', 'acme.example', '2026-11-20 09:00:00.000000', 'fail',
     '[{"subject": "spf", "tag": "missing", "grade": "fail", "summary": "No SPF", "why": "…", "found": [],
        "publish": [["acme.example", "TXT", "v=spf1 -all", null]]}]', '[true, false, true, false]')""",
    """INSERT INTO slots VALUES
    ('digest', '2026-11-20', NULL, NULL, '2026-11-20 09:00:05.000000'),
    ('digest', '2026-11-21', 'host:1', '2026-11-21 09:05:00.000000', NULL)""",
    """INSERT INTO digests VALUES ('2026-11-20', '2026-11-20 09:00:04.000000', '{"domains": ["acme.example"]}')""",
)

ROWS = {
    "0001": FIRST_ROWS,
    "0002": ("INSERT INTO paces VALUES ('C0MAILOPS', '2026-11-20 09:00:01.000000')",),
    "0003": (
        """INSERT INTO domain_looks VALUES
        ('main', 'acme.example', '2026-11-20 11:00:00.000000', NULL, '2026-11-20 09:00:00.000000',
         '2026-11-20 09:00:00.000000', 4, '2026-11-01 09:00:00.000000', 9, 0, NULL, TRUE, '[]', NULL, 0, '[]')""",
        "INSERT INTO day_grades VALUES ('main', 'acme.example', '2026-11-20', 'ok')",
        "INSERT INTO mutes VALUES ('main', 'acme.example', '2026-11-21 09:00:00.000000', 'U0ADA')",
        "INSERT INTO alerts VALUES ('a1', 'bad', '2026-11-20 09:00:00.000000', '2026-11-20 09:00:00.000000', NULL)",
        """INSERT INTO alert_items VALUES
        ('a1', 'main', 'acme.example', 'mx', 'MX_MISSING', 'bad', 'fail', 'acme.example has no MX record.',
         '2026-11-20 08:00:00.000000', NULL)""",
    ),
    "0004": (
        """INSERT INTO directory_users VALUES
        ('box', 'dora@box.example', '2026-11-20 02:00:00.000000', FALSE, FALSE, TRUE, 9000000000, 1200000000),
        ('box', 'emil@box.example', '2026-11-20 02:00:00.000000', TRUE, TRUE, NULL, NULL, NULL)""",
        """INSERT INTO outages VALUES
        ('o1', 'box', '2026-11-20 03:00:00.000000', 'no answer', 'host:1', '2026-11-20 03:10:00.000000', NULL)""",
    ),
    "0005": (
        "INSERT INTO operators VALUES ('U0EVE', 2, 'U0OLGA', '2026-11-20 09:00:00.000000')",
        "INSERT INTO operator_changes VALUES ('c1', '2026-11-20 09:00:00.000000', 'U0OLGA', 'U0EVE', NULL, 2)",
        "INSERT INTO bulk_runs VALUES ('r1', 'U0ADA', '2026-11-20 09:00:00.000000', 'paused', 'address', 'no answer', NULL, NULL)",
        """INSERT INTO bulk_lines VALUES
        ('r1', 1, 'anna@acme.example', 'main', 'anna@acme.example', FALSE, NULL, 'created', '', 'n3', TRUE)""",
        "INSERT INTO account_credits VALUES ('main', '19.16079948301373180045', '2026-11-20 09:00:00.000000')",
        "INSERT INTO low_credits VALUES ('l1', 'main', '2026-11-20 09:00:00.000000', '4.99', '5', NULL)",
        """INSERT INTO home_tabs VALUES
        ('U0ADA', 'T0SANDBOX', '2026-11-20 09:00:00.000000', '2026-11-20 09:00:00.000000', 'abc')""",
    ),
}
"""By revision, what a release wrote that had it: at least one row in each table that the revision has added."""

Contents = dict[str, dict[tuple[Any, ...], dict[str, Any]]]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            yield connection
    finally:
        await engine.dispose()


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        await database.aclose()


async def migrate(url: str, revision: str = "head") -> None:
    async with opened(url) as database:
        await database.migrate(revision)


def contents(connection: Connection) -> Contents:
    """All rows of all tables that are there, by table and primary key."""
    found = MetaData()
    found.reflect(connection)
    return {
        table.name: {
            tuple(row[column.name] for column in table.primary_key): dict(row)
            for row in connection.execute(select(table)).mappings()
        }
        for table in found.sorted_tables
        if table.name != "alembic_version"
    }


def shape(connection: Connection) -> dict[str, Any]:
    """Tables, columns, keys and indexes (with their conditions) as the database tells them."""
    inspector = inspect(connection)
    return {
        table: {
            "columns": {
                column["name"]: (repr(column["type"]), column["nullable"], column["default"])
                for column in inspector.get_columns(table)
            },
            "primary key": inspector.get_pk_constraint(table)["constrained_columns"],
            "unique": inspector.get_unique_constraints(table),
            "indexes": {
                index["name"]: (
                    index["column_names"],
                    bool(index["unique"]),
                    str(index.get("dialect_options", {}).get(f"{connection.dialect.name}_where")),
                )
                for index in inspector.get_indexes(table)
            },
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_the_revisions_are_one_line_from_the_first_to_the_newest() -> None:
    assert REVISIONS[0] == "0001"
    assert SCRIPTS.get_heads() == REVISIONS[-1:]
    assert [SCRIPTS.get_revision(revision).down_revision for revision in REVISIONS] == [None, *REVISIONS[:-1]]


async def test_from_empty_they_lead_to_the_tables_of_the_code(empty_url: str) -> None:
    def differences(connection: Connection) -> object:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    await migrate(empty_url)
    async with connected(empty_url) as connection:
        assert await connection.run_sync(differences) == []


async def test_to_the_last_index_they_make_what_the_code_would_make_at_once(empty_url: str) -> None:
    await migrate(empty_url)
    async with connected(empty_url) as connection:
        migrated = await connection.run_sync(shape)
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
        assert migrated == await connection.run_sync(shape)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_from_every_earlier_release_nothing_is_lost(empty_url: str, revision: str) -> None:
    for step in REVISIONS[: REVISIONS.index(revision) + 1]:
        await migrate(empty_url, step)
        async with connected(empty_url) as connection:
            for statement in ROWS.get(step, ()):
                _ = await connection.exec_driver_sql(statement)
    async with connected(empty_url) as connection:
        before = await connection.run_sync(contents)
    assert [table for table, rows in before.items() if not rows] == []
    await migrate(empty_url)
    async with connected(empty_url) as connection:
        after = await connection.run_sync(contents)
    for table, rows in before.items():
        assert after[table].keys() == rows.keys()
        for key, row in rows.items():
            assert {column: after[table][key].get(column, "gone") for column in row} == row


async def test_what_an_earlier_release_wrote_is_understood(empty_url: str) -> None:
    await migrate(empty_url, "0001")
    async with connected(empty_url) as connection:
        for statement in ROWS["0001"]:
            _ = await connection.exec_driver_sql(statement)
    await migrate(empty_url)
    async with opened(empty_url) as database, database.reading() as session:
        pending = await deletions.get(session, "d1")
        assert pending is not None
        assert (pending.state, pending.reason) == (DeletionState.PENDING, "left us für immer")
        assert pending.execute_at == datetime(2026, 11, 21, 9, 0, 1, 250_000, UTC)
        assert await deletions.open_for(session, pending.target) == pending
        assert [entry.act for entry in await audit.newest(session, limit=9)] == [
            "deletion_noticed",
            "deletion_requested",
        ]
        notice = await notices.get(session, NoticeKind.DIGEST, "2026-11-20")
        assert notice is not None
        assert (notice.wanted, notice.posted, notice.last_error) == (2, 1, "channel_not_found")
        (user,) = await directory.find(session, "anna@acme.example")
        assert user.deletion_id == "d1"
        assert await directory.find(session, "ben@acme.example") == []
        assert [(d.name, d.provider_verdict is None) for d in await directory.domains(session)] == [
            ("acme.example", False),
            ("none.example", True),
        ]
        (health,) = await findings.all_of(session)
        assert health.findings[0].publish[0].value == "v=spf1 -all"
        assert await digests.get(session, "2026-11-20") == {"domains": ["acme.example"]}
        assert await slots.known(session, "digest")
    async with opened(empty_url) as database, database.transaction() as session:
        now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
        again = await submissions.begin(session, "n1", operator="U0ADA", now=now)
        assert again is not None
        assert again.outcome == "Scheduled."
        # The numbers go on where they were.
        await audit.add(session, AuditEntry(now, "U0ADA", "created", "main", "new@acme.example", ""))
        assert (await audit.newest(session, limit=1))[0].target == "new@acme.example"


async def test_what_is_on_record_from_before_gets_its_seals(empty_url: str) -> None:
    await migrate(empty_url, "0001")
    async with connected(empty_url) as connection:
        for statement in ROWS["0001"]:
            _ = await connection.exec_driver_sql(statement)
    await migrate(empty_url)
    async with opened(empty_url) as database:
        async with database.transaction() as session:
            now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
            await audit.add(session, AuditEntry(now, "U0ADA", "created", "main", "new@acme.example", ""))
        found = await audit_trail.verify(database)
    assert (found.sealed, found.problems) == (3, ())


REPLICA = """
import asyncio, sys
from bot.storage.audit import AuditEntry
from bot.storage.database import Database

async def start():
    database = Database(sys.stdin.readline().strip())
    print("ready", flush=True)
    sys.stdin.readline()
    await database.migrate()
    await database.aclose()

asyncio.run(start())
"""


async def test_replicas_that_start_together_on_an_empty_database_all_come_up(empty_url: str) -> None:
    pipe = asyncio.subprocess.PIPE
    replicas = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", REPLICA, stdin=pipe, stdout=pipe, stderr=pipe, cwd=ROOT
        )
        for _ in range(4)
    ]
    for replica in replicas:
        assert replica.stdin is not None
        replica.stdin.write(f"{empty_url}\n".encode())
    for replica in replicas:
        assert replica.stdout is not None
        assert await replica.stdout.readline() == b"ready\n"
    told = await asyncio.gather(*(replica.communicate(b"go\n") for replica in replicas))
    assert [errors.decode() for _, errors in told] == [""] * 4
    assert [replica.returncode for replica in replicas] == [0] * 4
    async with opened(empty_url) as database:
        assert await database.revisions() == set(SCRIPTS.get_heads())


async def test_migrating_what_is_up_to_date_changes_nothing(database: Database, database_url: str) -> None:
    async with database.transaction() as session:
        for statement in ROWS["0001"][2:4]:
            _ = await session.execute(text(statement))
    async with connected(database_url) as connection:
        before = await connection.run_sync(shape), await connection.run_sync(contents)
    await database.migrate()
    async with connected(database_url) as connection:
        assert (await connection.run_sync(shape), await connection.run_sync(contents)) == before
