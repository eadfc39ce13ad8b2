"""What is said of an SPF record because of what it leads to, and what that costs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks import check_spf
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import NoDomain, Records, Unanswered
from bot.model import Finding, Grade
from tests.support.dns_table import TableResolver
from tests.support.spf_records import HERE, HOST, OURS, Table, provider, texts

SILENT = Unanswered("no name server answered in time")


async def look(record: str, table: Table) -> dict[str, Finding]:
    findings = await check_spf(
        "acme.example", PURELYMAIL, Records((record,)), TableResolver(provider() | table)
    )
    assert len({finding.tag for finding in findings}) == len(findings)
    return {finding.tag: finding for finding in findings}


def grades(findings: dict[str, Finding]) -> dict[str, Grade]:
    return {tag: finding.grade for tag, finding in findings.items()}


async def test_the_healthy_record_says_how_many_look_ups_it_takes() -> None:
    findings = await look(
        f"v=spf1 {OURS} a:x.example include:a.example ~all",
        texts(a="v=spf1 -all") | {("x.example", "A"): HERE},
    )
    assert grades(findings) == {"SPF_OK": Grade.OK}
    assert findings["SPF_OK"].summary == "The SPF record allows PurelyMail; 3 of 10 look-ups."


def many(terms: int) -> str:
    """With the provider's include, one look-up more."""
    return f"v=spf1 {OURS} {' '.join(['a:x.example'] * terms)} ~all"


@pytest.mark.parametrize(
    ("terms", "grade", "said"),
    [
        (7, None, ""),
        (8, Grade.WARN, "1 is left"),
        (9, Grade.WARN, "none is left"),
        (10, Grade.FAIL, "needs 11 look-ups"),
    ],
)
async def test_nine_and_ten_look_ups_are_a_warning_and_eleven_fail(
    terms: int, grade: Grade | None, said: str
) -> None:
    findings = await look(many(terms), {("x.example", "A"): HERE})
    assert grades(findings) == ({"SPF_TOO_MANY_LOOKUPS": grade} if grade else {"SPF_OK": Grade.OK})
    assert said in "".join(finding.summary for finding in findings.values() if grade)


async def test_too_many_look_ups_name_what_costs_how_many_the_dearest_first() -> None:
    table = texts(crm="v=spf1 " + "a:x.example " * 8 + "-all", shop="v=spf1 a:x.example -all") | {
        ("x.example", "A"): HERE
    }
    finding = (await look(f"v=spf1 {OURS} include:shop.example include:crm.example ~all", table))[
        "SPF_TOO_MANY_LOOKUPS"
    ]
    assert "needs 12 look-ups" in finding.summary
    assert "include:crm.example 9, include:shop.example 2, include:_spf.purelymail.com 1" in finding.why
    assert finding.publish == ()


async def test_a_count_with_a_part_that_gave_no_answer_is_at_least_that() -> None:
    table: Table = {("x.example", "A"): HERE, ("crm.example", "TXT"): SILENT}
    findings = await look(many(9).replace("~all", "include:crm.example ~all"), table)
    assert grades(findings) == {"SPF_TOO_MANY_LOOKUPS": Grade.FAIL, "SPF_UNANSWERED": Grade.UNKNOWN}
    assert "at least 11" in findings["SPF_TOO_MANY_LOOKUPS"].summary
    assert "crm.example" in findings["SPF_UNANSWERED"].summary


async def test_two_terms_that_find_nothing_are_let_pass_and_three_fail_and_are_left_out() -> None:
    two = await look(f"v=spf1 {OURS} a:x.example mx:x.example ~all", {})
    assert grades(two) == {"SPF_OK": Grade.OK}
    three = await look(f"v=spf1 {OURS} a:x.example mx:x.example exists:y.example ip4:192.0.2.9 ~all", {})
    assert grades(three) == {"SPF_VOID_LOOKUPS": Grade.FAIL}
    (record,) = three["SPF_VOID_LOOKUPS"].publish
    assert record.value == f"v=spf1 {OURS} ip4:192.0.2.9 ~all"


async def test_a_term_that_finds_no_answer_is_not_void_but_unknown() -> None:
    table: Table = {("x.example", kind): SILENT for kind in ("A", "MX")}
    findings = await look(f"v=spf1 {OURS} a:x.example mx:x.example exists:x.example ~all", table)
    assert grades(findings) == {"SPF_UNANSWERED": Grade.UNKNOWN}


