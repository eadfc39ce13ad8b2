"""The DNS server of the sandbox, asked over its own sockets."""

import socket
from collections.abc import AsyncIterator

import dns.asyncquery
import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from bot.model import ProviderVerdict
from bot.sandbox.dns import DnsServer, publishes, verdict
from bot.sandbox.zones import dkim_aliases, healthy, sandbox_zones

ACME = "acme-tools.example"
ALL_GOOD = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)


@pytest.fixture
async def server() -> AsyncIterator[DnsServer]:
    server = DnsServer(sandbox_zones())
    await server.start()
    yield server
    await server.stop()


async def ask(
    server: DnsServer, name: str, rdtype: str, *, tcp: bool = False, payload: int = 0
) -> dns.message.Message:
    host, _, port = server.address.partition(":")
    question = dns.message.make_query(name, rdtype, use_edns=0 if payload else None, payload=payload or None)
    if tcp:
        return await dns.asyncquery.tcp(question, host, port=int(port), timeout=10)
    return await dns.asyncquery.udp(question, host, port=int(port), timeout=10)


@pytest.mark.parametrize("tcp", [False, True])
async def test_records_are_served_over_udp_and_tcp(server: DnsServer, tcp: bool) -> None:
    answer = await ask(server, ACME, "MX", tcp=tcp)
    assert [str(record) for record in answer.answer[0]] == ["10 mailserver.purelymail.com."]
    assert answer.flags & dns.flags.RA


async def test_it_listens_on_loopback_only(server: DnsServer) -> None:
    assert server.address.startswith("127.0.0.1:")


async def test_a_missing_name_and_a_missing_type_differ_and_both_carry_the_soa(server: DnsServer) -> None:
    missing = await ask(server, "nowhere.example", "MX")
    empty = await ask(server, f"_domainkey.{ACME}", "TXT")
    assert (missing.rcode(), empty.rcode()) == (dns.rcode.NXDOMAIN, dns.rcode.NOERROR)
    assert [a.authority[0].rdtype for a in (missing, empty)] == [dns.rdatatype.SOA] * 2


async def test_cnames_are_followed_and_a_circle_of_them_ends(server: DnsServer) -> None:
    answer = await ask(server, f"_dmarc.{ACME}", "TXT")
    assert [rrset.rdtype for rrset in answer.answer] == [dns.rdatatype.CNAME, dns.rdatatype.TXT]
    server.set_records("a.example", "CNAME", ["b.example."])
    server.set_records("b.example", "CNAME", ["a.example."])
    assert len((await ask(server, "a.example", "TXT")).answer) == 2


@pytest.mark.parametrize(("payload", "truncated"), [(0, True), (512, True), (4096, False)])
async def test_an_answer_larger_than_the_asker_takes_is_truncated(
    server: DnsServer, payload: int, truncated: bool
) -> None:
    server.set_records(ACME, "TXT", ["x" * 900])
    answer = await ask(server, ACME, "TXT", payload=payload)
    assert bool(answer.flags & dns.flags.TC) is truncated
    assert bool((await ask(server, ACME, "TXT", tcp=True)).answer)


async def test_faults_hold_for_a_name_or_for_one_type_of_it(server: DnsServer) -> None:
    server.faults |= {
        "oldbrand.example": "refused",
        (ACME, "MX"): "servfail",
        ("lindenhof.example", "MX"): "truncate",
    }
    assert (await ask(server, "oldbrand.example", "TXT")).rcode() == dns.rcode.REFUSED
    assert (await ask(server, ACME, "MX")).rcode() == dns.rcode.SERVFAIL
    assert (await ask(server, ACME, "TXT")).rcode() == dns.rcode.NOERROR
    assert (await ask(server, "lindenhof.example", "MX")).flags & dns.flags.TC
    assert (await ask(server, "lindenhof.example", "MX", tcp=True)).answer


async def test_a_broken_signature_fails_with_its_reason_but_not_for_an_asker_that_checks_itself(
    server: DnsServer,
) -> None:
    server.faults[ACME] = "bogus"
    refused = await ask(server, ACME, "MX", payload=1232)
    assert (refused.rcode(), refused.answer) == (dns.rcode.SERVFAIL, [])
    assert [told.code for told in refused.extended_errors()] == [dns.edns.EDECode.DNSSEC_BOGUS]
    host, _, port = server.address.partition(":")
    question = dns.message.make_query(ACME, "MX", flags=dns.flags.RD | dns.flags.CD)
    assert (await dns.asyncquery.udp(question, host, port=int(port), timeout=10)).answer


async def test_records_change_while_it_runs(server: DnsServer) -> None:
    server.set_records("fresh.example", "A", ["192.0.2.7"])
    assert (await ask(server, "fresh.example", "A")).answer
    server.remove("fresh.example", "A")
    assert (await ask(server, "fresh.example", "A")).rcode() == dns.rcode.NXDOMAIN
    assert server.asked["fresh.example", "A"] == 2


async def test_what_is_no_question_is_ignored(server: DnsServer) -> None:
    host, _, port = server.address.partition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
        noise.sendto(b"noise", (host, int(port)))
        noise.sendto(dns.message.Message().to_wire(), (host, int(port)))
    assert (await ask(server, ACME, "MX")).answer


@pytest.mark.parametrize(
    ("domain", "flags"),
    [
        ("acme-tools.example", ALL_GOOD),
        ("lindenhof.example", ALL_GOOD),
        ("fjordbooks.example", ProviderVerdict(mx=True, spf=True, dkim=False, dmarc=True)),
        ("harbourclinic.example", ProviderVerdict(mx=True, spf=False, dkim=True, dmarc=True)),
        ("newshop.example", ProviderVerdict(mx=True, spf=True, dkim=False, dmarc=False)),
        ("oldbrand.example", ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=True)),
        ("nowhere.example", ProviderVerdict(mx=False, spf=False, dkim=False, dmarc=False)),
    ],
)
def test_the_mail_systems_own_check_follows_the_zone(domain: str, flags: ProviderVerdict) -> None:
    assert verdict(DnsServer(sandbox_zones()), domain) == flags


def test_the_mail_systems_own_check_wants_the_right_target() -> None:
    server = DnsServer(healthy("a.example"))
    assert verdict(server, "a.example").dkim
    server.set_records(next(iter(dkim_aliases("a.example"))), "CNAME", ["key9.example."])
    assert not verdict(server, "a.example").dkim


def test_the_ownership_code_is_seen_once_it_is_published() -> None:
    server = DnsServer({})
    assert not publishes(server, "new.example", "code=1")
    server.set_records("new.example", "TXT", ["v=spf1 -all", "code=1"])
    assert publishes(server, "new.example", "code=1")


async def test_text_is_cut_where_it_must_be_or_where_its_quotes_say(server: DnsServer) -> None:
    server.set_records("long.example", "TXT", ["x" * 300, '"two " "strings"'])
    answer = await ask(server, "long.example", "TXT")
    assert sorted(record.strings for record in answer.answer[0]) == [
        (b"two ", b"strings"),
        (b"x" * 255, b"x" * 45),
    ]


async def test_ttl_is_that_of_the_name_where_it_has_one(server: DnsServer) -> None:
    server.ttls[ACME] = 2147483647
    assert (await ask(server, ACME, "MX")).answer[0].ttl == 2147483647
    server.ttls[ACME] = 0
    assert (await ask(server, ACME, "MX")).answer[0].ttl == 0
    assert (await ask(server, f"_dmarc.{ACME}", "TXT")).answer[0].ttl == 300
