"""The credit of prepaid accounts: read every hour, and told once in the channel when little is left."""

import asyncio
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Bell, Clock
from bot.errors import ProviderError
from bot.model import Capability, NoticeKind
from bot.notices import want, want_again
from bot.providers.base import MailProvider
from bot.storage import credits as rows
from bot.storage.credits import Credit, LowCredit
from bot.storage.database import Database

log = logging.getLogger(__name__)

HOURLY = timedelta(hours=1)
"""How old what is known of an account's credit becomes."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class ToldCredit:
    """What the message about low credit is made from. `now`: as it was read last, None if it never was."""

    low: LowCredit
    now: Credit | None


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's credit. `threshold`: what counts as little there; 0 where nothing does."""

    credit: Credit
    threshold: Decimal

    @property
    def is_low(self) -> bool:
        return is_low(self.credit.amount, self.threshold)


def is_low(amount: Decimal, threshold: Decimal) -> bool:
    return threshold > 0 and amount < threshold


def dollars(amount: Decimal) -> str:
    """`$19.16`: in whole cents, and never more than there is."""
    cents = amount.quantize(_CENT, ROUND_FLOOR)
    return f"-${-cents:,}" if cents < 0 else f"${cents:,}"


async def load(session: AsyncSession, low_id: str) -> ToldCredit | None:
    low = await rows.get(session, low_id)
    return None if low is None else ToldCredit(low, (await rows.latest(session)).get(low.account))


class Credits:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        bell: Bell,
        providers: Mapping[str, MailProvider],
        thresholds: Mapping[str, float],
        channel: str,
    ) -> None:
        """`thresholds`: by account, below how many dollars there is little left."""
        self._database = database
        self._clock = clock
        self._bell = bell
        self._providers = providers
        self._thresholds = {account: Decimal(str(amount)) for account, amount in thresholds.items()}
        self._channel = channel

    async def run_due(self) -> None:
        await self.refresh(HOURLY)

    async def refresh(self, age: timedelta) -> bool:
        """Ask the accounts whose credit was read longer ago than that. Whether anything else than before was found."""
        async with self._database.reading() as session:
            known = await rows.latest(session)
        due = self._clock.now() - age
        changed = await asyncio.gather(
            *(
                self._read(provider, known.get(account))
                for account, provider in self._providers.items()
                if Capability.CREDIT in provider.capabilities
                and (account not in known or known[account].read_at <= due)
            )
        )
        return any(changed)

    async def balances(self) -> list[Balance]:
        """What is known of the present accounts, by name."""
        async with self._database.reading() as session:
            known = await rows.latest(session)
        return [
            Balance(known[account], self._threshold(account))
            for account in sorted(self._providers)
            if account in known
        ]

    async def _read(self, provider: MailProvider, known: Credit | None) -> bool:
        try:
            amount = await provider.credit()
        except ProviderError as error:
            log.info("the credit of account %s can't be read: %s", provider.account, error)
            return False
        read = Credit(provider.account, amount, self._clock.now())
        if await self._record(read):
            self._bell.ring()
        return known is None or known.amount != amount

    async def _record(self, read: Credit) -> bool:
        """Whether there is something to tell."""
        threshold = self._threshold(read.account)
        async with self._database.transaction() as session:
            await rows.put(session, read)
            low = (await rows.lasting(session)).get(read.account)
            if is_low(read.amount, threshold):
                return low is None and await self._begin(session, read, threshold)
            return low is not None and await self._end(session, low, read.read_at)

    async def _begin(self, session: AsyncSession, read: Credit, threshold: Decimal) -> bool:
        low = LowCredit(uuid.uuid4().hex, read.account, read.read_at, read.amount, threshold)
        if not await rows.begin(session, low):
            return False
        await want(session, NoticeKind.LOW_CREDIT, low.id, channel=self._channel, now=read.read_at)
        log.warning("account %s has little credit left: %s", read.account, dollars(read.amount))
        return True

    async def _end(self, session: AsyncSession, low: LowCredit, now: datetime) -> bool:
        if not await rows.end(session, low, now=now):
            return False
        await want_again(session, NoticeKind.LOW_CREDIT, subject=low.id, now=now)
        return True

    def _threshold(self, account: str) -> Decimal:
        return self._thresholds.get(account, Decimal(0))
