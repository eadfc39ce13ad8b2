"""Looks at domains when their time has come, or when somebody asks, and keeps what came out."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Bell, Clock
from bot.dns.alerts import tell, tell_blind, tell_seeing
from bot.dns.cadence import ceiling
from bot.dns.expectations import Expectations
from bot.dns.judgement import Judged, take_in
from bot.dns.kept import Kept
from bot.dns.look import Look, Looker
from bot.dns.lookup import Sweep
from bot.dns.overview import Overview, overview
from bot.dns.provider_view import ProviderView
from bot.dns.witness import Witness, first_that_knows
from bot.model import DomainHealth, Finding, Grade, MailDomain, Subject
from bot.storage import domain_looks, findings
from bot.storage.database import Database

log = logging.getLogger(__name__)

WORKERS = 50
"""Domains looked at side by side; the resolver and the budget bound the questions."""

BATCH = 25
"""Domains kept in one transaction: each of them costs a wait for the disk."""

AT_ONCE = 250
"""Domains taken in one turn. The next turn takes the next ones."""

LEASE = timedelta(minutes=15)
"""Longer than looking at so many takes."""

WHOLLY = timedelta(hours=24)
"""How often all is asked about; in between, mail's own records alone."""

BLIND = timedelta(minutes=30)
"""After so long without a look, though one was due, the channel is told."""

QUESTIONS = 12.0
"""What a look costs, about."""

DAYS = 30
"""The days of the strip."""

Name = tuple[str, str]


