"""SPF: what each record means to receivers, and the one record that keeps what was there."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks import check_spf
from bot.dns.checks.spf_terms import Terms
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import Finding, Grade, Subject
from tests.support.dns_table import TableResolver

OURS = "include:_spf.purelymail.com"
FRESH = f"v=spf1 {OURS} ~all"

CLOSED = Records(("v=spf1 ip4:192.0.2.0/24 -all",))
ELSEWHERE = {
    (name, "TXT"): CLOSED
    for name in [
        "_spf.purelymail.com",
        "_spf.purelymail.com.evil.example",
        "spf.crm.example",
        "_spf.other.example",
        "a.example",
        "b.example",
        "x.example",
        "y.example",
    ]
} | {("acme.example", "A"): Records(("192.0.2.1",)), ("acme.example", "MX"): Records(("10 mx.acme.example",))}


async def judge(answer: Answer, elsewhere: Mapping[tuple[str, str], Answer] | None = None) -> list[Finding]:
    """`elsewhere`: what is to be different from ELSEWHERE."""
    return await check_spf(
        "acme.example", PURELYMAIL, answer, TableResolver({**ELSEWHERE, **(elsewhere or {})})
    )


async def look(*texts: str, **names: str) -> list[Finding]:
    """`names`: SPF records of other names, with `_` for a dot."""
    others: dict[tuple[str, str], Answer] = {
        (name.replace("_", "."), "TXT"): Records((text,)) for name, text in names.items()
    }
    return await judge(Records(texts), others)


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    assert finding.subject is Subject.SPF
    return finding


def published(finding: Finding) -> str:
    (record,) = finding.publish
    assert (record.name, record.type, record.priority) == ("acme.example", "TXT", None)
    return record.value


@pytest.mark.parametrize(
    "record",
    [
        FRESH,
        f"v=spf1 {OURS} -all",
        f"V=SPF1 {OURS.upper()} ~ALL",
        f"v=spf1 a mx/24 ip4:192.0.2.0/24 ip6:2001:db8::/32 +{OURS} ~all",
        f"v=spf1 exists:%{{i}}._spf.acme.example {OURS}. -all exp=why.acme.example",
        "v=spf1 redirect=_spf.purelymail.com",
        f"v=spf1 {OURS} redirect=_spf.other.example",
    ],
)
async def test_a_record_that_allows_the_provider_is_healthy(record: str) -> None:
    finding = only(await look(record, "google-site-verification=abc"))
    assert (finding.tag, finding.grade, finding.publish) == ("SPF_OK", Grade.OK, ())


@pytest.mark.parametrize(
    "answer", [NoData(), NoDomain(), Records(("purelymail_ownership_proof=1",)), Records(("v=spf10 -all",))]
)
async def test_without_a_record_the_whole_record_is_to_be_published(answer: Answer) -> None:
    finding = only(await judge(answer))
    assert (finding.tag, finding.grade, published(finding)) == ("SPF_MISSING", Grade.FAIL, FRESH)


@pytest.mark.parametrize(
    ("records", "merged"),
    [
        ((FRESH, "v=spf1 include:spf.crm.example ~all"), f"v=spf1 {OURS} include:spf.crm.example ~all"),
        ((f"v=spf1 {OURS} -all", "v=spf1 a -all"), f"v=spf1 {OURS} a -all"),
        ((f"v=spf1 {OURS} -all", "v=spf1 a +all"), f"v=spf1 {OURS} a ~all"),
        (
            (FRESH, "v=spf1 redirect=_spf.other.example"),
            f"v=spf1 {OURS} include:_spf.other.example ~all",
        ),
        ((FRESH, "v=spf1 a redirect=_spf.other.example -all"), f"v=spf1 {OURS} a ~all"),
        ((FRESH, "v=spf1 ip4:192.0.2 mx ~all"), f"v=spf1 {OURS} mx ~all"),
        (
            (f"{FRESH} exp=a.acme.example", "v=spf1 exp=b.acme.example ~all"),
            f"v=spf1 {OURS} exp=a.acme.example ~all",
        ),
    ],
)
async def test_two_records_fail_and_become_one_that_keeps_both(records: tuple[str, ...], merged: str) -> None:
    finding = only(await look(*records))
    assert (finding.tag, finding.grade, published(finding)) == ("SPF_MULTIPLE", Grade.FAIL, merged)
    assert finding.found == records


@pytest.mark.parametrize(
    "term",
    [
        "ip4:192.0.2",
        "ip4:192.0.2.1/33",
        "ip4:192.0.2.0/255.255.255.0",
        "ip6:fe80::1%eth0",
        "ip4",
        "a/33",
        "a/024",
        "mx//129",
        "mx//064",
        "a:",
        "include",
        "include:acme",
        "include:acme.example/24",
        "includes:spf.crm.example",
        "exists:%{x}.acme.example",
        "exists:50%.acme.example",
        "all:",
        "-",
        "~redirect=_spf.crm.example",
        "redirect=",
        "192.0.2.1",
    ],
)
async def test_a_mistake_anywhere_fails_and_the_rest_is_kept(term: str) -> None:
    finding = only(await look(f"v=spf1 mx {term} {OURS} -all"))
    assert (finding.tag, finding.grade) == ("SPF_SYNTAX", Grade.FAIL)
    assert term in finding.summary
    assert published(finding) == f"v=spf1 {OURS} mx -all"


async def test_a_modifier_that_nobody_knows_is_no_mistake_but_two_redirects_are() -> None:
    assert only(await look(f"v=spf1 {OURS} ra=postmaster ~all")).tag == "SPF_OK"
    assert only(await look(f"v=spf1 {OURS} redirect=a.example redirect=b.example")).tag == "SPF_SYNTAX"


@pytest.mark.parametrize(
    ("record", "merged"),
    [
        ("v=spf1 include:spf.crm.example -all", f"v=spf1 {OURS} include:spf.crm.example -all"),
        ("v=spf1 -all", f"v=spf1 {OURS} -all"),
        (f"v=spf1 mx ~all {OURS}", f"v=spf1 {OURS} mx ~all"),
        (f"v=spf1 ?{OURS} ~all", f"v=spf1 {OURS} ~all"),
        ("v=spf1 include:_spf.purelymail.com.evil.example ~all", None),
        ("v=spf1 redirect=_spf.other.example", f"v=spf1 {OURS} redirect=_spf.other.example"),
    ],
)
async def test_a_record_that_does_not_allow_the_provider_fails_and_its_content_is_kept(
    record: str, merged: str | None
) -> None:
    finding = only(await look(record))
    assert (finding.tag, finding.grade) == ("SPF_NO_PROVIDER", Grade.FAIL)
    if merged is not None:
        assert published(finding) == merged


@pytest.mark.parametrize(
    ("ending", "grade"), [("+all", Grade.FAIL), ("all", Grade.FAIL), ("?all", Grade.WARN), ("", Grade.WARN)]
)
async def test_a_record_that_lets_others_pass_is_to_be_closed(ending: str, grade: Grade) -> None:
    finding = only(await look(f"v=spf1 a {OURS} {ending}"))
    assert (finding.tag, finding.grade) == ("SPF_ALL_OPEN", grade)
    assert published(finding) == f"v=spf1 {OURS} a ~all"


async def test_two_mistakes_of_one_record_are_two_findings_with_one_record() -> None:
    findings = await look("v=spf1 a ?all")
    assert [finding.tag for finding in findings] == ["SPF_NO_PROVIDER", "SPF_ALL_OPEN"]
    assert {published(finding) for finding in findings} == {f"v=spf1 {OURS} a ~all"}


async def test_no_answer_is_unknown_and_never_red() -> None:
    finding = only(await judge(Unanswered("no name server answered in time")))
    assert (finding.tag, finding.grade, finding.publish) == ("SPF_UNANSWERED", Grade.UNKNOWN, ())


TERMS = st.sampled_from(
    f"a mx ip4:192.0.2.1 include:x.example redirect=y.example exp=z.example oops a:%{{d}} ?mx u=1 {OURS} all -all "
    "~all ?all +all".split()
)
RECORDS = st.lists(st.lists(TERMS, max_size=6).map(lambda terms: " ".join(["v=spf1", *terms])), max_size=3)


@given(RECORDS)
async def test_what_is_to_be_published_is_itself_healthy(records: list[str]) -> None:
    for finding in await look(*records):
        if finding.publish:
            assert [after.tag for after in await look(published(finding))] == ["SPF_OK"]


@given(RECORDS)
async def test_what_is_to_be_published_forgets_nobody_who_was_allowed(records: list[str]) -> None:
    for finding in await look(*records):
        if finding.publish:
            kept = set(published(finding).split())
            assert {t for r in records for t in Terms(r).kept if not t.startswith("exp=")} <= kept


@given(st.text())
async def test_any_text_can_be_judged(text: str) -> None:
    assert await look(f"v=spf1 {text}")
