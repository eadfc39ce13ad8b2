"""All wiring below Slack's edge: settings in, one frozen `Services` out."""

import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot import credit, outages
from bot.access import Access, People
from bot.app_passwords import AppPasswords
from bot.audit_trail import AuditTrail
from bot.bulk import Bulk
from bot.clock import Bell, Clock
from bot.credit import Credits
from bot.deletions import Deletions, Execution, Graces, Planner, Safeguards, Upkeep, Vouching
from bot.deletions import requests as queued
from bot.directory import Directory
from bot.dns import DnsHealth, Outside, watch
from bot.dns import announcements as announced
from bot.dns.announcements import Announcements
from bot.dns.daily import DailyDigest
from bot.dns.rhythm import Rhythm
from bot.domains import Domains
from bot.home_tabs import HomeTabs
from bot.mailboxes import Mailboxes
from bot.model import NoticeKind
from bot.new_domains import NewDomains
from bot.notices import GAP, Course, Delivery, Poster, Renderer, Uploader
from bot.operators import Operators
from bot.outages import Outages
from bot.providers.guarded import Guarded
from bot.providers.opening import open_provider
from bot.renaming import Renaming
from bot.routing import Routing
from bot.settings import PurelyMailSettings, Settings
from bot.storage import bulk as bulk_rows
from bot.storage import digests
from bot.storage import operators as operator_rows
from bot.storage.database import Database
from bot.user_options import UserOptions
from bot.users import Users


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    clock: Clock
    bell: Bell
    """Rung when a notice became due; bot/jobs.py listens."""
    access: Access
    operators: Operators
    directory: Directory
    users: Users
    mailboxes: Mailboxes
    bulk: Bulk
    domains: Domains
    new_domains: NewDomains
    options: UserOptions
    app_passwords: AppPasswords
    renaming: Renaming
    routing: Routing
    deletions: Deletions
    execution: Execution
    upkeep: Upkeep
    dns: DnsHealth
    announcements: Announcements
    digest: DailyDigest
    delivery: Delivery
    outages: Outages
    audit_trail: AuditTrail
    credits: Credits
    home_tabs: HomeTabs
    providers: Mapping[str, Guarded]
    granted: frozenset[str] = frozenset()
    """The scopes that the app has in Slack, as far as they were told."""


