"""When to look at a domain next, and when to ask the mail system to look.

Most looks find what the last one found. So a domain that has been steady for long is looked at less and less often, and one
that somebody works on, or that may just have broken, soon.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from random import Random

from bot.dns.confirmation import SECOND_LOOK, WAIT_AT_MOST, Key, State
from bot.model import Grade, ProviderVerdict, Subject

CAP = timedelta(hours=24)
"""No domain is left alone for longer."""

SOONEST = timedelta(hours=1)
STEADY = timedelta(hours=2.5)
"""Between looks at a steady domain, as long as there are not too many of them: see `ceiling`."""

DAILY_QUESTIONS = 200_000
"""What steady domains may cost, all together: 2.3 questions a second on average."""

NEW = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=1))
"""After each look at a domain that has never been good: somebody is setting it up."""

UNKNOWN_FIRST = timedelta(minutes=10)
UNKNOWN_LAST = timedelta(hours=6)

JITTER = (0.85, 1.15)
"""So that domains added together don't stay in step."""

RECHECK_FIRST = timedelta(minutes=10)
RECHECK_LAST = timedelta(hours=24)
RECHECKS_PER_HOUR = 30


class Standing(IntEnum):
    """What is believed of a domain, in the order in which due ones are looked at."""

    NEW = 0
    SUSPECT = 1
    BAD = 2
    """Mail stops or is refused."""
    WEAK = 3
    """At risk: it still has more to lose."""
    OK = 4


@dataclass(frozen=True, slots=True)
class DomainState:
    """What decides on the next look. NEW only before the first one.

    `since`: when that standing began. `tries`: looks that ended with it, one after the other. `unanswered`: looks, one
    after the other, in which something could not be looked up. `confirmable_at`: when the first suspicion can be
    confirmed by the resolver that raised it. `was_good`: whether it ever was.
    """

    standing: Standing
    since: datetime
    tries: int = 0
    unanswered: int = 0
    confirmable_at: datetime | None = None
    was_good: bool = False


def follow(previous: DomainState | None, states: Iterable[State], now: datetime) -> DomainState:
    """The domain after a look that left the `states` of its keys, as `confirmation.judge` returned them."""
    states = list(states)
    standing = standing_of(states)
    unknown = any(state.unknown_since is not None for state in states)
    same = previous is not None and previous.standing is standing
    confirmable = [state.suspicion.until for state in states if state.suspicion is not None]
    return DomainState(
        standing=standing,
        since=previous.since if previous is not None and same else now,
        tries=previous.tries + 1 if previous is not None and same else 1,
        unanswered=(previous.unanswered if previous is not None else 0) + 1 if unknown else 0,
        confirmable_at=min(confirmable, default=None),
        was_good=(previous is not None and previous.was_good)
        or (standing in {Standing.OK, Standing.WEAK} and not unknown),
    )


def standing_of(states: Iterable[State]) -> Standing:
    states = list(states)
    if any(state.suspicion is not None for state in states):
        return Standing.SUSPECT
    grades = {state.grade for state in states}
    if Grade.FAIL in grades:
        return Standing.BAD
    return Standing.WEAK if Grade.WARN in grades else Standing.OK


def next_look(
    domain: DomainState | None,
    smallest_ttl: timedelta,
    now: datetime,
    random: Random,
    *,
    ceiling: timedelta = STEADY,
) -> datetime:
    """When to look again, after a look at `now`; at once at a domain never looked at (None).

    `smallest_ttl`: of all answers of that look, zero if there were none. Before it has run out a resolver repeats
    itself, so nobody looks then; only what was not answered is asked again earlier (RFC 9520 section 3.2).
    """
    if domain is None or domain.standing is Standing.NEW:
        return now
    wait = _wait(domain, now, ceiling) * random.uniform(*JITTER)
    earliest = min(smallest_ttl, CAP)
    if domain.standing is Standing.SUSPECT:
        confirmable = (domain.confirmable_at or now) - now
        return now + max(min(wait, WAIT_AT_MOST), min(earliest, WAIT_AT_MOST), confirmable)
    if domain.unanswered:
        retry = _doubled(UNKNOWN_FIRST, domain.unanswered, UNKNOWN_LAST)
        return now + min(retry * random.uniform(*JITTER), max(wait, earliest))
    return now + min(max(wait, earliest), CAP)


