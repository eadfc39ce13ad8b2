"""What is asked every few seconds reads only what is open, however much has ended: by the databases' own query plans."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import ColumnElement, String, cast, event, func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Deletion, DeletionState, NoticeKind, Target, TargetKind
from bot.storage import deletions, notices, tables
from bot.storage.database import Database
from tests.conftest import new_sqlite
from tests.support.postgres import PostgresServer

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FINISHED = 50_000
AT_ONCE = 1_000
"""So many ended at the same moment."""

OPEN = 40

Query = Callable[[AsyncSession], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """`indexes`: by which rows are found. `whole`: tables that are read from end to end. `sorts`: before the first row."""

    indexes: frozenset[str]
    whole: frozenset[str]
    sorts: bool


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def full(
    request: pytest.FixtureRequest, fresh_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """A database with many finished rows and a few open ones."""
    if request.param == "sqlite":
        url = new_sqlite(fresh_sqlite, tmp_path_factory.mktemp("full"))
        await _fill(url)
        yield url
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        async with server.database() as url:
            await _fill(url)
            yield url


@pytest.fixture
async def database(full: str) -> AsyncIterator[Database]:
    database = Database(full)
    yield database
    await database.aclose()


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(lambda session: deletions.due_accounts(session, NOW), id="due_accounts"),
        pytest.param(lambda session: deletions.next_due(session, NOW, account="main"), id="next_due"),
        pytest.param(
            lambda session: deletions.next_to_remind(session, now=NOW, before=HOUR), id="next_to_remind"
        ),
        pytest.param(deletions.open_users, id="open_users"),
        pytest.param(lambda session: deletions.page_of_open(session, offset=0, limit=20), id="page_of_open"),
    ],
)
async def test_what_is_due_is_found_among_what_is_open(database: Database, query: Query) -> None:
    plan = await _plan(database, query)
    assert plan.indexes == {"ix_deletions_open"}
    assert plan.whole == set()


async def test_without_its_index_what_is_due_would_be_looked_for_everywhere(database: Database) -> None:
    plan = await _plan(
        database,
        lambda session: deletions.next_due(session, NOW, account="main"),
        without=["ix_deletions_open", "uq_deletions_open_target"],
    )
    assert plan.whole == {"deletions"}


async def test_message_to_deliver_is_found_among_the_undelivered(database: Database) -> None:
    plan = await _plan(database, lambda session: notices.next_due(session, NOW))
    assert plan.indexes == {"ix_notices_undelivered"}
    assert plan.whole == set()


async def test_without_its_index_a_message_to_deliver_would_be_looked_for_everywhere(
    database: Database,
) -> None:
    plan = await _plan(
        database, lambda session: notices.next_due(session, NOW), without=["ix_notices_undelivered"]
    )
    assert plan.whole == {"notices"}


async def test_newest_ends_are_read_in_their_order(database: Database) -> None:
    plan = await _plan(database, lambda session: deletions.page_of_finished(session, offset=0, limit=20))
    assert plan == Plan(frozenset({"ix_deletions_finished"}), frozenset(), sorts=False)


async def test_without_their_index_all_ends_would_be_sorted(database: Database) -> None:
    plan = await _plan(
        database,
        lambda session: deletions.page_of_finished(session, offset=0, limit=20),
        without=["ix_deletions_finished"],
    )
    assert plan.sorts


async def _plan(database: Database, query: Query, *, without: Sequence[str] = ()) -> Plan:
    """How the last statement of the query is carried out; `without`: indexes that are not there meanwhile."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        sent.append((statement, parameters))

    async with database.transaction() as session:
        for index in without:
            _ = await session.execute(text(f"DROP INDEX {index}"))
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        _ = await query(session)
        event.remove(engine, "before_cursor_execute", note)
        statement, parameters = sent[-1]
        explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN (FORMAT JSON)"
        connection = await session.connection()
        answer = (await connection.exec_driver_sql(f"{explain} {statement}", parameters)).all()
        await session.rollback()
    return _of_sqlite([row[-1] for row in answer]) if database.is_sqlite else _of_postgresql(answer[0][0])


