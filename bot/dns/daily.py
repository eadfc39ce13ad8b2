"""The daily digest: at its hour in its time zone, once, whoever wakes up for it and however often."""

import asyncio
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Bell, Clock
from bot.directory import last_time
from bot.dns.digest import Digest
from bot.dns.monitor import DnsHealth
from bot.model import NoticeKind
from bot.notices import want
from bot.storage import digests, slots
from bot.storage.database import Database

JOB = "digest"

LEASE = timedelta(minutes=30)
"""Longer than a sweep over 1,000 domains takes."""


class DailyDigest:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        health: DnsHealth,
        bell: Bell,
        worker: str,
        channel: str,
        at: time,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._clock = clock
        self._health = health
        self._bell = bell
        self._worker = worker
        self._channel = channel
        self._at = at
        self._zone = zone
        self._running = asyncio.Lock()

    async def run_due(self) -> None:
        """Build and hand over the newest digest that is due and not made yet; older ones that were missed are not.

        On a database's first start the digest of the past hour is not made up for.
        """
        async with self._running:
            now = self._clock.now()
            slot = last_time(self._at, self._zone, now).astimezone(self._zone).date().isoformat()
            async with self._database.transaction() as session:
                if not await slots.known(session, JOB):
                    await slots.finish(session, JOB, slot, now=now)
                    return
                ours = await slots.claim(
                    session, JOB, slot, worker=self._worker, now=now, lease_until=now + LEASE
                )
            if ours:
                await self._build(slot)

    async def _build(self, slot: str) -> None:
        findings = await self._health.latest()
        now = self._clock.now()
        digest = Digest.build(findings, now)
        async with self._database.transaction() as session:
            await digests.add(session, slot, built_at=now, content=digest.to_json())
            await slots.finish(session, JOB, slot, now=now)
            await want(session, NoticeKind.DIGEST, slot, channel=self._channel, now=now)
        self._bell.ring()