class DnsHealth:
    def __init__(
        self,
        *,
        witnesses: Sequence[Witness],
        asked_for: Sequence[Witness],
        looker: Looker,
        expectations: Expectations,
        database: Database,
        clock: Clock,
        bell: Bell,
        domains: Callable[[], Awaitable[list[MailDomain]]],
        provider_view: ProviderView,
        channel: str,
        zone: ZoneInfo,
        random: Random | None = None,
    ) -> None:
        """`witnesses` go by the budget; `asked_for` are the same without it, for who waits for the answer.

        `channel`: where changes are told. `zone`: whose days the strip is of.
        """
        self._witnesses = witnesses
        self._asked_for = asked_for
        self._looker = looker
        self._expectations = expectations
        self._database = database
        self._clock = clock
        self._bell = bell
        self._domains = domains
        self._provider_view = provider_view
        self._channel = channel
        self._zone = zone
        self._random = random or Random()  # noqa: S311 - spreads looks over time, guards nothing
        self._running = asyncio.Lock()
        self._writing = asyncio.Lock()
        self._number = 0

    async def run_due(self) -> None:
        """Look at the domains whose time has come, the most pressing first."""
        async with self._running:
            domains = {(domain.account, domain.name): domain for domain in await self._domains()}
            self._number = len(domains)
            now = self._clock.now()
            async with self._database.transaction() as session:
                await domain_looks.present_only(session, domains, now=now)
                waiting = await domain_looks.has_due(session, now=now)
            if not waiting:
                return
            witness = await first_that_knows(self._witnesses, self._expectations.systems)
            if witness is None:
                await self._be_blind()
                return
            async with self._database.transaction() as session:
                taken = await domain_looks.claim_due(session, now=now, lease_until=now + LEASE, limit=AT_ONCE)
                if taken and await tell_seeing(session, now=now):
                    self._bell.ring()
            due = [
                (domains[name], wholly_at is None or now - wholly_at >= WHOLLY)
                for name, wholly_at in taken
                if name in domains
            ]
            await self._look_at(due, witness, self._witnesses)

    async def check(self, domain: MailDomain) -> DomainHealth:
        """Look at one domain now, at all of it. What is bad is confirmed at once where there is a second resolver."""
        (judged,) = await self._check([domain])
        return judged

    async def check_several(self, domains: Sequence[MailDomain]) -> list[DomainHealth]:
        """The same for some domains, in their order."""
        return await self._check(domains)

    async def check_all(self) -> list[DomainHealth]:
        """Look at every domain now, by name. A question that several domains share is asked once."""
        return await self._check(await self._domains())

    async def latest(self) -> list[DomainHealth]:
        """What was last seen of the domains that are there now, without asking anybody."""
        present = {(domain.account, domain.name): domain for domain in await self._domains()}
        async with self._database.reading() as session:
            kept = await findings.all_of(session)
            next_looks = await domain_looks.next_looks(session)
        return [
            replace(
                health,
                provider_verdict=present[health.account, health.domain].provider_verdict,
                next_look_at=next_looks.get((health.account, health.domain)),
            )
            for health in kept
            if (health.account, health.domain) in present
        ]

    async def overview(self, *, worst: int, leaving_out: Collection[Name] = ()) -> Overview:
        """How the present domains were last seen, and so many of those that are bad; of these none of `leaving_out`."""
        present = {(domain.account, domain.name) for domain in await self._domains()}
        async with self._database.reading() as session:
            return await overview(session, present, worst=worst, leaving_out=leaving_out)

    async def last_seen(self, domain: MailDomain) -> DomainHealth | None:
        """The same of one domain; None if nobody has looked at it yet."""
        async with self._database.reading() as session:
            health = await findings.get(session, domain.account, domain.name)
            next_look_at = await domain_looks.next_look(session, (domain.account, domain.name))
        if health is None:
            return None
        return replace(health, provider_verdict=domain.provider_verdict, next_look_at=next_look_at)

    async def history(self, name: Name | None = None) -> dict[Name, list[Grade | None]]:
        """By domain, the worst grade of each of the last 30 days, today last; None for days without a look."""
        today = self._clock.now().astimezone(self._zone).date()
        days = [(today - timedelta(days=back)).isoformat() for back in range(DAYS - 1, -1, -1)]
        async with self._database.reading() as session:
            found = await domain_looks.grades(session, since=days[0], name=name)
        return {domain: [grades.get(day) for day in days] for domain, grades in found.items()}

    async def _check(self, domains: Sequence[MailDomain]) -> list[DomainHealth]:
        if not domains:
            return []
        self._number = max(self._number, len(domains))
        witness = await first_that_knows(self._asked_for, self._expectations.systems)
        if witness is None:
            # Who asks is answered, and nothing of it is kept.
            return [_blind(domain, self._clock.now()) for domain in domains]
        healths = await self._look_at([(domain, True) for domain in domains], witness, self._asked_for)
        return [healths[domain.account, domain.name] for domain in domains]

    async def _look_at(
        self, due: Sequence[tuple[MailDomain, bool]], witness: Witness, witnesses: Sequence[Witness]
    ) -> dict[Name, DomainHealth]:
        """Look through one witness, and at what is open then through the next one."""
        judged = await self._sweep(due, witness)
        others = [other for other in witnesses if other.name != witness.name]
        unsure = [(one, wholly) for one, wholly in due if judged[one.account, one.name].needs_second_opinion]
        if others and unsure:
            second = await first_that_knows(others, self._expectations.systems)
            if second is not None:
                judged |= await self._sweep(unsure, second)
        await self._provider_view.settle(
            [(one.health, one.kept) for one in judged.values()], now=self._clock.now()
        )
        return {name: one.health for name, one in judged.items()}

    async def _sweep(self, due: Sequence[tuple[MailDomain, bool]], witness: Witness) -> dict[Name, Judged]:
        results: dict[Name, Judged] = {}
        remaining = iter(due)
        unkept: list[Look] = []

        async def work(sweep: Sweep) -> None:
            for domain, wholly in remaining:
                unkept.append(
                    await self._looker.look(
                        domain,
                        sweep,
                        witness.resolver,
                        by=witness.name,
                        at=self._clock.now(),
                        wholly=wholly,
                    )
                )
                if len(unkept) >= BATCH and not self._writing.locked():
                    results.update(await self._keep(unkept))

        async with AsyncExitStack() as stack:
            sweep = await stack.enter_async_context(Sweep(witness.resolver))
            group = await stack.enter_async_context(asyncio.TaskGroup())
            for _ in range(min(WORKERS, len(due))):
                group.create_task(work(sweep))
        results.update(await self._keep(unkept))
        return results

    async def _keep(self, unkept: list[Look]) -> dict[Name, Judged]:
        """Take over what is in the list, one transaction at a time.

        SQLite makes its writers wait in no order; several at once would keep each other, and everybody else, waiting.
        """
        async with self._writing:
            batch, unkept[:] = list(unkept), []
            if not batch:
                return {}
            async with self._database.transaction() as session:
                judged = await self._judge(session, batch)
                await tell(session, judged, channel=self._channel, now=self._clock.now())
        if any(one.told for one in judged):
            self._bell.ring()
        return {(one.health.account, one.health.domain): one for one in judged}

    async def _judge(self, session: AsyncSession, looks: Sequence[Look]) -> list[Judged]:
        names = [(look.domain.account, look.domain.name) for look in looks]
        rows = await domain_looks.locked(session, names)
        before = await findings.of(session, names)
        longest = ceiling(self._number, QUESTIONS)
        judged = {
            name: take_in(
                Kept.from_row(rows.get(name)), before.get(name), look, self._random, ceiling=longest
            )
            for name, look in zip(names, looks, strict=True)
        }
        await domain_looks.put(
            session,
            {
                name: one.kept.to_row() | {"next_look_at": one.next_look_at, "lease_until": None}
                for name, one in judged.items()
            },
        )
        await findings.put(session, [one.health for one in judged.values()])
        await domain_looks.note_grades(
            session,
            [
                (name, at.astimezone(self._zone).date().isoformat(), grade)
                for name, one in judged.items()
                for at, grade in [(one.health.checked_at, believed(one.health)), *one.begun]
            ],
        )
        return list(judged.values())

    async def _be_blind(self) -> None:
        """Nothing can be looked up: say so, once, when it has lasted."""
        log.warning("none of the DNS resolvers finds the mail systems' own names; nothing is judged")
        now = self._clock.now()
        async with self._database.transaction() as session:
            newest = await domain_looks.newest_look(session)
            if newest is None or now - newest < BLIND:
                return
            await tell_blind(session, newest, channel=self._channel, now=now)
        self._bell.ring()


def believed(health: DomainHealth) -> Grade:
    """The grade without what was seen only once."""
    grades = {finding.grade for finding in health.findings if finding.confirmed}
    return next((grade for grade in (Grade.FAIL, Grade.WARN, Grade.UNKNOWN) if grade in grades), Grade.OK)


def _blind(domain: MailDomain, now: datetime) -> DomainHealth:
    finding = Finding(
        Subject.DOMAIN,
        "DOMAIN_UNANSWERED",
        Grade.UNKNOWN,
        "DNS can't be asked now: no resolver finds even the mail system's own names.",
        "This says nothing about the domain. See dns.resolvers in mailwarden.toml, or the network.",
    )
    return DomainHealth(domain.account, domain.name, now, (finding,), domain.provider_verdict)
