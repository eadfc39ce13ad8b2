"""The world that histories happen in: real servers, a real database file, the bot's services, and a clock to be moved.

Opened once; `begin` puts it back to how each history finds it.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import aiohttp
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.model import ProviderKind
from bot.notices import NotDelivered, SlackPoster
from bot.providers.breaker import Breaker
from bot.sandbox.manifest import load_manifest
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.run import PEOPLE
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Channel, Workspace
from bot.services import Services, open_services
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    DeletionSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from handlers.notices import RENDERERS
from handlers.people import SlackPeople
from tests.deletions.histories import mail
from tests.deletions.histories.inline import InlineDialect
from tests.deletions.histories.journal import Event, Journal
from tests.deletions.histories.killing import Killed
from tests.deletions.histories.tables import Tables

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CHANNEL = "C0MAILOPS"
FALLBACK = "C0DIGEST"
TOKEN = "xoxb-histories"
WORKERS = 3
"""So many bots of each configuration are kept ready: one that was killed is the last to be used again."""
SETTLING = 40
"""Turns of the event loop after which the servers have answered what was on the wire."""

SLOW = DeletionSettings(
    grace=timedelta(hours=24),
    domain_grace=timedelta(hours=48),
    routing_rule_grace=timedelta(hours=12),
    mass_threshold=3,
    protected=(mail.ALWAYS_PROTECTED,),
)
QUICK = DeletionSettings(
    grace=timedelta(hours=2),
    domain_grace=timedelta(hours=3),
    routing_rule_grace=timedelta(hours=1),
    mass_threshold=3,
    protected=(mail.ALWAYS_PROTECTED, mail.PROTECTED_LATER),
)
OWNER = "U0OLGA"
CONFIGS = {
    "as it was": (SLOW, ("U0ADA", "U0BEN")),
    "other times": (QUICK, ("U0ADA", "U0BEN")),
    "without ada": (SLOW, ("U0BEN",)),
}
"""The configuration as somebody may change it: other grace periods and one more user to keep, or one admin less."""

T = TypeVar("T")


@dataclass(slots=True)
class World:
    loop: asyncio.AbstractEventLoop
    clock: FrozenClock
    server: SlackServer
    purelymail: PurelyMailSimulator
    journal: Journal
    tables: Tables
    bots: dict[str, deque[Services]]
    running: str = "as it was"
    """Which configuration the bot runs with."""
    kills: int = 0
    stays: set[str] = field(default_factory=set)
    """The requests of which a second message may stand, because Slack did not take it away when asked to."""

    @property
    def slack(self) -> Workspace:
        return self.server.workspace

    @property
    def bot(self) -> Services:
        return self.bots[self.running][0]

    @property
    def other(self) -> Services:
        """Another replica on the same database."""
        return self.bots[self.running][1]

    @property
    def config(self) -> DeletionSettings:
        return CONFIGS[self.running][0]

    @property
    def admins(self) -> tuple[str, ...]:
        return (OWNER, *CONFIGS[self.running][1])

    def begin(self) -> None:
        self.clock.advance(NOW - self.clock.now())
        self.tables.empty(NOW)
        self.forgive()
        self.journal.clear()
        self.stays.clear()
        self.kills = 0
        self.running = "as it was"
        mail.refill(self.purelymail.account)
        for id_, channel in list(self.slack.channels.items()):
            channel.messages.clear()
            if channel.is_im:
                del self.slack.channels[id_]
        for bots in self.bots.values():
            for bot in bots:
                bot.access._persons.clear()
                _forget_failures(bot, self.clock)
        self.server.calls.clear()
        self.slack._last_ts = 0

    def forgive(self) -> None:
        """No fault is left, and the channel is open."""
        self.server.faults._waiting.clear()
        self.purelymail._faults.clear()
        self.slack.channels[CHANNEL].archived = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def kill(self, work: Coroutine[Any, Any, object], *, at: int) -> None:
        """Let the bot be killed while it works, if it has not finished before that. Another one takes over."""
        self.run(self._kill(work, at))

    async def tell(self, event: Event) -> None:
        """As the listener of handlers/own_messages.py would take it."""
        post = event.post
        delivery = self.bot.delivery
        if event.removed:
            await delivery.heard_of_removal(post.channel, post.ts)
            return
        try:
            await delivery.heard_of(post.channel, post.ts, post.label)
        except NotDelivered:
            self.stays.add(post.label.subject)

    async def _kill(self, work: Coroutine[Any, Any, object], at: int) -> None:
        task = asyncio.ensure_future(_awaited(Killed(work, at=at)))
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self.kills += task.cancelled()
        # A process that is killed takes its connections with it, and a transaction that was being committed.
        await self.bot.deletions._database.aclose()
        for _ in range(SETTLING):
            await asyncio.sleep(0)
        assert not self.tables.is_locked(), "a killed bot holds the lock"
        self.bot.access._persons.clear()
        _forget_failures(self.bot, self.clock)
        self.bots[self.running].rotate(-1)


def _forget_failures(bot: Services, clock: FrozenClock) -> None:
    """As a process that has just started knows of none."""
    for provider in bot.providers.values():
        provider.breaker = Breaker(provider.title, clock=clock)


async def _awaited(killed: Killed) -> object:
    return await killed


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield runner.run(_open(stack, runner.get_loop(), folder))
        finally:
            runner.run(stack.aclose())


async def _open(stack: AsyncExitStack, loop: asyncio.AbstractEventLoop, folder: Path) -> World:
    clock = FrozenClock(NOW)
    purelymail = PurelyMailSimulator(mail.small_account(), clock=clock)
    await purelymail.start()
    stack.push_async_callback(purelymail.stop)
    server = _slack(clock)
    await server.start()
    stack.push_async_callback(server.stop)
    session = await stack.enter_async_context(aiohttp.ClientSession())
    client = AsyncWebClient(token=TOKEN, base_url=server.api_url, session=session, retry_handlers=[])
    client.proxy = None
    path = folder / "mailwarden.db"
    bots: dict[str, deque[Services]] = {}
    for name, (deletions, admins) in CONFIGS.items():
        settings = _settings(server, purelymail, path, deletions, admins)
        bots[name] = deque()
        for _ in range(WORKERS):
            bots[name].append(
                await stack.enter_async_context(
                    open_services(
                        settings,
                        clock=clock,
                        people=SlackPeople(client),
                        poster=SlackPoster(client),
                        renderers=RENDERERS,
                    )
                )
            )
    tables = Tables(path)
    _ = stack.callback(tables.close)
    journal = Journal(slack=server.workspace, purelymail=purelymail, tables=tables, clock=clock)
    return World(loop, clock, server, purelymail, journal, tables, bots)


def _slack(clock: FrozenClock) -> SlackServer:
    members = {person.id for person in PEOPLE if not person.is_guest}
    workspace = Workspace(
        people=PEOPLE,
        channels=[Channel(CHANNEL, "mail-ops", members), Channel(FALLBACK, "mail-digest", members)],
        clock=clock,
    )
    return SlackServer(workspace, scopes=load_manifest().scopes, bot_token=TOKEN, app_token="xapp-histories")


def _settings(
    server: SlackServer,
    purelymail: PurelyMailSimulator,
    path: Path,
    deletions: DeletionSettings,
    admins: tuple[str, ...],
) -> Settings:
    return Settings(
        slack=SlackSettings(
            bot_token=SecretStr(TOKEN), app_token=SecretStr("xapp-histories"), api_url=server.api_url
        ),
        accounts=(
            PurelyMailSettings(
                name=mail.ACCOUNT,
                provider=ProviderKind.PURELYMAIL,
                api_token=SecretStr(purelymail.credentials["api_token"]),
                base_url=purelymail.url,
            ),
        ),
        operators=OperatorSettings(owners=(OWNER,), admins=admins),
        channels=ChannelSettings(deletions=CHANNEL, digest=FALLBACK),
        times=TimeSettings(timezone=ZoneInfo("Europe/Zurich")),
        database=DatabaseSettings.model_construct(
            url=f"sqlite+{InlineDialect.driver}:///{path}", password=None
        ),
        deletions=deletions,
    )
