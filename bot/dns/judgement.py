"""What a look changes: what is believed of the domain, when it is looked at next, what is shown, what is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from bot.dns.cadence import follow, next_look
from bot.dns.confirmation import Change, Key, State, Turn, judge
from bot.dns.kept import Kept
from bot.dns.look import Look
from bot.model import DomainHealth, Finding, Grade, Subject

_BAD = {Grade.WARN: 1, Grade.FAIL: 2}
_ORDER = {subject: place for place, subject in enumerate(Subject)}
_WORST_FIRST = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.INFO, Grade.OK)


@dataclass(frozen=True, slots=True)
class Told:
    """A change with the finding that it is about; None where it is good now."""

    key: Key
    change: Change
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class Judged:
    """`was_good`: the domain has been good before; `is_good`: nothing is believed or suspected that stops mail.

    `was_suspected`: something that does was suspected, and not yet believed, before this look.
    """

    kept: Kept
    health: DomainHealth
    told: tuple[Told, ...]
    next_look_at: datetime
    was_good: bool
    is_good: bool
    was_suspected: bool = False

    @property
    def needs_second_opinion(self) -> bool:
        """Whether another resolver could tell more: something is suspected, or was not answered."""
        states = self.kept.states.values()
        return any(state.suspicion is not None or state.unknown_since is not None for state in states)

    @property
    def begun(self) -> list[tuple[datetime, Grade]]:
        """What has turned bad, and when it was first seen: maybe on an earlier day than it is believed."""
        return [(told.change.since, told.change.after) for told in self.told if told.change.turn is Turn.BAD]


def take_in(
    kept: Kept, before: DomainHealth | None, look: Look, random: Random, *, ceiling: timedelta
) -> Judged:
    """`before`: what was shown of the domain; `ceiling`: as in `next_look`."""
    states, changes = judge(kept.states, look.findings, look.at, by=look.by, ttls=look.ttls)
    course = follow(kept.course, states.values(), look.at)
    due = next_look(course, look.smallest_ttl, look.at, random, ceiling=ceiling)
    findings = _shown(states, () if before is None else before.findings, look)
    by_key = {Key(finding.subject, finding.tag): finding for finding in findings}
    return Judged(
        kept=replace(
            kept,
            states=states,
            course=course,
            looked_at=look.at,
            wholly_at=look.at if look.wholly else kept.wholly_at,
        ),
        health=DomainHealth(
            look.domain.account,
            look.domain.name,
            look.at,
            findings,
            look.domain.provider_verdict,
            due,
        ),
        told=tuple(Told(key, change, by_key.get(key)) for key, change in changes.items()),
        next_look_at=due,
        was_good=kept.course is not None and kept.course.was_good,
        is_good=not any(_fails(state) for state in states.values()),
        was_suspected=any(_fails(state) and state.grade is not Grade.FAIL for state in kept.states.values()),
    )


def _fails(state: State) -> bool:
    """Also what was only seen once: a domain is not called good that has just failed in another way."""
    return Grade.FAIL in {state.grade, None if state.suspicion is None else state.suspicion.grade}


def _shown(states: Mapping[Key, State], before: Iterable[Finding], look: Look) -> tuple[Finding, ...]:
    """The findings as they may be shown: with since when, whether they are believed, and those that still hold."""
    before = list(before)
    known = {
        finding.subject for finding in before if finding.grade is not Grade.UNKNOWN or not finding.confirmed
    }
    shown = [_weighed(finding, states, known, look.at) for finding in look.findings]
    keys = {Key(finding.subject, finding.tag) for finding in shown}
    gone = [finding for finding in shown if finding.subject is Subject.DOMAIN]
    if not gone or not gone[0].confirmed:
        seen = {finding.subject for finding in shown}
        for finding in before:
            key = Key(finding.subject, finding.tag)
            if key in keys:
                continue
            # Not asked about this time, or not answered: what was believed still is.
            state, unseen = states.get(key), finding.subject not in seen
            if finding.grade not in _BAD:
                shown += [finding] if unseen else []
            elif state is not None and (state.is_bad or (unseen and state.suspicion is not None)):
                shown.append(replace(finding, confirmed=state.is_bad))
    shown.sort(key=lambda finding: (_ORDER[finding.subject], _WORST_FIRST.index(finding.shown)))
    return tuple(shown)


def _weighed(finding: Finding, states: Mapping[Key, State], known: set[Subject], now: datetime) -> Finding:
    state = states.get(Key(finding.subject, finding.tag))
    if finding.grade is Grade.UNKNOWN:
        said = state is None or state.is_unknown(now) or finding.subject not in known
        return replace(finding, confirmed=said, since=None if state is None else state.unknown_since)
    if finding.grade not in _BAD:
        return finding
    if state is None:
        return replace(finding, confirmed=False, since=now)
    if not state.is_bad:
        since = now if state.suspicion is None else state.suspicion.at
        return replace(finding, confirmed=False, since=since)
    worst = min(_BAD[finding.grade], _BAD[state.grade])
    grade = next(grade for grade, rank in _BAD.items() if rank == worst)
    return replace(finding, grade=grade, since=state.since)
