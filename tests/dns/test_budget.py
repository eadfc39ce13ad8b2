"""The budget of questions: so many a second, so many at once, and nobody's place is lost."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from typing_extensions import override

from bot.clock import Clock, FrozenClock
from bot.dns.budget import Budget, Budgeted
from bot.dns.lookup import Records, Sweep
from tests.support.dns_table import TableResolver

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def spend(budget: Budget, number: int) -> None:
    for _ in range(number):
        async with budget.question():
            pass


async def test_a_burst_passes_at_once_and_the_rest_at_the_rate(clock: FrozenClock) -> None:
    budget = Budget(clock=clock, in_flight=5, per_second=20, burst=10)
    start = clock.now()
    await spend(budget, 10)
    assert clock.now() == start
    await spend(budget, 40)
    assert clock.now() == start + 2 * SECOND


async def test_a_pause_fills_the_bucket_and_never_more_than_that(clock: FrozenClock) -> None:
    budget = Budget(clock=clock, in_flight=5, per_second=20, burst=10)
    await spend(budget, 10)
    clock.advance(SECOND / 4)
    start = clock.now()
    await spend(budget, 5)
    assert clock.now() == start
    clock.advance(timedelta(days=1))
    start = clock.now()
    await spend(budget, 30)
    assert clock.now() == start + SECOND


async def test_no_more_are_open_at_once_than_allowed(clock: FrozenClock) -> None:
    table = TableResolver({})
    table.open.clear()
    resolver = Budgeted(table, Budget(clock=clock, in_flight=3, per_second=1000, burst=100))
    async with asyncio.TaskGroup() as group:
        for number in range(10):
            group.create_task(resolver.lookup(f"d{number}.example", "MX"))
        for _ in range(20):
            await asyncio.sleep(0)
        assert table.count.total() == 3
        table.open.set()
    assert table.count.total() == 10


async def test_a_question_that_several_share_costs_one(clock: FrozenClock) -> None:
    table = TableResolver({("acme.example", "MX"): Records(("10 mail.example",))})
    budget = Budget(clock=clock, in_flight=3, per_second=1, burst=1)
    start = clock.now()
    async with Sweep(Budgeted(table, budget)) as sweep:
        answers = await asyncio.gather(*(sweep.lookup("acme.example", "MX") for _ in range(5)))
    assert set(answers) == {Records(("10 mail.example",))}
    assert clock.now() == start


class StoppedClock(Clock):
    """Nobody's time comes, until it is set."""

    def __init__(self) -> None:
        self.at = NOW
        self.waiting = asyncio.Event()
        self.moved = asyncio.Event()

    @override
    def now(self) -> datetime:
        return self.at

    @override
    async def until(self, moment: datetime) -> None:
        while self.at < moment:
            self.waiting.set()
            self.moved.clear()
            _ = await self.moved.wait()

    def set(self, at: datetime) -> None:
        self.at = at
        self.moved.set()


async def test_whoever_stops_waiting_has_used_nothing_up() -> None:
    clock = StoppedClock()
    budget = Budget(clock=clock, in_flight=50, per_second=1, burst=1)
    await spend(budget, 1)
    crowd = [asyncio.create_task(spend(budget, 1)) for _ in range(20)]
    _ = await clock.waiting.wait()
    for task in crowd:
        task.cancel()
    assert all(await asyncio.gather(*crowd, return_exceptions=True))
    clock.set(NOW + SECOND)
    await spend(budget, 1)
    assert clock.now() == NOW + SECOND


async def test_a_clock_that_was_set_back_makes_nobody_wait_for_the_lost_time() -> None:
    clock = StoppedClock()
    budget = Budget(clock=clock, in_flight=5, per_second=1, burst=3)
    await spend(budget, 3)
    clock.set(NOW - timedelta(hours=5))
    task = asyncio.create_task(spend(budget, 1))
    _ = await clock.waiting.wait()
    clock.set(clock.now() + SECOND)
    await task


async def test_a_failed_question_leaves_its_room_to_the_next(clock: FrozenClock) -> None:
    budget = Budget(clock=clock, in_flight=1)
    with pytest.raises(ZeroDivisionError):
        async with budget.question():
            _ = 1 / 0
    await spend(budget, 1)


@pytest.mark.parametrize(
    ("in_flight", "per_second", "burst"), [(0, 1.0, 1), (1, 0.0, 1), (1, -1.0, 1), (1, 1.0, 0)]
)
def test_a_budget_that_lets_nothing_through_is_refused(
    clock: FrozenClock, in_flight: int, per_second: float, burst: int
) -> None:
    with pytest.raises(ValueError, match="lets at least something through"):
        _ = Budget(clock=clock, in_flight=in_flight, per_second=per_second, burst=burst)
