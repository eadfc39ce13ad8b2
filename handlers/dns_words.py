"""How DNS findings are shown, in windows and in messages."""

from collections import Counter
from collections.abc import Mapping, Sequence

import dns.exception
import dns.name

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
"""The columns: what mail itself needs. All others are told in the findings."""

NAMES = {
    Subject.DOMAIN: "Domain",
    **SUBJECTS,
    Subject.OWNERSHIP: "Ownership",
    Subject.MTA_STS: "MTA-STS",
    Subject.TLS_RPT: "TLS-RPT",
    Subject.DNSSEC: "DNSSEC",
    Subject.NAMESERVERS: "Name servers",
    Subject.ADDRESSES: "Addresses",
    Subject.REVERSE: "Reverse DNS",
    Subject.TLSA: "TLSA",
    Subject.AUTOCONFIG: "Autoconfig",
}

PROBLEMS = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN)

_ORDER = {Grade.FAIL: 0, Grade.WARN: 1, Grade.UNKNOWN: 2, Grade.INFO: 3, Grade.OK: 4}


def worst_first(healths: Sequence[DomainHealth]) -> list[DomainHealth]:
    return sorted(healths, key=lambda health: (_ORDER[health.grade], health.domain, health.account))


def problems(health: DomainHealth) -> list[Finding]:
    """The findings that something should be done about, the worst first."""
    found = [finding for finding in health.findings if finding.shown in PROBLEMS]
    return sorted(found, key=lambda finding: _ORDER[finding.shown])


def is_blind(health: DomainHealth) -> bool:
    """Whether this says nothing of the domain, because DNS could not be asked at all."""
    return [finding.tag for finding in health.findings] == ["DOMAIN_UNANSWERED"]


def readable(name: str) -> str:
    """A domain in the letters that its owner writes it in; as it is where it has none of its own (RFC 5891 section 5.2)."""
    if not any(label.startswith("xn--") for label in name.split(".")):
        return name
    try:
        letters = dns.name.from_text(name).to_unicode(omit_final_dot=True, idna_codec=dns.name.IDNA_2008)
    except (dns.exception.DNSException, UnicodeError):
        return name
    return letters if letters.isprintable() and "\\" not in letters else name


def ascii_name(name: str) -> str:
    """A domain as DNS has it, in A-labels (RFC 5890 section 2.3.2.1); as it is where DNS can't hold it."""
    try:
        return dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008).to_text(omit_final_dot=True)
    except (dns.exception.DNSException, UnicodeError):
        return name


def fits(name: str, text: str) -> bool:
    """Whether a domain is among those that `text`, in lower case, is a search for."""
    return text in name or text in readable(name)


def label(account: str, domain: str, *, several: bool) -> str:
    """A domain as people call it, with its account where there are several. Not escaped."""
    return f"{readable(domain)} ({account})" if several else readable(domain)


def cell(health: DomainHealth, subject: Subject) -> str:
    """One cell of the table: a mark and a word, for those who don't see the mark."""
    whole = health.of(Subject.DOMAIN)
    if whole in PROBLEMS and not any(finding.subject is subject for finding in health.findings):
        return f"{MARKS[Grade.UNKNOWN]} not looked at"
    grade = health.of(subject)
    return f"{MARKS[grade]} {WORDS[grade]}"


def marks(health: DomainHealth) -> str:
    """All subjects in one line. On a narrow phone no mark is parted from what it is about."""
    return "   ".join(
        f"{name}\N{NO-BREAK SPACE}{cell(health, subject).partition(' ')[0]}"
        for subject, name in SUBJECTS.items()
    )


def counts(healths: Sequence[DomainHealth]) -> str:
    """`6 domains: 3 fail, 1 with warnings, 2 ok.`"""
    return counted(Counter(health.grade for health in healths))


def counted(grades: Mapping[Grade, int]) -> str:
    """The same, of how many domains are how."""
    total = sum(grades.values())
    phrases = {
        Grade.FAIL: "failing",
        Grade.WARN: "with warnings",
        Grade.UNKNOWN: "unknown",
        Grade.OK: "ok",
    }
    told = [f"{number} {phrase}" for grade, phrase in phrases.items() if (number := grades.get(grade, 0))]
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
    text = f"{MARKS[finding.shown]} *{NAMES[finding.subject]}*: {blocks.escape(finding.summary, limit)}"
    return f"{text} {blocks.escape(finding.why, limit)}" if finding.why else text


def differences(health: DomainHealth) -> str | None:
    """What the mail system itself says, where it says something else than DNS does."""
    if health.provider_verdict is None:
        return None
    told = [
        f"{SUBJECTS[subject]} {'fine' if good else 'not fine'} (DNS: {WORDS[health.of(subject)]})"
        for subject, good in _flags(health.provider_verdict).items()
        if good != (health.of(subject) in {Grade.OK, Grade.INFO, Grade.WARN})
        and health.of(subject) is not Grade.UNKNOWN
    ]
    if not told:
        return None
    return f"The mail system's own check, which may be older, says otherwise: {', '.join(told)}."


def _flags(verdict: ProviderVerdict) -> dict[Subject, bool]:
    return {
        Subject.MX: verdict.mx,
        Subject.SPF: verdict.spf,
        Subject.DKIM: verdict.dkim,
        Subject.DMARC: verdict.dmarc,
    }