def _wait(domain: DomainState, now: datetime, ceiling: timedelta) -> timedelta:
    age = now - domain.since
    steady = min(max(age / 8, SOONEST), max(ceiling, SOONEST), CAP)
    match domain.standing:
        case Standing.NEW:
            return timedelta(0)
        case Standing.SUSPECT:
            return _doubled(SECOND_LOOK, domain.tries, WAIT_AT_MOST)
        case Standing.BAD if not domain.was_good and domain.tries <= len(NEW):
            return NEW[max(domain.tries - 1, 0)]
        case Standing.BAD | Standing.WEAK if age < timedelta(days=1):
            return timedelta(hours=1)
        case Standing.BAD:
            # Nobody mends it: looking more often would tell nobody anything.
            return timedelta(hours=6) if age < timedelta(days=7) else CAP
        case Standing.WEAK | Standing.OK:
            return steady


def ceiling(domains: int, questions_a_look: float) -> timedelta:
    """The longest wait between looks at steady domains: STEADY, or longer where that would be too many questions a day."""
    return min(max(CAP * domains * questions_a_look / DAILY_QUESTIONS, STEADY), CAP)


@dataclass(frozen=True, slots=True)
class Asked:
    """When the mail system was last asked to look at a domain, how often in a row about the same, and about what."""

    at: datetime
    times: int
    about: frozenset[Subject]


def disagreement(states: Mapping[Key, State], verdict: ProviderVerdict) -> frozenset[Subject]:
    """Where what we are sure of and the mail system's flags differ.

    What is weak passes or not, as the mail system sees fit; what is only suspected, comes and goes, or could not be looked
    up is compared with nothing.
    """
    grades: dict[Subject, set[Grade]] = {}
    for key, state in states.items():
        if state.suspicion is not None or state.unknown_since is not None or state.flapping:
            grades.setdefault(key.subject, set()).add(Grade.UNKNOWN)
        grades.setdefault(key.subject, set()).add(state.grade)
    if Grade.FAIL in grades.get(Subject.DOMAIN, ()):
        return frozenset()
    flags = (
        (Subject.MX, verdict.mx),
        (Subject.SPF, verdict.spf),
        (Subject.DKIM, verdict.dkim),
        (Subject.DMARC, verdict.dmarc),
    )
    differing = set()
    for subject, passes in flags:
        ours = grades.get(subject, set()) - {Grade.OK}
        if Grade.UNKNOWN not in ours and (Grade.FAIL in ours if passes else not ours):
            differing.add(subject)
    return frozenset(differing)


def may_ask(differing: frozenset[Subject], asked: Asked | None, now: datetime, *, in_last_hour: int) -> bool:
    """Whether the mail system may be asked to look at a domain (a write call, `recheckDns`).

    Only where there is something to settle, and less and less often while its answer stays the same. `in_last_hour`:
    how often it was asked so, for all domains of the account.
    """
    if not differing or in_last_hour >= RECHECKS_PER_HOUR:
        return False
    if asked is None:
        return True
    again = ask(differing, asked, now)
    return now - asked.at >= _doubled(RECHECK_FIRST, again.times - 1, RECHECK_LAST)


def ask(differing: frozenset[Subject], asked: Asked | None, now: datetime) -> Asked:
    """What to remember of asking now; also while nothing differs, so that nobody asks twice in a row."""
    if asked is not None and asked.about == differing and now - asked.at < 2 * RECHECK_LAST:
        return Asked(now, asked.times + 1, differing)
    return Asked(now, 1, differing)


def _doubled(first: timedelta, times: int, last: timedelta) -> timedelta:
    """The first, second ... of waits that double."""
    return min(first * (1 << min(max(times - 1, 0), 20)), last)
