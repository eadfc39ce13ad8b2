"""The domains of a box: what it wants of them is what it says, and what comes to the same is as good."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.dns.checks import check_dkim, check_dmarc, check_mx, check_spf
from bot.dns.expectations import AGAIN, FRESH, BoxWants, Expectations
from bot.dns.expected import BOX_DMARC, BOX_SPF, PURELYMAIL, Box, Expected, Text, of_box
from bot.dns.look import Look, Looker
from bot.dns.lookup import Answer, DnsResolver, NoData, NoDomain, Records, Sweep, Unanswered
from bot.dns.witness import knows
from bot.model import DnsRecord, Finding, Grade, MailDomain, Subject
from bot.providers.mailinabox import MailInABox
from bot.sandbox.dns import DnsServer
from bot.sandbox.mailinabox import MailInABoxSimulator
from bot.sandbox.mailinabox.zones import box_zones
from bot.sandbox.zones import DKIM_KEY, sandbox_zones
from tests.support.dns_table import TableResolver
from tests.support.dns_watch import a_looker

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOST, IP, IP6 = "box.example.com", "192.0.2.10", "2001:db8::10"
D = "acme.example"
KEY = f"v=DKIM1; h=sha256; k=rsa; s=email; p={DKIM_KEY}"
TOLD = [
    DnsRecord(HOST, "A", IP),
    DnsRecord(HOST, "AAAA", IP6),
    DnsRecord(f"_25._tcp.{HOST}", "TLSA", "3 1 1 " + "ab" * 32),
    DnsRecord(D, "MX", HOST, 10),
    DnsRecord(D, "A", IP),
    DnsRecord(D, "TXT", BOX_SPF),
    DnsRecord(f"mail._domainkey.{D}", "TXT", KEY),
    DnsRecord(f"_dmarc.{D}", "TXT", BOX_DMARC),
    DnsRecord(f"www.{D}", "MX", "", 0),
    DnsRecord(f"www.{D}", "TXT", "v=spf1 -all"),
]
WANTED = of_box("Mail-in-a-Box", TOLD)[D]
TABLE: dict[tuple[str, str], Answer] = {
    (D, "MX"): Records((f"10 {HOST}",)),
    (D, "A"): Records((IP,)),
    (HOST, "A"): Records((IP,)),
    (HOST, "AAAA"): Records((IP6,)),
    ("elsewhere.example", "A"): Records(("203.0.113.9",)),
    ("near.example", "A"): Records(("192.0.2.77",)),
    ("spf.example", "TXT"): Records((f"v=spf1 a:{HOST} -all",)),
    ("crm.example", "TXT"): Records(("v=spf1 ip4:203.0.113.0/24 -all",)),
    ("relay.example", "TXT"): Records(("v=spf1 ip4:198.51.100.0/24 -all",)),
}


def bad(findings: list[Finding]) -> dict[str, Grade]:
    return {finding.tag: finding.grade for finding in findings if finding.grade not in {Grade.OK, Grade.INFO}}


# -- what it says -----------------------------------------------------------------------------------------------------


def test_what_a_box_tells_is_what_its_domain_needs() -> None:
    assert (
        Expected(
            title="Mail-in-a-Box",
            mx_host=HOST,
            mx_priority=10,
            spf_include="",
            spf_record=BOX_SPF,
            dkim=(Text("mail._domainkey", KEY),),
            dmarc=Text("_dmarc", BOX_DMARC),
            box=Box(HOST, frozenset({IP, IP6}), ("3 1 1 " + "ab" * 32,)),
        )
        == WANTED
    )


def test_names_without_mail_are_no_domains() -> None:
    assert set(of_box("Mail-in-a-Box", TOLD)) == {D}


def test_records_of_ones_own_take_the_place_of_those_that_a_box_makes() -> None:
    own = [
        replace(record, value="v=spf1 include:relay.example -all") if record.value == BOX_SPF else record
        for record in TOLD
    ]
    assert of_box("Mail-in-a-Box", own)[D].spf_record == "v=spf1 include:relay.example -all"


# -- MX, DKIM, DMARC --------------------------------------------------------------------------------------------------


async def test_mx_that_leads_elsewhere_is_to_be_that_of_the_box() -> None:
    (finding,) = await check_mx(D, WANTED, Records(("10 elsewhere.example",)), TableResolver(TABLE))
    assert (finding.tag, finding.publish) == ("MX_WRONG", (DnsRecord(D, "MX", HOST, 10),))


async def test_box_without_address_is_nobody_elses_to_mend() -> None:
    table = {key: value for key, value in TABLE.items() if key[0] != HOST}
    (finding,) = await check_mx(D, WANTED, TABLE[D, "MX"], TableResolver(table))
    assert finding.tag == "MX_TARGET_UNRESOLVED"
    assert (
        finding.why == "No mail reaches Mail-in-a-Box. Mend the records of the box itself, box.example.com."
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Records((KEY,)), {}),
        (Records((KEY.replace("; ", ";"),)), {}),
        (Records((KEY,), chain=("mail._domainkey.elsewhere.example",)), {}),
        (NoDomain(), {"DKIM_MISSING": Grade.FAIL}),
        (NoData(), {"DKIM_MISSING": Grade.FAIL}),
        (Records(("v=DKIM1; p=",)), {"DKIM_KEY_REVOKED": Grade.FAIL}),
        (Records((KEY[:-40],)), {"DKIM_KEY_BROKEN": Grade.FAIL}),
        (Unanswered("no name server answered in time"), {"DKIM_UNANSWERED": Grade.UNKNOWN}),
    ],
)
def test_key_is_that_by_which_the_box_signs(answer: Answer, expected: Mapping[str, Grade]) -> None:
    findings = check_dkim(D, WANTED, {"mail._domainkey": answer})
    assert bad(findings) == expected
    if Grade.FAIL in expected.values():
        assert findings[0].publish == (DnsRecord(f"mail._domainkey.{D}", "TXT", KEY),)
        assert "split it into quoted strings of at most 255 bytes" in findings[0].why


def test_another_good_key_is_not_that_of_the_box() -> None:
    other = replace(WANTED, dkim=(Text("mail._domainkey", f"v=DKIM1; p={DKIM_KEY[:-8]}AAAAAAAA"),))
    (finding,) = check_dkim(D, other, {"mail._domainkey": Records((KEY,))})
    assert (finding.tag, finding.grade) == ("DKIM_WRONG", Grade.FAIL)
    assert "another than Mail-in-a-Box signs with" in finding.summary


def test_key_that_the_box_does_not_tell_is_not_judged() -> None:
    assert bad(check_dkim(D, replace(WANTED, dkim=()), {})) == {"DKIM_UNTOLD": Grade.UNKNOWN}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Records((BOX_DMARC,)), {}),
        (Records(("v=DMARC1; p=reject",)), {}),
        (Records(("v=DMARC1; p=none",)), {"DMARC_POLICY_NONE": Grade.WARN}),
        (NoDomain(), {"DMARC_MISSING": Grade.FAIL}),
        (NoDomain(chain=("gone.example",)), {"DMARC_MISSING": Grade.FAIL}),
    ],
)
async def test_dmarc_record_is_the_domains_own(answer: Answer, expected: Mapping[str, Grade]) -> None:
    findings = await check_dmarc(D, WANTED, answer, TableResolver(TABLE))
    assert bad(findings) == expected
    if "DMARC_MISSING" in expected:
        assert findings[0].publish == (DnsRecord(f"_dmarc.{D}", "TXT", BOX_DMARC),)


# -- SPF --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 mx -all",
        "v=spf1 MX ~all",
        "v=spf1 +mx include:crm.example ~all",
        f"v=spf1 mx:{D} -all",
        f"v=spf1 a:{HOST} -all",
        "v=spf1 a -all",
        "v=spf1 a:near.example/24 -all",
        f"v=spf1 ip4:{IP} ip6:{IP6} -all",
        "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/64 -all",
        "v=spf1 include:spf.example -all",
        "v=spf1 redirect=spf.example",
    ],
)
async def test_whatever_lets_the_box_send_will_do(record: str) -> None:
    assert bad(await check_spf(D, WANTED, Records((record,)), TableResolver(TABLE))) == {}


@pytest.mark.parametrize(
    ("record", "publish"),
    [
        ("v=spf1 -all", "v=spf1 mx -all"),
        ("v=spf1 include:crm.example ~all", "v=spf1 mx include:crm.example ~all"),
        ("v=spf1 a:elsewhere.example ~all", "v=spf1 mx a:elsewhere.example ~all"),
        ("v=spf1 a:near.example ~all", "v=spf1 mx a:near.example ~all"),
        (f"v=spf1 ip4:{IP} -all", f"v=spf1 mx ip4:{IP} -all"),
        ("v=spf1 ?mx -all", "v=spf1 mx ?mx -all"),
        ("v=spf1 -all mx", "v=spf1 mx -all"),
        ("v=spf1 -include:spf.example -all", "v=spf1 mx -include:spf.example -all"),
    ],
)
async def test_record_that_does_not_let_the_box_send_is_mended_and_keeps_the_others(
    record: str, publish: str
) -> None:
    findings = await check_spf(D, WANTED, Records((record,)), TableResolver(TABLE))
    assert bad(findings)["SPF_NO_PROVIDER"] is Grade.FAIL
    wanted = next(finding for finding in findings if finding.tag == "SPF_NO_PROVIDER")
    assert wanted.summary == f"The SPF record of {D} does not let the box ({HOST}) send."
    assert wanted.publish == (DnsRecord(D, "TXT", publish),)
    assert bad(await check_spf(D, WANTED, Records((publish,)), TableResolver(TABLE))) == {}


async def test_domain_without_spf_gets_the_record_of_the_box() -> None:
    (finding,) = await check_spf(D, WANTED, NoData(), TableResolver(TABLE))
    assert (finding.tag, finding.publish) == ("SPF_MISSING", (DnsRecord(D, "TXT", BOX_SPF),))


async def test_mx_that_does_not_answer_leaves_it_open_whether_the_box_may_send() -> None:
    table = {**TABLE, (D, "MX"): Unanswered("no name server answered in time")}
    findings = await check_spf(D, WANTED, Records((BOX_SPF,)), TableResolver(table))
    assert bad(findings) == {"SPF_UNANSWERED": Grade.UNKNOWN}


async def test_mx_that_leads_elsewhere_does_not_let_the_box_send() -> None:
    table = {**TABLE, (D, "MX"): Records(("10 elsewhere.example",))}
    findings = await check_spf(D, WANTED, Records((BOX_SPF,)), TableResolver(table))
    assert "SPF_NO_PROVIDER" in bad(findings)


async def test_relay_of_the_box_has_to_stand_there_too() -> None:
    relayed = replace(WANTED, spf_record="v=spf1 mx include:relay.example -all")
    resolver = TableResolver(TABLE)
    findings = await check_spf(D, relayed, Records((BOX_SPF,)), resolver)
    assert findings[0].tag == "SPF_NO_PROVIDER"
    assert findings[0].publish == (DnsRecord(D, "TXT", "v=spf1 mx include:relay.example -all"),)
    assert (
        bad(await check_spf(D, relayed, Records(("v=spf1 include:relay.example mx -all",)), resolver)) == {}
    )


# -- asked of the box -------------------------------------------------------------------------------------------------


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[MailInABoxSimulator]:
    simulator = MailInABoxSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def box(simulator: MailInABoxSimulator) -> AsyncIterator[MailInABox]:
    given = simulator.credentials
    client = MailInABox(
        "box",
        base_url=simulator.url,
        login=given["login"],
        password=SecretStr(given["password"]),
        timeout=5.0,
        jitter=lambda: 0.0,
    )
    yield client
    await client.aclose()


def questions(simulator: MailInABoxSimulator) -> int:
    return len([call for call in simulator.calls if call["operation"] == "GET /dns/dump"])


async def look(looker: Looker, resolver: DnsResolver, name: str, account: str = "box") -> Look:
    async with Sweep(resolver) as sweep:
        return await looker.look(MailDomain(account, name), sweep, resolver, by="one", at=NOW, wholly=True)


def a_box_looker(server: DnsServer | None, wants: BoxWants) -> Looker:
    return a_looker(server, expectations=Expectations({}, {"box": wants}))


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("riverside.example", set()),
        ("millbakery.example", {"DMARC_MISSING"}),
        ("oaklane.example", {"DKIM_MISSING"}),
    ],
)
async def test_each_domain_of_the_sandboxs_box_has_the_fault_it_is_there_for(
    simulator: MailInABoxSimulator,
    box: MailInABox,
    clock: FrozenClock,
    domain: str,
    expected: set[str],
) -> None:
    server = DnsServer({**sandbox_zones(), **box_zones(simulator.box)})
    await server.start()
    try:
        resolver = DnsResolver((server.address,), in_flight=50)
        seen = await look(a_box_looker(server, BoxWants(box, clock=clock)), resolver, domain)
    finally:
        await server.stop()
    assert {finding.tag for finding in seen.findings if finding.grade is Grade.FAIL} == expected


async def test_box_is_asked_once_for_all_its_domains_and_again_after_a_while(
    simulator: MailInABoxSimulator, box: MailInABox, clock: FrozenClock
) -> None:
    wants = BoxWants(box, clock=clock)
    for name in ("riverside.example", "millbakery.example", "oaklane.example"):
        assert await wants.of(name) is not None
    assert questions(simulator) == 1
    clock.advance(FRESH)
    _ = await wants.of("riverside.example")
    assert questions(simulator) == 2


async def test_domain_that_the_box_does_not_know_yet_is_asked_for_again_soon(
    simulator: MailInABoxSimulator, box: MailInABox, clock: FrozenClock
) -> None:
    wants = BoxWants(box, clock=clock)
    assert await wants.of("new.example") is None
    assert await wants.of("new.example") is None
    assert questions(simulator) == 1
    await box.create_user("first@new.example", "Gravel-Otter-Piano-82")
    clock.advance(AGAIN)
    found = await wants.of("new.example")
    assert found is not None
    assert found.mx_host == simulator.box.hostname


async def test_box_that_stops_answering_is_believed_as_before(
    simulator: MailInABoxSimulator, box: MailInABox, clock: FrozenClock
) -> None:
    wants = BoxWants(box, clock=clock)
    before = await wants.of("riverside.example")
    simulator.inject("GET /dns/dump", 100, {"status": 500})
    clock.advance(FRESH)
    assert before is not None
    assert await wants.of("riverside.example") == before


async def test_box_that_never_answered_leaves_its_domains_unjudged_and_others_alone(
    simulator: MailInABoxSimulator,
    box: MailInABox,
    clock: FrozenClock,
    patient: DnsResolver,
    server: DnsServer,
) -> None:
    simulator.inject("GET /dns/dump", 100, {"status": 500})
    wants = BoxWants(box, clock=clock)
    looker = a_looker(server, expectations=Expectations({"main": PURELYMAIL}, {"box": wants}))
    seen = await look(looker, patient, "riverside.example")
    assert {(finding.tag, finding.grade) for finding in seen.findings} == {("BOX_UNTOLD", Grade.UNKNOWN)}
    assert [finding.subject for finding in seen.findings] == [
        Subject.MX,
        Subject.SPF,
        Subject.DKIM,
        Subject.DMARC,
    ]
    other = await look(looker, patient, "acme-tools.example", account="main")
    assert not [finding for finding in other.findings if finding.grade is Grade.FAIL]


async def test_resolver_is_believed_by_the_box_or_by_the_root_if_the_box_is_what_broke() -> None:
    root: dict[tuple[str, str], Answer] = {(".", "NS"): Records(("a.root-servers.net",))}
    assert await knows(TableResolver(TABLE), [WANTED])
    assert await knows(TableResolver(root), [WANTED])
    assert await knows(TableResolver(root), [])
    assert not await knows(TableResolver({}), [WANTED])
