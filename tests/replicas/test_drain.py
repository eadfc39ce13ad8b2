"""Four replicas on one PostgreSQL, two of them killed, many cancels meanwhile: each deletion happens once, or not at all."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select, text

from bot.audit import Act
from bot.clock import SystemClock
from bot.deletions import Deletions
from bot.deletions.execution import LEASE
from bot.errors import TooLate
from bot.model import Deletion, DeletionState, Operator, Role
from bot.notices import SlackPoster
from bot.services import open_services
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.deletions import page_of_open
from bot.storage.tables import audit, deletions
from handlers.notices import RENDERERS
from handlers.people import SlackPeople
from tests.replicas.crew import Crew, open_crew
from tests.replicas.stage import ADMIN, ROWS, Stage, due_rows, fill, open_stage
from tests.support.postgres import PostgresServer

REPLICAS = 4
KILLS = 2
CANCELS = 500
PROOFS = ROWS - CANCELS
"""So many notices, at the least, are proven to stand, by an edit; that is how the test sees how far the replicas are."""

FAR = 100
"""The replicas are never so many rows apart, nor so many rows in a row cancelled."""

OPERATOR = Operator(ADMIN, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Queue:
    """`template`: a database that holds these rows."""

    template: str
    rows: list[Deletion]


@dataclass(slots=True)
class Clicks:
    """Who was told what: the addresses of those whose deletion was cancelled, and of those where it was too late."""

    cancelled: set[str] = field(default_factory=set)
    too_late: set[str] = field(default_factory=set)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def queue(postgres: PostgresServer) -> AsyncIterator[Queue]:
    rows = due_rows(datetime.now(UTC))
    async with postgres.database() as url:
        await fill(url, rows)
        yield Queue(url.rpartition("/")[2], rows)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, 6))
async def test_four_replicas_of_which_two_are_killed_delete_what_nobody_has_cancelled_and_each_once(
    postgres: PostgresServer, queue: Queue, tmp_path: Path, seed: int
) -> None:
    async with (
        postgres.database(template=queue.template) as url,
        open_stage(url, queue.rows) as stage,
        open_crew(stage.settings, tmp_path) as crew,
    ):
        for _ in range(REPLICAS):
            crew.hire()
        clicks = Clicks()
        async with _service(stage.settings) as service, asyncio.TaskGroup() as running:
            running.create_task(crew.idle())
            running.create_task(_kill(crew, stage, _chance(f"kill {seed}")))
            running.create_task(_cancel(service, stage, queue.rows, clicks, _chance(f"cancel {seed}")))
        await crew.idle()
        left_by_the_dead = await _open(url)
        crew.move(LEASE + timedelta(minutes=1))
        await crew.idle()
        await crew.stop()
        print(
            f"seed {seed}: {len(stage.deleted())} deleted, {len(clicks.cancelled)} cancelled, of which "
            f"{crew.logged('has changed before')} in the hands of a replica, {len(clicks.too_late)} too late to cancel; "
            f"left by the killed: {left_by_the_dead}"
        )
        assert set(left_by_the_dead.values()) <= {replica.name for replica in crew.dead} | {"nobody"}
        _judge_replicas(crew)
        _judge_mail(stage, queue.rows, clicks)
        await _judge_records(url, queue.rows, clicks)


def _chance(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it picks moments, not secrets


async def _kill(crew: Crew, stage: Stage, chance: random.Random) -> None:
    """At moments that nobody has chosen, each in the middle of something."""
    for proofs in sorted(chance.sample(range(PROOFS * 9 // 10), KILLS)):
        await _proven(stage, proofs)
        await asyncio.sleep(chance.uniform(0, 0.1))
        crew.kill(chance.choice(crew.living))
        crew.hire()


async def _cancel(
    service: Deletions, stage: Stage, rows: list[Deletion], clicks: Clicks, chance: random.Random
) -> None:
    """All through the drain: every other click on what a replica has in its hands just now, or almost."""
    untried = set(range(len(rows)))
    front = 0
    async with asyncio.TaskGroup() as clicking:
        for number, proofs in enumerate(sorted(chance.choices(range(PROOFS * 9 // 10), k=CANCELS))):
            await _proven(stage, proofs)
            ahead = enumerate(stage.messages[front : front + FAR], front)
            front = max((index for index, notice in ahead if notice.edited), default=front)
            near = [index for index in range(front - REPLICAS, front + 2 * REPLICAS) if index in untried]
            index = chance.choice(near if number % 2 and near else sorted(untried))
            untried.remove(index)
            clicking.create_task(_click(service, rows[index], clicks))


async def _click(service: Deletions, row: Deletion, clicks: Clicks) -> None:
    try:
        _ = await service.cancel(OPERATOR, row.id)
    except TooLate:
        clicks.too_late.add(row.target.id)
    else:
        clicks.cancelled.add(row.target.id)


async def _proven(stage: Stage, times: int) -> None:
    """Wait until notices have been proven so often."""
    while stage.slack.revision < times:
        await stage.slack.changed(stage.slack.revision)


def _judge_replicas(crew: Crew) -> None:
    """Nobody has met with an error, a deadlock for example, and nobody has noticed anything worth a warning."""
    assert [replica.process.exitcode for replica in crew.living] == [0] * REPLICAS
    assert [replica.process.exitcode for replica in crew.dead] == [-signal.SIGKILL] * KILLS
    assert crew.logged("WARNING|ERROR|CRITICAL|Traceback") == 0


def _judge_mail(stage: Stage, rows: list[Deletion], clicks: Clicks) -> None:
    """What has really happened, by the journals of the mail system."""
    everybody = {row.target.id for row in rows}
    assert stage.left() == clicks.cancelled
    assert Counter(stage.deleted()) == Counter(everybody - clicks.cancelled)
    assert Counter(stage.asked_to_delete()) == Counter(everybody - clicks.cancelled)
    assert len(stage.deleted()) + len(clicks.cancelled) == ROWS
    assert len(clicks.cancelled) + len(clicks.too_late) == CANCELS
    assert clicks.cancelled
    assert clicks.too_late


async def _judge_records(url: str, rows: list[Deletion], clicks: Clicks) -> None:
    """What is on record is what has happened."""
    ends = {
        row.target.id: DeletionState.CANCELLED if row.target.id in clicks.cancelled else DeletionState.DELETED
        for row in rows
    }
    async with _opened(url) as database, database.reading() as session:
        states = await session.execute(select(deletions.c.target_id, deletions.c.state))
        assert {target: DeletionState(state) for target, state in states} == ends
        acts = await session.execute(select(audit.c.target, audit.c.act))
        told = Counter((target, Act(act)) for target, act in acts)
        deadlocks = await session.scalar(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    assert deadlocks == 0
    started = {target for target, act in told if act is Act.DELETION_STARTED}
    assert started == {target for target, end in ends.items() if end is DeletionState.DELETED}
    assert Counter(
        {key: times for key, times in told.items() if key[1] is not Act.DELETION_STARTED}
    ) == Counter(
        (target, Act.DELETION_DONE if end is DeletionState.DELETED else Act.DELETION_CANCELLED)
        for target, end in ends.items()
    )


async def _open(url: str) -> dict[str, str]:
    """Label and claimant of each row that has not ended."""
    async with _opened(url) as database, database.reading() as session:
        rows, _ = await page_of_open(session, offset=0, limit=ROWS)
    return {f"{row.label} ({row.state.value})": row.claimed_by or "nobody" for row in rows}


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.aclose()


@asynccontextmanager
async def _service(settings: Settings) -> AsyncIterator[Deletions]:
    """What a person's clicks reach."""
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=settings.slack.api_url, session=session, retry_handlers=[])
        async with open_services(
            settings,
            clock=SystemClock(),
            people=SlackPeople(client),
            poster=SlackPoster(client),
            renderers=RENDERERS,
        ) as services:
            yield services.deletions
