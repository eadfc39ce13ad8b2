"""Looking at domains: what is asked, what is kept, and what comes of a resolver that fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from bot.clock import FrozenClock
from bot.dns import DnsHealth
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, DnsResolver, NoDomain, Records, Resolver, Unanswered
from bot.dns.monitor import BATCH
from bot.model import Grade, MailDomain, ProviderVerdict, Subject
from bot.sandbox.dns import DnsServer
from bot.storage.database import Database
from tests.support.dns_table import TableResolver

SIX = [
    "acme-tools.example",
    "fjordbooks.example",
    "harbourclinic.example",
    "lindenhof.example",
    "newshop.example",
    "oldbrand.example",
]
VERDICT = ProviderVerdict(mx=True, spf=True, dkim=False, dmarc=True)


class Domains:
    """The domains of the directory, which may change."""

    def __init__(self, *names: str) -> None:
        self.now = [MailDomain("main", name, VERDICT) for name in names]

    async def __call__(self) -> list[MailDomain]:
        return self.now


@pytest.fixture
def domains() -> Domains:
    return Domains(*SIX)


def monitor(resolver: Resolver, database: Database, clock: FrozenClock, domains: Domains) -> DnsHealth:
    return DnsHealth(
        resolver=resolver, database=database, clock=clock, domains=domains, expected={"main": PURELYMAIL}
    )


@pytest.fixture
def health(patient: DnsResolver, database: Database, clock: FrozenClock, domains: Domains) -> DnsHealth:
    return monitor(patient, database, clock, domains)


async def test_each_domain_of_the_sandbox_has_the_fault_it_is_there_for(health: DnsHealth) -> None:
    seen = {
        found.domain: {f.tag for f in found.findings if f.grade is not Grade.OK}
        for found in await health.check_all()
    }
    assert seen == {
        "acme-tools.example": set(),
        "fjordbooks.example": {"DKIM_MISSING"},
        "harbourclinic.example": {"SPF_MULTIPLE"},
        "lindenhof.example": set(),
        "newshop.example": {"DKIM_MISSING", "DMARC_MISSING"},
        "oldbrand.example": {"MX_WRONG"},
    }


async def test_a_checked_domain_has_a_finding_for_each_subject_and_the_providers_opinion(
    health: DnsHealth, clock: FrozenClock, domains: Domains
) -> None:
    found = await health.check(domains.now[0])
    assert (found.account, found.domain, found.checked_at) == ("main", SIX[0], clock.now())
    assert [f.subject for f in found.findings] == [Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC]
    assert found.provider_verdict == VERDICT


async def test_the_latest_is_what_was_checked_and_asks_nobody(health: DnsHealth, server: DnsServer) -> None:
    assert await health.latest() == []
    checked = await health.check_all()
    asked = server.asked.total()
    assert await health.latest() == checked
    assert server.asked.total() == asked


async def test_a_second_look_replaces_the_first(
    health: DnsHealth, server: DnsServer, domains: Domains
) -> None:
    _ = await health.check_all()
    server.set_records("oldbrand.example", "MX", ["50 mailserver.purelymail.com."])
    checked = await health.check(domains.now[5])
    assert checked.grade is Grade.OK
    latest = await health.latest()
    assert len(latest) == 6
    assert latest[5] == checked


async def test_a_domain_that_left_the_directory_is_not_told_of_and_comes_back_with_it(
    health: DnsHealth, domains: Domains
) -> None:
    _ = await health.check_all()
    gone = domains.now.pop(0)
    assert [found.domain for found in await health.latest()] == SIX[1:]
    domains.now.insert(0, gone)
    assert [found.domain for found in await health.latest()] == SIX


async def test_no_domains_are_no_findings(
    patient: DnsResolver, database: Database, clock: FrozenClock
) -> None:
    assert await monitor(patient, database, clock, Domains()).check_all() == []


async def test_two_accounts_with_one_domain_ask_once_and_keep_both(
    patient: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    domains = Domains("acme-tools.example")
    domains.now.append(MailDomain("other", "acme-tools.example"))
    health = DnsHealth(
        resolver=patient,
        database=database,
        clock=clock,
        domains=domains,
        expected={"main": PURELYMAIL, "other": PURELYMAIL},
    )
    checked = await health.check_all()
    assert [(found.account, found.provider_verdict) for found in checked] == [
        ("main", VERDICT),
        ("other", None),
    ]
    # Six about the domain, and two about its provider: the mail host, and the SPF record that is included.
    assert server.asked.total() == len(server.asked) == 8
    assert await health.latest() == checked


@pytest.mark.parametrize("fault", ["servfail", "refused"])
async def test_a_resolver_that_fails_turns_nothing_red(
    health: DnsHealth, server: DnsServer, fault: str
) -> None:
    for name in [name for domain in SIX for name in (domain, *below(domain))]:
        server.faults[name] = "servfail" if fault == "servfail" else "refused"
    for found in await health.check_all():
        assert {f.grade for f in found.findings} == {Grade.UNKNOWN}
        assert found.grade is Grade.UNKNOWN
        assert not any(f.publish for f in found.findings)


async def test_a_resolver_that_keeps_silent_turns_nothing_red(
    resolver: DnsResolver, database: Database, clock: FrozenClock, server: DnsServer
) -> None:
    for name in ["acme-tools.example", *below("acme-tools.example")]:
        server.faults[name] = "drop"
    (found,) = await monitor(resolver, database, clock, Domains("acme-tools.example")).check_all()
    assert {f.grade for f in found.findings} == {Grade.UNKNOWN}


async def test_one_failing_question_leaves_the_other_subjects_judged(
    health: DnsHealth, server: DnsServer, domains: Domains
) -> None:
    server.faults["acme-tools.example", "TXT"] = "servfail"
    found = await health.check(domains.now[0])
    assert found.grade is Grade.UNKNOWN
    assert found.of(Subject.SPF) is Grade.UNKNOWN
    assert {found.of(s) for s in (Subject.MX, Subject.DKIM, Subject.DMARC)} == {Grade.OK}


LOST = NoDomain()
SILENT = Unanswered("no name server answered in time")


@pytest.mark.parametrize(
    ("mx", "txt", "gone"),
    [
        (LOST, LOST, True),
        (LOST, SILENT, True),
        (SILENT, LOST, True),
        (SILENT, SILENT, False),
        (LOST, Records(("hello",)), False),
        (NoDomain(("target.example",)), NoDomain(("target.example",)), False),
    ],
)
async def test_a_domain_is_gone_where_every_answer_says_so(
    database: Database, clock: FrozenClock, mx: Answer, txt: Answer, gone: bool
) -> None:
    table = TableResolver({("gone.example", "MX"): mx, ("gone.example", "TXT"): txt})
    domains = Domains("gone.example")
    found = await monitor(table, database, clock, domains).check(domains.now[0])
    assert ([f.tag for f in found.findings] == ["DOMAIN_GONE"]) is gone
    assert (found.of(Subject.DOMAIN) is Grade.FAIL) is gone


async def test_a_name_that_dns_cannot_hold_is_unknown_and_stops_nobody_else(
    patient: DnsResolver, database: Database, clock: FrozenClock
) -> None:
    domains = Domains("a..example", "acme-tools.example")
    grades = [found.grade for found in await monitor(patient, database, clock, domains).check_all()]
    assert grades == [Grade.UNKNOWN, Grade.OK]


async def test_the_database_stays_free_while_dns_is_asked(
    database: Database, clock: FrozenClock, domains: Domains
) -> None:
    held = TableResolver({})
    held.open.clear()
    looking = asyncio.create_task(monitor(held, database, clock, domains).check_all())
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
    health = monitor(TableResolver({}), database, clock, domains)
    checked = await health.check_all()
    assert await health.latest() == checked
    assert len(checked) == 200
    assert database.most == 1
    assert database.transactions <= 200 // BATCH + 1
    await database.aclose()


def below(domain: str) -> list[str]:
    """The names below a domain that are asked for."""
    return [f"{alias.name}.{domain}" for alias in (*PURELYMAIL.dkim, PURELYMAIL.dmarc)]
