"""When to believe what a look says: one bad answer is a suspicion, two that agree are a fact.

Judged by finding, over all looks at a domain. An answer that never came says nothing (RFC 2308 section 7): it changes no
state, it only begins to show after a while. "Good again" is believed at once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import NamedTuple

from bot.model import Finding, Grade, Subject

SECOND_LOOK = timedelta(minutes=5)
"""The least time between two looks by one resolver that confirm each other; failures are cached up to here (RFC 9520)."""

WAIT_AT_MOST = timedelta(hours=1)
"""No suspicion waits longer for the resolver's cache to run out; senders' resolvers believe it as long, too."""

UNKNOWN_SHOWS = timedelta(hours=6)
"""What could not be looked up for so long is named."""

FLAPS = 3
"""More changes than that within QUIET are one finding: it comes and goes."""

QUIET = timedelta(days=7)

_RANK = {Grade.OK: 0, Grade.INFO: 0, Grade.WARN: 1, Grade.FAIL: 2}
_BY_RANK = (Grade.OK, Grade.WARN, Grade.FAIL)


class Key(NamedTuple):
    """What stays the same while the sentences of a finding change."""

    subject: Subject
    tag: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What one look says about one key; OK where the subject was looked at and has no such finding.

    `by` names the resolver that answered: another one is another witness. `ttl`: for how long it goes on giving that
    answer from its cache. `partial`: a part of the subject could not be looked up, so that it may be worse than it looks.
    """

    grade: Grade
    by: str = ""
    ttl: timedelta = timedelta(0)
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Worse than what is believed, as seen once. The resolver that said so can confirm it from `until` on."""

    grade: Grade
    at: datetime
    by: str
    until: datetime


@dataclass(frozen=True, slots=True)
class State:
    """What is believed of one key.

    `grade`: OK, WARN or FAIL. `since`: when the good or bad time began; a bad one when it was first seen. `confirmed_at`:
    when the grade was believed, None before its first change. `unknown_since`: set while looks end without an answer.
    `changes`: when the grade changed within the last QUIET. `flapping`: changes are kept to ourselves.
    """

    since: datetime
    grade: Grade = Grade.OK
    confirmed_at: datetime | None = None
    suspicion: Suspicion | None = None
    last_definite_at: datetime | None = None
    last_tried_at: datetime | None = None
    unknown_since: datetime | None = None
    changes: tuple[datetime, ...] = ()
    flapping: bool = False

    @property
    def is_bad(self) -> bool:
        return self.grade is not Grade.OK

    @property
    def is_settled(self) -> bool:
        """Good, with nothing to remember: the same as a key never heard of."""
        return self == State(
            self.since,
            confirmed_at=self.confirmed_at,
            last_definite_at=self.last_definite_at,
            last_tried_at=self.last_tried_at,
        )

    def is_unknown(self, now: datetime) -> bool:
        """Whether it could not be looked up for so long that it is to be said."""
        return self.unknown_since is not None and now - self.unknown_since >= UNKNOWN_SHOWS


class Turn(StrEnum):
    BAD = auto()
    BETTER = auto()
    """Good again."""
    GRADE = auto()
    """Worse or less bad than it was, and bad before and after."""
    FLAPPING = auto()
    """It has come and gone too often; what it does next is not told until it is steady."""
    STEADY = auto()
    """It has stopped coming and going: `after` is what it has been since."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something to tell. `since` as in the state after it."""

    turn: Turn
    before: Grade
    after: Grade
    since: datetime
    at: datetime


def step(state: State | None, look: Observed, now: datetime) -> tuple[State, Change | None]:
    """The state after a look, and what there is to tell. `state`: None for a key never heard of."""
    before = replace(state or State(now), last_tried_at=now)
    if look.grade is Grade.UNKNOWN:
        return _tell(before, replace(before, unknown_since=before.unknown_since or now), now)
    before = replace(before, last_definite_at=now, unknown_since=None)
    return _tell(before, _believe(before, look, now), now)


