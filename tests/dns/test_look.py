"""One look at a domain: what is asked, what is judged, and for how long it may be believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.dns.expected import PURELYMAIL, Box
from bot.dns.look import Look
from bot.dns.lookup import Answer, DnsResolver, NoDomain, Records, Sweep, Unanswered, UncheckedResolver
from bot.model import Grade, MailDomain, Subject
from bot.sandbox.dns import DnsServer
from tests.support.dns_table import TableResolver
from tests.support.dns_watch import a_looker

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LOST = NoDomain()
SILENT = Unanswered("no name server answered in time")


async def look(
    resolver: UncheckedResolver, name: str, *, server: DnsServer | None = None, wholly: bool = True
) -> Look:
    async with Sweep(resolver) as sweep:
        return await a_looker(server).look(
            MailDomain("main", name), sweep, resolver, by="one", at=NOW, wholly=wholly
        )


def tags(seen: Look) -> set[str]:
    """What is not in order."""
    return {f.tag for f in seen.findings if f.grade not in {Grade.OK, Grade.INFO}}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("acme-tools.example", set()),
        ("fjordbooks.example", {"DKIM_MISSING"}),
        ("harbourclinic.example", {"SPF_MULTIPLE"}),
        ("lindenhof.example", set()),
        ("newshop.example", {"DKIM_MISSING", "DMARC_MISSING"}),
        ("oldbrand.example", {"MX_WRONG"}),
    ],
)
async def test_each_domain_of_the_sandbox_has_the_fault_it_is_there_for(
    patient: DnsResolver, server: DnsServer, domain: str, expected: set[str]
) -> None:
    assert tags(await look(patient, domain, server=server)) == expected


async def test_a_whole_look_judges_every_subject_and_a_short_one_mail_alone(
    patient: DnsResolver, server: DnsServer
) -> None:
    mail = [Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC]
    rest = [Subject.MTA_STS, Subject.TLS_RPT, Subject.DNSSEC, Subject.NAMESERVERS]
    whole = await look(patient, "acme-tools.example", server=server)
    assert list(dict.fromkeys(f.subject for f in whole.findings)) == mail + rest
    assert whole.wholly
    short = await look(patient, "acme-tools.example", server=server, wholly=False)
    assert list(dict.fromkeys(f.subject for f in short.findings)) == mail
    assert (short.domain.name, short.at, short.by, short.wholly) == ("acme-tools.example", NOW, "one", False)


async def test_a_short_look_asks_six_questions_about_the_domain_and_the_rest_about_its_mail_system(
    patient: DnsResolver, server: DnsServer
) -> None:
    _ = await look(patient, "acme-tools.example", wholly=False)
    own = [name for name, _ in server.asked if name.endswith("acme-tools.example")]
    assert len(own) == 6
    assert server.asked.total() == 8


OF_A_BOX = [Subject.ADDRESSES, Subject.REVERSE, Subject.TLSA, Subject.AUTOCONFIG]


async def test_box_of_ones_own_is_looked_at_with_each_of_its_domains(
    patient: DnsResolver, server: DnsServer
) -> None:
    """Its host is found at another address than its own, which has no reverse DNS, and clients are led elsewhere."""
    box = Box(PURELYMAIL.mx_host, frozenset({"203.0.113.25"}), ("3 1 1 " + "ab" * 32,))
    server.set_records(f"_25._tcp.{box.host}", "TLSA", ["3 1 1 " + "cd" * 32])
    server.signed.add(f"_25._tcp.{box.host}")
    server.set_records("autoconfig.acme-tools.example", "A", ["192.0.2.66"])
    looker = a_looker(server, expected=replace(PURELYMAIL, box=box))
    domain = MailDomain("main", "acme-tools.example")
    async with Sweep(patient) as sweep:
        seen = await looker.look(domain, sweep, patient, by="one", at=NOW, wholly=True)
        short = await looker.look(domain, sweep, patient, by="one", at=NOW, wholly=False)
    worst = {subject: {f.grade for f in seen.findings if f.subject is subject} for subject in OF_A_BOX}
    assert worst[Subject.ADDRESSES] & {Grade.FAIL, Grade.WARN}
    assert worst[Subject.REVERSE] & {Grade.FAIL, Grade.WARN}
    assert worst[Subject.TLSA] == {Grade.FAIL}
    assert Grade.WARN in worst[Subject.AUTOCONFIG]
    assert not {finding.subject for finding in short.findings} & set(OF_A_BOX)


async def test_a_look_knows_for_how_long_the_resolver_repeats_itself() -> None:
    domain = "acme.example"
    table: dict[tuple[str, str], Answer] = {
        (domain, "MX"): Records((f"10 {PURELYMAIL.mx_host}",), ttl=300),
        (PURELYMAIL.mx_host, "A"): Records(("192.0.2.25",), ttl=7200),
        (domain, "TXT"): NoDomain(ttl=60),
        (f"_dmarc.{domain}", "TXT"): SILENT,
    }
    seen = await look(TableResolver(table), domain, wholly=False)
    assert seen.ttls[Subject.MX] == timedelta(hours=2)
    assert seen.ttls[Subject.SPF] == timedelta(minutes=1)
    assert Subject.DMARC not in seen.ttls
    assert seen.smallest_ttl == timedelta(0)


@pytest.mark.parametrize("fault", ["servfail", "refused"])
async def test_a_resolver_that_fails_says_nothing_about_the_domain(
    patient: DnsResolver, server: DnsServer, fault: str
) -> None:
    for name in ["acme-tools.example", *below("acme-tools.example")]:
        server.faults[name] = "servfail" if fault == "servfail" else "refused"
    seen = await look(patient, "acme-tools.example", wholly=False)
    assert {f.grade for f in seen.findings} == {Grade.UNKNOWN}
    assert not any(f.publish for f in seen.findings)


async def test_a_resolver_that_keeps_silent_says_nothing_about_the_domain(
    resolver: DnsResolver, server: DnsServer
) -> None:
    for name in ["acme-tools.example", *below("acme-tools.example")]:
        server.faults[name] = "drop"
    seen = await look(resolver, "acme-tools.example", wholly=False)
    assert {f.grade for f in seen.findings} == {Grade.UNKNOWN}


async def test_one_failing_question_leaves_the_other_subjects_judged(
    patient: DnsResolver, server: DnsServer
) -> None:
    server.faults["acme-tools.example", "TXT"] = "servfail"
    seen = await look(patient, "acme-tools.example", wholly=False)
    assert {f.subject for f in seen.findings if f.grade is Grade.UNKNOWN} == {Subject.SPF}
    assert {f.subject for f in seen.findings if f.grade is Grade.OK} == {
        Subject.MX,
        Subject.DKIM,
        Subject.DMARC,
    }


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
async def test_a_domain_is_gone_where_every_answer_says_so(mx: Answer, txt: Answer, *, gone: bool) -> None:
    table = TableResolver({("gone.example", "MX"): mx, ("gone.example", "TXT"): txt})
    seen = await look(table, "gone.example")
    assert ([f.tag for f in seen.findings] == ["DOMAIN_GONE"]) is gone
    assert (Subject.DOMAIN in seen.ttls) is gone


async def test_a_name_that_dns_cannot_hold_is_unknown(patient: DnsResolver) -> None:
    seen = await look(patient, "a..example", wholly=False)
    assert {f.grade for f in seen.findings} == {Grade.UNKNOWN}


def below(domain: str) -> list[str]:
    """The names below a domain that are asked for."""
    return [f"{alias.name}.{domain}" for alias in (*PURELYMAIL.dkim, PURELYMAIL.dmarc)]
