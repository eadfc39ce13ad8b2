"""Findings that all checks share."""

from collections.abc import Iterable

from bot.dns.lookup import Unanswered
from bot.model import Finding, Grade, Subject

_WORST_FIRST = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.INFO, Grade.OK)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Equally bad ones stay in their order."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.grade))


def ok(subject: Subject, summary: str, *found: str) -> Finding:
    return Finding(subject, f"{subject.name}_OK", Grade.OK, summary, found=found)


def unknown(subject: Subject, name: str, answer: Unanswered) -> Finding:
    """It could not be looked at: that is neither good nor bad."""
    return Finding(
        subject,
        f"{subject.name}_UNANSWERED",
        Grade.UNKNOWN,
        f"{name} could not be looked up: {answer.why}.",
        "This says nothing about the record; it is looked at again.",
    )
