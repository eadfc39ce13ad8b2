"""The records to publish, each judged by itself against the sandbox's DNS, and the proof of ownership before a domain is added."""

from collections.abc import Mapping, Sequence

import pytest

from bot.dns.expectations import Expectations
from bot.dns.expected import PURELYMAIL, Expected
from bot.dns.lookup import DnsResolver
from bot.dns.publication import Publication, WantedRecord
from bot.dns.witness import Witness
from bot.model import DnsRecord, Finding, Grade, MailDomain, Subject
from bot.sandbox.dns import DnsServer
from bot.sandbox.mail_data import OWNERSHIP_CODE
from bot.sandbox.zones import ADDABLE, MAIL_HOST, SPF

ACME, FJORD = MailDomain("main", "acme-tools.example"), MailDomain("main", "fjordbooks.example")


def a_publication(*servers: DnsServer, wanted: Mapping[str, Expected] | None = None) -> Publication:
    witnesses = [
        Witness(
            server.address, DnsResolver([server.address], in_flight=50, try_seconds=0.25, lifetime_seconds=1)
        )
        for server in servers
    ]
    expected = {"main": PURELYMAIL} if wanted is None else wanted
    return Publication(witnesses=witnesses, expectations=Expectations(expected))


def short(records: Sequence[WantedRecord] | None) -> list[tuple[Subject, bool | None]]:
    assert records is not None
    return [(one.finding.subject, one.published) for one in records]


async def test_all_records_of_a_healthy_domain_are_published(server: DnsServer) -> None:
    records = await a_publication(server).records(ACME, None)
    assert short(records) == [
        (Subject.MX, True),
        (Subject.SPF, True),
        (Subject.DKIM, True),
        (Subject.DKIM, True),
        (Subject.DKIM, True),
        (Subject.DMARC, True),
    ]
    assert records is not None
    assert records[0].publish == (DnsRecord(ACME.name, "MX", MAIL_HOST, 10),)
    assert records[1].publish == (DnsRecord(ACME.name, "TXT", SPF),)


async def test_one_key_that_is_missing_leaves_the_others_published(server: DnsServer) -> None:
    records = await a_publication(server).records(FJORD, OWNERSHIP_CODE)
    assert short(records)[0] == (Subject.OWNERSHIP, False)
    keys = [one for one in records or () if one.finding.subject is Subject.DKIM]
    assert [key.published for key in keys] == [True, False, True]
    assert keys[1].finding.grade is Grade.FAIL
    assert [key.publish[0].name for key in keys] == [
        f"purelymail{number}._domainkey.{FJORD.name}" for number in (1, 2, 3)
    ]


async def test_what_dns_does_not_tell_is_neither(server: DnsServer) -> None:
    server.faults[ACME.name] = "servfail"
    records = await a_publication(server).records(ACME, OWNERSHIP_CODE)
    assert short(records)[:3] == [(Subject.OWNERSHIP, None), (Subject.MX, None), (Subject.SPF, None)]
    assert records is not None
    assert records[1].publish == (DnsRecord(ACME.name, "MX", MAIL_HOST, 10),)


async def test_resolver_that_finds_not_even_the_mail_system_is_not_believed() -> None:
    server = DnsServer({("elsewhere.example", "A"): ["192.0.2.1"]})
    await server.start()
    publication = a_publication(server)
    records = await publication.records(ACME, OWNERSHIP_CODE)
    proof = await publication.proof(ADDABLE, OWNERSHIP_CODE)
    await server.stop()
    assert {published for _, published in short(records)} == {None}
    assert len(records or ()) == 7
    assert proof.grade is Grade.UNKNOWN


async def test_box_that_has_told_nothing_leaves_nothing_to_say(server: DnsServer) -> None:
    assert await a_publication(server, wanted={}).records(ACME, None) is None


async def proof(server: DnsServer, name: str) -> Finding:
    return await a_publication(server).proof(name, OWNERSHIP_CODE)


async def test_ownership_record_is_proof(server: DnsServer) -> None:
    assert (await proof(server, ADDABLE)).grade is Grade.OK


@pytest.mark.parametrize(
    ("records", "tag"),
    [
        ([SPF], "OWNERSHIP_MISSING"),
        ([SPF, "purelymail_ownership_proof=another"], "OWNERSHIP_OTHER"),
        (None, "DOMAIN_GONE"),
    ],
)
async def test_anything_else_is_not(server: DnsServer, records: list[str] | None, tag: str) -> None:
    if records is not None:
        server.set_records("bare.example", "TXT", records)
    finding = await proof(server, "bare.example")
    assert (finding.tag, finding.grade) == (tag, Grade.FAIL)
    assert finding.publish == (DnsRecord("bare.example", "TXT", OWNERSHIP_CODE),)


async def test_silence_is_no_refutation(server: DnsServer) -> None:
    server.faults[ADDABLE] = "refused"
    assert (await proof(server, ADDABLE)).grade is Grade.UNKNOWN
