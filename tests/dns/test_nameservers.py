"""Name servers: enough of them, with addresses, each serving the zone, all the same one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from bot.dns.checks.nameservers import check_nameservers
from bot.dns.direct import DirectResolver, NameServers, ServerAnswer
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Unanswered
from bot.model import Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from bot.sandbox.zones import sandbox_zones
from tests.support.dns_table import TableResolver

ZONE = "acme-tools.example"
NS1, NS2 = "ns1.sandbox.example", "ns2.sandbox.example"
ONE, TWO = "192.0.2.53", "192.0.2.54"
SILENT = Unanswered("no name server answered in time")


def soa(serial: int = 1) -> str:
    return f"{NS1}. hostmaster.sandbox.example. {serial} 3600 600 86400 60"


def told(*values: str) -> ServerAnswer:
    return ServerAnswer("NOERROR", True, values)


Direct = dict[tuple[str, str], ServerAnswer | Unanswered]


@dataclass
class World(DirectResolver):
    """DNS as it should be, with changes to what the resolver and each server say."""

    dns: dict[tuple[str, str], Answer] = field(default_factory=dict)
    direct: Direct = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    @override
    async def ask_server(self, address: str, name: str, rdtype: str) -> ServerAnswer | Unanswered:
        assert name == ZONE
        self.asked.append((address, rdtype))
        usual = told(soa()) if rdtype == "SOA" else told(NS1, NS2)
        return self.direct.get((address, rdtype), usual)

    async def look(self, domain: str = ZONE) -> list[Finding]:
        table: dict[tuple[str, str], Answer] = {
            (ZONE, "SOA"): Records((soa(),)),
            (ZONE, "NS"): Records((NS1, NS2)),
            (NS1, "A"): Records((ONE,)),
            (NS2, "A"): Records((TWO,)),
        }
        findings = await check_nameservers(domain, TableResolver(table | self.dns), self)
        assert all(finding.subject is Subject.NAMESERVERS for finding in findings)
        return findings

    async def tags(self) -> list[tuple[str, Grade]]:
        return [(finding.tag, finding.grade) for finding in await self.look()]


@pytest.mark.parametrize("domain", [ZONE, f"mail.{ZONE}", f"a.b.{ZONE}"])
async def test_two_servers_that_serve_the_same_are_fine_for_all_domains_of_the_zone(domain: str) -> None:
    (finding,) = await World().look(domain)
    assert (finding.tag, finding.grade, finding.found) == ("NAMESERVERS_OK", Grade.OK, (NS1, NS2))


@pytest.mark.parametrize(("answer", "said"), [(Records((NS1,)), NS1), (NoData(), "no NS record")])
async def test_fewer_than_two_servers_are_a_warning(answer: Answer, said: str) -> None:
    (finding,) = await World({(ZONE, "NS"): answer}, {(ONE, "NS"): told(NS1)}).look()
    assert (finding.tag, finding.grade) == ("NS_SINGLE", Grade.WARN)
    assert said in finding.summary


@pytest.mark.parametrize("answer", [NoDomain(), NoData()])
async def test_servers_without_an_address_are_a_warning(answer: Answer) -> None:
    (finding,) = await World({(NS2, "A"): answer, (NS2, "AAAA"): answer}).look()
    assert (finding.tag, finding.grade, finding.found) == ("NS_UNRESOLVED", Grade.WARN, (NS2,))
    assert await World({(NS1, "A"): answer, (NS2, "A"): answer}).tags() == [("NS_UNRESOLVED", Grade.WARN)]


async def test_an_address_of_either_kind_will_do() -> None:
    six: dict[tuple[str, str], Answer] = {(NS2, "A"): NoData(), (NS2, "AAAA"): Records(("2001:db8::53",))}
    assert await World(six).tags() == [("NAMESERVERS_OK", Grade.OK)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (ServerAnswer("REFUSED"), "answers REFUSED"),
        (ServerAnswer("SERVFAIL"), "answers SERVFAIL"),
        (ServerAnswer("NOERROR", False, (soa(),)), "answers without authority"),
        (ServerAnswer("NOERROR", True), "has no SOA record for it"),
        (ServerAnswer("NXDOMAIN", True), "answers NXDOMAIN"),
    ],
)
async def test_a_server_that_does_not_serve_the_zone_is_lame(answer: ServerAnswer, said: str) -> None:
    (finding,) = await World(direct={(TWO, "SOA"): answer}).look()
    assert (finding.tag, finding.grade, finding.found) == ("NS_LAME", Grade.WARN, (NS2,))
    assert f"{NS2} {said}" in finding.summary


async def test_different_serials_are_a_note_and_different_servers_a_warning() -> None:
    later: Direct = {(TWO, "SOA"): told(soa(2))}
    (finding,) = await World(direct=later).look()
    assert (finding.tag, finding.grade) == ("NS_SERIALS", Grade.INFO)
    assert finding.found == (f"{NS1}: serial 1", f"{NS2}: serial 2")
    apart: Direct = {(TWO, "NS"): told(NS1, "ns3.other.example")}
    assert await World(direct=later | apart).tags() == [("NS_DISAGREE", Grade.WARN)]
    # As they do where a zone is kept by hand in two places.
    other: Direct = {(TWO, "SOA"): told(soa().replace("ns1", "ns2"))}
    assert await World(direct=other | apart).tags() == [("NS_DISAGREE", Grade.WARN)]
    assert await World(direct=other).tags() == [("NAMESERVERS_OK", Grade.OK)]


async def test_servers_with_the_same_version_are_not_asked_which_servers_they_name() -> None:
    world = World()
    assert await world.tags() == [("NAMESERVERS_OK", Grade.OK)]
    assert world.asked == [(ONE, "SOA"), (TWO, "SOA")]


@pytest.mark.parametrize(
    "direct", [{(TWO, "SOA"): SILENT}, {(ONE, "SOA"): told(soa(2)), (TWO, "NS"): SILENT}]
)
async def test_a_server_that_keeps_silent_is_unknown_and_not_lame(direct: Direct) -> None:
    (finding,) = await World(direct=direct).look()
    assert (finding.tag, finding.grade) == ("NAMESERVERS_UNANSWERED", Grade.UNKNOWN)
    assert NS2 in finding.summary


async def test_a_server_that_is_silent_at_one_address_is_asked_at_the_other() -> None:
    both: dict[tuple[str, str], Answer] = {(NS2, "AAAA"): Records(("2001:db8::53",))}
    assert await World(both, {(TWO, "SOA"): SILENT}).tags() == [("NAMESERVERS_OK", Grade.OK)]


@pytest.mark.parametrize("question", [(ZONE, "NS"), (NS2, "A")])
async def test_no_answer_of_the_resolver_is_unknown(question: tuple[str, str]) -> None:
    assert await World({question: SILENT}).tags() == [("NAMESERVERS_UNANSWERED", Grade.UNKNOWN)]


async def test_what_is_bad_is_told_beside_what_is_unknown() -> None:
    found = await World({(ZONE, "NS"): Records((NS1,))}, {(ONE, "SOA"): SILENT}).tags()
    assert found == [("NS_SINGLE", Grade.WARN), ("NAMESERVERS_UNANSWERED", Grade.UNKNOWN)]


async def test_a_domain_in_no_zone_at_all_is_a_note() -> None:
    nothing: dict[tuple[str, str], Answer] = {(ZONE, "SOA"): NoDomain(), (ZONE, "NS"): NoDomain()}
    assert await World(nothing).tags() == [("NS_NO_ZONE", Grade.INFO)]
    silent: dict[tuple[str, str], Answer] = {(ZONE, "SOA"): SILENT, (ZONE, "NS"): NoData()}
    assert await World(silent).tags() == [("NAMESERVERS_UNANSWERED", Grade.UNKNOWN)]


@pytest.fixture
async def second() -> AsyncIterator[DnsServer]:
    second = DnsServer(sandbox_zones())
    await second.start()
    yield second
    await second.stop()


async def test_on_the_wire_each_server_is_asked_itself(
    server: DnsServer, second: DnsServer, patient: DnsResolver
) -> None:
    direct = NameServers(in_flight=5, try_seconds=0.1, found_at={ONE: server.address, TWO: second.address})

    async def tags() -> list[str]:
        return [finding.tag for finding in await check_nameservers(ZONE, patient, direct)]

    assert await tags() == ["NAMESERVERS_OK"]
    second.set_records(ZONE, "SOA", [soa(7)])
    assert await tags() == ["NS_SERIALS"]
    second.set_records(ZONE, "NS", [f"{NS1}."])
    assert await tags() == ["NS_DISAGREE"]
    second.faults[ZONE] = "refused"
    assert await tags() == ["NS_LAME"]
    second.faults[ZONE] = "drop"
    assert await tags() == ["NAMESERVERS_UNANSWERED"]
    second.faults[ZONE] = "truncate"
    assert await tags() == ["NS_DISAGREE"]
    del second.faults[ZONE]
    second.remove(ZONE, "SOA")
    assert await tags() == ["NS_LAME"]
