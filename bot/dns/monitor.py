"""Looks at domains: asks the questions, hands the answers to the checks, and keeps what came out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from bot.clock import Clock
from bot.dns.checks import check_dkim, check_dmarc, check_mx, check_spf
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoDomain, Resolver, Sweep, Unanswered
from bot.model import DomainHealth, Finding, Grade, MailDomain, Subject
from bot.storage import findings
from bot.storage.database import Database

WORKERS = 20
"""Domains looked at side by side; the resolver bounds the questions in flight."""


BATCH = 25
"""Domains kept in one transaction: each of them costs a wait for the disk."""


class DnsHealth:
    """`expected` names the records each account's mail system needs."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        database: Database,
        clock: Clock,
        domains: Callable[[], Awaitable[list[MailDomain]]],
        expected: Mapping[str, Expected],
    ) -> None:
        self._resolver = resolver
        self._database = database
        self._clock = clock
        self._domains = domains
        self._expected = expected
        self._writing = asyncio.Lock()

    async def check(self, domain: MailDomain) -> DomainHealth:
        """Look at one domain now."""
        async with Sweep(self._resolver) as sweep:
            health = await self._look(domain, sweep)
        await self._keep([health])
        return health

    async def check_all(self) -> list[DomainHealth]:
        """Look at every domain now, by name. A question that several domains share is asked once."""
        return await self._check_several(await self._domains())

    async def run_due(self) -> None:
        """Look at the domains that have never been looked at: somebody is waiting for them."""
        known = {(health.account, health.domain) for health in await self.latest()}
        await self._check_several([d for d in await self._domains() if (d.account, d.name) not in known])

    async def latest(self) -> list[DomainHealth]:
        """What was last seen of the domains that are there now, without asking anybody."""
        present = {(domain.account, domain.name) for domain in await self._domains()}
        async with self._database.reading() as session:
            kept = await findings.all_of(session)
        return [health for health in kept if (health.account, health.domain) in present]

    async def _check_several(self, waiting: Sequence[MailDomain]) -> list[DomainHealth]:
        results: dict[tuple[str, str], DomainHealth] = {}
        remaining = iter(waiting)
        unkept: list[DomainHealth] = []

        async def work(sweep: Sweep) -> None:
            for domain in remaining:
                health = await self._look(domain, sweep)
                results[domain.account, domain.name] = health
                unkept.append(health)
                if len(unkept) >= BATCH and not self._writing.locked():
                    await self._keep(unkept)

        async with Sweep(self._resolver) as sweep, asyncio.TaskGroup() as group:
            for _ in range(min(WORKERS, len(waiting))):
                group.create_task(work(sweep))
        await self._keep(unkept)
        return [results[domain.account, domain.name] for domain in waiting]

    async def _keep(self, unkept: list[DomainHealth]) -> None:
        """Take over what is in the list, one transaction at a time.

        SQLite makes its writers wait in no order; several at once would keep each other, and everybody else, waiting.
        """
        async with self._writing:
            batch, unkept[:] = list(unkept), []
            if batch:
                async with self._database.transaction() as session:
                    for health in batch:
                        await findings.put(session, health)

    async def _look(self, domain: MailDomain, resolver: Resolver) -> DomainHealth:
        name, expected = domain.name, self._expected[domain.account]
        questions = [(name, "MX"), (name, "TXT"), (f"{expected.dmarc.name}.{name}", "TXT")]
        questions += [(f"{alias.name}.{name}", "TXT") for alias in expected.dkim]
        mx, txt, dmarc, *keys = await asyncio.gather(*(resolver.lookup(*question) for question in questions))
        if _is_gone(mx, txt):
            found = [_gone(name)]
        else:
            selectors = {alias.name: answer for alias, answer in zip(expected.dkim, keys, strict=True)}
            found = [
                *await check_mx(name, expected, mx, resolver),
                *await check_spf(name, expected, txt, resolver),
                *check_dkim(name, expected, selectors),
                *await check_dmarc(name, expected, dmarc, resolver),
            ]
        return DomainHealth(domain.account, name, self._clock.now(), tuple(found), domain.provider_verdict)


def _is_gone(*answers: Answer) -> bool:
    """Whether all answers about the domain itself, as far as there are any, say that it does not exist."""
    told = [answer for answer in answers if not isinstance(answer, Unanswered)]
    return bool(told) and all(isinstance(answer, NoDomain) and not answer.chain for answer in told)


def _gone(name: str) -> Finding:
    # RFC 8020: if a name does not exist, nothing below it exists.
    return Finding(
        Subject.DOMAIN,
        "DOMAIN_GONE",
        Grade.FAIL,
        f"{name} does not exist in DNS.",
        "No mail reaches it. See with your registrar whether the registration has run out or the name servers are wrong.",
    )
