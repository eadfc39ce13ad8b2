"""Time as a dependency: every deadline asks a `Clock`, so that tests and the sandbox can move it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol

from typing_extensions import override


class Clock(Protocol):
    def now(self) -> datetime:
        """The present, aware and in UTC."""

    async def until(self, moment: datetime) -> None:
        """Return when `moment` has come."""


class SystemClock(Clock):
    @override
    def now(self) -> datetime:
        return datetime.now(UTC)

    @override
    async def until(self, moment: datetime) -> None:
        await asyncio.sleep((moment - self.now()).total_seconds())


class MovableClock(Clock):
    """Runs at the speed of another clock, from an offset that only grows."""

    def __init__(self, base: Clock | None = None, *, start: datetime | None = None) -> None:
        self._base = base or SystemClock()
        self._offset = timedelta(0) if start is None else start - self._base.now()
        self._moved = asyncio.Event()

    @override
    def now(self) -> datetime:
        return self._base.now() + self._offset

    @override
    async def until(self, moment: datetime) -> None:
        while moment > self.now():
            moved = asyncio.create_task(self._moved.wait())
            coming = asyncio.create_task(self._base.until(moment - self._offset))
            _, pending = await asyncio.wait({moved, coming}, return_when=asyncio.FIRST_COMPLETED)
            for task in pending:
                task.cancel()

    def advance(self, by: timedelta) -> None:
        """Move the present ahead. A negative `by` is refused with ValueError: deadlines never come back."""
        if by < timedelta(0):
            raise ValueError("time only moves ahead")
        self._offset += by
        self._moved.set()
        self._moved = asyncio.Event()


class FrozenClock(Clock):
    """Stands still until told: for tests that compare whole values."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    @override
    def now(self) -> datetime:
        return self._at

    @override
    async def until(self, moment: datetime) -> None:
        """Nobody waits: the time is set ahead."""
        self._at = max(self._at, moment)

    def advance(self, by: timedelta) -> None:
        self._at += by


class Bell:
    """Rings when something became due at once, so that nobody has to wait for the next regular wake-up."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    async def heard(self) -> None:
        """Wait for the next ring; several rings before that count as one."""
        _ = await self._rung.wait()
        self._rung.clear()
