"""The hosts and services that mail programs look for lead to the box."""

from collections.abc import Collection

import pytest

from bot.dns.checks import check_autoconfig
from bot.dns.checks.autoconfig_srv import SERVICES
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver

DOMAIN, BOX = "acme.example", "box.acme.example"
FOUR, SIX, ELSEWHERE = "192.0.2.10", "2001:db8::10", "198.51.100.7"
AUTOCONFIG, AUTODISCOVER = f"autoconfig.{DOMAIN}", f"autodiscover.{DOMAIN}"
IMAPS, SUBMISSION = f"_imaps._tcp.{DOMAIN}", f"_submission._tcp.{DOMAIN}"
SILENT = Unanswered("no name server answered in time")
UNANSWERED = ("AUTOCONFIG_UNANSWERED", Grade.UNKNOWN)

Changes = dict[tuple[str, str], Answer]


def whole() -> Changes:
    """All is published, as the box would."""
    hosts: Changes = {(name, "A"): Records((FOUR,)) for name in (AUTOCONFIG, AUTODISCOVER)}
    return hosts | {
        (f"{service}.{DOMAIN}", "SRV"): Records((f"0 0 {port} {BOX}",)) for service, port in SERVICES.items()
    }


async def look(changes: Changes | None = None, addresses: Collection[str] = (FOUR,)) -> list[Finding]:
    ask = TableResolver(whole() | (changes or {}))
    findings = await check_autoconfig(DOMAIN, BOX, addresses, ask)
    assert {finding.subject for finding in findings} == {Subject.AUTOCONFIG}
    return findings


async def tags(
    changes: Changes | None = None, addresses: Collection[str] = (FOUR,)
) -> list[tuple[str, Grade]]:
    return [(finding.tag, finding.grade) for finding in await look(changes, addresses)]


async def test_what_the_box_would_publish_is_all_right() -> None:
    assert await tags() == [("AUTOCONFIG_OK", Grade.OK)]


@pytest.mark.parametrize(
    "changes",
    [
        {(AUTOCONFIG, "AAAA"): Records((SIX,))},
        {(AUTOCONFIG, "A"): NoData(), (AUTOCONFIG, "AAAA"): Records((SIX,))},
        {(AUTOCONFIG, "A"): Records((FOUR,), (BOX,)), (AUTOCONFIG, "AAAA"): Records((SIX,), (BOX,))},
        {(AUTOCONFIG, "A"): Records((FOUR,), (BOX,)), (AUTOCONFIG, "AAAA"): NoData((BOX,))},
    ],
)
async def test_any_way_to_the_box_will_do(changes: Changes) -> None:
    assert await tags(changes, (FOUR, SIX)) == [("AUTOCONFIG_OK", Grade.OK)]


@pytest.mark.parametrize("none", [NoDomain(), NoData()])
async def test_a_missing_host_is_a_note_with_the_records_to_publish(none: Answer) -> None:
    (finding,) = await look({(AUTODISCOVER, "A"): none, (AUTODISCOVER, "AAAA"): none}, (SIX, FOUR))
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_MISSING", Grade.INFO)
    assert finding.publish == (DnsRecord(AUTODISCOVER, "A", FOUR), DnsRecord(AUTODISCOVER, "AAAA", SIX))


async def test_a_host_elsewhere_is_a_warning_also_if_only_in_part() -> None:
    (finding,) = await look({(AUTOCONFIG, "A"): Records((ELSEWHERE,))})
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_WRONG", Grade.WARN)
    assert finding.publish == (DnsRecord(AUTOCONFIG, "A", FOUR),)
    assert ELSEWHERE in finding.summary
    assert "password" in finding.why
    assert "alone" not in finding.summary
    (part,) = await look({(AUTOCONFIG, "A"): Records((FOUR, ELSEWHERE))})
    assert (part.tag, part.grade) == ("AUTOCONFIG_WRONG", Grade.WARN)
    assert "alone" in part.summary


async def test_an_alias_left_over_from_another_provider_names_that_provider() -> None:
    outlook = Records((ELSEWHERE,), ("autodiscover.outlook.com",))
    (finding,) = await look({(AUTODISCOVER, "A"): outlook})
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_WRONG", Grade.WARN)
    assert "autodiscover.outlook.com (Microsoft 365)" in finding.summary


async def test_an_alias_to_nowhere_is_a_warning_and_not_merely_missing() -> None:
    gone = NoDomain(("gone.oldprovider.example",))
    (finding,) = await look({(AUTOCONFIG, "A"): gone, (AUTOCONFIG, "AAAA"): gone})
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_WRONG", Grade.WARN)
    assert "gone.oldprovider.example, without address" in finding.summary


@pytest.mark.parametrize("none", [NoDomain(), NoData()])
async def test_missing_services_are_one_note_with_all_records_to_publish(none: Answer) -> None:
    gone: Changes = {(f"{service}.{DOMAIN}", "SRV"): none for service in SERVICES}
    (finding,) = await look(gone)
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_SRV_MISSING", Grade.INFO)
    assert finding.publish == tuple(
        DnsRecord(f"{service}.{DOMAIN}", "SRV", f"0 0 {port} {BOX}")
        for service, port in [
            ("_imaps._tcp", 993),
            ("_submissions._tcp", 465),
            ("_caldavs._tcp", 443),
            ("_carddavs._tcp", 443),
        ]
    )


