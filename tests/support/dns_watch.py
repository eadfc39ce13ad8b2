"""The watch over DNS as the bot puts it together, for tests that move its clock and break its resolvers."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from random import Random
from zoneinfo import ZoneInfo

from typing_extensions import override

from bot.clock import Bell, Clock
from bot.dns import DnsHealth
from bot.dns.direct import NameServers
from bot.dns.expectations import Expectations
from bot.dns.expected import PURELYMAIL, Expected
from bot.dns.look import Looker
from bot.dns.lookup import UncheckedResolver
from bot.dns.policy import NoPolicy, Policies
from bot.dns.provider_view import ProviderView
from bot.dns.witness import Witness
from bot.model import MailDomain, ProviderVerdict
from bot.providers.base import MailProvider
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import NAME_SERVERS
from bot.storage.database import Database

CHANNEL = "C0DIGEST"
ZONE = ZoneInfo("Europe/Zurich")


Listed = Callable[[], Awaitable[list[MailDomain]]]


class Domains:
    """The domains of the directory, which may change."""

    def __init__(self, *names: str, verdict: ProviderVerdict | None = None) -> None:
        self.now = [MailDomain("main", name, verdict) for name in names]

    async def __call__(self) -> list[MailDomain]:
        return self.now


class NoPolicies(Policies):
    @override
    async def fetch(self, host: str) -> NoPolicy:
        return NoPolicy(f"{host} has none")


async def _no_code(_account: str) -> None:
    return None


async def _no_refresh(_account: str) -> None:
    return None


def a_looker(
    server: DnsServer | None = None,
    accounts: Iterable[str] = ("main",),
    expected: Expected = PURELYMAIL,
    expectations: Expectations | None = None,
) -> Looker:
    """`server` is every name server there is. `expectations`: in place of `expected` for all of the `accounts`."""
    found = {} if server is None else dict.fromkeys(NAME_SERVERS.values(), server.address)
    return Looker(
        expectations=expectations or Expectations(dict.fromkeys(accounts, expected)),
        policies=NoPolicies(),
        direct=NameServers(in_flight=50, try_seconds=0.25, found_at=found),
        ownership=_no_code,
    )


def a_watch(
    resolvers: Mapping[str, UncheckedResolver],
    database: Database,
    clock: Clock,
    domains: Listed,
    *,
    server: DnsServer | None = None,
    accounts: Sequence[str] = ("main",),
    view: ProviderView | None = None,
    providers: Mapping[str, MailProvider] | None = None,
) -> DnsHealth:
    witnesses = [Witness(name, resolver) for name, resolver in resolvers.items()]
    return DnsHealth(
        witnesses=witnesses,
        asked_for=witnesses,
        looker=a_looker(server, accounts),
        expectations=Expectations(dict.fromkeys(accounts, PURELYMAIL)),
        database=database,
        clock=clock,
        bell=Bell(),
        domains=domains,
        provider_view=view or ProviderView(database=database, providers=providers or {}, refresh=_no_refresh),
        channel=CHANNEL,
        zone=ZONE,
        random=Random(1),  # noqa: S311 - the same looks in each run
    )
