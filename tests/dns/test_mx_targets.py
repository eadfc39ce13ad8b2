"""MX: whether the hosts that it names are there, and whose they are."""

from collections.abc import Mapping

import pytest

from bot.dns.checks import check_mx
from bot.dns.checks.mx_targets import check_mx_targets, owned
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Sweep, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from tests.support.dns_table import TableResolver

OURS = "mailserver.purelymail.com"
OLD = "mx.oldprovider.example"
HERE = Records(("192.0.2.25",))
SILENT = Unanswered("no name server answered in time")
WANTED = DnsRecord("acme.example", "MX", OURS, 10)

Table = Mapping[tuple[str, str], Answer]


async def targets(*hosts: str, table: Table) -> list[Finding]:
    answer = Records(tuple(f"10 {host}" for host in hosts))
    return await check_mx_targets("acme.example", PURELYMAIL, answer, TableResolver(table))


async def whole(*values: str, table: Table) -> list[tuple[str, Grade]]:
    findings = await check_mx("acme.example", PURELYMAIL, Records(values), TableResolver(table))
    assert {finding.subject for finding in findings} == {Subject.MX}
    return [(finding.tag, finding.grade) for finding in findings]


@pytest.mark.parametrize(
    "table",
    [
        {(OURS, "A"): HERE},
        {(OURS, "A"): NoData(), (OURS, "AAAA"): Records(("2001:db8::25",))},
        {(OURS, "A"): SILENT, (OURS, "AAAA"): Records(("2001:db8::25",))},
    ],
)
async def test_a_host_with_an_address_of_either_kind_is_all_right(table: Table) -> None:
    assert await targets(OURS, table=table) == []
    assert await whole(f"10 {OURS}", table=table) == [("MX_OK", Grade.OK)]


@pytest.mark.parametrize("answer", [NoDomain(), NoData()])
async def test_the_wanted_host_without_an_address_fails_and_there_is_nothing_to_publish(
    answer: Answer,
) -> None:
    table = {(OURS, "A"): answer, (OURS, "AAAA"): answer, (OLD, "A"): HERE}
    (finding,) = await targets(OURS, OLD, table=table)
    assert (finding.tag, finding.grade, finding.publish) == ("MX_TARGET_UNRESOLVED", Grade.FAIL, ())
    assert "nothing for you to publish" in finding.why
    assert await whole(f"10 {OURS}", table=table) == [("MX_TARGET_UNRESOLVED", Grade.FAIL)]


async def test_the_only_host_without_an_address_fails_but_one_beside_a_good_one_is_a_warning() -> None:
    (alone,) = await targets(OLD, table={})
    assert (alone.tag, alone.grade, alone.publish) == ("MX_TARGET_UNRESOLVED", Grade.FAIL, (WANTED,))
    (beside,) = await targets(OURS, OLD, table={(OURS, "A"): HERE})
    assert (beside.grade, beside.publish) == (Grade.WARN, (WANTED,))
    assert OLD in beside.summary


async def test_several_hosts_of_which_none_has_an_address_fail() -> None:
    found = await targets(OLD, "mx2.oldprovider.example", table={})
    assert [finding.grade for finding in found] == [Grade.FAIL, Grade.FAIL]


@pytest.mark.parametrize(
    "table",
    [
        {(OURS, "A"): SILENT, (OURS, "AAAA"): SILENT},
        {(OURS, "A"): SILENT, (OURS, "AAAA"): NoData()},
        {(OURS, "A"): NoData(), (OURS, "AAAA"): SILENT},
    ],
)
async def test_a_host_that_could_not_be_looked_up_is_unknown_and_never_red(table: Table) -> None:
    assert await whole(f"10 {OURS}", table=table) == [("MX_UNANSWERED", Grade.UNKNOWN)]


