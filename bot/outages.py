"""Outages of mail systems: seen by the breakers, told once in the channel, and once when they are over.

Each replica sees for itself whether it reaches an account. Whoever saw an outage first keeps it on record and ends it,
so that one replica which does reach the mail system does not say that all is well for another which does not. What a
replica leaves behind that is gone is taken over by the next one that has looked for itself.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Bell, Clock
from bot.errors import ProviderError
from bot.model import NoticeKind
from bot.notices import want, want_again
from bot.providers.guarded import Guarded
from bot.storage import notices, refreshes
from bot.storage import outages as rows
from bot.storage.database import Database
from bot.storage.outages import Outage

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=2)
"""A restart is no outage."""

LAPSE = timedelta(minutes=10)
"""Who has not seen an outage for so long, though it lasts, is not there any more."""


@dataclass(frozen=True, slots=True)
class ToldOutage:
    """What the messages about an outage are made from. `as_of`: when the account's directory was last read.

    `is_told`: whether the channel was told of it.
    """

    outage: Outage
    as_of: datetime | None
    is_told: bool


async def load(session: AsyncSession, outage_id: str) -> ToldOutage | None:
    outage = await rows.get(session, outage_id)
    if outage is None:
        return None
    age = (await refreshes.ages(session)).get(outage.account)
    told = await notices.get(session, NoticeKind.OUTAGE, outage_id)
    return ToldOutage(
        outage, None if age is None else age.refreshed_at, told is not None and told.ts is not None
    )


class Outages:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        bell: Bell,
        providers: Mapping[str, Guarded],
        worker: str,
        channel: str,
        recovered: Callable[[str], None],
    ) -> None:
        """`recovered` is called with the account of an outage that is over."""
        self._database = database
        self._clock = clock
        self._bell = bell
        self._providers = providers
        self._worker = worker
        self._channel = channel
        self._recovered = recovered
        self._running = {account: asyncio.Lock() for account in providers}

    async def run_due(self) -> None:
        """Look at the accounts that have trouble, or are said to have, and put on record what begins, lasts and ends."""
        async with self._database.reading() as session:
            lasting = await rows.lasting(session)
        await asyncio.gather(
            *(
                self._see_to(provider, lasting.get(account))
                for account, provider in self._providers.items()
                if account in lasting or provider.breaker.trouble is not None
            )
        )

    async def _see_to(self, provider: Guarded, outage: Outage | None) -> None:
        running = self._running[provider.account]
        if running.locked():
            return  # a mail system may take longer to say nothing than it is until the next wake-up
        async with running:
            if provider.breaker.may_try:
                with contextlib.suppress(ProviderError):
                    _ = await provider.list_domains()
            if await self._record(provider, outage):
                self._bell.ring()

    async def _record(self, provider: Guarded, outage: Outage | None) -> bool:
        """Whether there is something to tell."""
        now, trouble = self._clock.now(), provider.breaker.trouble
        if outage is None:
            if trouble is None or not trouble.is_open or now - trouble.since < PATIENCE:
                return False
            return await self._begin(
                Outage(uuid.uuid4().hex, provider.account, trouble.since, trouble.error, self._worker, now)
            )
        if outage.seen_by != self._worker and now < outage.seen_at + LAPSE:
            return False
        if trouble is None:
            return await self._end(outage)
        async with self._database.transaction() as session:
            await rows.see(session, outage, worker=self._worker, error=trouble.error, now=now)
        return False

    async def _begin(self, outage: Outage) -> bool:
        async with self._database.transaction() as session:
            if not await rows.begin(session, outage):
                return False
            await want(session, NoticeKind.OUTAGE, outage.id, channel=self._channel, now=outage.seen_at)
        log.warning("account %s can't be used: %s", outage.account, outage.error)
        return True

    async def _end(self, outage: Outage) -> bool:
        now = self._clock.now()
        async with self._database.transaction() as session:
            if not await rows.end(session, outage, now=now):
                return False
            await want_again(session, NoticeKind.OUTAGE, subject=outage.id, now=now)
            await want(session, NoticeKind.OUTAGE_OVER, outage.id, channel=self._channel, now=now)
        log.info("account %s can be used again", outage.account)
        self._recovered(outage.account)
        return True
