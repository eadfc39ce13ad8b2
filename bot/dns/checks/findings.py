"""Findings that all checks share."""

from bot.dns.lookup import Unanswered
from bot.model import Finding, Grade, Subject


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
