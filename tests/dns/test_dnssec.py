"""DNSSEC: bad signatures are told from other trouble, and good ones from none."""

import pytest
from typing_extensions import override

from bot.dns.checks.dnssec import check_dnssec
from bot.dns.lookup import (
    Answer,
    DnsResolver,
    NoData,
    NoDomain,
    Records,
    Sweep,
    Unanswered,
    UncheckedResolver,
)
from bot.model import Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver

ACME = "acme-tools.example"
SOA = Records(("ns1.sandbox.example. hostmaster.sandbox.example. 1 3600 600 86400 60",))
DS = Records(("12345 13 2 abcdef",))
FAILED = Unanswered("the name servers answered SERVFAIL", "SERVFAIL")
EXPIRED = Unanswered("the name servers answered SERVFAIL (signature expired)", "SERVFAIL", (7,))
SILENT = Unanswered("no name server answered in time")

Table = dict[tuple[str, str], Answer]


class TwoTables(TableResolver, UncheckedResolver):
    """Answers from one table, and from another one who does not want signatures checked."""

    def __init__(self, table: Table, unchecked: Table) -> None:
        super().__init__(table)
        self._unchecked = TableResolver(unchecked)

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        return await self._unchecked.lookup(name, rdtype)


async def look(
    table: Table, unchecked: Table | None = None, *, mx: Answer | None = None, again: Table | None = None
) -> Finding:
    """`again`: what is answered when it is asked for a second time, if not the same."""
    answers = {} if mx is None else {(ACME, "MX"): mx}
    fresh = TwoTables({**table, **answers, **(again or {})}, unchecked or {})
    (finding,) = await check_dnssec(ACME, answers, TableResolver(table), fresh)
    assert finding.subject is Subject.DNSSEC
    return finding


async def test_a_zone_whose_signatures_the_resolver_found_good_is_fine() -> None:
    for rdtype in ("NS", "SOA"):
        finding = await look({(ACME, rdtype): Records(SOA.values, validated=True)})
        assert (finding.tag, finding.grade) == ("DNSSEC_OK", Grade.OK)


@pytest.mark.parametrize("ds", [NoData(), NoDomain()])
async def test_a_zone_without_signatures_is_a_note(ds: Answer) -> None:
    finding = await look({(ACME, "SOA"): SOA, (ACME, "DS"): ds})
    assert (finding.tag, finding.grade) == ("DNSSEC_UNSIGNED", Grade.INFO)


async def test_signatures_that_the_resolver_does_not_check_are_not_called_good() -> None:
    finding = await look({(ACME, "SOA"): SOA, (ACME, "DS"): DS})
    assert (finding.tag, finding.grade) == ("DNSSEC_UNCHECKED", Grade.INFO)


async def test_a_domain_in_the_zone_of_another_is_as_signed_as_that() -> None:
    table: Table = {("example", "SOA"): Records(SOA.values, validated=True), (ACME, "SOA"): NoData()}
    finding = await look(table)
    assert finding.summary == "The zone example is signed, and its signatures are good."


async def test_the_soa_behind_an_alias_is_not_the_domains() -> None:
    alias = Records(SOA.values, ("www.other.example",), validated=True)
    assert (await look({(ACME, "SOA"): alias})).tag == "DNSSEC_UNSIGNED"


@pytest.mark.parametrize("question", [(ACME, "SOA"), (ACME, "DS")])
async def test_silence_is_unknown(question: tuple[str, str]) -> None:
    finding = await look({(ACME, "SOA"): SOA, question: SILENT})
    assert (finding.tag, finding.grade) == ("DNSSEC_UNANSWERED", Grade.UNKNOWN)


@pytest.mark.parametrize("answer", [Records(("10 mx.acme.example",)), NoData(), NoDomain()])
async def test_what_fails_only_where_signatures_are_checked_is_bogus_if_the_resolver_says_so(
    answer: Answer,
) -> None:
    finding = await look({(ACME, "SOA"): SOA}, {(ACME, "MX"): answer, (ACME, "SOA"): SOA}, mx=EXPIRED)
    assert (finding.tag, finding.grade) == ("DNSSEC_BOGUS", Grade.FAIL)
    assert "signature expired" in finding.summary


async def test_what_fails_only_where_signatures_are_checked_is_bogus_if_the_zone_above_wants_them() -> None:
    unchecked: Table = {(ACME, "MX"): NoData(), (ACME, "SOA"): SOA}
    finding = await look({(ACME, "SOA"): FAILED, (ACME, "DS"): DS}, unchecked, mx=FAILED)
    assert (finding.tag, finding.grade) == ("DNSSEC_BOGUS", Grade.FAIL)
    assert finding.found == (f"{ACME} DS 12345 13 2 abcdef",)
    finding = await look({(ACME, "SOA"): FAILED, (ACME, "DS"): NoData()}, unchecked, mx=FAILED)
    assert finding.grade is Grade.UNKNOWN


async def test_the_soa_alone_shows_it_too() -> None:
    finding = await look({(ACME, "SOA"): EXPIRED}, {(ACME, "SOA"): SOA})
    assert finding.tag == "DNSSEC_BOGUS"


async def test_a_server_that_fails_in_any_case_is_unknown() -> None:
    unchecked: Table = {(ACME, "MX"): FAILED, (ACME, "SOA"): SOA}
    finding = await look({(ACME, "SOA"): SOA, (ACME, "DS"): DS}, unchecked, mx=EXPIRED)
    assert (finding.tag, finding.grade) == ("DNSSEC_UNANSWERED", Grade.UNKNOWN)


@pytest.mark.parametrize("second", [Records(("10 mx.acme.example",)), NoData(), SILENT])
async def test_a_server_that_comes_back_in_between_is_unknown(second: Answer) -> None:
    unchecked: Table = {(ACME, "MX"): NoData(), (ACME, "SOA"): SOA}
    table: Table = {(ACME, "SOA"): SOA, (ACME, "DS"): DS}
    finding = await look(table, unchecked, mx=FAILED, again={(ACME, "MX"): second})
    assert (finding.tag, finding.grade) == ("DNSSEC_UNANSWERED", Grade.UNKNOWN)


@pytest.mark.parametrize("failure", [SILENT, Unanswered("the name servers answered REFUSED", "REFUSED")])
async def test_other_failures_are_not_taken_for_bad_signatures(failure: Unanswered) -> None:
    assert (await look({(ACME, "SOA"): SOA}, mx=failure)).tag == "DNSSEC_UNSIGNED"


async def on_the_wire(resolver: DnsResolver) -> Finding:
    async with Sweep(resolver) as sweep:
        answers = {(ACME, "MX"): await sweep.lookup(ACME, "MX")}
        (finding,) = await check_dnssec(ACME, answers, sweep, resolver)
    return finding


async def test_on_the_wire_a_resolver_that_finds_signatures_bad_is_believed(
    server: DnsServer, patient: DnsResolver
) -> None:
    assert (await on_the_wire(patient)).tag == "DNSSEC_UNSIGNED"
    server.signed.add(ACME)
    assert (await on_the_wire(patient)).tag == "DNSSEC_OK"
    server.faults[ACME], server.reason = "bogus", "signature expired 3 days ago"
    finding = await on_the_wire(patient)
    assert (finding.tag, finding.grade) == ("DNSSEC_BOGUS", Grade.FAIL)
    assert "signature expired 3 days ago" in finding.summary
    server.faults[ACME] = "servfail"
    assert (await on_the_wire(patient)).grade is Grade.UNKNOWN
