"""An account that can't be used: told once in the channel and once when it is back, whoever looks, and to nobody's harm."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot.clock import Bell, FrozenClock
from bot.model import NoticeKind
from bot.notices import Rendered
from bot.outages import LAPSE, PATIENCE, Outages, ToldOutage, load
from bot.providers.guarded import Guarded
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage import notices, outages, refreshes
from bot.storage.database import Database
from bot.storage.outages import Outage
from bot.storage.tables import notices as notice_table
from handlers.outages import render_outage, render_outage_over

PAGE = {"body": "<html>down for maintenance</html>"}


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica's view of the account `main`."""

    provider: Guarded
    outages: Outages
    recovered: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class House:
    simulator: PurelyMailSimulator
    database: Database
    clock: FrozenClock
    stack: AsyncExitStack

    def replica(self, worker: str) -> Replica:
        token = SecretStr(self.simulator.credentials["api_token"])
        provider = Guarded(PurelyMail("main", token=token, base_url=self.simulator.url), clock=self.clock)
        self.stack.push_async_callback(provider.aclose)
        recovered: list[str] = []
        service = Outages(
            database=self.database,
            clock=self.clock,
            bell=Bell(),
            providers={"main": provider},
            worker=worker,
            channel="C1",
            recovered=recovered.append,
        )
        return Replica(provider, service, recovered)

    def down(self, calls: int = 1000) -> None:
        self.simulator.inject("listDomains", calls, PAGE)

    def up(self) -> None:
        self.simulator.mend()

    async def later(self, replica: Replica, by: timedelta) -> None:
        """Woken once a minute, as bot/jobs.py does."""
        for _ in range(by // timedelta(minutes=1)):
            self.clock.advance(timedelta(minutes=1))
            await replica.outages.run_due()

    async def lasting(self) -> Outage | None:
        async with self.database.reading() as session:
            return (await outages.lasting(session)).get("main")

    async def wanted(self) -> dict[NoticeKind, int]:
        """How often each message was asked for."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(notice_table.c.kind, func.sum(notice_table.c.wanted)).group_by(notice_table.c.kind)
            )
            return {NoticeKind(kind): int(times) for kind, times in rows}


@pytest.fixture
async def house(database: Database, clock: FrozenClock) -> AsyncIterator[House]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(simulator.stop)
        yield House(simulator, database, clock, stack)


async def first_failure(replica: Replica) -> None:
    """What makes a replica look: somebody's call has failed."""
    with pytest.raises(Exception, match="makes no sense"):
        await replica.provider.list_domains()


async def test_account_that_answers_is_not_even_asked(house: House) -> None:
    replica = house.replica("a")
    await house.later(replica, timedelta(minutes=5))
    assert house.simulator.calls == []


async def test_outage_is_told_once_when_it_has_lasted_and_once_when_it_is_over(house: House) -> None:
    replica = house.replica("a")
    house.down()
    await first_failure(replica)
    began = house.clock.now()
    await house.later(replica, timedelta(minutes=1))
    assert await house.lasting() is None
    await house.later(replica, timedelta(hours=3))
    outage = await house.lasting()
    assert outage is not None
    assert (outage.since, outage.seen_by) == (began, "a")
    assert await house.wanted() == {NoticeKind.OUTAGE: 1}
    assert replica.recovered == []
    house.up()
    await house.later(replica, timedelta(minutes=10))
    assert await house.lasting() is None
    # The first message is edited, and a second one posted.
    assert await house.wanted() == {NoticeKind.OUTAGE: 2, NoticeKind.OUTAGE_OVER: 1}
    assert replica.recovered == ["main"]


async def test_short_trouble_is_not_told(house: House) -> None:
    replica = house.replica("a")
    house.down(calls=2)
    await first_failure(replica)
    await house.later(replica, timedelta(minutes=10))
    assert replica.provider.breaker.trouble is None
    assert await house.wanted() == {}


async def test_replica_that_reaches_the_account_does_not_call_it_well_for_one_that_does_not(
    house: House,
) -> None:
    blind, sighted = house.replica("blind"), house.replica("sighted")
    house.down()
    await first_failure(blind)
    await house.later(blind, timedelta(minutes=5))
    house.up()
    await sighted.provider.list_domains()
    await sighted.outages.run_due()
    outage = await house.lasting()
    assert outage is not None
    assert outage.seen_by == "blind"
    assert await house.wanted() == {NoticeKind.OUTAGE: 1}


async def test_replicas_that_both_fail_tell_of_one_outage(house: House) -> None:
    one, other = house.replica("one"), house.replica("other")
    house.down()
    await first_failure(one)
    await first_failure(other)
    for _ in range(10):
        house.clock.advance(timedelta(minutes=1))
        await one.outages.run_due()
        await other.outages.run_due()
    assert await house.wanted() == {NoticeKind.OUTAGE: 1}
    house.up()
    for _ in range(10):
        house.clock.advance(timedelta(minutes=1))
        await one.outages.run_due()
        await other.outages.run_due()
    assert await house.lasting() is None
    assert await house.wanted() == {NoticeKind.OUTAGE: 2, NoticeKind.OUTAGE_OVER: 1}


@pytest.mark.parametrize("answers", [True, False])
async def test_what_a_dead_replica_left_is_taken_over_by_one_that_has_looked(
    house: House, *, answers: bool
) -> None:
    dead, next_ = house.replica("dead"), house.replica("next")
    house.down()
    await first_failure(dead)
    await house.later(dead, PATIENCE + timedelta(minutes=2))
    assert await house.lasting() is not None
    if answers:
        house.up()
    await house.later(next_, LAPSE - timedelta(minutes=2))
    assert (await house.lasting() or pytest.fail("it was ended")).seen_by == "dead"
    await house.later(next_, timedelta(minutes=10))
    lasting = await house.lasting()
    assert (lasting is None) is answers
    if lasting is not None:
        assert lasting.seen_by == "next"


async def told_of(house: House, *, posted: bool) -> ToldOutage:
    replica = house.replica("a")
    house.down()
    await first_failure(replica)
    await house.later(replica, timedelta(minutes=5))
    outage = await house.lasting()
    assert outage is not None
    async with house.database.transaction() as session:
        await refreshes.note_refresh(
            session, "main", tried_at=outage.since - timedelta(hours=7), refreshed=True, error=None
        )
        if posted:
            now = house.clock.now()
            row = await notices.claim(
                session,
                NoticeKind.OUTAGE,
                outage.id,
                worker="w",
                now=now,
                lease_until=now + timedelta(minutes=1),
                open_for=timedelta(minutes=1),
            )
            assert row is not None
            assert await notices.delivered(session, row, channel="C1", ts="1.1")
        told = await load(session, outage.id)
    assert told is not None
    return told


def shown(message: Rendered | None) -> str:
    assert message is not None
    return message.text


async def test_message_says_what_is_wrong_how_old_what_is_shown_is_and_what_becomes_of_deletions(
    house: House,
) -> None:
    told = await told_of(house, posted=True)
    text = shown(render_outage(told, house.clock.now()))
    assert "*main* can't be used since" in text
    assert "gave an answer to listDomains that makes no sense" in text
    assert "shown as of" in text
    assert "tried again for about an hour" in text
    assert render_outage_over(told, house.clock.now()) is None


async def test_end_is_told_to_whom_the_beginning_was_told_and_to_nobody_else(house: House) -> None:
    told = await told_of(house, posted=False)
    async with house.database.transaction() as session:
        assert await outages.end(session, told.outage, now=house.clock.now())
        assert not await outages.end(session, told.outage, now=house.clock.now())
        over = await load(session, told.outage.id)
    assert over is not None
    assert render_outage_over(over, house.clock.now()) is None
    beginning = render_outage(over, house.clock.now())
    assert beginning is not None
    assert beginning.correction
    assert "could not be used from" in beginning.text
    heard = ToldOutage(over.outage, over.as_of, is_told=True)
    assert "can be used again since" in shown(render_outage_over(heard, house.clock.now()))