async def test_an_mx_with_more_than_ten_hosts_fails_and_one_with_ten_does_not() -> None:
    hosts = tuple(f"10 mx{number}.example" for number in range(11))
    record = f"v=spf1 {OURS} mx ~all"
    assert grades(await look(record, {("acme.example", "MX"): Records(hosts)})) == {
        "SPF_TOO_MANY_MX": Grade.FAIL
    }
    assert grades(await look(record, {("acme.example", "MX"): Records(hosts[1:])})) == {"SPF_OK": Grade.OK}


@pytest.mark.parametrize(
    ("term", "tag"),
    [
        ("include:none.example", "SPF_INCLUDE_BROKEN"),
        ("?include:wrong.example", "SPF_INCLUDE_BROKEN"),
        ("include:acme.example", "SPF_LOOP"),
    ],
)
async def test_a_broken_include_fails_and_is_left_out_of_the_record_to_publish(term: str, tag: str) -> None:
    findings = await look(
        f"v=spf1 {OURS} mx:x.example {term} -all",
        texts(wrong="v=spf1 ipv4:192.0.2.1 -all") | {("x.example", "MX"): HERE},
    )
    assert grades(findings) == {tag: Grade.FAIL}
    assert [record.value for record in findings[tag].publish] == [f"v=spf1 {OURS} mx:x.example -all"]


async def test_an_include_broken_inside_another_is_told_with_the_one_that_leads_there() -> None:
    findings = await look(
        f"v=spf1 {OURS} include:crm.example ~all", texts(crm="v=spf1 include:gone.example -all")
    )
    finding = findings["SPF_INCLUDE_BROKEN"]
    assert "include:crm.example leads to gone.example, which has no SPF record" in finding.summary
    assert (finding.grade, finding.publish) == (Grade.FAIL, ())


@pytest.mark.parametrize(
    ("record", "included"),
    [
        ("v=spf1 include:corp.example ~all", True),
        ("v=spf1 redirect=corp.example", True),
        ("v=spf1 redirect=lead.example", True),
        ("v=spf1 ~include:corp.example ~all", False),
        ("v=spf1 include:soft.example ~all", False),
        (f"v=spf1 ip4:192.0.2.7 ~all {OURS}", False),
        ("v=spf1 include:late.example ~all", False),
    ],
)
async def test_a_provider_named_inside_an_include_or_redirect_counts_where_its_senders_pass(
    record: str, included: bool
) -> None:
    table = texts(
        corp=f"v=spf1 {OURS} -all",
        lead="v=spf1 include:corp.example -all",
        soft=f"v=spf1 ?{OURS} -all",
        late=f"v=spf1 -all {OURS}",
    )
    findings = await look(record, table)
    assert ("SPF_NO_PROVIDER" in findings) is not included
    assert ("SPF_OK" in findings) is included


async def test_a_provider_that_may_stand_in_a_part_without_answer_is_not_said_to_be_missing() -> None:
    findings = await look("v=spf1 include:corp.example ~all", {("corp.example", "TXT"): SILENT})
    assert grades(findings) == {"SPF_UNANSWERED": Grade.UNKNOWN}
    hosted = await look("v=spf1 include:%{i}._spf.corp.example ~all", {})
    assert grades(hosted) == {"SPF_MACROS": Grade.UNKNOWN}


async def test_a_record_that_would_cost_too_much_with_the_provider_says_so() -> None:
    crowded = "v=spf1 " + " ".join(f"include:{name}.example" for name in "abcdefghij") + " ~all"
    findings = await look(crowded, texts(**dict.fromkeys("abcdefghij", "v=spf1 -all")))
    assert grades(findings) == {"SPF_NO_PROVIDER": Grade.FAIL, "SPF_TOO_MANY_LOOKUPS": Grade.WARN}
    assert "It needs 11 look-ups" in findings["SPF_NO_PROVIDER"].why


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:gone.example -all",
        "v=spf1 ip4:x -all",
        "v=spf1 +all",
        "v=spf1 " + "a:x.example " * 10 + "-all",
    ],
)
async def test_what_is_wrong_in_the_providers_record_is_the_providers_to_mend(record: str) -> None:
    findings = await look(f"v=spf1 {OURS} ~all", provider(record) | {("x.example", "A"): HERE})
    finding = findings["SPF_PROVIDER_BROKEN"]
    assert (finding.grade, finding.publish) == (Grade.FAIL, ())
    assert "nothing for you to publish" in finding.why
    assert not findings.keys() & {"SPF_INCLUDE_BROKEN", "SPF_ALL_OPEN", "SPF_OK"}


async def test_a_provider_without_a_record_is_broken_and_one_without_an_answer_is_unknown() -> None:
    assert grades(await look(f"v=spf1 {OURS} ~all", {(HOST, "TXT"): NoDomain()})) == {
        "SPF_PROVIDER_BROKEN": Grade.FAIL
    }
    assert grades(await look(f"v=spf1 {OURS} ~all", {(HOST, "TXT"): SILENT})) == {
        "SPF_UNANSWERED": Grade.UNKNOWN
    }


