"""DNS that is dead, slow, lying, or comes and goes: nothing is called bad that is not, nothing known is lost."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from typing_extensions import override

from bot.clock import FrozenClock
from bot.dns import DnsHealth
from bot.dns.confirmation import QUIET, UNKNOWN_SHOWS
from bot.dns.lookup import Answer, DnsResolver, UncheckedResolver
from bot.model import DomainHealth, Finding, Grade
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import MAIL_HOST, sandbox_zones
from bot.storage.database import Database
from bot.storage.tables import alert_items, alerts
from tests.support.dns_watch import Domains, a_watch

ACME, OLD = "acme-tools.example", "oldbrand.example"
SIX = [
    ACME,
    "fjordbooks.example",
    "harbourclinic.example",
    "lindenhof.example",
    "newshop.example",
    OLD,
]
TRUTH = {
    ACME: Grade.OK,
    "fjordbooks.example": Grade.WARN,
    "harbourclinic.example": Grade.FAIL,
    "lindenhof.example": Grade.OK,
    "newshop.example": Grade.FAIL,
    OLD: Grade.FAIL,
}
HOUR = timedelta(hours=1)


@asynccontextmanager
async def running(zones: dict[tuple[str, str], list[str]]) -> AsyncIterator[DnsServer]:
    server = DnsServer(zones)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@pytest.fixture
async def liar() -> AsyncIterator[DnsResolver]:
    """Says of every name that it does not exist."""
    async with running({}) as server:
        yield asking(server.address)


@pytest.fixture
async def dead() -> DnsResolver:
    """Where nobody listens any more."""
    async with running({}) as server:
        address = server.address
    return asking(address, patience=0.05)


def asking(address: str, *, patience: float = 8.0) -> DnsResolver:
    return DnsResolver((address,), in_flight=50, try_seconds=min(patience, 3.0), lifetime_seconds=patience)


def ours(server: DnsServer) -> Iterator[str]:
    """The names of our domains, as far as somebody has asked for them."""
    return (name for name, _ in list(server.asked) if name.endswith(tuple(SIX)))


@dataclass(frozen=True, slots=True)
class Watch:
    """A watch, the clock it goes by, and what it has told."""

    health: DnsHealth
    clock: FrozenClock
    database: Database

    async def run(
        self, length: timedelta, *, step: timedelta = HOUR, before: Callable[[], None] = lambda: None
    ) -> AsyncIterator[dict[str, Grade]]:
        """Look whenever a step has passed; each time, what is shown then."""
        end = self.clock.now() + length
        while self.clock.now() < end:
            self.clock.advance(step)
            before()
            await self.health.run_due()
            yield await self.shown()

    async def settle(self) -> None:
        """Twice, which is what it takes to believe anything bad."""
        await self.health.run_due()
        async for _ in self.run(timedelta(minutes=10), step=timedelta(minutes=10)):
            pass

    async def shown(self) -> dict[str, Grade]:
        return {health.domain: health.grade for health in await self.health.latest()}

    async def findings(self, domain: str) -> tuple[Finding, ...]:
        return next(health.findings for health in await self.health.latest() if health.domain == domain)

    async def told(self) -> list[tuple[str, str | None, str | None, str | None]]:
        """Kind, domain, tag and turn of all that was announced, in its order."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(alerts.c.kind, alert_items.c.domain, alert_items.c.tag, alert_items.c.turn)
                .select_from(alerts.outerjoin(alert_items, alert_items.c.alert_id == alerts.c.id))
                .order_by(alerts.c.raised_at, alert_items.c.since, alert_items.c.domain)
            )
            return [(row[0], row[1], row[2], row[3]) for row in rows]


Watching = Callable[..., Watch]


@pytest.fixture
def watching(database: Database, clock: FrozenClock, server: DnsServer) -> Watching:
    def watching(*resolvers: UncheckedResolver, domains: list[str] = SIX) -> Watch:
        named = {f"resolver {number}": resolver for number, resolver in enumerate(resolvers)}
        return Watch(a_watch(named, database, clock, Domains(*domains), server=server), clock, database)

    return watching


