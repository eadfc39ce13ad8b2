"""All wiring below Slack's edge: settings in, one frozen `Services` out."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bot.access import Access, People
from bot.clock import Bell, Clock
from bot.deletions import Deletions, Execution
from bot.deletions.queue import record_notice
from bot.directory import Directory
from bot.dns import DnsHealth
from bot.dns.daily import DailyDigest
from bot.dns.expected import expected
from bot.dns.lookup import DnsResolver
from bot.model import NoticeKind, ProviderKind
from bot.notices import Course, Delivery, Poster, Renderer
from bot.providers.base import MailProvider
from bot.providers.purelymail import PurelyMail
from bot.settings import AccountSettings, Settings
from bot.storage import deletions, digests
from bot.storage.database import Database
from bot.users import Users


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    clock: Clock
    bell: Bell
    """Rung when a notice became due; bot/jobs.py listens."""
    access: Access
    directory: Directory
    users: Users
    deletions: Deletions
    execution: Execution
    dns: DnsHealth
    digest: DailyDigest
    delivery: Delivery
    providers: Mapping[str, MailProvider]


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Clock,
    people: People,
    poster: Poster,
    renderers: Mapping[NoticeKind, Renderer],
) -> AsyncIterator[Services]:
    """Open the database (migrated to the newest schema) and everything on it; close all of it on leaving."""
    async with AsyncExitStack() as stack:
        database = Database(settings.database.url, settings.database.password)
        stack.push_async_callback(database.aclose)
        await database.migrate()
        providers: dict[str, MailProvider] = {}
        for account in settings.accounts:
            providers[account.name] = open_provider(account)
            stack.push_async_callback(providers[account.name].aclose)
        worker = f"{socket.gethostname()}:{os.getpid()}"
        bell = Bell()
        directory = Directory(
            database=database,
            clock=clock,
            providers=providers,
            refresh_at=settings.times.refresh,
            zone=settings.times.timezone,
        )
        delivery = Delivery(
            database=database,
            clock=clock,
            poster=poster,
            worker=worker,
            courses={
                NoticeKind.DELETION: Course(deletions.get, renderers[NoticeKind.DELETION], record_notice),
                NoticeKind.DIGEST: Course(digests.get, renderers[NoticeKind.DIGEST]),
            },
        )
        health = DnsHealth(
            resolver=DnsResolver(settings.dns.resolvers, in_flight=settings.dns.in_flight),
            database=database,
            clock=clock,
            domains=directory.domains,
            expected={name: expected(provider.kind) for name, provider in providers.items()},
        )
        yield Services(
            settings=settings,
            clock=clock,
            bell=bell,
            access=Access(settings.operators, people, clock),
            directory=directory,
            users=Users(database=database, clock=clock, directory=directory, providers=providers),
            deletions=Deletions(
                database=database,
                clock=clock,
                directory=directory,
                providers=providers,
                delivery=delivery,
                bell=bell,
                channel=settings.channels.deletions,
                grace=settings.deletions.grace,
            ),
            execution=Execution(
                database=database, clock=clock, providers=providers, bell=bell, worker=worker
            ),
            dns=health,
            digest=DailyDigest(
                database=database,
                clock=clock,
                health=health,
                bell=bell,
                worker=worker,
                channel=settings.channels.digest,
                at=settings.times.digest,
                zone=settings.times.timezone,
            ),
            delivery=delivery,
            providers=providers,
        )


def open_provider(account: AccountSettings) -> MailProvider:
    """A client of the account's mail system. Close it with `aclose`."""
    match account.provider:
        case ProviderKind.PURELYMAIL:
            return PurelyMail(
                account.name, token=account.api_token, base_url=account.base_url, timeout=account.timeout
            )
