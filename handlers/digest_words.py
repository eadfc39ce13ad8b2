"""What a digest says, in mrkdwn: of a cause, of what has ended, and of who is not judged."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from bot.dns.digest import Cause, Digest, Ended, Name, News, Problem
from bot.model import DnsRecord, Grade
from handlers import blocks, dns_words

SAMPLES = 3
"""Domains that a shared cause names."""

ENDED = 8
"""Domains that are named because something is no more, or came and went."""

LISTED = 5
"""Domains that any other line names."""

NAME = 70
SENTENCE = 200


def day(at: date) -> str:
    return f"{at:%a} {at.day} {at:%b}"


def text(digest: Digest) -> str:
    """All of it in one sentence or two, for notifications."""
    new = sum(problem.news is News.NEW for problem in digest.told)
    worse = sum(problem.news is News.WORSE for problem in digest.told)
    stops = [problem for problem in digest.told if problem.stops_mail]
    number = f"{len(stops):,} {'stops' if len(stops) == 1 else 'stop'} mail"
    fresh = "" if digest.previous_at is None else " new"
    told = {
        f"{new:,}{fresh} {'problem' if new == 1 else 'problems'}": new,
        f"{worse:,} worse": worse,
        f"{len(digest.fixed):,} fixed": len(digest.fixed),
        f"{len(digest.told) - new - worse:,} still open": len(digest.told) - new - worse,
        f"{len(digest.unknown):,} not looked up": len(digest.unknown),
    }
    pieces = [words for words, count in told.items() if count]
    opening = f"Mail DNS, {day(digest.day)}"
    if not pieces:
        return f"{opening}: {digest.headline[0].lower()}{digest.headline[1:]}"
    if stops:
        pieces[0] += f" ({number})"
    said = f"{opening}: {', '.join(pieces)}, {digest.fine:,} of {len(digest.names):,} fine."
    if stops:
        names = dict.fromkeys(_label(problem.name, digest) for problem in stops)
        said += f" Mail stops: {listed(list(names), SAMPLES)}."
    return said


def title(digest: Digest) -> str:
    new = sum(bool(problem.news) for problem in digest.told)
    told = {
        f"{new:,} new": new if digest.previous_at is not None else 0,
        f"{len(digest.fixed):,} fixed": len(digest.fixed),
        f"{len(digest.told):,} open": len(digest.told),
    }
    counts = ", ".join(words for words, count in told.items() if count)
    return " · ".join(filter(None, ["Mail DNS", day(digest.day), counts]))


def cause(cause: Cause, digest: Digest, *, briefly: bool = False) -> str:
    """A problem, or what many domains have in common. `briefly`: without what it means for mail."""
    first = cause.first
    mark, subject = dns_words.MARKS[cause.grade], dns_words.NAMES[first.key.subject]
    sentences = [problem_sentence(first, briefly=briefly)]
    if cause.is_shared:
        names = [_label(problem.name, digest) for problem in cause.problems]
        new = sum(problem.news is News.NEW for problem in cause.problems)
        fresh = f" ({new:,} new)" if 0 < new < len(names) else ""
        who = f"*{len(names):,} domains*{fresh}, *{subject}*: {listed(names, SAMPLES)}. For example:"
    else:
        who = f"*{_label(first.name, digest)}*, *{subject}*:"
    if cause.since is not None:
        sentences.append(f"Since {blocks.date(cause.since)}{' at the earliest' if cause.is_shared else ''}.")
    if first.news is News.WORSE:
        sentences.append("It was only a warning before.")
    if first.flapping:
        sentences.append("It comes and goes.")
    return " ".join([mark, who, *sentences])


def problem_sentence(problem: Problem, *, briefly: bool = False, limit: int = SENTENCE) -> str:
    """What is, and what it means for mail."""
    if problem.advice is None:
        return f"{blocks.escape(problem.key.tag, limit)}."
    more = f" There are {problem.times} of these." if problem.times > 1 else ""
    why = "" if briefly or not problem.advice.why else f" {blocks.escape(problem.advice.why, limit)}"
    return f"{blocks.escape(problem.advice.summary, limit)}{more}{why}"


def records(wanted: Sequence[DnsRecord], room: int) -> str:
    """As many of the records as there is room for, each of them whole; "" if that is none."""
    shown: list[str] = []
    for number, record in enumerate(wanted):
        block = dns_words.record(record)
        left = len(wanted) - number - 1
        spare = 40 if left else 0
        if sum(map(len, shown)) + 2 * len(shown) + len(block) + spare > room:
            break
        shown.append(block)
    missing = len(wanted) - len(shown)
    if shown and missing:
        shown.append(f"… and {missing} more: see /mail-dns")
    return "\n\n".join(shown)


def ended(heading: str, those: Iterable[Ended], digest: Digest) -> str:
    """`*Fixed*: newshop.example (DKIM, DMARC), oldbrand.example (MX).`"""
    subjects: dict[str, dict[str, None]] = {}
    for one in those:
        name = _label((one.key.account, one.key.domain), digest)
        subjects.setdefault(name, {})[dns_words.NAMES[one.key.subject]] = None
    told = [f"{name} ({', '.join(what)})" for name, what in subjects.items()]
    return f"{heading}: {listed(told, ENDED)}."


def unknown(digest: Digest) -> str:
    told = []
    for one in digest.unknown:
        what = ", ".join(dns_words.NAMES[subject] for subject in one.subjects)
        since = "" if one.since is None else f", since {blocks.date(one.since)}"
        told.append(f"{_label(one.name, digest)} ({what}{since})")
    mark = dns_words.MARKS[Grade.UNKNOWN]
    return f"{mark} *Could not be looked up*: {listed(told, LISTED)}. What was seen before still counts."


def small_print(digest: Digest) -> list[str]:
    """The lines about domains that came or went, and about those of which nothing is said."""
    lines = {
        "Seen as bad once, and not believed before it is seen again": digest.suspected,
        "Not looked at yet": digest.unseen,
        "New here": digest.added,
        "No longer here": digest.removed,
    }
    told = [f"{heading}: {_names(names, digest)}." for heading, names in lines.items() if names]
    if digest.muted:
        names = [f"{_label(name, digest)} until {blocks.date(until)}" for name, until in digest.muted]
        told.append(f"🔕 Muted, and not counted above: {listed(names, LISTED)}.")
    return told


def coverage(digest: Digest) -> str:
    number = len(digest.names)
    told = [f"{number:,} {'domain' if number == 1 else 'domains'}, {digest.fine:,} fine"]
    if digest.oldest_look is not None:
        age = digest.built_at - digest.oldest_look
        told.append(
            f"the oldest look is {blocks.duration(age)} old"
            if age >= timedelta(minutes=1)
            else "all looked at just now"
        )
    if digest.muted:
        told.append(f"{len(digest.muted):,} muted")
    if digest.next_at is not None:
        told.append(f"next digest {blocks.date(digest.next_at)}")
    return " · ".join([*told, "any time: /mail-dns [domain]"])


def listed(names: Sequence[str], number: int) -> str:
    shown = ", ".join(names[:number])
    return f"{shown} and {len(names) - number:,} more" if len(names) > number else shown


def _names(names: Iterable[Name], digest: Digest) -> str:
    return listed([_label(name, digest) for name in names], LISTED)


def _label(name: Name, digest: Digest) -> str:
    label = dns_words.label(*name, several=digest.several)
    return blocks.escape(blocks.cut(label, NAME), NAME)