async def test_the_older_submission_service_is_not_missed_but_judged_where_it_is() -> None:
    assert await tags({(SUBMISSION, "SRV"): NoDomain()}) == [("AUTOCONFIG_OK", Grade.OK)]
    there: Changes = {
        (SUBMISSION, "SRV"): Records(("0 0 587 smtp.oldprovider.example",)),
        ("smtp.oldprovider.example", "A"): Records((ELSEWHERE,)),
    }
    assert await tags(there) == [("AUTOCONFIG_SRV_WRONG", Grade.WARN)]


@pytest.mark.parametrize("address", [Records((ELSEWHERE,)), NoDomain()])
async def test_a_service_elsewhere_is_a_warning_also_beside_the_right_one(address: Answer) -> None:
    old = "imap.oldprovider.example"
    changes: Changes = {(IMAPS, "SRV"): Records((f"0 0 993 {old}", f"10 0 993 {BOX}")), (old, "A"): address}
    (finding,) = await look(changes)
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_SRV_WRONG", Grade.WARN)
    assert finding.publish == (DnsRecord(IMAPS, "SRV", f"0 0 993 {BOX}"),)
    assert old in finding.summary


async def test_a_wrong_port_is_a_warning() -> None:
    (finding,) = await look({(IMAPS, "SRV"): Records((f"0 1 143 {BOX}",))})
    assert (finding.tag, finding.grade) == ("AUTOCONFIG_SRV_PORT", Grade.WARN)
    assert finding.publish == (DnsRecord(IMAPS, "SRV", f"0 0 993 {BOX}"),)


async def test_priority_and_weight_are_not_judged() -> None:
    assert await tags({(IMAPS, "SRV"): Records((f"5 7 993 {BOX}",))}) == [("AUTOCONFIG_OK", Grade.OK)]


async def test_another_name_of_the_box_and_a_service_that_is_off_are_notes() -> None:
    mail = f"mail.{DOMAIN}"
    named: Changes = {(IMAPS, "SRV"): Records((f"0 0 993 {mail}",)), (mail, "A"): Records((FOUR,))}
    assert await tags(named) == [("AUTOCONFIG_SRV_NAME", Grade.INFO)]
    assert await tags({(SUBMISSION, "SRV"): Records(("0 0 0 .",))}) == [("AUTOCONFIG_SRV_OFF", Grade.INFO)]


async def test_no_answer_is_unknown_once_and_never_bad() -> None:
    old = "imap.oldprovider.example"
    silent: list[Changes] = [
        {(AUTOCONFIG, "A"): SILENT},
        {(AUTOCONFIG, "A"): SILENT, (AUTOCONFIG, "AAAA"): SILENT},
        {(AUTOCONFIG, "AAAA"): SILENT},
        {(IMAPS, "SRV"): SILENT, (SUBMISSION, "SRV"): SILENT},
        {(IMAPS, "SRV"): Records((f"0 0 993 {old}",)), (old, "A"): SILENT},
        dict.fromkeys(whole(), SILENT),
    ]
    for changes in silent:
        assert await tags(changes) == [UNANSWERED]


async def test_what_is_bad_is_told_beside_what_is_unknown() -> None:
    changes: Changes = {(AUTOCONFIG, "A"): Records((ELSEWHERE,)), (IMAPS, "SRV"): SILENT}
    assert await tags(changes) == [("AUTOCONFIG_WRONG", Grade.WARN), UNANSWERED]


@pytest.mark.parametrize("addresses", [(), ("10.0.0.5",)])
async def test_where_the_box_has_no_public_address_nothing_is_called_wrong(
    addresses: tuple[str, ...],
) -> None:
    assert await tags({}, addresses) == [("AUTOCONFIG_UNTOLD", Grade.INFO)]


async def test_only_the_services_that_are_wanted_are_asked_for() -> None:
    ask = TableResolver(whole())
    _ = await check_autoconfig(DOMAIN, BOX, [FOUR], ask, {"_caldavs._tcp": 443})
    assert {name for name, rdtype in ask.count if rdtype == "SRV"} == {f"_caldavs._tcp.{DOMAIN}"}


async def test_on_the_wire(server: DnsServer, patient: DnsResolver) -> None:
    async def seen() -> list[str]:
        found = await check_autoconfig(DOMAIN, BOX, [FOUR, SIX], patient)
        return [finding.tag for finding in found]

    assert await seen() == ["AUTOCONFIG_MISSING", "AUTOCONFIG_MISSING", "AUTOCONFIG_SRV_MISSING"]
    server.set_records(BOX, "A", [FOUR])
    server.set_records(BOX, "AAAA", [SIX])
    for name in (AUTOCONFIG, AUTODISCOVER):
        server.set_records(name, "CNAME", ["Box.Acme.example."])
    for service, port in SERVICES.items():
        server.set_records(f"{service}.{DOMAIN}", "SRV", [f"0 0 {port} Box.Acme.example."])
    assert await seen() == ["AUTOCONFIG_OK"]
    server.set_records(IMAPS, "SRV", ["0 0 0 ."])
    assert await seen() == ["AUTOCONFIG_SRV_OFF"]
    server.set_records(IMAPS, "SRV", ["0 0 993 imap.oldprovider.example."])
    assert await seen() == ["AUTOCONFIG_SRV_WRONG"]
    server.set_records(AUTODISCOVER, "CNAME", ["autodiscover.outlook.com."])
    assert await seen() == ["AUTOCONFIG_WRONG", "AUTOCONFIG_SRV_WRONG"]
    server.faults[AUTODISCOVER] = "servfail"
    server.faults[IMAPS] = "servfail"
    assert await seen() == ["AUTOCONFIG_UNANSWERED"]
