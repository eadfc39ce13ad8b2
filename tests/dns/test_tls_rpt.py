"""TLS-RPT: optional, but what is there has to be readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.checks.tls_rpt import check_tls_rpt
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

NAME = "_smtp._tls.acme.example"
GOOD = "v=TLSRPTv1; rua=mailto:tls@acme.example"


def look(answer: Answer) -> Finding:
    (finding,) = check_tls_rpt("acme.example", answer)
    assert finding.subject is Subject.TLS_RPT
    return finding


@pytest.mark.parametrize(
    "text",
    [GOOD, f"{GOOD};", "v=TLSRPTv1;rua=https://reports.test/a?b=c, mailto:tls@acme.example; ext=1"],
)
def test_one_readable_record_is_fine(text: str) -> None:
    finding = look(Records((text, "hello")))
    assert (finding.tag, finding.grade, finding.publish) == ("TLS_RPT_OK", Grade.OK, ())


@pytest.mark.parametrize("answer", [NoData(), NoDomain(), NoDomain(("gone.example",)), Records(("hello",))])
def test_none_is_a_note(answer: Answer) -> None:
    finding = look(answer)
    assert (finding.tag, finding.grade) == ("TLS_RPT_ABSENT", Grade.INFO)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("v=tlsrptv1; rua=mailto:tls@acme.example", GOOD),
        ("v=TLSRPTv2; rua=mailto:tls@acme.example", GOOD),
        ("v=TLSRPTv1; rua=tls@acme.example,mailto:tls@acme.example", GOOD),
        ("v=TLSRPTv1; rua=tls@acme.example", None),
        ("v=TLSRPTv1; rua=http://reports.test/", None),
        ("v=TLSRPTv1; rua=", None),
        ("v=TLSRPTv1", None),
        ("v=TLSRPTv1 rua=mailto:tls@acme.example", None),
    ],
)
def test_one_that_cant_be_read_is_a_warning_with_what_can_be_saved_of_it(
    text: str, mended: str | None
) -> None:
    finding = look(Records((text,)))
    assert (finding.tag, finding.grade, finding.found) == ("TLS_RPT_INVALID", Grade.WARN, (text,))
    assert finding.publish == ((DnsRecord(NAME, "TXT", mended),) if mended else ())
    assert mended is None or look(Records((mended,))).grade is Grade.OK


def test_two_are_a_warning_with_one_that_says_both() -> None:
    finding = look(Records((GOOD, "v=TLSRPTv1; rua=https://reports.test/,mailto:tls@acme.example")))
    assert (finding.tag, finding.grade) == ("TLS_RPT_MULTIPLE", Grade.WARN)
    assert finding.publish == (DnsRecord(NAME, "TXT", f"{GOOD},https://reports.test/"),)


def test_no_answer_is_unknown() -> None:
    finding = look(Unanswered("no name server answered in time"))
    assert (finding.tag, finding.grade) == ("TLS_RPT_UNANSWERED", Grade.UNKNOWN)


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert look(Records((f"v=TLSRPTv1{text}",)))
