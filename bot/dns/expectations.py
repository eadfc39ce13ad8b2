"""What the mail system of each domain wants in DNS: known beforehand, or told by a box and remembered for a while."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.clock import Clock
from bot.dns.expected import Expected, of_box
from bot.errors import ProviderError
from bot.model import MailDomain
from bot.providers.base import MailProvider

log = logging.getLogger(__name__)

FRESH = timedelta(hours=1)
"""After that the box is asked anew: one question for all its domains."""

AGAIN = timedelta(minutes=5)
"""The same where it did not answer, or did not tell of a domain."""


class BoxWants:
    """What one box told last. It stays in force while the box does not answer: its records hardly ever change."""

    def __init__(self, provider: MailProvider, *, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._told: Mapping[str, Expected] = MappingProxyType({})
        self._asked_at: datetime | None = None
        self._answered = False
        self._asking = asyncio.Lock()

    @property
    def some(self) -> Expected | None:
        """That of any of its domains: what concerns the box itself is in all of them."""
        return next(iter(self._told.values()), None)

    async def of(self, name: str) -> Expected | None:
        async with self._asking:
            if self._is_due(name):
                await self._ask()
        return self._told.get(name)

    def renew(self) -> None:
        """Ask anew when somebody next wants to know: its domains have just changed."""
        self._asked_at = None

    def _is_due(self, name: str) -> bool:
        if self._asked_at is None:
            return True
        wait = FRESH if self._answered and name in self._told else AGAIN
        return self._clock.now() - self._asked_at >= wait

    async def _ask(self) -> None:
        try:
            records = await self._provider.dns_records()
        except ProviderError as error:
            log.warning("account %s did not tell the records it wants: %s", self._provider.account, error)
            self._answered = False
        else:
            self._told = of_box(self._provider.title, records)
            self._answered = True
        self._asked_at = self._clock.now()


class Expectations:
    def __init__(
        self, fixed: Mapping[str, Expected], boxes: Mapping[str, BoxWants] = MappingProxyType({})
    ) -> None:
        """Both by account; `fixed`: the same for all domains."""
        self._fixed = fixed
        self._boxes = boxes

    async def of(self, domain: MailDomain) -> Expected | None:
        """What the domain needs; None where its box has not told."""
        fixed = self._fixed.get(domain.account)
        if fixed is not None:
            return fixed
        box = self._boxes.get(domain.account)
        return None if box is None else await box.of(domain.name)

    def renew(self, account: str) -> None:
        """The account's domains have just changed."""
        if account in self._boxes:
            self._boxes[account].renew()

    @property
    def systems(self) -> Sequence[Expected]:
        """One of each mail system, as far as they have told."""
        told = [box.some for box in self._boxes.values()]
        return [*self._fixed.values(), *(one for one in told if one is not None)]
