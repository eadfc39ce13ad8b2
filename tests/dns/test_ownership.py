"""The ownership record: needed to add a domain, and a sign when it is somebody else's."""

import pytest

from bot.dns.checks.ownership import check_ownership
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Grade

CODE = "purelymail_ownership_proof=" + "5a" * 64
OTHER = "purelymail_ownership_proof=" + "6b" * 64
WANTED = (DnsRecord("acme.example", "TXT", CODE),)


@pytest.mark.parametrize("values", [(CODE,), ("v=spf1 -all", f" {CODE} "), (OTHER, CODE)])
def test_the_record_of_this_account_is_fine_whatever_stands_beside_it(values: tuple[str, ...]) -> None:
    (finding,) = check_ownership("acme.example", CODE, Records(values))
    assert (finding.tag, finding.grade, finding.publish) == ("OWNERSHIP_OK", Grade.OK, ())


@pytest.mark.parametrize("other", [OTHER, CODE.upper(), "PurelyMail_ownership_proof=", CODE + "0"])
def test_the_record_of_another_account_is_a_warning(other: str) -> None:
    (finding,) = check_ownership("acme.example", CODE, Records(("v=spf1 -all", other)))
    assert (finding.tag, finding.grade) == ("OWNERSHIP_OTHER", Grade.WARN)
    assert (finding.found, finding.publish) == ((other,), WANTED)


@pytest.mark.parametrize("answer", [NoData(), NoDomain(), Records(("v=spf1 -all", "purelymail=1"))])
def test_a_missing_record_is_a_note(answer: Answer) -> None:
    (finding,) = check_ownership("acme.example", CODE, answer)
    assert (finding.tag, finding.grade, finding.publish) == ("OWNERSHIP_MISSING", Grade.INFO, WANTED)


def test_no_answer_is_unknown() -> None:
    (finding,) = check_ownership("acme.example", CODE, Unanswered("no name server answered in time"))
    assert (finding.tag, finding.grade) == ("OWNERSHIP_UNANSWERED", Grade.UNKNOWN)


def test_a_mail_system_that_wants_no_record_gets_no_finding() -> None:
    assert check_ownership("acme.example", None, Records((OTHER,))) == []
