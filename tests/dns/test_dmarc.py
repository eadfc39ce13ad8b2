"""DMARC: which policy receivers are told, by whose record."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks import check_dmarc
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

ROOT = "dmarcroot.purelymail.com"
WANTED = DnsRecord("_dmarc.acme.example", "CNAME", ROOT)
THEIRS = Records(("v=DMARC1; p=quarantine;",), (ROOT,))


def look(answer: Answer) -> Finding:
    (finding,) = check_dmarc("acme.example", PURELYMAIL, answer)
    assert finding.subject is Subject.DMARC
    return finding


def own(*texts: str) -> Finding:
    return look(Records(texts))


def test_the_providers_record_is_healthy() -> None:
    finding = look(THEIRS)
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_OK", Grade.OK, ())
    assert "other than" not in finding.summary


@pytest.mark.parametrize(
    "text",
    [
        "v=DMARC1; p=reject",
        "v=DMARC1;p=quarantine;rua=mailto:dmarc@acme.example",
        " v = DMARC1 ; P = Reject ; pct=100; unknown=1",
        "v=DMARC1; p=reject; t=y",
    ],
)
def test_a_record_of_ones_own_is_judged_by_itself_and_noted(text: str) -> None:
    finding = own(text, "some other text")
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
def test_without_a_record_the_cname_is_to_be_published(answer: Answer) -> None:
    finding = look(answer)
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_MISSING", Grade.FAIL, (WANTED,))


@pytest.mark.parametrize("answer", [NoDomain((ROOT,)), NoData((ROOT,)), Records(("hello",), (ROOT,))])
def test_what_is_missing_behind_the_right_cname_is_the_providers_to_mend(answer: Answer) -> None:
    finding = look(answer)
    assert (finding.tag, finding.publish) == ("DMARC_MISSING", ())
    assert "PurelyMail has to mend this" in finding.why


def test_two_records_fail_and_one_beside_other_texts_does_not() -> None:
    finding = own("v=DMARC1; p=reject", "v=DMARC1; p=none")
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_MULTIPLE", Grade.FAIL, (WANTED,))
    assert own("v=DMARC1; p=reject", "v=DMARC12; p=none").tag == "DMARC_OK"


@pytest.mark.parametrize(
    "text", ["v=dmarc1; p=reject", "v=DMARC2; p=reject", "v=DMARC1; p=rejct", "v=DMARC1; p="]
)
def test_a_record_that_receivers_ignore_fails(text: str) -> None:
    finding = own(text)
    assert (finding.tag, finding.grade, finding.found) == ("DMARC_INVALID", Grade.FAIL, (text,))


@pytest.mark.parametrize(
    ("text", "stricter"),
    [
        ("v=DMARC1; p=none; rua=mailto:d@acme.example", "v=DMARC1; p=quarantine; rua=mailto:d@acme.example"),
        ("v=DMARC1;", "v=DMARC1; p=quarantine"),
        ("v=DMARC1; p=quarantine; t=y; sp=none", "v=DMARC1; p=quarantine; sp=none"),
    ],
)
def test_a_policy_without_effect_is_a_warning_and_comes_with_a_stricter_one(text: str, stricter: str) -> None:
    finding = own(text)
    assert (finding.tag, finding.grade) == ("DMARC_POLICY_NONE", Grade.WARN)
    assert finding.publish == (DnsRecord("_dmarc.acme.example", "TXT", stricter),)
    assert own(stricter).grade is Grade.OK


def test_no_answer_is_unknown_and_never_red() -> None:
    finding = look(Unanswered("the name servers answered REFUSED"))
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_UNANSWERED", Grade.UNKNOWN, ())


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert own(f"v=DMARC1{text}")
