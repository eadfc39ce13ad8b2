"""What the mail system itself says of a domain's DNS, and having it look again where it says something else than DNS."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.dns.cadence import ask, disagreement, may_ask
from bot.dns.kept import Kept
from bot.errors import ProviderError
from bot.model import DomainHealth
from bot.providers.base import MailProvider
from bot.storage import domain_looks
from bot.storage.database import Database

log = logging.getLogger(__name__)


class ProviderView:
    def __init__(
        self,
        *,
        database: Database,
        providers: Mapping[str, MailProvider],
        refresh: Callable[[str], Awaitable[object]],
    ) -> None:
        """`refresh`: lists the domains of an account anew, with the mail system's verdicts."""
        self._database = database
        self._providers = providers
        self._refresh = refresh
        self._codes: dict[str, str] = {}

    async def settle(self, looked_at: Sequence[tuple[DomainHealth, Kept]], *, now: datetime) -> None:
        """Have the mail system look at those of these domains of which it says something else, as far as it is time.

        One call a domain, and one an account for all verdicts. What fails is asked again some time.
        """
        asked: set[str] = set()
        for health, kept in looked_at:
            if health.provider_verdict is None:
                continue
            differing = disagreement(kept.states, health.provider_verdict)
            if not differing or not await self._claim(health, kept, differing_now=now):
                continue
            try:
                await self._providers[health.account].recheck_dns(health.domain)
            except ProviderError as error:
                log.warning("account %s did not look at %s again: %s", health.account, health.domain, error)
            else:
                asked.add(health.account)
        for account in sorted(asked):
            try:
                await self._refresh(account)
            except ProviderError as error:
                log.warning("the domains of account %s were not listed: %s", account, error)

    async def ownership(self, account: str) -> str | None:
        """The account's ownership record, asked for once; None where there is none, or it can't be told now."""
        if account not in self._codes:
            try:
                code = await self._providers[account].ownership_code()
            except ProviderError as error:
                log.warning("account %s did not tell its ownership record: %s", account, error)
                return None
            if code is None:
                return None
            self._codes[account] = code
        return self._codes[account]

    async def _claim(self, health: DomainHealth, kept: Kept, *, differing_now: datetime) -> bool:
        """Note that the mail system is asked now, unless it was lately, or another replica is quicker."""
        now, name = differing_now, (health.account, health.domain)
        if health.provider_verdict is None:
            return False
        async with self._database.transaction() as session:
            row = (await domain_looks.locked(session, [name])).get(name)
            current = Kept.from_row(row)
            differing = disagreement(kept.states, health.provider_verdict)
            recently = await domain_looks.recent_questions(
                session, health.account, since=now - timedelta(hours=1)
            )
            if row is None or not may_ask(differing, current.asked, now, in_last_hour=recently):
                return False
            noted = replace(current, asked=ask(differing, current.asked, now)).to_row()
            await domain_looks.put(session, {name: noted | {"next_look_at": row["next_look_at"]}})
        return True
