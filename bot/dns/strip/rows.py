"""What the picture says: which domains have a row of their own, in which order, and the same in sentences."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Grade

NAMED = 12
"""Domains with a row of their own."""
ALT_TEXT = 2_000
"""What the alt text of an image block may hold (docs.slack.dev, reference/block-kit/blocks/image-block)."""

_NOTE = 120

State = Grade | None


@dataclass(frozen=True, slots=True)
class StripRow:
    """`states`: the worst of each day, oldest first, the last one being today's; None where nobody looked.

    `note`: a few words on what is the matter, or "".
    """

    domain: str
    states: tuple[State, ...]
    note: str = ""


_RANK: dict[State, int] = {Grade.FAIL: 0, Grade.WARN: 1, Grade.UNKNOWN: 2, Grade.OK: 3, None: 4}
_TROUBLE = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN)
WORDS: dict[State, str] = {
    Grade.OK: "all right",
    Grade.WARN: "at risk",
    Grade.FAIL: "mail affected",
    Grade.UNKNOWN: "could not be looked up",
    None: "not looked at",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the picture. `others`: for how many domains together it stands, 0 for one of its own."""

    name: str
    states: tuple[State, ...]
    note: str
    others: int = 0


def lines(rows: Sequence[StripRow], days: int) -> list[Line]:
    """The worst first; those without a line of their own are together in the last one."""
    named, others = _chosen(rows, days)
    told = [Line(row.domain, _padded(row.states, days), row.note) for row in named]
    if others:
        told.append(Line(_count(len(others), named), _worst(others, days), _sum(others), len(others)))
    return told


def alt_text(rows: Sequence[StripRow], *, days: int = 30, limit: int = ALT_TEXT) -> str:
    """What the picture shows, in sentences of at most `limit` characters together."""
    named, others = _chosen(rows, days)
    told = [f"DNS health of {_plural(len(rows), 'domain')} over the last {days} days."]
    if not rows:
        return told[0]
    left = len(rows)
    for row in named:
        sentence = _sentence(row, days)
        if len(" ".join([*told, sentence])) > limit - 60:
            break
        told.append(sentence)
        left -= 1
    if left == len(others) and others:
        told.append(f"{_count(left, named)}: {_sum(others)}.")
    elif left:
        told.append(f"{_plural(left, 'more domain')} {'is' if left == 1 else 'are'} not described here.")
    return " ".join(told)


def in_words(domain: str, states: Sequence[State]) -> str:
    """The strip of one domain as a sentence."""
    return _sentence(StripRow(domain, tuple(map(_state, states))), len(states))


def _chosen(rows: Sequence[StripRow], days: int) -> tuple[list[StripRow], list[StripRow]]:
    """Those with a row of their own, the worst first, and the others."""
    cut = [StripRow(row.domain, tuple(map(_state, row.states[-days:])), row.note) for row in rows]
    cut.sort(key=_badness)
    if len(cut) <= NAMED:
        return cut, []
    troubled = [row for row in cut if _had_trouble(row)]
    return troubled[:NAMED], [*troubled[NAMED:], *(row for row in cut if not _had_trouble(row))]


def _had_trouble(row: StripRow) -> bool:
    return any(state in _TROUBLE for state in row.states)


def _state(state: State) -> State:
    return Grade.OK if state is Grade.INFO else state


def _badness(row: StripRow) -> tuple[int, int, int, int, str]:
    often = Counter(row.states)
    return _RANK[_now(row)], -often[Grade.FAIL], -often[Grade.WARN], -often[Grade.UNKNOWN], row.domain


def _now(row: StripRow) -> State:
    """How it was when somebody last looked."""
    return next((state for state in reversed(row.states) if state is not None), None)


def _worst(rows: Sequence[StripRow], days: int) -> tuple[State, ...]:
    by_day = zip(*(_padded(row.states, days) for row in rows), strict=True)
    return tuple(min(states, key=_RANK.__getitem__) for states in by_day)


def _padded(states: tuple[State, ...], days: int) -> tuple[State, ...]:
    return (None,) * (days - len(states)) + states


def _count(number: int, named: Sequence[StripRow]) -> str:
    return _plural(number, "other") if named else _plural(number, "domain")


def _plural(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _sum(rows: Sequence[StripRow]) -> str:
    now = Counter(map(_now, rows))
    if now[Grade.FAIL] or now[Grade.WARN]:
        return f"{now[Grade.FAIL] + now[Grade.WARN]:,} more not all right"
    if now[Grade.UNKNOWN]:
        return f"{now[Grade.UNKNOWN]:,} more could not be looked up"
    if now[None]:
        return "not looked at yet" if now[None] == len(rows) else f"{now[None]:,} not looked at yet"
    before = sum(map(_had_trouble, rows))
    return f"all right now, {before:,} had trouble before" if before else "all right"


def _sentence(row: StripRow, days: int) -> str:
    looked = [(day, state) for day, state in enumerate(row.states) if state is not None]
    if not looked:
        return f"{row.domain}: not looked at yet."
    last, now = looked[-1]
    run = list(itertools.takewhile(lambda seen: seen[1] is now, reversed(looked)))
    often = Counter(state for _, state in looked[: -len(run)])
    before = ", ".join(
        f"{WORDS[state]} on {_plural(often[state], 'day')}" for state in _TROUBLE if often[state]
    )
    if often:
        before = f", before that {before or 'all right'}"
    note = f" ({row.note[:_NOTE].rstrip('.')})" if row.note else ""
    when = _when(len(row.states) - 1 - last, len(row.states) - run[-1][0], days)
    return f"{row.domain}: {WORDS[now]} {when}{before}{note}."


def _when(ago: int, span: int, days: int) -> str:
    """`ago`: how many days ago was the last look. `span`: how many days ago, and today, it began."""
    if ago:
        return f"when last looked at, {_plural(ago, 'day')} ago"
    if span == 1:
        return "today"
    return f"on all {days} days" if span == days else f"for the last {span} days"
