"""How many questions the bot asks of DNS, all in all: so many a second, and so many at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from bot.clock import Clock
from bot.dns.lookup import Answer, UncheckedResolver

PER_SECOND = 20.0
BURST = 100


class Budget:
    """A token bucket and a bound on what is in flight, first come, first served.

    Whoever stops waiting has used nothing up.
    """

    def __init__(
        self, *, clock: Clock, in_flight: int, per_second: float = PER_SECOND, burst: int = BURST
    ) -> None:
        """`burst`: how many may go at once after a pause. Raises ValueError where nothing could ever pass."""
        if per_second <= 0 or burst < 1 or in_flight < 1:
            raise ValueError("a budget lets at least something through")
        self._clock = clock
        self._gap = timedelta(seconds=1 / per_second)
        self._depth = self._gap * burst
        self._full_at = datetime.min.replace(tzinfo=UTC)
        self._room = asyncio.Semaphore(in_flight)
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def question(self) -> AsyncIterator[None]:
        """Wait until one question may be asked; it is open until the block ends."""
        # Room first: a token that waited for room would go out together with those that came after it.
        async with self._room:
            async with self._turn:
                await self._spend()
            yield

    async def _spend(self) -> None:
        """Take one token. The bucket is full again at `_full_at`, and holds one token less for each gap until then."""
        now = self._clock.now()
        # A clock that was set back must not make anybody wait for the time it lost.
        full_at = min(max(self._full_at, now), now + self._depth)
        ready = full_at + self._gap - self._depth
        if ready > now:
            await self._clock.until(ready)
        self._full_at = full_at + self._gap


class Budgeted(UncheckedResolver):
    """Asks within the budget. Below a Sweep, so that what is asked once costs once."""

    def __init__(self, resolver: UncheckedResolver, budget: Budget) -> None:
        self._resolver = resolver
        self._budget = budget

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        async with self._budget.question():
            return await self._resolver.lookup(name, rdtype)

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        async with self._budget.question():
            return await self._resolver.lookup_unchecked(name, rdtype)