def _of_sqlite(steps: list[str]) -> Plan:
    """From lines such as `SEARCH deletions USING INDEX ix_deletions_open (execute_at<?)` (sqlite.org/eqp.html)."""
    indexes = (re.search(r"USING (?:COVERING )?INDEX (\w+)", step) for step in steps)
    whole = (re.fullmatch(r"SCAN (\w+)", step) for step in steps)
    return Plan(
        frozenset(found[1] for found in indexes if found),
        frozenset(found[1] for found in whole if found),
        sorts=any("TEMP B-TREE" in step for step in steps),
    )


def _of_postgresql(answer: str | list[Any]) -> Plan:
    (top,) = json.loads(answer) if isinstance(answer, str) else answer
    nodes = [top["Plan"]]
    for node in nodes:
        nodes += node.get("Plans", [])
    return Plan(
        frozenset(node["Index Name"] for node in nodes if "Index Name" in node),
        frozenset(node["Relation Name"] for node in nodes if node["Node Type"].endswith("Seq Scan")),
        sorts=any(node["Node Type"].endswith("Sort") for node in nodes),
    )


async def _fill(url: str) -> None:
    database = Database(url)
    async with database.transaction() as session:
        for number in range(FINISHED // AT_ONCE):
            await _add_finished(session, number, NOW - (number + 1) * HOUR)
        for number in range(OPEN):
            assert await deletions.add(session, _open(number))
            await notices.want(session, NoticeKind.DELETION, f"open{number}", "C0MAILOPS", NOW)
        if not database.is_sqlite:
            # PostgreSQL counts what its tables hold by itself (autovacuum), which the tests' server is told not to.
            _ = await session.execute(text("ANALYZE"))
        counted = await session.scalar(select(func.count()).select_from(tables.deletions))
        assert counted == FINISHED + OPEN
    await database.aclose()


async def _add_finished(session: AsyncSession, number: int, at: datetime) -> None:
    """One statement for many rows: their numbers are counted by the database."""
    first = select(literal(number * AT_ONCE).label("number")).cte(recursive=True)
    count = first.union_all(select(first.c.number + 1).where(first.c.number < (number + 1) * AT_ONCE - 1))
    name = cast(count.c.number, String)
    deletion: dict[str, ColumnElement[Any]] = {
        "id": literal("id") + name,
        "request_id": literal("finished") + name,
        "account": literal("main"),
        "kind": literal(TargetKind.USER.value),
        "target_id": literal("person") + name,
        "label": literal("person") + name,
        "reason": literal("left the company"),
        "requested_by": literal("U0ADA"),
        "requested_at": literal(at, tables.deletions.c.requested_at.type),
        "grace_seconds": literal(3600),
        "state": literal(DeletionState.DELETED.value),
        "snapshot": literal({}, tables.deletions.c.snapshot.type),
        "notice_channel": literal("C0MAILOPS"),
        "execute_at": literal(at, tables.deletions.c.execute_at.type),
        "removals": literal(0),
        "attempts": literal(1),
        "can_retry": literal(value=False),
        "finished_at": literal(at, tables.deletions.c.finished_at.type),
        "version": literal(4),
    }
    notice: dict[str, ColumnElement[Any]] = {
        "kind": literal(NoticeKind.DELETION.value),
        "subject": literal("finished") + name,
        "channel": literal("C0MAILOPS"),
        "wanted": literal(3),
        "posted": literal(3),
        "ts": name,
        "attempts": literal(0),
        "next_try_at": literal(at, tables.notices.c.next_try_at.type),
    }
    for table, values in ((tables.deletions, deletion), (tables.notices, notice)):
        columns = [value.label(column) for column, value in values.items()]
        await session.execute(insert(table).from_select(list(values), select(*columns).select_from(count)))


def _open(number: int) -> Deletion:
    """Every other one is due, the others will be within the hour."""
    return Deletion(
        id=f"open{number}",
        request_id=f"open{number}",
        target=Target("main", TargetKind.USER, f"open{number}@acme.example"),
        label=f"open{number}@acme.example",
        reason="left the company",
        requested_by="U0ADA",
        requested_at=NOW - 24 * HOUR,
        grace=24 * HOUR,
        state=DeletionState.PENDING,
        notice_channel="C0MAILOPS",
        notice_ts=f"1790000000.{number:06d}",
        noticed_at=NOW - 24 * HOUR,
        execute_at=NOW + timedelta(minutes=30 if number % 2 else -30),
    )
