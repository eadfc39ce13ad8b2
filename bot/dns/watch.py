"""Puts the watch together: who is asked, within which budget, and how an answer becomes something to say."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.clock import Bell, Clock
from bot.directory import Directory
from bot.dns.budget import Budget, Budgeted
from bot.dns.direct import DirectResolver, NameServers
from bot.dns.expectations import BoxWants, Expectations
from bot.dns.expected import PURELYMAIL, Expected
from bot.dns.look import Looker
from bot.dns.lookup import DnsResolver
from bot.dns.monitor import DnsHealth
from bot.dns.policy import HttpsPolicies, Policies
from bot.dns.provider_view import ProviderView
from bot.dns.publication import Publication
from bot.dns.witness import Witness
from bot.model import ProviderKind
from bot.providers.base import MailProvider
from bot.settings import Settings
from bot.storage.database import Database

SYSTEM = "the system's resolvers"


@dataclass(frozen=True, slots=True)
class Outside:
    """What is asked past the resolvers: the servers of MTA-STS policies, and name servers."""

    policies: Policies
    servers: DirectResolver


@dataclass(frozen=True, slots=True)
class Watch:
    health: DnsHealth
    publication: Publication


@asynccontextmanager
async def watch(
    settings: Settings,
    *,
    database: Database,
    clock: Clock,
    bell: Bell,
    directory: Directory,
    providers: Mapping[str, MailProvider],
    outside: Outside | None = None,
) -> AsyncIterator[Watch]:
    """`outside`: None for the real one."""
    # One room for all: what is asked past the resolvers is in flight, too.
    room = asyncio.Semaphore(settings.dns.in_flight)
    # Each resolver is asked by itself: a second one that is only asked where the first fails would confirm nothing.
    resolvers = {name: DnsResolver([name], in_flight=room) for name in settings.dns.resolvers}
    if not resolvers:
        resolvers[SYSTEM] = DnsResolver([], in_flight=room)
    budget = Budget(
        clock=clock,
        in_flight=settings.dns.in_flight,
        per_second=settings.dns.questions_per_second,
        burst=5 * settings.dns.questions_per_second,
    )
    expectations = _expectations(providers, clock)
    view = ProviderView(database=database, providers=providers, refresh=directory.refresh_domains)
    async with AsyncExitStack() as stack:
        if outside is None:
            policies = await stack.enter_async_context(HttpsPolicies())
            outside = Outside(policies, NameServers(in_flight=room))
        asked_for = [Witness(name, resolver) for name, resolver in resolvers.items()]
        health = DnsHealth(
            witnesses=[Witness(name, Budgeted(resolver, budget)) for name, resolver in resolvers.items()],
            asked_for=asked_for,
            looker=Looker(
                expectations=expectations,
                policies=outside.policies,
                direct=outside.servers,
                ownership=view.ownership,
            ),
            expectations=expectations,
            database=database,
            clock=clock,
            bell=bell,
            domains=directory.domains,
            provider_view=view,
            channel=settings.channels.digest,
            zone=settings.times.timezone,
        )
        yield Watch(health, Publication(witnesses=asked_for, expectations=expectations))


def _expectations(providers: Mapping[str, MailProvider], clock: Clock) -> Expectations:
    fixed: dict[str, Expected] = {}
    boxes: dict[str, BoxWants] = {}
    for account, provider in providers.items():
        match provider.kind:
            case ProviderKind.PURELYMAIL:
                fixed[account] = PURELYMAIL
            case ProviderKind.MAILINABOX:
                boxes[account] = BoxWants(provider, clock=clock)
    return Expectations(fixed, boxes)
