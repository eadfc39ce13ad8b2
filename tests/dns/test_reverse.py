"""Reverse DNS: an address that mail is sent from has a name, and that name has the address."""

from collections.abc import Collection, Mapping
from ipaddress import ip_address

import pytest

from bot.dns.checks import check_reverse
from bot.dns.checks.reverse import AT_MOST, is_generic
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver

BOX = "box.acme.example"
FOUR, SIX = "192.0.2.10", "2001:db8::10"
PTR4 = "10.2.0.192.in-addr.arpa"
PTR6 = "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
SILENT = Unanswered("no name server answered in time")

Table = Mapping[tuple[str, str], Answer]


async def look(table: Table, *addresses: str) -> list[Finding]:
    findings = await check_reverse(BOX, addresses or (FOUR,), TableResolver(table))
    assert {finding.subject for finding in findings} == {Subject.REVERSE}
    # In no case a record in somebody else's zone.
    assert all(record.type in {"A", "AAAA"} for finding in findings for record in finding.publish)
    return findings


async def tags(table: Table, *addresses: str) -> list[tuple[str, Grade]]:
    return [(finding.tag, finding.grade) for finding in await look(table, *addresses)]


def named(*names: str, forward: Collection[str] = (BOX,)) -> dict[tuple[str, str], Answer]:
    """The address has these names, of which those in `forward` lead back."""
    there: dict[tuple[str, str], Answer] = {(name, "A"): Records((FOUR,)) for name in forward}
    return {(PTR4, "PTR"): Records(names)} | there


async def test_an_address_whose_name_leads_back_is_all_right_for_both_kinds() -> None:
    six: Table = {(PTR6, "PTR"): Records((BOX,)), (BOX, "AAAA"): Records((SIX,))}
    assert await tags(named(BOX)) == [("REVERSE_OK", Grade.OK)]
    assert await tags(six, SIX) == [("REVERSE_OK", Grade.OK)]
    assert await tags({**named(BOX), **six}, FOUR, SIX) == [("REVERSE_OK", Grade.OK)] * 2


async def test_a_name_behind_a_delegated_range_counts() -> None:
    # RFC 2317: the name in the reverse zone is an alias of one that the customer serves.
    table = named(BOX) | {(PTR4, "PTR"): Records((BOX,), ("10.0-63.2.0.192.in-addr.arpa",))}
    assert await tags(table) == [("REVERSE_OK", Grade.OK)]


@pytest.mark.parametrize("answer", [NoDomain(), NoData(), Records(("",))])
async def test_an_address_without_name_fails_and_says_whom_to_ask(answer: Answer) -> None:
    (finding,) = await look({(PTR4, "PTR"): answer})
    assert (finding.tag, finding.grade, finding.publish) == ("REVERSE_MISSING", Grade.FAIL, ())
    assert "hosting provider" in finding.why
    assert f"{PTR4} PTR {BOX}" in finding.why


@pytest.mark.parametrize("answer", [NoDomain(), NoData(), Records(("198.51.100.7",))])
async def test_a_name_that_does_not_lead_back_fails(answer: Answer) -> None:
    (other,) = await look(
        {(PTR4, "PTR"): Records(("old.hoster.example",)), ("old.hoster.example", "A"): answer}
    )
    assert (other.tag, other.grade, other.publish) == ("REVERSE_UNCONFIRMED", Grade.FAIL, ())
    assert "hosting provider" in other.why
    (own,) = await look({(PTR4, "PTR"): Records((BOX,)), (BOX, "A"): answer})
    assert (own.tag, own.grade) == ("REVERSE_UNCONFIRMED", Grade.FAIL)
    assert own.publish == (DnsRecord(BOX, "A", FOUR),)
    assert "The name of 192.0.2.10 in reverse DNS, box.acme.example, does not lead back" in own.summary


async def test_several_names_of_which_none_leads_back_are_all_named() -> None:
    (finding,) = await look(named("a.hoster.example", "b.hoster.example"))
    assert (finding.tag, finding.grade) == ("REVERSE_UNCONFIRMED", Grade.FAIL)
    assert "a.hoster.example, b.hoster.example, do not lead back" in finding.summary


async def test_an_ipv6_address_is_not_confirmed_by_the_ipv4_address_of_its_name() -> None:
    table = {**named(BOX), (PTR6, "PTR"): Records((BOX,))}
    (finding, fine) = await look(table, FOUR, SIX)
    assert (finding.tag, finding.publish) == ("REVERSE_UNCONFIRMED", (DnsRecord(BOX, "AAAA", SIX),))
    assert fine.grade is Grade.OK


