"""Findings that all checks share."""

from collections.abc import Iterable

from bot.dns.lookup import Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

STRING_LENGTH = 255
"""Bytes that one string of a TXT record can hold (RFC 1035 section 3.3)."""

_WORST_FIRST = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.INFO, Grade.OK)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Equally bad ones stay in their order."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.grade))


def ok(subject: Subject, summary: str, *found: str) -> Finding:
    return Finding(subject, f"{subject.name}_OK", Grade.OK, summary, found=found)


def split(record: DnsRecord) -> str:
    """What to add where a TXT record does not fit into one string; "" where it does."""
    # RFC 7208 section 3.3, RFC 6376 section 3.6.2.2: strings are put together without anything between them.
    if record.type != "TXT" or len(record.value.encode()) <= STRING_LENGTH:
        return ""
    return f" It is too long for one string: split it into quoted strings of at most {STRING_LENGTH} bytes, if your DNS provider does not."


def unknown(subject: Subject, name: str, answer: Unanswered) -> Finding:
    """It could not be looked at: that is neither good nor bad."""
    return Finding(
        subject,
        f"{subject.name}_UNANSWERED",
        Grade.UNKNOWN,
        f"{name} could not be looked up: {answer.why}.",
        "This says nothing about the record; it is looked at again.",
    )
