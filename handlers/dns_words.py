"""How DNS findings are shown, in windows and in the digest."""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block

from bot.model import DnsRecord, DomainHealth, Finding, Grade, ProviderVerdict, Subject
from handlers import blocks

MARKS = {
    Grade.OK: "✅",
    Grade.INFO: "✅",
    Grade.WARN: "⚠️",
    Grade.FAIL: "❌",
    Grade.UNKNOWN: "❔",
}

WORDS = {
    Grade.OK: "ok",
    Grade.INFO: "ok",
    Grade.WARN: "warning",
    Grade.FAIL: "fails",
    Grade.UNKNOWN: "unknown",
}

SUBJECTS = {
    Subject.MX: "MX",
    Subject.SPF: "SPF",
    Subject.DKIM: "DKIM",
    Subject.DMARC: "DMARC",
}
"""The columns. Subject.DOMAIN, the domain as a whole, is told in its findings."""

PROBLEMS = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN)

_ORDER = {Grade.FAIL: 0, Grade.WARN: 1, Grade.UNKNOWN: 2, Grade.INFO: 3, Grade.OK: 4}


def worst_first(healths: Sequence[DomainHealth]) -> list[DomainHealth]:
    return sorted(healths, key=lambda health: (_ORDER[health.grade], health.domain, health.account))


def problems(health: DomainHealth) -> list[Finding]:
    """The findings that something should be done about, the worst first."""
    found = [finding for finding in health.findings if finding.grade in PROBLEMS]
    return sorted(found, key=lambda finding: _ORDER[finding.grade])


def cell(health: DomainHealth, subject: Subject) -> str:
    """One cell of the table: a mark and a word, for those who don't see the mark."""
    whole = health.of(Subject.DOMAIN)
    if whole in PROBLEMS and not any(finding.subject is subject for finding in health.findings):
        return f"{MARKS[Grade.UNKNOWN]} not looked at"
    grade = health.of(subject)
    return f"{MARKS[grade]} {WORDS[grade]}"


def marks(health: DomainHealth) -> str:
    """All subjects in one line."""
    return "   ".join(
        f"{name} {cell(health, subject).partition(' ')[0]}" for subject, name in SUBJECTS.items()
    )


def counts(healths: Sequence[DomainHealth]) -> str:
    """`6 domains: 3 fail, 1 with warnings, 2 ok.`"""
    total = len(healths)
    phrases = {
        Grade.FAIL: "failing",
        Grade.WARN: "with warnings",
        Grade.UNKNOWN: "unknown",
        Grade.OK: "ok",
    }
    told = [
        f"{number} {phrase}"
        for grade, phrase in phrases.items()
        if (number := sum(health.grade is grade for health in healths))
    ]
    return (
        f"{total} {'domain' if total == 1 else 'domains'}: {', '.join(told)}." if total else "No domains yet."
    )


def record(wanted: DnsRecord) -> str:
    """A record to publish, one field a line, as DNS panels ask for it."""
    lines = [f"Name   {wanted.name}", f"Type   {wanted.type}"]
    if wanted.priority is not None:
        lines.append(f"Prio   {wanted.priority}")
    return "\n".join([*lines, f"Value  {wanted.value}"])


def explain(finding: Finding, limit: int = 800) -> str:
    """A finding in mrkdwn; `limit` is for each of its two sentences."""
    subject = SUBJECTS.get(finding.subject, "Domain")
    text = f"{MARKS[finding.grade]} *{subject}*: {blocks.escape(finding.summary, limit)}"
    return f"{text} {blocks.escape(finding.why, limit)}" if finding.why else text


def finding_blocks(finding: Finding) -> list[Block]:
    """A finding, what was found, and the records that mend it, ready to copy."""
    parts: list[Block] = [blocks.section(explain(finding))]
    if finding.found and finding.grade in PROBLEMS:
        parts += [blocks.context("Found:"), blocks.preformatted("\n".join(finding.found))]
    if finding.publish:
        text = "\n\n".join(record(wanted) for wanted in finding.publish)
        parts += [blocks.context("Publish:"), blocks.preformatted(text)]
    return parts


def differences(health: DomainHealth) -> str | None:
    """What the mail system itself says, where it says something else than DNS does."""
    if health.provider_verdict is None:
        return None
    told = [
        f"{SUBJECTS[subject]} {'fine' if good else 'not fine'}"
        for subject, good in _flags(health.provider_verdict).items()
        if good != (health.of(subject) in {Grade.OK, Grade.INFO, Grade.WARN})
        and health.of(subject) is not Grade.UNKNOWN
    ]
    if not told:
        return None
    return f"The mail system's own check, which may be older, calls {', '.join(told)}."


def _flags(verdict: ProviderVerdict) -> dict[Subject, bool]:
    return {
        Subject.MX: verdict.mx,
        Subject.SPF: verdict.spf,
        Subject.DKIM: verdict.dkim,
        Subject.DMARC: verdict.dmarc,
    }
