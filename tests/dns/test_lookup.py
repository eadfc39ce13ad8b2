"""The real resolver against a real server: what every way of answering, and of failing, comes out as."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.dns.lookup import DnsResolver, NoData, NoDomain, Records, Sweep, Unanswered
from bot.sandbox.dns import NEGATIVE_TTL, TTL, DnsServer
from tests.support.dns_table import TableResolver

ACME = "acme-tools.example"
SELECTOR = f"purelymail1._domainkey.{ACME}"
KEY = "key1.dkimroot.purelymail.com"


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where nobody ever answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


async def test_mx_and_txt_records_come_as_text_with_their_ttl(patient: DnsResolver) -> None:
    assert await patient.lookup(ACME, "MX") == Records(("10 mailserver.purelymail.com",), ttl=TTL)
    spf = await patient.lookup(ACME, "TXT")
    assert spf == Records(("v=spf1 include:_spf.purelymail.com ~all",), ttl=TTL)


async def test_null_mx_keeps_its_dot(server: DnsServer, patient: DnsResolver) -> None:
    server.set_records(ACME, "MX", ["0 ."])
    assert await patient.lookup(ACME, "MX") == Records(("0 .",), ttl=TTL)


async def test_names_are_compared_without_case(server: DnsServer, patient: DnsResolver) -> None:
    server.set_records(ACME, "MX", ["10 MailServer.PurelyMail.com."])
    assert await patient.lookup(ACME.upper(), "MX") == Records(("10 mailserver.purelymail.com",), ttl=TTL)


async def test_strings_of_one_txt_record_are_put_together(server: DnsServer, patient: DnsResolver) -> None:
    server.set_records("long.example", "TXT", ["x" * 700])
    assert await patient.lookup("long.example", "TXT") == Records(("x" * 700,), ttl=TTL)


async def test_one_answer_shows_the_key_and_the_cname_that_led_to_it(patient: DnsResolver) -> None:
    answer = await patient.lookup(SELECTOR, "TXT")
    assert isinstance(answer, Records)
    assert answer.chain == (KEY,)
    assert answer.values[0].startswith("v=DKIM1; k=rsa; p=MII")


async def test_a_name_that_is_not_there_and_a_type_that_is_not_there_differ(patient: DnsResolver) -> None:
    assert await patient.lookup("nowhere.example", "MX") == NoDomain(ttl=NEGATIVE_TTL)
    assert await patient.lookup(ACME, "CAA") == NoData(ttl=NEGATIVE_TTL)
    assert await patient.lookup(f"_domainkey.{ACME}", "TXT") == NoData(ttl=NEGATIVE_TTL)


async def test_an_alias_to_nothing_names_what_is_missing(server: DnsServer, patient: DnsResolver) -> None:
    server.remove(KEY, "TXT")
    answer = await patient.lookup(SELECTOR, "TXT")
    assert answer == NoDomain((KEY,), NEGATIVE_TTL)
    assert isinstance(answer, NoDomain)
    assert answer.dangling == KEY


async def test_an_alias_to_a_name_without_such_records_keeps_its_way(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.remove(KEY, "TXT")
    server.set_records(KEY, "A", ["192.0.2.1"])
    assert await patient.lookup(SELECTOR, "TXT") == NoData((KEY,), NEGATIVE_TTL)


@pytest.mark.parametrize(("fault", "said"), [("servfail", "SERVFAIL"), ("refused", "REFUSED")])
async def test_a_failing_server_is_no_statement_about_the_record(
    server: DnsServer, patient: DnsResolver, fault: str, said: str
) -> None:
    server.faults[ACME, "MX"] = "servfail" if fault == "servfail" else "refused"
    assert await patient.lookup(ACME, "MX") == Unanswered(f"the name servers answered {said}", said)
    assert isinstance(await patient.lookup(ACME, "TXT"), Records)


@pytest.mark.parametrize(
    ("reason", "said"), [(None, "extended error DNSSEC_BOGUS"), ("signature expired", "signature expired")]
)
async def test_a_failing_server_is_quoted_with_the_reason_that_it_gives(
    server: DnsServer, patient: DnsResolver, reason: str | None, said: str
) -> None:
    server.faults[ACME], server.reason = "bogus", reason
    answer = await patient.lookup(ACME, "MX")
    assert answer == Unanswered(f"the name servers answered SERVFAIL ({said})", "SERVFAIL", (6,))


async def test_what_fails_for_its_signatures_is_told_to_who_does_not_ask_for_them(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.faults[ACME] = "bogus"
    assert isinstance(await patient.lookup(ACME, "MX"), Unanswered)
    assert await patient.lookup_unchecked(ACME, "MX") == Records(("10 mailserver.purelymail.com",), ttl=TTL)
    server.faults[ACME] = "servfail"
    assert isinstance(await patient.lookup_unchecked(ACME, "MX"), Unanswered)


async def test_an_answer_whose_signatures_the_resolver_found_good_says_so(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.signed.add(ACME)
    signed, other = await patient.lookup(ACME, "MX"), await patient.lookup("lindenhof.example", "MX")
    assert isinstance(signed, Records)
    assert isinstance(other, Records)
    assert (signed.validated, other.validated) == (True, False)


async def test_aliases_in_a_circle_are_no_statement_about_the_record(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.set_records("a.example", "CNAME", ["b.example."])
    server.set_records("b.example", "CNAME", ["a.example."])
    assert await patient.lookup("a.example", "TXT") == Unanswered("the answer can't be used")


@pytest.mark.parametrize("fault", ["drop", 5.0])
async def test_silence_and_slowness_are_no_statement_about_the_record(
    server: DnsServer, resolver: DnsResolver, fault: float | str
) -> None:
    server.faults[ACME] = "drop" if fault == "drop" else 5.0
    assert await resolver.lookup(ACME, "MX") == Unanswered("no name server answered in time")


async def test_a_port_where_nobody_listens_is_no_statement_about_the_record(silent_port: int) -> None:
    resolver = DnsResolver((f"127.0.0.1:{silent_port}",), in_flight=5, try_seconds=0.1, lifetime_seconds=0.25)
    assert isinstance(await resolver.lookup(ACME, "MX"), Unanswered)


@pytest.mark.parametrize("content", [None, "", "search example.com\n"])
async def test_a_system_that_names_no_resolver_is_no_statement_about_the_record(
    tmp_path: Path, content: str | None
) -> None:
    system = tmp_path / "resolv.conf"
    if content is not None:
        _ = system.write_text(content)
    resolver = DnsResolver((), in_flight=5, system=system)
    assert await resolver.lookup(ACME, "MX") == Unanswered("no DNS resolver is configured")


async def test_the_resolvers_of_the_system_are_asked_where_none_are_given(
    tmp_path: Path, server: DnsServer
) -> None:
    system = tmp_path / "resolv.conf"
    _ = system.write_text("nameserver 127.0.0.1\n")
    resolver = DnsResolver((), in_flight=5, try_seconds=0.1, lifetime_seconds=0.25, system=system)
    assert await resolver.lookup(ACME, "MX") != Unanswered("no DNS resolver is configured")
    given = DnsResolver((server.address,), in_flight=5, system=tmp_path / "none")
    assert isinstance(await given.lookup(ACME, "MX"), Records)


async def test_a_truncated_answer_is_fetched_over_tcp(server: DnsServer, patient: DnsResolver) -> None:
    server.faults[ACME, "TXT"] = "truncate"
    assert isinstance(await patient.lookup(ACME, "TXT"), Records)
    assert server.asked[ACME, "TXT"] == 2


async def test_what_fits_into_1232_bytes_needs_no_second_question(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.set_records(ACME, "TXT", ["x" * 1000])
    assert isinstance(await patient.lookup(ACME, "TXT"), Records)
    assert server.asked[ACME, "TXT"] == 1
    server.set_records(ACME, "TXT", ["x" * 1300])
    assert isinstance(await patient.lookup(ACME, "TXT"), Records)
    assert server.asked[ACME, "TXT"] == 3


async def test_a_name_in_its_own_script_is_asked_in_its_wire_form(
    server: DnsServer, patient: DnsResolver
) -> None:
    server.set_records("xn--mller-kva.example", "MX", ["10 mx.example."])
    assert await patient.lookup("müller.example", "MX") == Records(("10 mx.example",), ttl=TTL)


@pytest.mark.parametrize(
    "name", ["a..example", f"{'x' * 64}.example", "\u2028.example", "x." * 130 + "example"]
)
async def test_a_name_that_dns_cannot_hold_is_no_statement_and_is_not_asked(
    server: DnsServer, patient: DnsResolver, name: str
) -> None:
    assert isinstance(await patient.lookup(name, "MX"), Unanswered)
    assert not server.asked


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(max_size=30))
async def test_no_name_makes_a_lookup_raise(patient: DnsResolver, name: str) -> None:
    assert isinstance(await patient.lookup(f"{name}.example", "MX"), NoDomain | NoData | Unanswered)


async def test_no_more_questions_than_allowed_are_in_flight(server: DnsServer) -> None:
    server.faults |= {f"n{number}.example": 0.02 for number in range(12)}
    resolver = DnsResolver((server.address,), in_flight=3)
    answers = await asyncio.gather(*(resolver.lookup(f"n{number}.example", "MX") for number in range(12)))
    assert set(answers) == {NoDomain(ttl=NEGATIVE_TTL)}
    assert server.most_at_once <= 3


async def test_the_second_server_is_asked_where_the_first_fails(server: DnsServer) -> None:
    broken = DnsServer({})
    await broken.start()
    broken.faults[ACME] = "servfail"
    resolver = DnsResolver((broken.address, server.address), in_flight=5)
    assert isinstance(await resolver.lookup(ACME, "MX"), Records)
    assert broken.asked[ACME, "MX"] == 1
    await broken.stop()


async def test_a_sweep_asks_each_question_once_however_many_want_to_know(
    server: DnsServer, patient: DnsResolver
) -> None:
    async with Sweep(patient) as sweep:
        answers = await asyncio.gather(*(sweep.lookup(name, "MX") for name in [ACME, ACME.upper()] * 10))
        other = await sweep.lookup(ACME, "TXT")
    assert len(set(answers)) == 1
    assert isinstance(other, Records)
    assert server.asked == {(ACME, "MX"): 1, (ACME, "TXT"): 1}


async def test_a_sweep_that_is_left_lets_its_questions_go() -> None:
    held = TableResolver({})
    held.open.clear()
    async with Sweep(held) as sweep:
        asking = asyncio.create_task(sweep.lookup(ACME, "MX"))
        _ = await held.asked.wait()
    with pytest.raises(asyncio.CancelledError):
        await asking