async def test_ptr_is_a_note_and_the_record_stays_healthy() -> None:
    findings = await look(f"v=spf1 {OURS} ptr ~all", {})
    assert grades(findings) == {"SPF_PTR": Grade.INFO, "SPF_OK": Grade.OK}


async def test_a_record_over_450_bytes_is_a_warning_and_one_of_450_is_not() -> None:
    record = f"v=spf1 {OURS} ra= ~all"
    filled = record.replace("ra=", "ra=" + "x" * (450 - len(record)))
    assert grades(await look(filled, {})) == {"SPF_OK": Grade.OK}
    assert grades(await look(filled.replace("ra=", "ra=x"), {})) == {"SPF_TOO_LONG": Grade.WARN}


async def test_a_record_to_publish_that_is_longer_than_a_string_is_told_to_be_split() -> None:
    tail = " ".join(f"ip4:192.0.2.{number}" for number in range(100, 114))
    assert "255" not in (await look(f"v=spf1 {tail[:-16]} ~all", {}))["SPF_NO_PROVIDER"].why
    finding = (await look(f"v=spf1 {tail} ~all", {}))["SPF_NO_PROVIDER"]
    assert len(finding.publish[0].value) > 255
    assert "strings of at most 255" in finding.why


async def test_terms_behind_all_never_count_and_are_put_before_it() -> None:
    findings = await look(f"v=spf1 {OURS} ~all include:crm.example", texts(crm="v=spf1 -all"))
    assert grades(findings) == {"SPF_UNREACHABLE": Grade.WARN}
    (record,) = findings["SPF_UNREACHABLE"].publish
    assert record.value == f"v=spf1 {OURS} include:crm.example ~all"


async def test_a_redirect_beside_all_never_counts_and_is_left_out() -> None:
    findings = await look(f"v=spf1 {OURS} redirect=crm.example -all", {})
    assert grades(findings) == {"SPF_UNREACHABLE": Grade.WARN}
    assert [record.value for record in findings["SPF_UNREACHABLE"].publish] == [f"v=spf1 {OURS} -all"]


@pytest.mark.parametrize(
    ("record", "grade"),
    [
        ("v=spf1 redirect=open.example", Grade.FAIL),
        ("v=spf1 include:open.example -all", Grade.FAIL),
        ("v=spf1 include:deep.example -all", Grade.FAIL),
        ("v=spf1 redirect=endless.example", Grade.WARN),
        ("v=spf1 -include:open.example -all", None),
        ("v=spf1 redirect=closed.example", None),
    ],
)
async def test_a_record_that_lets_everybody_pass_by_what_it_leads_to_is_open(
    record: str, grade: Grade | None
) -> None:
    table = texts(
        open="v=spf1 +all",
        deep="v=spf1 redirect=open.example",
        endless="v=spf1 ip4:192.0.2.1",
        closed="v=spf1 ip4:192.0.2.1 -all",
    )
    finding = (await look(record.replace("v=spf1", f"v=spf1 {OURS}"), table)).get("SPF_ALL_OPEN")
    assert (finding and finding.grade) == grade


TERMS = st.sampled_from(
    f"a mx ptr include:x.example include:gone.example include:open.example ?include:loop.example a:none.example "
    f"mx:none.example exists:%{{i}}.x.example redirect=x.example redirect=open.example redirect=gone.example {OURS} "
    f"~all +all redirect=loop.example oops".split()
)


@given(st.lists(st.lists(TERMS, max_size=7).map(lambda terms: " ".join(["v=spf1", *terms])), max_size=2))
async def test_what_is_to_be_published_breaks_nothing_that_could_be_mended(records: list[str]) -> None:
    table = provider() | texts(x="v=spf1 -all", open="v=spf1 +all", loop="v=spf1 include:loop.example -all")
    table |= {("acme.example", "A"): HERE, ("acme.example", "MX"): Records(("10 mx.example",))}
    ask = TableResolver(table)
    for finding in await check_spf("acme.example", PURELYMAIL, Records(tuple(records)), ask):
        for record in finding.publish:
            after = await check_spf("acme.example", PURELYMAIL, Records((record.value,)), ask)
            left = {other.tag for other in after if other.grade in {Grade.FAIL, Grade.WARN}}
            # A loop inside what somebody else publishes is theirs to end, and what is too much is told beside the record.
            assert left <= {"SPF_LOOP", "SPF_TOO_MANY_LOOKUPS"}