async def test_another_name_than_the_boxs_is_only_a_note_and_so_is_one_that_anybody_gets() -> None:
    other, anybody = "mail.acme.example", "192-0-2-10.static.hoster.example"
    assert await tags(named(other, forward=[other])) == [("REVERSE_OTHER_NAME", Grade.INFO)]
    assert await tags(named(anybody, forward=[anybody])) == [("REVERSE_GENERIC", Grade.INFO)]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("192-0-2-10.static.hoster.example", FOUR),
        ("static.10.2.0.192.clients.hoster.example", FOUR),
        ("ip192.000.002.010.hoster.example", FOUR),
        ("host192000002010.hoster.example", FOUR),
        ("c000020a.hoster.example", FOUR),
        ("C000020A.Hoster.example", FOUR),
        ("p5089.dip0.hoster.example", FOUR),
        ("dynamic-pool7.hoster.example", FOUR),
        ("cust.adsl.hoster.example", FOUR),
        (PTR6.replace(".ip6.arpa", ".hoster.example"), SIX),
        ("2001-db8--10.hoster.example", SIX),
        ("2001-0db8-0000-0000-0000-0000-0000-0010.hoster.example", SIX),
    ],
)
def test_a_name_made_up_from_the_address_or_for_anybody_is_generic(name: str, address: str) -> None:
    assert is_generic(name, ip_address(address))


@pytest.mark.parametrize(
    "name", [BOX, "mx10.acme.example", "mail-2.box192.example", "whirlpool.example", "dsl", "static.example"]
)
def test_a_name_with_a_number_or_a_like_word_is_not_generic(name: str) -> None:
    assert not is_generic(name, ip_address(FOUR))
    assert not is_generic(name, ip_address(SIX))


async def test_a_second_name_that_does_not_lead_back_is_a_warning_and_one_that_does_is_fine() -> None:
    (extra,) = await look(named(BOX, "old.hoster.example"))
    assert (extra.tag, extra.grade, extra.publish) == ("REVERSE_EXTRA", Grade.WARN, ())
    assert "old.hoster.example" in extra.summary
    assert f"Have only {BOX} there" in extra.why
    two = named(BOX, "mail.acme.example", forward=[BOX, "mail.acme.example"])
    assert await tags(two) == [("REVERSE_OK", Grade.OK)]
    (own,) = await look(named(BOX, "mail.acme.example", forward=["mail.acme.example"]))
    assert (own.tag, own.publish) == ("REVERSE_EXTRA", (DnsRecord(BOX, "A", FOUR),))
    assert own.why.endswith("Publish this.")


async def test_no_answer_is_unknown_and_never_bad() -> None:
    unanswered = ("REVERSE_UNANSWERED", Grade.UNKNOWN)
    assert await tags({(PTR4, "PTR"): SILENT}) == [unanswered]
    assert await tags({(PTR4, "PTR"): Records((BOX,)), (BOX, "A"): SILENT}) == [unanswered]
    # The silent one may be the one that leads back.
    both: Table = {(PTR4, "PTR"): Records((BOX, "old.hoster.example")), (BOX, "A"): SILENT}
    assert await tags(both) == [unanswered]
    assert await tags({**named(BOX), (PTR6, "PTR"): SILENT}, FOUR, SIX) == [
        unanswered,
        ("REVERSE_OK", Grade.OK),
    ]


async def test_private_addresses_are_passed_over() -> None:
    assert await tags(named(BOX), "10.0.0.5", "::1", FOUR) == [("REVERSE_OK", Grade.OK)]
    assert await tags({}, "10.0.0.5") == [("REVERSE_UNTOLD", Grade.INFO)]


async def test_of_very_many_names_only_some_are_looked_at_the_boxs_own_among_them() -> None:
    many = [f"a{number}.hosted.example" for number in range(500)]
    ask = TableResolver(named(*many, BOX))
    found = await check_reverse(BOX, [FOUR], ask)
    assert ask.count.total() == 1 + AT_MOST
    assert ask.count[BOX, "A"] == 1
    assert [finding.tag for finding in found] == ["REVERSE_EXTRA"]


async def test_on_the_wire(server: DnsServer, patient: DnsResolver) -> None:
    async def seen(address: str) -> list[str]:
        return [finding.tag for finding in await check_reverse(BOX, [address], patient)]

    assert await seen(FOUR) == ["REVERSE_MISSING"]
    server.set_records(PTR4, "PTR", ["Box.Acme.example."])
    server.set_records(PTR6, "PTR", [f"{BOX}."])
    assert await seen(SIX) == ["REVERSE_UNCONFIRMED"]
    server.set_records(BOX, "A", [FOUR])
    server.set_records(BOX, "AAAA", [SIX])
    assert await seen(FOUR) == ["REVERSE_OK"]
    assert await seen("2001:DB8:0::10") == ["REVERSE_OK"]
    server.set_records(PTR6, "PTR", ["."])
    assert await seen(SIX) == ["REVERSE_MISSING"]
    server.faults[BOX, "A"] = "servfail"
    assert await seen(FOUR) == ["REVERSE_UNANSWERED"]
    server.faults[PTR4] = "refused"
    assert await seen(FOUR) == ["REVERSE_UNANSWERED"]
