"""The directory: mail users and domains as last seen, so that nobody waits for a full listing.

Filled on the first start, refreshed once a day, and kept current by the bot's own acts in between.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.clock import Clock
from bot.errors import NotFound, ProviderError
from bot.model import MailDomain, MailUser, UserDetails
from bot.providers.base import MailProvider
from bot.storage import directory as rows
from bot.storage import outages, refreshes
from bot.storage.database import Database
from bot.storage.refreshes import AccountAge

log = logging.getLogger(__name__)

RETRY = timedelta(minutes=5)
"""How long to wait after a refresh that failed."""

UNDER_WAY = timedelta(minutes=3)
"""For so long a refresh that was begun is left to whoever has begun it."""

OLD = timedelta(hours=26)
"""Older than a refresh a day can be."""


@dataclass(frozen=True, slots=True)
class Staleness:
    """Why what is shown of an account may not be how things are. `as_of`: when it was; None if it never was read.

    `since`: since when the mail system can't be used; None if it can, and only the last refresh has failed or is missing.
    """

    account: str
    as_of: datetime | None
    error: str | None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class UserPage:
    """`matching` users fit the search, `archived` of them archived ones.

    `total`: how many there are in all, apart from the archived ones unless only those are looked for.
    """

    users: list[MailUser]
    matching: int
    total: int
    archived: int = 0


class Directory:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        providers: Mapping[str, MailProvider],
        refresh_at: time,
        zone: ZoneInfo,
    ) -> None:
        self._database = database
        self._clock = clock
        self._providers = providers
        self._refresh_at = refresh_at
        self._zone = zone
        self._running = {account: asyncio.Lock() for account in providers}
        self._wanted: set[str] = set()

    async def domains(self) -> list[MailDomain]:
        """All domains of the configured accounts, by name."""
        async with self._database.reading() as session:
            return [domain for domain in await rows.domains(session) if domain.account in self._providers]

    async def shared_domains(self) -> dict[str, list[str]]:
        """The domains that are on several accounts, with the names of these: which one is meant is nobody's guess."""
        found: dict[str, list[str]] = {}
        for domain in await self.domains():
            found.setdefault(domain.name, []).append(domain.account)
        return {name: accounts for name, accounts in found.items() if len(accounts) > 1}

    async def domain(self, name: str, *, account: str | None = None) -> MailDomain:
        """The domain of that name. Raises NotFound, also where two accounts have it and none is named."""
        found = [
            domain
            for domain in await self.domains()
            if domain.name == name and account in {None, domain.account}
        ]
        if not found:
            raise NotFound(f"There is no domain {name}. If it is new, it appears after the next refresh.")
        if len(found) > 1:
            names = " and ".join(domain.account for domain in found)
            raise NotFound(f"{name} is a domain of the accounts {names}: say which one.")
        return found[0]

    async def search(
        self,
        text: str,
        *,
        offset: int = 0,
        limit: int = 10,
        archived: bool | None = False,
        accounts: Sequence[str] | None = None,
    ) -> UserPage:
        """Mail users whose address contains `text`; those that begin with it first.

        `archived`: False for those who are there, True for those who are gone and whose mailbox is kept, None for both,
        in this order. `accounts`: only on these of the configured ones.
        """
        sought = text.strip().lower()
        names = [name for name in self._providers if accounts is None or name in accounts]
        async with self._database.reading() as session:
            users, matching, total = await rows.search(
                session,
                sought,
                offset=offset,
                limit=limit,
                accounts=names,
                archived=archived,
            )
            kept = matching if archived else 0
            if archived is None:
                kept = await rows.count_archived(session, sought, accounts=names)
                total -= await rows.count_archived(session, "", accounts=names)
        return UserPage(users, matching, total, kept)

    async def find(
        self, address: str, *, account: str | None = None, archived: bool | None = False
    ) -> MailUser:
        """The mail user of that address. Raises NotFound, also where two accounts hold it and none is named.

        `archived` as in `search`.
        """
        async with self._database.reading() as session:
            found = await rows.find(session, address.strip().lower(), archived=archived)
        users = [
            user for user in found if user.account in self._providers and account in {None, user.account}
        ]
        if not users:
            raise NotFound(
                f"There is no mail user {address}. If it is new, it appears after the next refresh."
            )
        if len(users) > 1:
            names = " and ".join(user.account for user in users)
            raise NotFound(f"{address} exists on the accounts {names}: pick it from the list.")
        return users[0]

    async def note_present(self, account: str, address: str, details: UserDetails | None = None) -> None:
        """A mail user is there. `details`: what the mail system told of it; None leaves what is known."""
        async with self._database.transaction() as session:
            await rows.put_user(session, account, address, now=self._clock.now(), gone=False, details=details)

    async def note_gone(self, user: MailUser) -> None:
        """A mail user is not there any more. Its details stay on record for whoever gives the mailbox back."""
        async with self._database.transaction() as session:
            await rows.put_user(session, user.account, user.address, now=self._clock.now(), gone=True)

    async def ages(self) -> dict[str, AccountAge]:
        """When each account was last refreshed, and what hindered the last attempt."""
        async with self._database.reading() as session:
            return await refreshes.ages(session)

    async def stale(self) -> list[Staleness]:
        """The accounts of which what is shown may be out of date, by name."""
        now = self._clock.now()
        async with self._database.reading() as session:
            ages = await refreshes.ages(session)
            down = await outages.lasting(session)
        found = []
        for account in sorted(self._providers):
            age, outage = ages.get(account), down.get(account)
            as_of = None if age is None else age.refreshed_at
            error = None if age is None else age.last_error
            if outage is not None:
                found.append(Staleness(account, as_of, outage.error, outage.since))
            elif error is not None or (as_of is not None and now - as_of > OLD):
                found.append(Staleness(account, as_of, error))
        return found

    def hurry(self, account: str) -> None:
        """Have the account refreshed when the directory is next woken."""
        self._wanted.add(account)

    async def run_due(self) -> None:
        """Refresh every account whose time has come: never filled, or not since the last refresh hour.

        Each by itself: one that does not answer keeps no other one waiting.
        """
        await asyncio.gather(*(self._run_due(account) for account in self._providers))

    async def _run_due(self, account: str) -> None:
        async with self._running[account]:
            age = (await self.ages()).get(account)
            if not self._is_due(account, age):
                return
            tried_at = self._clock.now()
            async with self._database.transaction() as session:
                # Of several replicas one asks: a listing is much work for a mail system.
                if not await refreshes.begin_refresh(session, account, seen=age, now=tried_at):
                    return
            self._wanted.discard(account)
            await self._refresh_safely(account, tried_at)

    async def refresh(self, account: str) -> None:
        """List the account's users and domains and take them over. Raises ProviderError."""
        provider = self._providers[account]
        asked_at = self._clock.now()
        users = await provider.list_users()
        domains = await provider.list_domains()
        async with self._database.transaction() as session:
            # A list that may have been cut proves no absence.
            await rows.put_listing(
                session,
                account,
                users.addresses,
                asked_at=asked_at,
                prune=users.complete,
                details=users.details,
                archived=users.archived,
            )
            await rows.put_domains(session, account, domains)
            await refreshes.note_refresh(session, account, tried_at=asked_at, refreshed=True, error=None)

    async def refresh_domains(self, account: str) -> list[MailDomain]:
        """List the account's domains and take them over, with what the mail system says of each. Raises ProviderError."""
        domains = await self._providers[account].list_domains()
        async with self._database.transaction() as session:
            await rows.put_domains(session, account, domains)
        return domains

    async def _refresh_safely(self, account: str, tried_at: datetime) -> None:
        try:
            await self.refresh(account)
        except ProviderError as error:
            log.warning("the directory of account %s was not refreshed: %s", account, error)
            async with self._database.transaction() as session:
                await refreshes.note_refresh(
                    session, account, tried_at=tried_at, refreshed=False, error=str(error)
                )

    def _is_due(self, account: str, age: AccountAge | None) -> bool:
        if age is None:
            return True
        now = self._clock.now()
        if age.is_under_way and now < age.tried_at + UNDER_WAY:
            return False
        if account in self._wanted:
            return True
        if age.last_error is not None and now < age.tried_at + RETRY:
            return False
        return age.refreshed_at is None or age.refreshed_at < last_time(self._refresh_at, self._zone, now)


def last_time(at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The newest moment that is not after `now` at which the clocks of `zone` showed `at`.

    A time that a change to summer time skips is read with the offset before the change; one that occurs twice counts
    once, the first time (PEP 495).
    """
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=1), today, today - timedelta(days=1)):
        moment = datetime.combine(day, at, zone).astimezone(now.tzinfo)
        if moment <= now:
            return moment
    raise AssertionError("yesterday is over")
