"""Starts everything: the Slack, the mail systems, the DNS, and the bot itself as it is, with a clock that can be moved."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from bot.app import RunningBot, running_bot
from bot.clock import MovableClock
from bot.dns import Outside
from bot.dns.direct import NameServers
from bot.dns.policy import HttpsPolicies
from bot.model import ProviderVerdict
from bot.notices import GAP
from bot.sandbox.accounts import (
    Eyes,
    Holdings,
    MailSimulator,
    one_account,
    settings_for,
    simulator_for,
)
from bot.sandbox.dns import DnsServer, publishes, verdict
from bot.sandbox.interface import Interface
from bot.sandbox.mail_data import OWNERSHIP_CODE
from bot.sandbox.mailinabox import MailInABoxSimulator, SimulatedBox, box_zones
from bot.sandbox.manifest import load_manifest
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.slack.people import People
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Person, Workspace
from bot.sandbox.zones import NAME_SERVERS, sandbox_zones
from bot.settings import (
    AccountSettings,
    ChannelSettings,
    DatabaseSettings,
    DnsSettings,
    OperatorSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)

M = TypeVar("M", PurelyMailSimulator, MailInABoxSimulator)

NOWHERE = ("127.0.0.1", 9)
"""Where nothing listens: nobody in the sandbox has an MTA-STS policy, and none is asked for outside of it."""

PEOPLE = [
    Person("U0OLGA", "olga", "owner"),
    Person("U0ADA", "ada", "admin"),
    Person("U0BEN", "ben", "admin"),
    Person("U0VIC", "vic", "viewer"),
    Person("U0EVE", "eve", "no operator"),
    Person("U0GUS", "gus", "guest", is_guest=True),
    Person(BOT_USER, "mailwarden", "app", is_bot=True),
]
ZONE = ZoneInfo("Europe/Zurich")

# Made up, and of use nowhere but between these processes' own ends.
_BOT_TOKEN = "xoxb-sandbox-only"  # noqa: S105 - see above
_APP_TOKEN = "xapp-sandbox-only"  # noqa: S105 - see above


@dataclass(frozen=True, slots=True)
class Sandbox:
    """`url` is where the page and the JSON interface are."""

    url: str
    server: SlackServer
    people: People
    accounts: Mapping[str, MailSimulator]
    dns: DnsServer
    clock: MovableClock
    settings: Settings
    bot: RunningBot

    @property
    def slack(self) -> Workspace:
        return self.server.workspace

    @property
    def purelymail(self) -> PurelyMailSimulator:
        """The first account on PurelyMail. Raises LookupError if there is none."""
        return _first(self.accounts, PurelyMailSimulator)

    @property
    def box(self) -> MailInABoxSimulator:
        """The first Mail-in-a-Box. Raises LookupError if there is none."""
        return _first(self.accounts, MailInABoxSimulator)

    def screen(self, name: str) -> Screen:
        """A person at their screen."""
        return Screen(self.people, name)

    async def settled(self) -> None:
        """Return when the bot has finished what it is doing and its channels are up to date."""
        await self.bot.settled()
        await self.bot.wake()


@asynccontextmanager
async def open_sandbox(
    data: Path,
    *,
    accounts: Holdings | None = None,
    port: int = 0,
    page: bool = True,
    patience: float = 20.0,
    gap: timedelta = GAP,
    database: str | None = None,
    start: datetime | None = None,
    resolver: str | None = None,
    lacking: frozenset[str] = frozenset(),
) -> AsyncIterator[Sandbox]:
    """Everything, on loopback, until the block is left. Raises OSError if the port is taken.

    `data` holds the bot's database, unless `database` is the address of another one. `accounts` is what the mail accounts
    hold, by name; without it there is one, `main` on PurelyMail. `patience` is what the bot grants a mail system, in seconds; `gap` the time between two writes to a channel; `start` when the sandbox's time begins; `resolver` is
    who is asked about DNS instead of the sandbox's own server; `lacking` are scopes that the app was not granted.
    """
    clock = MovableClock(start=start)
    async with AsyncExitStack() as stack:
        holdings = one_account() if accounts is None else accounts
        zones = sandbox_zones()
        for held in holdings.values():
            zones |= box_zones(held) if isinstance(held, SimulatedBox) else {}
        dns = DnsServer(zones)
        await dns.start()
        stack.push_async_callback(dns.stop)
        simulators: dict[str, MailSimulator] = {}
        for name, held in holdings.items():
            simulators[name] = simulator_for(held, clock, _eyes(dns))
            await simulators[name].start()
            stack.push_async_callback(simulators[name].stop)

        server, people = _slack(clock, lacking)
        ready = _Ready()
        Interface(
            server=server,
            people=people,
            clock=clock,
            accounts=simulators,
            bot=ready,
            page=page,
        )
        await server.start(port)
        stack.push_async_callback(server.stop)

        database = database or f"sqlite+aiosqlite:///{data / 'mailwarden.db'}"
        settings = _settings(
            server,
            tuple(settings_for(name, simulator, patience) for name, simulator in simulators.items()),
            resolver or dns.address,
            database,
        )
        policies = await stack.enter_async_context(HttpsPolicies(server=NOWHERE))
        servers = NameServers(
            in_flight=50, found_at=dict.fromkeys(NAME_SERVERS.values(), resolver or dns.address)
        )
        bot = await stack.enter_async_context(
            running_bot(settings, clock=clock, gap=gap, outside=Outside(policies, servers))
        )
        ready.bot = bot
        await bot.wake()
        yield Sandbox(server.url, server, people, simulators, dns, clock, settings, bot)


class _Ready:
    """Lets the interface, which is up before the bot, reach it."""

    bot: RunningBot | None = None

    async def wake(self) -> None:
        if self.bot is not None:
            await self.bot.wake()

    async def settled(self) -> None:
        if self.bot is not None:
            await self.bot.settled()


def _slack(clock: MovableClock, lacking: frozenset[str]) -> tuple[SlackServer, People]:
    manifest = load_manifest()
    everybody = {person.id for person in PEOPLE}
    members = {person.id for person in PEOPLE if not person.is_guest}
    workspace = Workspace(
        people=PEOPLE,
        channels=[
            Channel("C0MAILOPS", "mail-ops", members),
            Channel("C0DIGEST", "mail-digest", members),
            Channel("C0GENERAL", "general", everybody),
        ],
        clock=clock,
        messages_tab=manifest.messages_tab,
    )
    server = SlackServer(
        workspace,
        scopes=manifest.scopes - lacking,
        subscriptions=manifest.subscriptions,
        bot_token=_BOT_TOKEN,
        app_token=_APP_TOKEN,
    )
    return server, People(workspace, server.socket, manifest.commands, manifest.shortcuts)


def _eyes(dns: DnsServer) -> Eyes:
    async def look(domain: str) -> ProviderVerdict:
        return verdict(dns, domain)

    async def owned(domain: str) -> bool:
        return publishes(dns, domain, OWNERSHIP_CODE)

    return Eyes(look, owned)


def _first(accounts: Mapping[str, MailSimulator], kind: type[M]) -> M:
    for simulator in accounts.values():
        if isinstance(simulator, kind):
            return simulator
    raise LookupError(f"this sandbox has no {kind.provider}")


def _settings(
    server: SlackServer, accounts: tuple[AccountSettings, ...], resolver: str, database: str
) -> Settings:
    return Settings(
        slack=SlackSettings(
            bot_token=SecretStr(_BOT_TOKEN), app_token=SecretStr(_APP_TOKEN), api_url=server.api_url
        ),
        accounts=accounts,
        operators=OperatorSettings(owners=("U0OLGA",), admins=("U0ADA", "U0BEN"), viewers=("U0VIC",)),
        channels=ChannelSettings(deletions="C0MAILOPS", digest="C0DIGEST"),
        times=TimeSettings(timezone=ZONE),
        database=DatabaseSettings(url=database),
        dns=DnsSettings(resolvers=(resolver,)),
    )
