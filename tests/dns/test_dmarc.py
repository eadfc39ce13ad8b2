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
        "v=DMARC1;; p=reject; sp=none; np=Quarantine;",
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
def test_a_record_that_receivers_cant_read_fails_and_is_to_be_replaced(text: str) -> None:
    finding = own(text)
    assert (finding.tag, finding.grade, finding.found) == ("DMARC_INVALID", Grade.FAIL, (text,))
    assert finding.publish == (WANTED,)
    assert "Put this one in place of what is there." in finding.why


@pytest.mark.parametrize(
    "texts", [("v=DMARC1; p=rejct",), ("v=dmarc1; p=none",), ("v=DMARC1; p=none", "v=DMARC1; p=reject")]
)
def test_what_is_wrong_behind_the_right_cname_is_the_providers_to_mend_and_not_to_be_replaced(
    texts: tuple[str, ...],
) -> None:
    finding = look(Records(texts, (ROOT,)))
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
def test_a_policy_without_effect_is_a_warning_and_comes_with_a_stricter_one(text: str, stricter: str) -> None:
    finding = own(text)
    assert (finding.tag, finding.grade) == ("DMARC_POLICY_NONE", Grade.WARN)
    assert finding.publish == (DnsRecord("_dmarc.acme.example", "TXT", stricter),)
    assert own(stricter).grade is Grade.OK


@pytest.mark.parametrize(
    ("chain", "stands"), [((), "the record"), ((ROOT,), "the CNAME"), (("dmarc.other.example",), "the CNAME")]
)
def test_a_stricter_policy_goes_where_something_stands_and_what_stands_is_named(
    chain: tuple[str, ...], stands: str
) -> None:
    finding = look(Records(("v=DMARC1; p=none",), chain))
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
def test_what_stands_in_the_way_of_the_cname_is_to_be_replaced(answer: Answer, instead: bool) -> None:
    assert ("Put this one in place of what is there." in look(answer).why) is instead


def test_no_answer_is_unknown_and_never_red() -> None:
    finding = look(Unanswered("the name servers answered REFUSED"))
    assert (finding.tag, finding.grade, finding.publish) == ("DMARC_UNANSWERED", Grade.UNKNOWN, ())


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert own(f"v=DMARC1{text}")
