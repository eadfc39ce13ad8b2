"""DMARC: which policy receivers are told, by whose record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks import check_dmarc
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from tests.support.dns_table import TableResolver

ROOT = "dmarcroot.purelymail.com"
WANTED = DnsRecord("_dmarc.acme.example", "CNAME", ROOT)
THEIRS = Records(("v=DMARC1; p=quarantine;",), (ROOT,))


TABLE = dict[tuple[str, str], Answer]
NOTES = {"DMARC_RUA_MISSING", "DMARC_OLD_TAGS"}


async def look_at_all(
    answer: Answer, others: TABLE | None = None, domain: str = "acme.example"
) -> list[Finding]:
    ask = TableResolver({(f"_dmarc.{domain}", "TXT"): answer, **(others or {})})
    findings = await check_dmarc(domain, PURELYMAIL, answer, ask)
    assert all(finding.subject is Subject.DMARC for finding in findings)
    return findings


async def look(answer: Answer, others: TABLE | None = None) -> Finding:
    """What is said of the record; notes on what else it could hold are left out."""
    (finding,) = [found for found in await look_at_all(answer, others) if found.tag not in NOTES]
    return finding


async def own(*texts: str) -> Finding:
    return await look(Records(texts))


async def test_the_providers_record_is_healthy() -> None:
    finding = await look(THEIRS)
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_OK", Grade.OK, ())
    assert "other than" not in finding.summary


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=reject",
        "v=DMARC1;p=quarantine;rua=mailto:dmarc@acme.example",
        " v = DMARC1 ; P = Reject ; pct=100; unknown=1",
        "v=DMARC1; p=reject; t=y",
        "v=DMARC1;; p=reject; sp=none; np=Quarantine;",
    ],
)
async def test_a_record_of_ones_own_is_judged_by_itself_and_noted(text: str) -> None:
    finding = await own(text, "some other text")
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_OK", Grade.OK, ())
    assert "a record other than PurelyMail's" in finding.summary


@pytest.mark.parametrize(
    "answer",
    [
        NoData(),
        NoDomain(),
        NoDomain(("dmarc.gone.example",)),
        NoData(("dmarc.gone.example",)),
        Records(("hello",)),
    ],
)
async def test_without_a_record_the_cname_is_to_be_published(answer: Answer) -> None:
    finding = await look(answer)
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_MISSING", Grade.FAIL, (WANTED,))


@pytest.mark.parametrize("answer", [NoDomain((ROOT,)), NoData((ROOT,)), Records(("hello",), (ROOT,))])
async def test_what_is_missing_behind_the_right_cname_is_the_providers_to_mend(answer: Answer) -> None:
    finding = await look(answer)
    assert (finding.tag, finding.publish) == ("DMARC_MISSING", ())
    assert "PurelyMail has to mend this" in finding.why


async def test_two_records_fail_and_one_beside_other_texts_does_not() -> None:
    finding = await own("v=DMARC1; p=reject", "v=DMARC1; p=none")
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_MULTIPLE", Grade.FAIL, (WANTED,))
    assert (await own("v=DMARC1; p=reject", "v=DMARC12; p=none")).tag == "DMARC_OK"


@pytest.mark.parametrize(
    "text",
    [
        "v=dmarc1; p=reject",
        "v=DMARC2; p=reject",
        "v=DMARC1; p=rejct",
        "v=DMARC1; p=",
        "v=DMARC1; p=reject; sp=rejct",
        "v=DMARC1; p=reject; np=",
        "v=DMARC1; p=none; p=reject",
        "v=DMARC1; p=reject; rua=mailto:a@acme.example; RUA=mailto:b@acme.example",
    ],
)
async def test_a_record_that_receivers_cant_read_fails_and_is_to_be_replaced(text: str) -> None:
    finding = await own(text)
    assert (finding.tag, finding.grade, finding.found) == ("DMARC_INVALID", Grade.FAIL, (text,))
    assert finding.publish == (WANTED,)
    assert "Put this one in place of what is there." in finding.why


@pytest.mark.parametrize(
    "texts", [("v=DMARC1; p=rejct",), ("v=dmarc1; p=none",), ("v=DMARC1; p=none", "v=DMARC1; p=reject")]
)
async def test_what_is_wrong_behind_the_right_cname_is_the_providers_to_mend_and_not_to_be_replaced(
    texts: tuple[str, ...],
) -> None:
    finding = await look(Records(texts, (ROOT,)))
    assert (finding.grade, finding.publish) == (Grade.FAIL, ())
    assert "PurelyMail has to mend this" in finding.why
    assert "in place" not in finding.why


@pytest.mark.parametrize(
    ("text", "stricter"),
    [
        ("v=DMARC1; p=none; rua=mailto:d@acme.example", "v=DMARC1; p=quarantine; rua=mailto:d@acme.example"),
        ("v=DMARC1;", "v=DMARC1; p=quarantine"),
        ("v=DMARC1; p=quarantine; t=y; sp=none", "v=DMARC1; p=quarantine; sp=none"),
    ],
)
async def test_a_policy_without_effect_is_a_warning_and_comes_with_a_stricter_one(
    text: str, stricter: str
) -> None:
    finding = await own(text)
    assert (finding.tag, finding.grade) == ("DMARC_POLICY_NONE", Grade.WARN)
    assert finding.publish == (DnsRecord("_dmarc.acme.example", "TXT", stricter),)
    assert (await own(stricter)).grade is Grade.OK


@pytest.mark.parametrize(
    ("chain", "stands"), [((), "the record"), ((ROOT,), "the CNAME"), (("dmarc.other.example",), "the CNAME")]
)
async def test_a_stricter_policy_goes_where_something_stands_and_what_stands_is_named(
    chain: tuple[str, ...], stands: str
) -> None:
    finding = await look(Records(("v=DMARC1; p=none",), chain))
    assert finding.tag == "DMARC_POLICY_NONE"
    assert finding.why.endswith(f"in place of {stands}.")


@pytest.mark.parametrize(
    ("answer", "instead"),
    [
        (NoDomain(), False),
        (NoData(), False),
        (NoData(("dmarc.gone.example",)), True),
        (Records(("hello",)), True),
    ],
)
async def test_what_stands_in_the_way_of_the_cname_is_to_be_replaced(answer: Answer, instead: bool) -> None:
    assert ("Put this one in place of what is there." in (await look(answer)).why) is instead


async def test_a_policy_in_test_mode_is_told_as_what_it_comes_to() -> None:
    finding = await own("v=DMARC1; p=reject; t=y")
    assert finding.summary.startswith("The DMARC policy is quarantine (test mode, t=y)")


async def test_tags_that_dmarc_no_longer_knows_are_noted_with_the_record_without_them() -> None:
    _, note = await look_at_all(Records(("v=DMARC1; p=reject; pct=100; rua=mailto:d@acme.example; ri=3600",)))
    assert (note.tag, note.grade) == ("DMARC_OLD_TAGS", Grade.INFO)
    assert "has pct, ri," in note.summary
    assert note.publish == (
        DnsRecord("_dmarc.acme.example", "TXT", "v=DMARC1; p=reject; rua=mailto:d@acme.example"),
    )


async def test_what_stands_behind_somebody_elses_cname_is_not_to_be_published_beside_it() -> None:
    answer = Records(("v=DMARC1; p=reject; rf=afrf; rua=mailto:d@acme.example",), ("dmarc.other.example",))
    _, note = await look_at_all(answer)
    assert (note.tag, note.publish) == ("DMARC_OLD_TAGS", ())


async def test_no_answer_is_unknown_and_never_red() -> None:
    finding = await look(Unanswered("the name servers answered REFUSED"))
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_UNANSWERED", Grade.UNKNOWN, ())


@given(st.text())
async def test_any_text_can_be_judged(text: str) -> None:
    assert await look_at_all(Records((f"v=DMARC1{text}",)))