# -- resolvers that are dead ------------------------------------------------------------------------------------


async def test_dead_resolver_changes_nothing_and_is_told_of_once(
    watching: Watching, patient: DnsResolver, dead: DnsResolver
) -> None:
    before = watching(patient)
    await before.settle()
    known = await before.health.latest()
    lost = watching(dead)
    async for shown in lost.run(timedelta(days=1), step=6 * HOUR):
        assert shown == TRUTH
    assert [without_plans(health) for health in await lost.health.latest()] == [
        without_plans(health) for health in known
    ]
    assert await lost.told() == [("blind", None, None, None)]
    again = watching(patient)
    await again.settle()
    assert await again.shown() == TRUTH
    assert await again.told() == [("blind", None, None, None)]


async def test_one_of_two_resolvers_dead_is_no_matter(
    watching: Watching, patient: DnsResolver, dead: DnsResolver
) -> None:
    for pair in ((dead, patient), (patient, dead)):
        watch = watching(*pair)
        await watch.settle()
        async for shown in watch.run(timedelta(days=1), step=6 * HOUR):
            assert shown == TRUTH
        assert await watch.told() == []


# -- resolvers that lie -----------------------------------------------------------------------------------------


async def test_resolver_that_denies_every_name_is_not_believed_about_any(
    watching: Watching, patient: DnsResolver, liar: DnsResolver
) -> None:
    await watching(patient).settle()
    watch = watching(liar)
    async for shown in watch.run(timedelta(days=1), step=6 * HOUR):
        assert shown == TRUTH
    assert await watch.told() == [("blind", None, None, None)]


async def test_resolver_that_denies_every_name_calls_no_new_domain_bad(
    watching: Watching, liar: DnsResolver
) -> None:
    watch = watching(liar)
    async for shown in watch.run(timedelta(days=1), step=6 * HOUR):
        assert shown == {}


@pytest.mark.parametrize("liar_first", [True, False])
async def test_what_one_resolver_says_and_the_other_denies_is_not_called_bad(
    watching: Watching, patient: DnsResolver, liar_first: bool
) -> None:
    zones = {key: values for key, values in sandbox_zones().items() if not key[0].endswith(ACME)}
    async with running(zones) as server:
        lying = asking(server.address)
        watch = watching(*((lying, patient) if liar_first else (patient, lying)))
        await watch.settle()
        async for shown in watch.run(12 * HOUR, step=3 * HOUR):
            assert shown == TRUTH
        assert await watch.told() == []


# -- answers that are cut off, late, or errors -------------------------------------------------------------------


async def test_answers_that_are_all_cut_off_are_asked_for_over_tcp(
    watching: Watching, patient: DnsResolver, server: DnsServer
) -> None:
    await watching(patient).settle()
    for name, _ in list(server.asked):
        server.faults[name] = "truncate"
    server.asked.clear()
    again = watching(patient, domains=SIX)
    for health in await again.health.check_all():
        assert health.grade is TRUTH[health.domain]
    assert server.asked[ACME, "MX"] == 2


async def test_slow_answers_are_answers(watching: Watching, patient: DnsResolver, server: DnsServer) -> None:
    watch = watching(patient)
    await watch.settle()
    for name in ours(server):
        server.faults[name] = 0.05
    async for shown in watch.run(6 * HOUR, step=3 * HOUR):
        assert shown == TRUTH
    assert await watch.told() == []


async def test_answers_that_come_too_late_say_nothing(
    watching: Watching, resolver: DnsResolver, patient: DnsResolver, server: DnsServer
) -> None:
    await watching(patient, domains=[ACME, OLD]).settle()
    for name in ours(server):
        server.faults[name] = 5.0
    watch = watching(resolver, domains=[ACME, OLD])
    async for shown in watch.run(3 * HOUR):
        assert shown == {ACME: Grade.OK, OLD: Grade.FAIL}
    assert await watch.told() == []