@asynccontextmanager
async def open_services(
    settings: Settings,
    *,
    clock: Clock,
    people: People,
    poster: Poster,
    renderers: Mapping[NoticeKind, Renderer],
    uploader: Uploader | None = None,
    gap: timedelta = GAP,
    outside: Outside | None = None,
    granted: frozenset[str] = frozenset(),
) -> AsyncIterator[Services]:
    """Open the database (migrated to the newest schema) and everything on it; close all of it on leaving.

    `uploader`: takes the digest's picture; None for none. `gap`: the time between two writes to a channel. `outside`:
    where name servers and policies are, if not out there. `granted`: the scopes that the app has in Slack.
    """
    async with AsyncExitStack() as stack:
        database = Database(settings.database.url, settings.database.password)
        stack.push_async_callback(database.aclose)
        await database.migrate()
        providers: dict[str, Guarded] = {}
        for account in settings.accounts:
            providers[account.name] = Guarded(open_provider(account), clock=clock)
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
            bell=bell,
            worker=worker,
            courses=_courses(settings, renderers),
            gap=gap,
        )
        access = Access(settings.operators, people, clock, database)
        safeguards = Safeguards(
            threshold=settings.deletions.mass_threshold, protected=settings.deletions.protected
        )
        eyes = await stack.enter_async_context(
            watch(
                settings,
                database=database,
                clock=clock,
                bell=bell,
                directory=directory,
                providers=providers,
                outside=outside,
            )
        )
        users = Users(database=database, clock=clock, directory=directory, providers=providers)
        domains = Domains(
            database=database,
            clock=clock,
            directory=directory,
            health=eyes.health,
            publication=eyes.publication,
            providers=providers,
        )
        yield Services(
            settings=settings,
            clock=clock,
            bell=bell,
            access=access,
            operators=Operators(
                database=database,
                clock=clock,
                bell=bell,
                access=access,
                settings=settings.operators,
                channel=settings.channels.deletions,
            ),
            directory=directory,
            users=users,
            bulk=Bulk(
                database=database,
                clock=clock,
                bell=bell,
                access=access,
                directory=directory,
                users=users,
                providers=providers,
            ),
            mailboxes=Mailboxes(database=database, clock=clock, providers=providers),
            options=UserOptions(database=database, clock=clock, providers=providers),
            app_passwords=AppPasswords(database=database, clock=clock, providers=providers),
            renaming=Renaming(
                database=database,
                clock=clock,
                directory=directory,
                providers=providers,
                protected=settings.deletions.protected,
            ),
            routing=Routing(database=database, clock=clock, directory=directory, providers=providers),
            deletions=Deletions(
                database=database,
                clock=clock,
                planner=Planner(directory=directory, providers=providers, safeguards=safeguards),
                delivery=delivery,
                bell=bell,
                safeguards=safeguards,
                vouching=Vouching(access),
                channel=settings.channels.deletions,
                graces=Graces(
                    user=settings.deletions.grace,
                    domain=settings.deletions.domain_grace,
                    routing_rule=settings.deletions.routing_rule_grace,
                ),
            ),
            execution=Execution(
                database=database,
                clock=clock,
                providers=providers,
                delivery=delivery,
                safeguards=safeguards,
                access=access,
                bell=bell,
                worker=worker,
                archived=directory.hurry,
            ),
            upkeep=Upkeep(
                database=database,
                clock=clock,
                delivery=delivery,
                bell=bell,
                reminder=settings.deletions.reminder,
            ),
            domains=domains,
            new_domains=NewDomains(
                database=database,
                clock=clock,
                directory=directory,
                users=users,
                domains=domains,
                publication=eyes.publication,
                providers=providers,
            ),
            dns=eyes.health,
            announcements=Announcements(database=database, clock=clock, bell=bell, domains=directory.domains),
            digest=DailyDigest(
                database=database,
                clock=clock,
                health=eyes.health,
                domains=directory.domains,
                bell=bell,
                worker=worker,
                channel=settings.channels.digest,
                rhythm=Rhythm(settings.times.digest, settings.times.timezone, settings.times.digest_weekday),
                uploader=uploader if settings.dns.picture else None,
            ),
            delivery=delivery,
            outages=Outages(
                database=database,
                clock=clock,
                bell=bell,
                providers=providers,
                worker=worker,
                channel=settings.channels.digest,
                recovered=directory.hurry,
            ),
            audit_trail=AuditTrail(database=database, clock=clock),
            home_tabs=HomeTabs(database=database, clock=clock),
            credits=Credits(
                database=database,
                clock=clock,
                bell=bell,
                providers=providers,
                thresholds={
                    account.name: account.low_credit
                    for account in settings.accounts
                    if isinstance(account, PurelyMailSettings)
                },
                channel=settings.channels.digest,
            ),
            providers=providers,
            granted=granted,
        )


def _courses(settings: Settings, renderers: Mapping[NoticeKind, Renderer]) -> dict[NoticeKind, Course]:
    fallback = settings.channels.fallback or settings.channels.digest
    return {
        NoticeKind.DELETION: Course(
            queued.load_request,
            renderers[NoticeKind.DELETION],
            posted=queued.record_notice,
            removed=queued.record_removal,
            stuck=queued.teller(fallback),
        ),
        NoticeKind.REMINDER: Course(
            queued.load_request,
            renderers[NoticeKind.REMINDER],
            removed=queued.record_reminder_removal,
        ),
        NoticeKind.HOLD: Course(
            queued.load_hold, renderers[NoticeKind.HOLD], removed=queued.record_hold_removal
        ),
        NoticeKind.TROUBLE: Course(queued.load_trouble, renderers[NoticeKind.TROUBLE]),
        NoticeKind.TROUBLE_DIRECT: Course(queued.load_trouble, renderers[NoticeKind.TROUBLE_DIRECT]),
        NoticeKind.DIGEST: Course(digests.get, renderers[NoticeKind.DIGEST]),
        NoticeKind.DNS_ALERT: Course(announced.load, renderers[NoticeKind.DNS_ALERT]),
        NoticeKind.BULK_STOPPED: Course(bulk_rows.get, renderers[NoticeKind.BULK_STOPPED]),
        NoticeKind.OPERATORS: Course(operator_rows.change, renderers[NoticeKind.OPERATORS]),
        NoticeKind.OUTAGE: Course(outages.load, renderers[NoticeKind.OUTAGE]),
        NoticeKind.OUTAGE_OVER: Course(outages.load, renderers[NoticeKind.OUTAGE_OVER]),
        NoticeKind.LOW_CREDIT: Course(credit.load, renderers[NoticeKind.LOW_CREDIT]),
    }