def _believe(state: State, look: Observed, now: datetime) -> State:
    seen, believed = _RANK[look.grade], _RANK[state.grade]
    if look.partial and seen < believed:
        return state
    if seen <= believed:
        since = now if seen == 0 < believed else state.since
        # A part that was not seen may still be as bad as suspected.
        suspicion = state.suspicion if look.partial else None
        return replace(state, grade=_BY_RANK[seen], since=since, suspicion=suspicion)
    suspicion = state.suspicion
    if suspicion is None:
        return replace(state, suspicion=_suspect(look, now))
    agreed = _BY_RANK[min(seen, _RANK[suspicion.grade])]
    if look.by == suspicion.by and now < suspicion.until:
        grade = suspicion.grade if look.partial else agreed
        return replace(state, suspicion=replace(suspicion, grade=grade))
    return replace(
        state,
        grade=agreed,
        since=state.since if state.is_bad else suspicion.at,
        suspicion=None if seen == _RANK[agreed] else _suspect(look, now),
    )


def _suspect(look: Observed, now: datetime) -> Suspicion:
    return Suspicion(look.grade, now, look.by, now + min(max(look.ttl, SECOND_LOOK), WAIT_AT_MOST))


def _tell(before: State, after: State, now: datetime) -> tuple[State, Change | None]:
    recent = tuple(at for at in before.changes if now - at < QUIET)
    hushed = before.flapping and bool(recent)
    change = Change(Turn.STEADY, before.grade, after.grade, after.since, now)
    if after.grade is before.grade:
        after = replace(after, changes=recent, flapping=hushed)
        return after, change if before.flapping and not hushed else None
    recent += (now,)
    flapping = hushed or len(recent) > FLAPS
    after = replace(after, confirmed_at=now, changes=recent, flapping=flapping)
    if hushed:
        return after, None
    if flapping:
        turn = Turn.FLAPPING
    elif not after.is_bad:
        turn = Turn.BETTER
    else:
        turn = Turn.GRADE if before.is_bad else Turn.BAD
    return after, replace(change, turn=turn)


def judge(
    states: Mapping[Key, State],
    findings: Iterable[Finding],
    now: datetime,
    *,
    by: str = "",
    ttls: Mapping[Subject, timedelta] | None = None,
) -> tuple[dict[Key, State], dict[Key, Change]]:
    """The states of a domain after a look, and what there is to tell. Keys with nothing to remember are left out.

    `ttls`: the longest that an answer for that subject stays cached; one that is not named waits for WAIT_AT_MOST.
    """
    after = dict(states)
    changes: dict[Key, Change] = {}
    seen = observe(findings, states, by=by, ttls=ttls)
    if any(key.subject is Subject.DOMAIN and _RANK.get(look.grade, 0) > 0 for key, look in seen.items()):
        # RFC 8020: below a name that is not there is nothing, and so nothing to suspect.
        for key in states.keys() - seen.keys():
            after[key] = replace(states[key], suspicion=None, unknown_since=None)
    for key, look in seen.items():
        state, change = step(states.get(key), look, now)
        if change is not None:
            changes[key] = change
        if state.is_settled:
            after.pop(key, None)
        else:
            after[key] = state
    return after, changes


def observe(
    findings: Iterable[Finding],
    known: Iterable[Key],
    *,
    by: str = "",
    ttls: Mapping[Subject, timedelta] | None = None,
) -> dict[Key, Observed]:
    """What the findings of one look say about the keys they name and about those `known` from earlier ones.

    A subject without any finding was not looked at, and nothing is said about its keys. A known key that is not named is OK
    only if all of its subject could be looked up; what is good and was not known to be bad is left out.
    """
    ranks: dict[Key, int] = {}
    partial: dict[Subject, bool] = {}
    for finding in findings:
        subject, grade = finding.subject, finding.grade
        if grade is Grade.UNKNOWN:
            partial[subject] = True
            ranks.setdefault(Key(subject, finding.tag), 0)
            continue
        partial.setdefault(subject, False)
        if rank := _RANK[grade]:
            key = Key(subject, finding.tag)
            ranks[key] = max(rank, ranks.get(key, 0))
    # A domain of which an MX or TXT record is judged is there (RFC 8020), though no finding says so.
    if partial.get(Subject.MX) is False or partial.get(Subject.SPF) is False:
        partial.setdefault(Subject.DOMAIN, False)
    seen: dict[Key, Observed] = {}
    for key in {*ranks, *known}:
        if key.subject in partial:
            unsure = partial[key.subject]
            rank = ranks.get(key, 0)
            grade = Grade.UNKNOWN if unsure and not rank else _BY_RANK[rank]
            seen[key] = Observed(grade, by, (ttls or {}).get(key.subject, WAIT_AT_MOST), unsure)
    return seen
