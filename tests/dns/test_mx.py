"""MX: what each answer says about where mail goes."""

import pytest

from bot.dns.checks import check_mx
from bot.dns.expected import PURELYMAIL
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

OURS = "10 mailserver.purelymail.com"
WANTED = DnsRecord("acme.example", "MX", "mailserver.purelymail.com", 10)


def look(answer: Answer) -> Finding:
    (finding,) = check_mx("acme.example", PURELYMAIL, answer)
    assert finding.subject is Subject.MX
    return finding


@pytest.mark.parametrize("priority", [0, 5, 10, 50, 65535])
def test_the_providers_host_alone_is_healthy_whatever_its_priority(priority: int) -> None:
    finding = look(Records((f"{priority} mailserver.purelymail.com",)))
    assert (finding.tag, finding.grade, finding.publish) == ("MX_OK", Grade.OK, ())


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        (NoData(), "MX_MISSING"),
        (NoDomain(), "MX_MISSING"),
        (Records(("10 mx.oldprovider.example",)), "MX_WRONG"),
        (Records(("0 .",)), "NULL_MX"),
        (Records(("0 .", OURS)), "NULL_MX"),
        (Records((OURS, "5 mx.oldprovider.example")), "MX_EXTRA"),
        (Records((OURS, "10 mx.oldprovider.example")), "MX_EXTRA"),
    ],
)
def test_mail_that_does_not_arrive_fails_and_the_record_is_named(answer: Answer, tag: str) -> None:
    finding = look(answer)
    assert (finding.tag, finding.grade, finding.publish) == (tag, Grade.FAIL, (WANTED,))
    assert finding.why


def test_another_host_that_is_asked_only_after_the_providers_is_a_warning() -> None:
    finding = look(Records((OURS, "20 mx.oldprovider.example")))
    assert (finding.tag, finding.grade) == ("MX_EXTRA", Grade.WARN)
    assert "mx.oldprovider.example" in finding.summary
    assert finding.found == (OURS, "20 mx.oldprovider.example")


def test_a_host_whose_name_only_contains_the_providers_is_another_host() -> None:
    assert look(Records(("10 mailserver.purelymail.com.evil.example",))).tag == "MX_WRONG"


def test_the_wrong_host_is_named_beside_the_right_one() -> None:
    finding = look(Records(("10 mx.oldprovider.example",)))
    assert "mx.oldprovider.example" in finding.summary
    assert "mailserver.purelymail.com" in finding.summary


def test_no_answer_is_unknown_and_never_red() -> None:
    finding = look(Unanswered("the name servers answered SERVFAIL"))
    assert (finding.tag, finding.grade, finding.publish) == ("MX_UNANSWERED", Grade.UNKNOWN, ())
    assert "SERVFAIL" in finding.summary
