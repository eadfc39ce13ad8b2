"""The watch: who is looked at when, what is kept, and who is told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from bot.clock import FrozenClock
from bot.dns import DnsHealth
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, DnsResolver, NoDomain, Records
from bot.dns.monitor import BATCH, BLIND
from bot.model import AlertKind, DomainHealth, Grade, MailDomain, ProviderVerdict
from bot.sandbox.dns import DnsServer
from bot.storage.database import Database
from bot.storage.tables import alert_items, alerts, domain_looks
from tests.support.dns_table import TableResolver
from tests.support.dns_watch import Domains, a_watch

ACME, LINDEN = "acme-tools.example", "lindenhof.example"
SIX = [
    ACME,
    "fjordbooks.example",
    "harbourclinic.example",
    LINDEN,
    "newshop.example",
    "oldbrand.example",
]
VERDICT = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
TEN = timedelta(minutes=10)
KNOWN: dict[tuple[str, str], Answer] = {(PURELYMAIL.mx_host, "A"): Records(("192.0.2.25",), ttl=300)}
"""What any resolver must know to be believed."""


@pytest.fixture
def domains() -> Domains:
    return Domains(*SIX)


@pytest.fixture
def health(
    patient: DnsResolver, database: Database, clock: FrozenClock, domains: Domains, server: DnsServer
) -> DnsHealth:
    return a_watch({"one": patient}, database, clock, domains, server=server)


async def told(database: Database) -> list[tuple[str, str, str]]:
    """All that was announced: kind, domain, tag."""
    async with database.reading() as session:
        rows = await session.execute(
            select(alerts.c.kind, alert_items.c.domain, alert_items.c.tag)
            .select_from(alerts.outerjoin(alert_items, alert_items.c.alert_id == alerts.c.id))
            .order_by(alerts.c.raised_at, alert_items.c.domain, alert_items.c.tag)
        )
        return [(row[0], row[1], row[2]) for row in rows]


async def looked(database: Database) -> dict[str, Any]:
    """By domain, when it was last looked at."""
    async with database.reading() as session:
        rows = await session.execute(select(domain_looks.c.domain, domain_looks.c.looked_at))
        return {row[0]: row[1] for row in rows}


def grades(healths: Sequence[DomainHealth]) -> dict[str, Grade]:
    return {health.domain: health.grade for health in healths}


# -- believing --------------------------------------------------------------------------------------------------


async def test_first_look_calls_nothing_bad_and_the_second_does(
    health: DnsHealth, clock: FrozenClock
) -> None:
    await health.run_due()
    assert set(grades(await health.latest()).values()) == {Grade.OK, Grade.UNKNOWN}
    clock.advance(TEN)
    await health.run_due()
    assert grades(await health.latest()) == {
        ACME: Grade.OK,
        "fjordbooks.example": Grade.WARN,
        "harbourclinic.example": Grade.FAIL,
        LINDEN: Grade.OK,
        "newshop.example": Grade.FAIL,
        "oldbrand.example": Grade.FAIL,
    }


async def test_two_resolvers_that_agree_confirm_at_once(
    patient: DnsResolver, database: Database, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    other = DnsResolver((server.address,), in_flight=50)
    health = a_watch({"one": patient, "two": other}, database, clock, domains, server=server)
    await health.run_due()
    assert grades(await health.latest())["oldbrand.example"] is Grade.FAIL


async def test_what_the_second_resolver_denies_is_not_called_bad(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    liar = TableResolver(KNOWN | {(ACME, "TXT"): Records(("hello",), ttl=300)})
    health = a_watch({"liar": liar, "honest": patient}, database, clock, Domains(ACME), server=server)
    for _ in range(5):
        await health.run_due()
        assert grades(await health.latest()) == {ACME: Grade.OK}
        clock.advance(timedelta(hours=3))
    assert await told(database) == []


async def test_resolver_that_does_not_know_the_mail_system_is_not_believed_about_anything(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    lost = TableResolver({})
    health = a_watch({"lost": lost, "honest": patient}, database, clock, Domains(ACME), server=server)
    for _ in range(3):
        await health.run_due()
        clock.advance(timedelta(hours=3))
    assert grades(await health.latest()) == {ACME: Grade.OK}
    assert (ACME, "MX") not in lost.count


# -- when -------------------------------------------------------------------------------------------------------


async def test_new_domain_is_looked_at_at_once_and_a_steady_one_in_its_time(
    health: DnsHealth, clock: FrozenClock, domains: Domains, database: Database
) -> None:
    domains.now = domains.now[:1]
    start = clock.now()
    await health.run_due()
    clock.advance(timedelta(minutes=1))
    domains.now = Domains(ACME, LINDEN).now
    await health.run_due()
    assert await looked(database) == {ACME: start, LINDEN: clock.now()}
    clock.advance(timedelta(hours=3))
    await health.run_due()
    assert set((await looked(database)).values()) == {clock.now()}


async def test_domain_that_left_the_directory_is_forgotten_and_begins_anew(
    health: DnsHealth, clock: FrozenClock, domains: Domains, database: Database
) -> None:
    await health.run_due()
    clock.advance(TEN)
    gone = domains.now.pop()
    await health.run_due()
    assert set(await looked(database)) == set(SIX[:-1])
    assert [found.domain for found in await health.latest()] == SIX[:-1]
    domains.now.append(gone)
    await health.run_due()
    assert grades(await health.latest())["oldbrand.example"] is Grade.UNKNOWN


async def test_two_replicas_look_at_each_domain_once(
    patient: DnsResolver, database: Database, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    replicas = [a_watch({"one": patient}, database, clock, domains, server=server) for _ in range(2)]
    await asyncio.gather(*(replica.run_due() for replica in replicas))
    own = [name for name, rdtype in server.asked.elements() if rdtype == "MX" and name in SIX]
    assert sorted(own) == SIX


async def test_look_that_was_never_finished_is_taken_over(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    held = TableResolver(KNOWN)
    stuck = a_watch({"held": held}, database, clock, Domains(ACME))
    held.table[ACME, "MX"] = NoDomain()
    running = asyncio.create_task(stuck.run_due())
    while not held.count[ACME, "MX"]:
        held.asked.clear()
        _ = await held.asked.wait()
        held.open.clear()
    running.cancel()
    _ = await asyncio.gather(running, return_exceptions=True)
    other = a_watch({"one": patient}, database, clock, Domains(ACME), server=server)
    await other.run_due()
    assert await looked(database) == {ACME: None}
    clock.advance(timedelta(minutes=16))
    await other.run_due()
    assert await looked(database) == {ACME: clock.now()}


async def test_what_is_believed_survives_a_restart(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    for _ in range(2):
        await a_watch({"one": patient}, database, clock, Domains("oldbrand.example"), server=server).run_due()
        clock.advance(TEN)
    after = a_watch({"one": patient}, database, clock, Domains("oldbrand.example"), server=server)
    assert grades(await after.latest()) == {"oldbrand.example": Grade.FAIL}


async def test_all_is_asked_about_once_a_day_and_mail_alone_in_between(
    health: DnsHealth, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    domains.now = domains.now[:1]
    asked: list[bool] = []
    for _ in range(10):
        server.asked.clear()
        await health.run_due()
        if server.asked[ACME, "MX"]:
            asked.append(bool(server.asked[f"_mta-sts.{ACME}", "TXT"]))
        clock.advance(timedelta(hours=3))
    assert asked[:8] == [True] + [False] * 7
    assert any(asked[8:])


# -- telling ----------------------------------------------------------------------------------------------------


async def test_domain_that_breaks_and_is_mended_is_told_of_once_each(
    health: DnsHealth, clock: FrozenClock, domains: Domains, server: DnsServer, database: Database
) -> None:
    domains.now = domains.now[:1]
    await health.run_due()
    server.remove(ACME, "MX")
    for _ in range(8):
        clock.advance(timedelta(hours=1))
        await health.run_due()
    assert await told(database) == [("bad", ACME, "MX_MISSING")]
    server.set_records(ACME, "MX", [f"50 {PURELYMAIL.mx_host}."])
    for _ in range(8):
        clock.advance(timedelta(hours=1))
        await health.run_due()
    assert [kind for kind, *_ in await told(database)] == ["bad", "good"]


async def test_domain_that_is_being_set_up_alarms_nobody(
    health: DnsHealth, clock: FrozenClock, database: Database
) -> None:
    for _ in range(6):
        await health.run_due()
        clock.advance(timedelta(hours=2))
    assert await told(database) == []


async def test_resolvers_that_fail_are_told_of_once_and_when_it_is_over(
    patient: DnsResolver, database: Database, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    health = a_watch({"one": patient}, database, clock, domains, server=server)
    await health.run_due()
    last = clock.now()
    for name in {*(name for name, _ in PURELYMAIL.own_names), *(name for name, _ in server.asked)}:
        server.faults[name] = "servfail"
    clock.advance(BLIND)
    for _ in range(4):
        await health.run_due()
        clock.advance(timedelta(hours=1))
    assert [kind for kind, *_ in await told(database)] == [AlertKind.BLIND.value]
    assert set((await looked(database)).values()) == {last}
    server.faults.clear()
    await health.run_due()
    async with database.reading() as session:
        assert await session.scalar(select(alerts.c.over_at)) == clock.now()


# -- asking now -------------------------------------------------------------------------------------------------


async def test_who_asks_gets_a_whole_look_and_it_is_kept(
    health: DnsHealth, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    found = await health.check(domains.now[0])
    assert (found.account, found.domain, found.checked_at) == ("main", ACME, clock.now())
    assert server.asked[f"_mta-sts.{ACME}", "TXT"] == 1
    assert await health.latest() == [found]


async def test_who_asks_while_no_resolver_can_be_believed_is_told_so_and_nothing_is_kept(
    database: Database, clock: FrozenClock
) -> None:
    domains = Domains(ACME)
    health = a_watch({"lost": TableResolver({})}, database, clock, domains)
    found = await health.check(domains.now[0])
    assert found.grade is Grade.UNKNOWN
    assert await health.latest() == []


async def test_no_domains_are_no_findings(
    patient: DnsResolver, database: Database, clock: FrozenClock
) -> None:
    assert await a_watch({"one": patient}, database, clock, Domains()).check_all() == []


async def test_two_accounts_with_one_domain_ask_once_and_keep_both(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    domains = Domains(ACME, verdict=VERDICT)
    domains.now.append(MailDomain("other", ACME))
    health = a_watch({"one": patient}, database, clock, domains, server=server, accounts=["main", "other"])
    checked = await health.check_all()
    assert [(found.account, found.provider_verdict) for found in checked] == [
        ("main", VERDICT),
        ("other", None),
    ]
    assert server.asked[ACME, "MX"] == 1
    assert await health.latest() == checked


async def test_each_day_keeps_the_worst_of_it(
    health: DnsHealth, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    domains.now = domains.now[:1]
    await health.run_due()
    clock.advance(timedelta(days=1))
    server.remove(ACME, "MX")
    for _ in range(2):
        await health.run_due()
        clock.advance(TEN)
    server.set_records(ACME, "MX", [f"50 {PURELYMAIL.mx_host}."])
    clock.advance(timedelta(hours=2))
    await health.run_due()
    clock.advance(timedelta(days=1))
    await health.run_due()
    assert (await health.history())["main", ACME] == [None] * 27 + [Grade.OK, Grade.FAIL, Grade.OK]
    assert await health.history(("main", LINDEN)) == {}


async def test_a_day_on_which_something_bad_was_seen_first_is_not_called_good_once_it_is_believed(
    health: DnsHealth, clock: FrozenClock, domains: Domains, server: DnsServer
) -> None:
    domains.now = domains.now[:1]
    await health.run_due()
    clock.advance(timedelta(days=1))
    server.remove(ACME, "MX")
    await health.run_due()
    assert (await health.history())["main", ACME][-2:] == [Grade.OK, Grade.OK]
    clock.advance(timedelta(days=1))
    await health.run_due()
    assert (await health.history())["main", ACME][-3:] == [Grade.OK, Grade.FAIL, Grade.FAIL]


# -- writing ----------------------------------------------------------------------------------------------------


async def test_the_database_stays_free_while_dns_is_asked(
    database: Database, clock: FrozenClock, domains: Domains
) -> None:
    held = TableResolver(KNOWN)
    held.open.clear()
    looking = asyncio.create_task(a_watch({"held": held}, database, clock, domains).check_all())
    _ = await held.asked.wait()
    async with database.transaction():
        held.open.set()
    assert len(await looking) == 6


class CountingDatabase(Database):
    """A database that knows how many write at the same time."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.writers = 0
        self.most = 0
        self.transactions = 0

    @override
    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        self.writers += 1
        self.transactions += 1
        self.most = max(self.most, self.writers)
        async with super().transaction() as session:
            yield session
        self.writers -= 1


async def test_a_sweep_writes_many_domains_in_one_transaction_at_a_time_and_keeps_every_one(
    tmp_path: Path, clock: FrozenClock
) -> None:
    database = CountingDatabase(f"sqlite+aiosqlite:///{tmp_path / 'counted.db'}")
    await database.migrate()
    domains = Domains(*(f"d{number:03}.example" for number in range(200)))
    health = a_watch({"one": TableResolver(KNOWN)}, database, clock, domains)
    checked = await health.check_all()
    assert await health.latest() == checked
    assert len(checked) == 200
    assert database.most == 1
    assert database.transactions <= 200 // BATCH + 1
    await database.aclose()
