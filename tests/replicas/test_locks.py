"""Transactions of two replicas that change the same rows wait for each other, and never both at once (a deadlock)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Bell, SystemClock
from bot.deletions import MOST, lifecycle
from bot.deletions.requests import load_request, record_notice, record_removal, teller
from bot.errors import DeletionOpen
from bot.model import Deletion, DeletionState, NoticeKind, Operator, Role
from bot.notices import Course, Delivery, SlackPoster, want
from bot.services import Services, open_services
from bot.storage import deletions, notices
from bot.storage.database import Database
from handlers.notices import RENDERERS
from handlers.people import SlackPeople
from tests.replicas.stage import ADMIN, CHANNEL, REQUESTER, Stage, due_rows, fill, open_stage
from tests.support.postgres import PostgresServer

ADA, BEN = Operator(ADMIN, Role.ADMIN), Operator(REQUESTER, Role.ADMIN)

Pause = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class House:
    """`services` are one replica, `delivery` makes the outbox of another one, which pauses in its transaction."""

    url: str
    stage: Stage
    rows: list[Deletion]
    database: Database
    services: Services
    poster: SlackPoster

    async def somebody_waits(self) -> None:
        """Return when a transaction waits for another one."""
        async with self.database.reading() as session:
            while not await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                pass

    def delivery(self, pause: Pause) -> Delivery:
        async def removed(session: AsyncSession, request: str, now: datetime, unsaid: bool) -> bool:
            again = await record_removal(session, request, now, unsaid)
            await pause()
            return again

        async def stuck(session: AsyncSession, request: str, now: datetime) -> None:
            await teller(CHANNEL)(session, request, now)
            await pause()

        course = Course(load_request, RENDERERS[NoticeKind.DELETION], record_notice, removed, stuck)
        return Delivery(
            database=self.database,
            clock=SystemClock(),
            poster=self.poster,
            bell=Bell(),
            worker="another",
            courses={NoticeKind.DELETION: course},
            gap=timedelta(0),
        )


@pytest.fixture
async def house(postgres: PostgresServer) -> AsyncIterator[House]:
    rows = due_rows(datetime.now(UTC))[: 4 * MOST]
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(postgres.database())
        stage = await stack.enter_async_context(open_stage(url, rows))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = AsyncWebClient(
            token=stage.settings.slack.bot_token.get_secret_value(),
            base_url=stage.settings.slack.api_url,
            session=session,
            retry_handlers=[],
        )
        client.proxy = None
        poster = SlackPoster(client)
        services = await stack.enter_async_context(
            open_services(
                stage.settings,
                clock=SystemClock(),
                people=SlackPeople(client),
                poster=poster,
                renderers=RENDERERS,
                gap=timedelta(0),
            )
        )
        database = Database(url)
        stack.push_async_callback(database.aclose)
        yield House(url, stage, rows, database, services, poster)


async def test_person_cancels_while_it_is_recorded_that_the_notice_is_stuck(house: House) -> None:
    row = house.rows[0]
    await fill(house.url, [row])
    async with house.database.transaction() as session:
        for kind in (NoticeKind.DELETION, NoticeKind.TROUBLE, NoticeKind.TROUBLE_DIRECT):
            await want(session, kind, row.request_id, channel=CHANNEL, now=datetime.now(UTC))
    house.stage.slack.channels[CHANNEL].archived = True
    cancelling: list[asyncio.Task[Deletion]] = []

    async def pause() -> None:
        cancelling.append(asyncio.create_task(house.services.deletions.cancel(ADA, row.id)))
        await house.somebody_waits()

    problem = await house.delivery(pause).deliver(NoticeKind.DELETION, row.request_id)
    assert problem is not None
    assert "archived" in problem
    assert (await cancelling[0]).state is DeletionState.CANCELLED


async def test_person_drops_what_has_failed_while_it_is_recorded_that_the_notice_was_removed(
    house: House,
) -> None:
    waiting = house.rows[0]
    failed = lifecycle.failed(
        replace(house.rows[1], request_id=waiting.request_id, notice_ts=waiting.notice_ts),
        at=datetime.now(UTC),
        error="no answer",
        can_retry=True,
    )
    await fill(house.url, [waiting])
    async with house.database.transaction() as session:
        assert await deletions.add(session, failed)
        await want(session, NoticeKind.REMINDER, waiting.request_id, channel=CHANNEL, now=datetime.now(UTC))
    dropping: list[asyncio.Task[Deletion]] = []

    async def pause() -> None:
        dropping.append(asyncio.create_task(house.services.deletions.drop(ADA, failed.id)))
        await house.somebody_waits()

    await house.delivery(pause).announce_removal(NoticeKind.DELETION, waiting.request_id)
    assert (await dropping[0]).state is DeletionState.DROPPED
    async with house.database.reading() as session:
        stopped = await deletions.get(session, waiting.id)
        notice = await notices.get(session, NoticeKind.DELETION, waiting.request_id)
    assert stopped is not None
    assert stopped.state is DeletionState.REQUESTED
    assert notice is not None
    assert notice.ts is None


async def test_two_admins_want_the_same_users_deleted_at_once_and_name_them_in_opposite_orders(
    house: House,
) -> None:
    for account in house.stage.mail:
        await house.services.directory.refresh(account)
    wanted = [row.target for row in house.rows[:MOST]]
    one, other = await asyncio.gather(
        house.services.deletions.schedule(ADA, nonce="one", wanted=wanted, reason="left"),
        house.services.deletions.schedule(BEN, nonce="other", wanted=wanted[::-1], reason="left"),
    )
    queued = [row.target.id for request in (one, other) for row in request.deletions]
    assert sorted(queued) == sorted(target.id for target in wanted)
    refused = [refusal.error for request in (one, other) for refusal in request.refused]
    assert len(refused) == MOST
    assert all(isinstance(error, DeletionOpen) for error in refused)
