"""Wake-ups: what runs when. No decisions: what is due is a query of whoever is woken."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.observability import reference
from bot.services import Services

log = logging.getLogger(__name__)

OFTEN = 15
"""Seconds between looks at the queue and the outbox."""

SELDOM = 60
"""Seconds between looks at what happens once a day."""

Job = Callable[[], Awaitable[None]]


class Jobs:
    def __init__(
        self,
        services: Services,
        *,
        often: float = OFTEN,
        seldom: float = SELDOM,
        also: Sequence[Job] = (),
    ) -> None:
        """`also`: what is done often, too, and when something became due."""
        self._services = services
        self._often = often
        self._seldom = seldom
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1})
        self._listening: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._also = also
        self._delivering = asyncio.Lock()

    def start(self) -> None:
        for job, seconds in (
            (self._deliver, self._often),
            (self._services.upkeep.run_due, self._often),
            (self._services.bulk.run_due, self._often),
            (self._services.execution.run_due, self._often),
            (self._services.directory.run_due, self._seldom),
            (self._services.outages.run_due, self._seldom),
            (self._services.credits.run_due, self._seldom),
            (self._services.dns.run_due, self._seldom),
            (self._services.digest.run_due, self._seldom),
            *((job, self._often) for job in self._also),
        ):
            self._scheduler.add_job(self._run, "interval", args=[job], seconds=seconds)
            _ = self._spawn(job)
        self._scheduler.start()
        self._listening = asyncio.create_task(self._listen())

    async def wake(self) -> None:
        """Run all that is due now, in the order in which one thing leads to the next; return when it is done."""
        await asyncio.shield(self._spawn(self._everything))

    async def stop(self, patience: float) -> None:
        """Wake nobody any more, and wait for what is running.

        A deletion under way is finished, the next one is left for the next start. What still runs after `patience`
        seconds is cut off: each job leaves rows that the next start takes up.
        """
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._services.execution.stop()
        self._services.bulk.stop()
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
        if self._running:
            _, unfinished = await asyncio.wait(self._running, timeout=patience)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(*unfinished, return_exceptions=True)

    async def _everything(self) -> None:
        services = self._services
        for job in (
            self._deliver,
            services.outages.run_due,
            services.credits.run_due,
            services.directory.run_due,
            services.upkeep.run_due,
            services.bulk.run_due,
            services.execution.run_due,
            services.dns.run_due,
            services.digest.run_due,
            self._deliver,
            *self._also,
        ):
            await _guarded(job)

    async def _deliver(self) -> None:
        async with self._delivering:
            await self._services.delivery.run_due()

    async def _listen(self) -> None:
        while True:
            await self._services.bell.heard()
            for job in (self._deliver, *self._also):
                _ = self._spawn(job)

    async def _run(self, job: Job) -> None:
        # A coroutine, or the scheduler would call it in a thread, outside of the event loop.
        _ = self._spawn(job)

    def _spawn(self, job: Job) -> "asyncio.Task[None]":
        task = asyncio.create_task(_guarded(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


async def _guarded(job: Job) -> None:
    """A job that fails is logged and woken again at its next time: the others must go on."""
    try:
        await job()
    except Exception:
        log.exception("a job failed (reference %s)", reference())