async def test_storm_over_all_domains_makes_none_bad_loses_nothing_and_is_named_after_six_hours(
    watching: Watching, patient: DnsResolver, server: DnsServer, clock: FrozenClock
) -> None:
    watch = watching(patient)
    await watch.settle()
    before = {domain: bad(await watch.findings(domain)) for domain in SIX}
    for number, name in enumerate(sorted(ours(server))):
        server.faults[name] = "refused" if number % 3 == 0 else "servfail"
    named: set[str] = set()
    began = clock.now()
    async for shown in watch.run(timedelta(hours=10)):
        for domain, grade in shown.items():
            assert grade in {TRUTH[domain], Grade.UNKNOWN}
            if grade is Grade.UNKNOWN:
                assert clock.now() - began >= UNKNOWN_SHOWS
                named.add(domain)
    # What is worse than unknown is said first.
    assert named == {domain for domain, grade in TRUTH.items() if grade is Grade.OK}
    for domain in SIX:
        findings = await watch.findings(domain)
        assert bad(findings) == before[domain]
        assert any(finding.shown is Grade.UNKNOWN for finding in findings)
    server.faults.clear()
    async for last in watch.run(timedelta(hours=8), step=4 * HOUR):
        shown = last
    assert shown == TRUTH
    for domain in SIX:
        findings = await watch.findings(domain)
        assert bad(findings) == before[domain]
        assert not any(finding.grade is Grade.UNKNOWN for finding in findings)
    assert await watch.told() == []


# -- what comes and goes -----------------------------------------------------------------------------------------


class Taking(UncheckedResolver):
    """Passes each question to the next of several resolvers in turn, when it is told to."""

    def __init__(self, *resolvers: UncheckedResolver) -> None:
        self._resolvers = resolvers
        self.turn = 0

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        return await self._resolvers[self.turn % len(self._resolvers)].lookup(name, rdtype)

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        return await self._resolvers[self.turn % len(self._resolvers)].lookup_unchecked(name, rdtype)


async def test_every_other_answer_wrong_is_never_called_bad(watching: Watching, patient: DnsResolver) -> None:
    zones = sandbox_zones()
    del zones[ACME, "MX"]
    async with running(zones) as server:
        both = Taking(patient, asking(server.address))
        watch = watching(both, domains=[ACME])

        def turn() -> None:
            both.turn += 1

        async for shown in watch.run(timedelta(days=2), step=2 * HOUR, before=turn):
            assert shown[ACME] is not Grade.FAIL
    assert await watch.told() == []


async def test_record_that_comes_and_goes_is_told_of_four_times_and_then_kept_quiet_about(
    watching: Watching, patient: DnsResolver, server: DnsServer
) -> None:
    watch = watching(patient, domains=[ACME])
    await watch.settle()

    async def go_on(length: timedelta, step: timedelta) -> None:
        async for _ in watch.run(length, step=step):
            pass

    for _ in range(8):
        server.remove(ACME, "MX")
        await go_on(3 * HOUR, HOUR)
        server.set_records(ACME, "MX", [f"10 {MAIL_HOST}."])
        await go_on(3 * HOUR, HOUR)
    assert await watch.told() == [
        ("bad", ACME, "MX_MISSING", "bad"),
        ("good", ACME, "GOOD_AGAIN", "better"),
        ("bad", ACME, "MX_MISSING", "bad"),
        ("bad", ACME, "MX_MISSING", "flapping"),
    ]
    await go_on(QUIET + timedelta(days=1), 6 * HOUR)
    assert await watch.shown() == {ACME: Grade.OK}
    assert len(await watch.told()) == 4
    async with watch.database.reading() as session:
        open_items = select(alert_items.c.tag).where(alert_items.c.over_at.is_(None))
        assert list(await session.scalars(open_items)) == ["GOOD_AGAIN"]


def bad(findings: tuple[Finding, ...]) -> set[tuple[str, Grade]]:
    """What is believed to be bad."""
    return {
        (finding.tag, finding.grade)
        for finding in findings
        if finding.confirmed and finding.grade in {Grade.WARN, Grade.FAIL}
    }


def without_plans(health: DomainHealth) -> tuple[object, ...]:
    """But for when to look next."""
    return (health.domain, health.checked_at, health.findings)