async def test_an_alias_is_a_warning_with_the_record_to_publish() -> None:
    table = {(OURS, "A"): HERE, (OLD, "A"): Records(("192.0.2.7",), ("real.oldprovider.example",))}
    (finding,) = await targets(OURS, OLD, table=table)
    assert (finding.tag, finding.grade, finding.publish) == ("MX_TARGET_CNAME", Grade.WARN, (WANTED,))
    assert finding.found == (OLD, "real.oldprovider.example")


async def test_an_alias_of_the_providers_own_is_only_a_note() -> None:
    table = {(OURS, "A"): Records(("192.0.2.7",), ("box.purelymail.com",))}
    assert await whole(f"10 {OURS}", table=table) == [("MX_TARGET_CNAME", Grade.INFO), ("MX_OK", Grade.OK)]


async def test_an_alias_to_nowhere_is_no_address_and_says_where_it_leads() -> None:
    (finding,) = await targets(OLD, table={(OLD, "A"): NoDomain(("gone.oldprovider.example",))})
    assert finding.tag == "MX_TARGET_UNRESOLVED"
    assert "gone.oldprovider.example" in finding.summary


@pytest.mark.parametrize("literal", ["192.0.2.25", "[192.0.2.25]", "2001:db8::25"])
async def test_an_ip_address_as_mx_fails_alone_and_is_a_risk_beside_the_right_one(literal: str) -> None:
    assert await whole(f"10 {literal}", table={}) == [("MX_IP_ADDRESS", Grade.FAIL)]
    table = {(OURS, "A"): HERE}
    assert await whole(f"10 {OURS}", f"20 {literal}", table=table) == [("MX_IP_ADDRESS", Grade.WARN)]


async def test_no_address_is_asked_of_a_null_mx_nor_of_an_ip_address() -> None:
    ask = TableResolver({})
    _ = await check_mx("acme.example", PURELYMAIL, Records(("0 .", "10 192.0.2.1")), ask)
    assert ask.count.total() == 0


async def test_the_providers_host_is_asked_for_once_for_many_domains() -> None:
    ask = TableResolver({(OURS, "A"): HERE})
    async with Sweep(ask) as sweep:
        for number in range(5):
            _ = await check_mx(f"d{number}.example", PURELYMAIL, Records((f"10 {OURS}",)), sweep)
    assert ask.count == {(OURS, "A"): 1}


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (
            ["aspmx.l.google.com", "alt1.aspmx.l.google.com"],
            "aspmx.l.google.com, alt1.aspmx.l.google.com (Google Workspace)",
        ),
        (["acme.mail.protection.outlook.com"], "acme.mail.protection.outlook.com (Microsoft 365)"),
        (["acme.p-v1.mx.microsoft"], "acme.p-v1.mx.microsoft (Microsoft 365)"),
        (["mx.zoho.eu"], "mx.zoho.eu (Zoho Mail)"),
        (["in1-smtp.messagingengine.com"], "in1-smtp.messagingengine.com (Fastmail)"),
        (["mx01.mail.icloud.com"], "mx01.mail.icloud.com (iCloud)"),
        (["mail.protonmail.ch"], "mail.protonmail.ch (Proton Mail)"),
        (["mx.acme.example"], "mx.acme.example"),
        (["aspmx.l.notgoogle.com"], "aspmx.l.notgoogle.com"),
    ],
)
def test_the_hosts_of_well_known_providers_are_named(hosts: list[str], said: str) -> None:
    assert owned(hosts) == said


async def test_a_leftover_is_told_with_the_name_of_its_provider() -> None:
    table = {(OURS, "A"): HERE, ("mx.zoho.com", "A"): HERE}
    answer = Records((f"10 {OURS}", "20 mx.zoho.com"))
    (finding,) = await check_mx("acme.example", PURELYMAIL, answer, TableResolver(table))
    assert (finding.tag, finding.grade) == ("MX_EXTRA", Grade.WARN)
    assert "mx.zoho.com (Zoho Mail)" in finding.summary
