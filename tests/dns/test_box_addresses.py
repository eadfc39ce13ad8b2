"""The host of a mail system of one's own: its name leads to its addresses, and to no others."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address

import pytest

from bot.dns.checks import check_box_addresses
from bot.dns.checks.places import is_public
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver

BOX = "box.acme.example"
FOUR, SIX = "192.0.2.10", "2001:db8::10"
ELSEWHERE, ELSEWHERE6 = "198.51.100.7", "2001:db8:ffff::7"
SILENT = Unanswered("no name server answered in time")
NONE = NoData()
A, AAAA = DnsRecord(BOX, "A", FOUR), DnsRecord(BOX, "AAAA", SIX)


async def look(a: Answer, aaaa: Answer = NONE, told: Collection[str] = (FOUR,)) -> list[Finding]:
    table: Mapping[tuple[str, str], Answer] = {(BOX, "A"): a, (BOX, "AAAA"): aaaa}
    findings = await check_box_addresses(BOX, told, TableResolver(table))
    assert {finding.subject for finding in findings} == {Subject.ADDRESSES}
    return findings


def tags(findings: list[Finding]) -> list[tuple[str, Grade]]:
    return [(finding.tag, finding.grade) for finding in findings]


@pytest.mark.parametrize(
    ("a", "aaaa", "told"),
    [
        (Records((FOUR,)), NoData(), [FOUR]),
        (Records((FOUR,)), Records((SIX,)), [FOUR, "2001:0DB8:0::0010"]),
        (NoData(), Records((SIX,)), [SIX]),
    ],
)
async def test_a_host_with_the_addresses_of_the_box_is_all_right(
    a: Answer, aaaa: Answer, told: list[str]
) -> None:
    (finding,) = await look(a, aaaa, told)
    assert (finding.tag, finding.grade) == ("ADDRESSES_OK", Grade.OK)


@pytest.mark.parametrize("none", [NoDomain(), NoData()])
async def test_a_host_without_its_ipv4_address_fails_and_is_told_what_to_publish(none: Answer) -> None:
    (finding,) = await look(none)
    assert (finding.tag, finding.grade, finding.publish) == ("ADDRESSES_MISSING", Grade.FAIL, (A,))
    assert BOX in finding.summary
    assert "mail comes back" in finding.why
    # IPv6 alone is not enough for a box that has both.
    assert tags(await look(none, Records((SIX,)), [FOUR, SIX])) == [("ADDRESSES_MISSING", Grade.FAIL)]


async def test_a_missing_ipv6_address_is_a_warning_unless_it_is_the_only_one_or_the_box_has_none() -> None:
    (finding,) = await look(Records((FOUR,)), NoData(), [FOUR, SIX])
    assert (finding.tag, finding.grade, finding.publish) == ("ADDRESSES_MISSING", Grade.WARN, (AAAA,))
    assert "can arrive over IPv4" in finding.why
    assert tags(await look(NoData(), NoData(), [SIX])) == [("ADDRESSES_MISSING", Grade.FAIL)]
    assert tags(await look(Records((FOUR,)), NoData(), [FOUR])) == [("ADDRESSES_OK", Grade.OK)]


async def test_another_address_in_place_of_the_boxs_fails_for_ipv4_and_warns_for_ipv6() -> None:
    (four,) = await look(Records((ELSEWHERE,)))
    assert (four.tag, four.grade, four.publish) == ("ADDRESSES_WRONG", Grade.FAIL, (A,))
    assert ELSEWHERE in four.summary
    assert FOUR in four.summary
    assert "don't reach the box" in four.why
    (six,) = await look(Records((FOUR,)), Records((ELSEWHERE6,)), [FOUR, SIX])
    assert (six.tag, six.grade, six.publish) == ("ADDRESSES_WRONG", Grade.WARN, (AAAA,))
    assert "with IPv6" in six.why


async def test_another_address_beside_the_boxs_is_a_warning() -> None:
    (finding,) = await look(Records((ELSEWHERE, FOUR)))
    assert (finding.tag, finding.grade) == ("ADDRESSES_OTHER", Grade.WARN)
    assert finding.found == (FOUR, ELSEWHERE)
    assert ELSEWHERE in finding.summary
    assert FOUR not in finding.summary


async def test_an_ipv6_address_that_the_box_does_not_have_is_a_warning_and_publishes_nothing() -> None:
    (finding,) = await look(Records((FOUR,)), Records((ELSEWHERE6,)), [FOUR])
    assert (finding.tag, finding.grade, finding.publish) == ("ADDRESSES_OTHER", Grade.WARN, ())


@pytest.mark.parametrize("private", ["10.0.0.5", "127.0.0.1", "192.168.1.2", "172.31.0.1", "100.64.0.1"])
async def test_a_private_address_fails_alone_and_is_a_warning_beside_the_right_one(private: str) -> None:
    (alone,) = await look(Records((private,)))
    assert (alone.tag, alone.grade, alone.publish) == ("ADDRESSES_PRIVATE", Grade.FAIL, (A,))
    assert private in alone.summary
    (beside,) = await look(Records((private, FOUR)))
    assert (beside.tag, beside.grade) == ("ADDRESSES_PRIVATE", Grade.WARN)
    assert "Remove it" in beside.why


@pytest.mark.parametrize("private", ["::1", "fd00::5", "fe80::1", "::ffff:192.0.2.10"])
async def test_a_private_ipv6_address_is_a_warning_where_ipv4_is_right(private: str) -> None:
    found = await look(Records((FOUR,)), Records((private,)), [FOUR, SIX])
    assert tags(found) == [("ADDRESSES_PRIVATE", Grade.WARN)]


@pytest.mark.parametrize("address", ["172.32.0.1", "100.128.0.1", "9.9.9.9", "2001:db8::1", "223.255.255.1"])
def test_what_is_next_to_the_private_networks_is_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_a_private_address_that_the_box_says_it_has_is_never_to_be_published() -> None:
    (finding,) = await look(Records((ELSEWHERE,)), told=["10.0.0.5"])
    assert (finding.tag, finding.grade, finding.publish) == ("ADDRESSES_UNTOLD", Grade.INFO, ())
    assert tags(await look(Records((FOUR,)), told=[])) == [("ADDRESSES_UNTOLD", Grade.INFO)]


async def test_one_of_several_addresses_that_is_not_published_is_a_note() -> None:
    (finding,) = await look(Records((FOUR,)), told=[FOUR, "192.0.2.11"])
    assert (finding.tag, finding.grade) == ("ADDRESSES_PARTIAL", Grade.INFO)
    assert finding.publish == (A, DnsRecord(BOX, "A", "192.0.2.11"))


async def test_an_alias_is_a_warning_with_the_records_to_put_in_its_place() -> None:
    (finding,) = await look(Records((FOUR,), ("vps.hoster.example",)))
    assert (finding.tag, finding.grade, finding.publish) == ("ADDRESSES_ALIAS", Grade.WARN, (A,))
    assert "Put this in place" in finding.why
    nowhere = await look(NoDomain(("gone.hoster.example",)), NoDomain(("gone.hoster.example",)))
    assert tags(nowhere) == [("ADDRESSES_MISSING", Grade.FAIL), ("ADDRESSES_ALIAS", Grade.WARN)]


async def test_no_answer_is_unknown_for_that_part_and_the_other_part_is_judged() -> None:
    unanswered = ("ADDRESSES_UNANSWERED", Grade.UNKNOWN)
    assert tags(await look(SILENT, SILENT, [FOUR, SIX])) == [unanswered, unanswered]
    assert tags(await look(SILENT, Records((SIX,)), [FOUR, SIX])) == [unanswered]
    assert tags(await look(Records((FOUR,)), SILENT, [FOUR, SIX])) == [unanswered]
    wrong = await look(Records((ELSEWHERE,)), SILENT, [FOUR, SIX])
    assert tags(wrong) == [("ADDRESSES_WRONG", Grade.FAIL), unanswered]


async def test_what_the_box_says_has_to_be_addresses() -> None:
    with pytest.raises(ValueError, match="not-an-address"):
        _ = await look(Records((FOUR,)), told=["not-an-address"])


async def test_on_the_wire(server: DnsServer, patient: DnsResolver) -> None:
    async def seen() -> list[tuple[str, Grade]]:
        return tags(await check_box_addresses(BOX, [FOUR, "2001:DB8:0:0::10"], patient))

    missing = [("ADDRESSES_MISSING", Grade.FAIL), ("ADDRESSES_MISSING", Grade.WARN)]
    assert await seen() == missing
    server.set_records(BOX, "A", [FOUR])
    server.set_records(BOX, "AAAA", ["2001:db8:0:0:0:0:0:10"])
    assert await seen() == [("ADDRESSES_OK", Grade.OK)]
    server.set_records(BOX, "AAAA", ["::ffff:192.0.2.10"])
    assert await seen() == [("ADDRESSES_PRIVATE", Grade.WARN)]
    server.faults[BOX, "AAAA"] = "servfail"
    assert await seen() == [("ADDRESSES_UNANSWERED", Grade.UNKNOWN)]
    server.faults.clear()
    server.remove(BOX, "A")
    server.remove(BOX, "AAAA")
    server.set_records(BOX, "CNAME", ["Vps.Hoster.example."])
    server.set_records("vps.hoster.example", "A", [FOUR])
    assert ("ADDRESSES_ALIAS", Grade.WARN) in await seen()
