"""The digest as plain text, with all that is in it: for a terminal."""

import textwrap
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dns.digest import Cause, Digest, Ended, Name
from handlers import blocks, digest_words, dns_words

WIDTH = 100
NAMES = 20
"""Domains that one line names."""


def digest_text(digest: Digest, zone: ZoneInfo) -> str:
    """All of it, with times in that zone."""
    title = f"Mail DNS, {digest_words.day(digest.day)}"
    parts = [f"{title}\n{digest.headline}"]
    if digest.blind_since is not None:
        parts.append(
            f"DNS could not be asked since {_time(digest.blind_since, zone)}: nothing below is newer."
        )
    for heading, causes in (
        ("MAIL STOPS", digest.stops),
        ("AT RISK", digest.risks),
        ("ONE CAUSE, MANY DOMAINS", digest.shared),
        ("STILL OPEN, the oldest first", digest.open),
    ):
        if causes:
            parts.append("\n\n".join([heading, *(_cause(cause, digest, zone) for cause in causes)]))
    lines = {
        "Fixed": _ended(digest.fixed, digest),
        "Came and went": _ended(digest.passed, digest),
        "Could not be looked up": [
            f"{_label(one.name, digest)} ({', '.join(dns_words.NAMES[subject] for subject in one.subjects)})"
            for one in digest.unknown
        ],
        "Seen as bad once, and not believed before it is seen again": _labels(digest.suspected, digest),
        "Not looked at yet": _labels(digest.unseen, digest),
        "New here": _labels(digest.added, digest),
        "No longer here": _labels(digest.removed, digest),
        "Muted, and not counted above": [
            f"{_label(name, digest)} until {_time(until, zone)}" for name, until in digest.muted
        ],
    }
    parts += [
        textwrap.fill(
            f"{heading}: {digest_words.listed(told, NAMES)}.",
            WIDTH,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for heading, told in lines.items()
        if told
    ]
    parts.append(_coverage(digest, zone))
    return "\n\n".join(parts)


def _cause(cause: Cause, digest: Digest, zone: ZoneInfo) -> str:
    first = cause.first
    mark, subject = dns_words.MARKS[cause.grade], dns_words.NAMES[first.key.subject]
    names = [_label(problem.name, digest) for problem in cause.problems]
    who = names[0]
    if cause.is_shared:
        who = f"{len(names):,} domains ({digest_words.listed(names, NAMES)})"
    sentences = [f"{mark} {who}, {subject}:", "For example:" if cause.is_shared else ""]
    advice = first.advice
    if advice is not None:
        sentences += [advice.summary, advice.why]
    if first.times > 1:
        sentences.append(f"There are {first.times} of these.")
    if cause.since is not None:
        sentences.append(f"Since {_time(cause.since, zone)}.")
    told = textwrap.fill(
        " ".join(filter(None, sentences)),
        WIDTH,
        subsequent_indent="   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    records = [dns_words.record(record) for record in ([] if advice is None else advice.publish)]
    return "\n\n".join([told, *(textwrap.indent(record, "      ") for record in records)])


def _coverage(digest: Digest, zone: ZoneInfo) -> str:
    number = len(digest.names)
    told = [f"{number:,} {'domain' if number == 1 else 'domains'}, {digest.fine:,} fine"]
    if digest.oldest_look is not None:
        told.append(f"the oldest look is {blocks.duration(digest.built_at - digest.oldest_look)} old")
    if digest.next_at is not None:
        told.append(f"the next digest is due {_time(digest.next_at, zone)}")
    return "; ".join(told) + "."


def _ended(those: Iterable[Ended], digest: Digest) -> list[str]:
    return [
        f"{_label((one.key.account, one.key.domain), digest)} ({dns_words.NAMES[one.key.subject]})"
        for one in those
    ]


def _labels(names: Iterable[Name], digest: Digest) -> Sequence[str]:
    return [_label(name, digest) for name in names]


def _label(name: Name, digest: Digest) -> str:
    account, domain = name
    return dns_words.label(account, domain, several=digest.several)


def _time(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y %H:%M}"
