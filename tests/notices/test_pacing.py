"""One write a second to a channel, over all workers; what Slack asks for goes first; and somebody is told when it sticks."""

import asyncio
from datetime import datetime, timedelta

from typing_extensions import override

from bot.clock import FrozenClock
from bot.notices.delivery import QUEUE, STUCK
from tests.support.outbox import KIND, House

SECOND = timedelta(seconds=1)


class Watched(FrozenClock):
    """Notes the moments that somebody has waited for."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.waited: list[datetime] = []

    @override
    async def until(self, moment: datetime) -> None:
        self.waited.append(moment)
        await super().until(moment)


async def test_writes_to_a_channel_are_a_second_apart(house: House) -> None:
    for number in range(4):
        await house.want(f"s{number}")
    begin = house.clock.now()
    watched = Watched(begin)
    await house.delivery(gap=SECOND, clock=watched).run_due()
    assert watched.waited == [begin + number * SECOND for number in range(4)]
    assert len(house.shown) == 4


async def test_edits_count_as_writes(house: House) -> None:
    await house.want()
    watched = Watched(house.clock.now())
    delivery = house.delivery(gap=SECOND, clock=watched)
    await delivery.run_due()
    await house.want()
    await delivery.run_due()
    assert watched.waited[1] - watched.waited[0] == SECOND


async def test_each_channel_has_its_own_pace(house: House) -> None:
    await house.want("s1", "C1")
    await house.want("s2", "C2")
    begin = house.clock.now()
    watched = Watched(begin)
    await house.delivery(gap=SECOND, clock=watched).run_due()
    assert watched.waited == [begin, begin]


async def test_workers_share_the_pace_of_a_channel(house: House) -> None:
    for number in range(4):
        await house.want(f"s{number}")
    begin = house.clock.now()
    clocks = [Watched(begin), Watched(begin)]
    await asyncio.gather(
        *(
            house.delivery(f"w{number}", gap=SECOND, clock=clock).run_due()
            for number, clock in enumerate(clocks)
        )
    )
    moments = sorted(clocks[0].waited + clocks[1].waited)
    assert len(moments) == len(set(moments)) == 4


async def test_channel_that_slack_wants_quiet_is_left_alone_by_every_notice(
    house: House, clock: FrozenClock
) -> None:
    house.server.faults.inject("chat.postMessage", 1, {"status": 429, "retry_after": 60})
    await house.want("s1")
    await house.delivery().deliver(KIND, "s1")
    await house.want("s2")
    await house.delivery().run_due()
    assert house.shown == []
    clock.advance(timedelta(seconds=60))
    await house.delivery().run_due()
    assert len(house.shown) == 2


async def test_notice_for_a_busy_channel_waits_its_turn_without_keeping_others(house: House) -> None:
    for number in range(40):
        await house.want(f"s{number}")
    stopped = Stopped(house.clock.now())
    delivery = house.delivery(gap=SECOND, clock=stopped)
    await asyncio.gather(*(delivery.deliver(KIND, f"s{number}") for number in range(40)))
    assert len(house.shown) <= QUEUE / SECOND + 1
    await house.want("other", "C2")
    assert await delivery.deliver(KIND, "other") is None


class Stopped(FrozenClock):
    """Waits for nothing, and does not move."""

    @override
    async def until(self, moment: datetime) -> None:
        return


async def test_what_only_a_person_can_mend_is_told_at_once(house: House) -> None:
    house.server.workspace.channels["C1"].archived = True
    await house.want()
    await house.delivery().run_due()
    assert house.stuck == ["s"]


async def test_what_may_mend_itself_is_told_when_it_takes_too_long(house: House, clock: FrozenClock) -> None:
    refusal = {"ok": False, "error": "team_added_to_org"}
    house.server.faults.inject("chat.postMessage", 20, {"body": refusal})
    await house.want()
    for attempt in range(1, STUCK + 1):
        await house.delivery().run_due()
        assert bool(house.stuck) is (attempt >= STUCK)
        clock.advance(timedelta(minutes=5))
