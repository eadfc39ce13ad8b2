"""DKIM: three CNAMEs to the provider's keys, each judged by what stands at its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks import check_dkim
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject
from bot.sandbox.zones import DKIM_KEY
from tests.support.dkim_keys import rsa_key

KEY = f"v=DKIM1; k=rsa; p={DKIM_KEY}"
WEAK = f"v=DKIM1; p={rsa_key(1024)}"
SHORT = f"v=DKIM1; p={rsa_key(512)}"
SILENT = Unanswered("no name server answered in time")


def target(number: int) -> str:
    return f"key{number}.dkimroot.purelymail.com"


def good(number: int) -> Answer:
    return Records((KEY,), (target(number),))


def record(number: int) -> DnsRecord:
    return DnsRecord(f"purelymail{number}._domainkey.acme.example", "CNAME", target(number))


def look(first: Answer, second: Answer, third: Answer) -> list[Finding]:
    names = [alias.name for alias in PURELYMAIL.dkim]
    answers = dict(zip(names, (first, second, third), strict=True))
    findings = check_dkim("acme.example", PURELYMAIL, answers)
    assert all(finding.subject is Subject.DKIM for finding in findings)
    return findings


def second(answer: Answer) -> Finding:
    (finding,) = look(good(1), answer, good(3))
    return finding


def test_three_keys_behind_their_cnames_are_healthy() -> None:
    (finding,) = look(good(1), good(2), good(3))
    assert (finding.tag, finding.grade, finding.publish) == ("DKIM_OK", Grade.OK, ())


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (NoDomain(), "DKIM_MISSING"),
        (NoData(), "DKIM_MISSING"),
        (Records((KEY,), ("key2.elsewhere.example",)), "DKIM_WRONG"),
        (Records((KEY,), (target(3),)), "DKIM_WRONG"),
        (NoDomain(("key2.typo.example",)), "DKIM_WRONG"),
        (NoData(("key2.typo.example",)), "DKIM_WRONG"),
        (Records(("hello",)), "DKIM_WRONG"),
        (Records(("v=DKIM1; p=###",)), "DKIM_KEY_BROKEN"),
        (Records((KEY.replace("DKIM1", "DKIM2"),)), "DKIM_WRONG"),
        (Records((f"{KEY}; p=",)), "DKIM_WRONG"),
        (Records((f"{KEY}; k=rsa",)), "DKIM_WRONG"),
        (Records(("v=DKIM1; p=",)), "DKIM_KEY_REVOKED"),
        (Records((SHORT,)), "DKIM_KEY_SHORT"),
        (Records((WEAK,)), "DKIM_KEY_WEAK"),
        (Records((KEY[:200],)), "DKIM_KEY_BROKEN"),
        (Records((f"{KEY}; h=sha1",)), "DKIM_KEY_HASH"),
    ],
)
def test_what_the_domain_itself_publishes_wrongly_comes_with_the_cname(answer: Answer, tag: str) -> None:
    finding = second(answer)
    assert (finding.tag, finding.publish) == (tag, (record(2),))


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (NoDomain((target(2),)), "DKIM_DANGLING"),
        (NoData((target(2),)), "DKIM_DANGLING"),
        (NoDomain((target(2), "rotated.purelymail.com")), "DKIM_DANGLING"),
        (Records(("v=DKIM1; p=",), (target(2),)), "DKIM_KEY_REVOKED"),
        (Records(("hello",), (target(2),)), "DKIM_WRONG"),
        (Records((SHORT,), (target(2),)), "DKIM_KEY_SHORT"),
        (Records((WEAK,), (target(2),)), "DKIM_KEY_WEAK"),
        (Records((f"{KEY}; t=y",), (target(2),)), "DKIM_TESTING"),
    ],
)
def test_what_is_wrong_behind_the_right_cname_is_the_providers_to_mend(answer: Answer, tag: str) -> None:
    finding = second(answer)
    assert (finding.tag, finding.publish) == (tag, ())
    assert "PurelyMail has to mend this" in finding.why


@pytest.mark.parametrize(
    ("answer", "instead"),
    [
        (NoDomain(), False),
        (NoData(("key2.typo.example",)), True),
        (Records((KEY,), ("key2.elsewhere.example",)), True),
        (Records(("hello",)), True),
    ],
)
def test_what_stands_in_the_way_of_the_cname_is_to_be_replaced(answer: Answer, instead: bool) -> None:
    for finding in (second(answer), look(answer, answer, answer)[1]):
        assert ("Put this one in place of what is there." in finding.why) is instead


def test_all_keys_gone_behind_the_right_cnames_are_the_providers_to_mend() -> None:
    findings = look(*(NoDomain((target(number),)) for number in (1, 2, 3)))
    assert {(f.tag, f.grade, f.publish) for f in findings} == {("DKIM_DANGLING", Grade.FAIL, ())}
    assert all("PurelyMail has to mend this" in finding.why for finding in findings)


def test_a_cname_that_reaches_the_key_by_way_of_another_is_healthy() -> None:
    (finding,) = look(good(1), Records((KEY,), ("dkim.acme.example", target(2))), good(3))
    assert finding.tag == "DKIM_OK"


def test_a_copy_of_the_key_works_and_is_a_warning() -> None:
    finding = second(Records((KEY,)))
    assert (finding.tag, finding.grade, finding.publish) == ("DKIM_COPIED", Grade.WARN, (record(2),))


@pytest.mark.parametrize(
    "text",
    [f"p={DKIM_KEY}", f"k=rsa;p= {DKIM_KEY[:64]} {DKIM_KEY[64:]}", f"v=DKIM1; h=sha256; t=s; p={DKIM_KEY};"],
)
def test_a_key_may_leave_out_its_version_and_hold_white_space(text: str) -> None:
    (finding,) = look(Records((text,), (target(1),)), good(2), good(3))
    assert finding.tag == "DKIM_OK"


def test_one_bad_key_of_three_is_a_warning_and_all_three_a_failure() -> None:
    one = look(good(1), NoDomain(), good(3))
    assert [(finding.grade, finding.publish) for finding in one] == [(Grade.WARN, (record(2),))]
    assert "signed with the other keys" in one[0].why
    every = look(NoDomain(), NoDomain(), NoDomain())
    assert [(f.grade, f.publish) for f in every] == [(Grade.FAIL, (record(n),)) for n in (1, 2, 3)]


def test_a_weak_key_still_signs_and_stays_a_warning_however_many_there_are() -> None:
    weak = [Records((WEAK,), (target(number),)) for number in (1, 2, 3)]
    assert {(finding.tag, finding.grade) for finding in look(*weak)} == {("DKIM_KEY_WEAK", Grade.WARN)}
    missing, *_ = look(weak[0], NoDomain(), NoDomain())
    assert (missing.tag, missing.grade) == ("DKIM_KEY_WEAK", Grade.WARN)
    short = [Records((SHORT,), (target(number),)) for number in (1, 2, 3)]
    assert {(finding.tag, finding.grade) for finding in look(*short)} == {("DKIM_KEY_SHORT", Grade.FAIL)}


@pytest.mark.parametrize(
    ("values", "tag"),
    [
        (("hello", KEY), "DKIM_OK"),
        ((SHORT, KEY), "DKIM_OK"),
        (("hello", "v=DKIM1; p="), "DKIM_KEY_REVOKED"),
        ((SHORT, WEAK), "DKIM_KEY_WEAK"),
    ],
)
def test_the_best_of_several_records_is_the_one_judged(values: tuple[str, ...], tag: str) -> None:
    (finding,) = look(good(1), Records(values, (target(2),)), good(3))
    assert finding.tag == tag


def test_one_bad_key_beside_two_unknown_ones_is_no_failure_and_promises_nothing() -> None:
    findings = look(SILENT, NoDomain(), SILENT)
    assert [finding.grade for finding in findings] == [Grade.WARN, Grade.UNKNOWN, Grade.UNKNOWN]
    assert "could not be looked up" in findings[0].why
    assert "signed with the other" not in findings[0].why


def test_no_answer_is_unknown_and_never_red() -> None:
    findings = look(SILENT, SILENT, SILENT)
    assert {(finding.tag, finding.grade) for finding in findings} == {("DKIM_UNANSWERED", Grade.UNKNOWN)}
    assert [finding.grade for finding in look(good(1), SILENT, good(3))] == [Grade.UNKNOWN]


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert second(Records((text,)))
