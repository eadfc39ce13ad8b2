"""A simulation of when to look: `python -m tests.benchmarks.cadence`, from the root of the repository.

500 domains for 30 days under schedules of different kinds. The bot's own is the code that runs in production
(`bot.dns.cadence` and `bot.dns.confirmation`), told of a made-up world instead of DNS. The last line is JSON.

The world, for each domain: a record breaks once in 60 days (more often than in life, so that percentiles mean something),
and is mended after a lognormal time (median 1 day) once somebody was told; breaks begin after the third day, when the first
rush is over, and before the last two. Its name servers are in trouble once in 60 days for a lognormal time (median 20 minutes),
when every look-up fails; 0.3 % of looks fail by chance; 0.02 % get a wrong answer that looks right, such as "no such
record". One domain in 10 is weak for ever (DMARC with p=none), one in 50 broken for ever.
The smallest TTL of a domain is 5 minutes, 1 hour or 4 hours (5 : 4 : 1), "no such record" is cached for 5, 30 or 60 minutes.

The tiered scheduler asks the mail system to look (`recheckDns`, one call a look) and reads its flags (`listDomains`, one call
for all that were due). Domains never checked are due at once, red ones after 30 minutes; when the others are due is not
published, so there is one row for 6 hours and one for 24. A flag is false whenever the record was not seen, and is told
at first sight. The bot asks DNS itself, 12 questions a look, and the mail system only where the two differ; its
`listDomains` counts once an hour for the directory and once for each sweep in which it asked.
"""

import copy
import heapq
import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Protocol

from typing_extensions import override

from bot.dns.cadence import Asked, DomainState, ask, ceiling, disagreement, follow, may_ask, next_look
from bot.dns.confirmation import Key, State, Turn, judge
from bot.model import Finding, Grade, ProviderVerdict, Subject

START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TICK = timedelta(minutes=1)

QUESTIONS = 12
SUBJECTS = (Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC)
GOOD = [Finding(subject, f"{subject.name}_OK", Grade.OK, "") for subject in SUBJECTS]
SILENT = [Finding(subject, f"{subject.name}_UNANSWERED", Grade.UNKNOWN, "") for subject in SUBJECTS]
WEAK = Finding(Subject.DMARC, "DMARC_POLICY_NONE", Grade.WARN, "")


@dataclass(slots=True)
class Break:
    at: datetime
    subject: Subject
    mending: timedelta
    told_at: datetime | None = None

    def lasts(self, now: datetime) -> bool:
        return self.at <= now and (self.told_at is None or now < self.told_at + self.mending)


@dataclass(slots=True)
class Domain:
    """`smallest_ttl` of its answers; `negative_ttl`: how long "no such record" is cached."""

    smallest_ttl: timedelta
    negative_ttl: timedelta
    weak: bool
    abandoned: bool
    breaks: list[Break]
    troubles: list[tuple[datetime, datetime]]

    def broken(self, now: datetime) -> set[Subject]:
        broken = {fault.subject for fault in self.breaks if fault.lasts(now)}
        return broken | {Subject.SPF} if self.abandoned else broken

    def look(self, now: datetime, chance: Random) -> set[Subject] | None:
        """What a look finds missing, None where it gets no answer."""
        luck = chance.random()
        if luck < 0.003 or any(begin <= now < end for begin, end in self.troubles):
            return None
        lie = {chance.choice(SUBJECTS)} if luck > 0.9998 else set()
        return self.broken(now) | lie


def make_world(domains: int, days: int, chance: Random) -> list[Domain]:
    def times(every: float, first: float, last: float) -> Iterator[datetime]:
        day = first
        while (day := day + chance.expovariate(1 / every)) < last:
            yield START + day * DAY

    world = []
    for number in range(domains):
        abandoned = number % 50 == 7
        faults = [
            Break(at, chance.choice(SUBJECTS), chance.lognormvariate(0, 0.8) * DAY)
            for at in times(60, 3, days - 2)
            if not abandoned
        ]
        troubles = [
            (at, at + chance.lognormvariate(math.log(20), 1) * timedelta(minutes=1))
            for at in times(60, 0, days)
        ]
        smallest = chance.choices((300, 3600, 14400), (5, 4, 1))[0]
        negative = chance.choice((300, 1800, 3600))
        world.append(
            Domain(
                timedelta(seconds=smallest),
                timedelta(seconds=negative),
                weak=number % 10 == 3,
                abandoned=abandoned,
                breaks=faults,
                troubles=troubles,
            )
        )
    return world


@dataclass(slots=True)
class Tally:
    delays: list[timedelta] = field(default_factory=list)
    missed: int = 0
    false_alarms: int = 0
    api_calls: int = 0
    questions: int = 0

    def told(self, domain: Domain, subjects: set[Subject], now: datetime) -> None:
        """Somebody is told that these are bad, or sees that they still are."""
        for fault in domain.breaks:
            if fault.subject in subjects and fault.told_at is None and fault.at <= now:
                fault.told_at = now
                self.delays.append(now - fault.at)


class Policy(Protocol):
    def look(self, number: int, domain: Domain, now: datetime, tally: Tally) -> datetime:
        """Look at one domain now; return when to look again."""

    def swept(self, tally: Tally) -> None:
        """All that were due have been looked at."""


class ByMailSystem(Policy):
    """The mail system looks and keeps flags; red ones are due after `red`, the others after `green`."""

    def __init__(self, chance: Random, *, red: timedelta, green: timedelta) -> None:
        self._chance = chance
        self._red = red
        self._green = green
        self._was: dict[int, set[Subject]] = {}

    @override
    def look(self, number: int, domain: Domain, now: datetime, tally: Tally) -> datetime:
        tally.api_calls += 1
        found = domain.look(now, self._chance)
        red = set(SUBJECTS) if found is None else found
        tally.told(domain, red, now)
        new = red - self._was.get(number, set())
        tally.false_alarms += bool(new) and not new & domain.broken(now)
        self._was[number] = red
        return now + (self._red if red else self._green)

    @override
    def swept(self, tally: Tally) -> None:
        tally.api_calls += 1


class Bot(Policy):
    """What runs in production. `second`: whether a second resolver is asked at once when the first finds something bad."""

    def __init__(self, chance: Random, *, domains: int, second: bool) -> None:
        self._chance = chance
        self._second = second
        self._ceiling = ceiling(domains, QUESTIONS)
        self._states: dict[int, dict[Key, State]] = {}
        self._domains: dict[int, DomainState] = {}
        self._flags: dict[int, ProviderVerdict] = {}
        self._asked: dict[int, Asked] = {}
        self._rechecks: list[datetime] = []
        self._has_asked = False

    @override
    def look(self, number: int, domain: Domain, now: datetime, tally: Tally) -> datetime:
        self._judge(number, domain, now, tally, by="first")
        if self._second and any(state.suspicion for state in self._states[number].values()):
            self._judge(number, domain, now, tally, by="second")
        states = self._states[number]
        after = self._domains[number] = follow(self._domains.get(number), states.values(), now)
        self._settle(number, domain, now, tally)
        return next_look(after, domain.smallest_ttl, now, self._chance, ceiling=self._ceiling)

    def _judge(self, number: int, domain: Domain, now: datetime, tally: Tally, *, by: str) -> None:
        tally.questions += QUESTIONS
        self._states[number], changes = judge(
            self._states.get(number, {}),
            _findings(domain, domain.look(now, self._chance)),
            now,
            by=by,
            ttls=dict.fromkeys(SUBJECTS, domain.negative_ttl),
        )
        for key, change in changes.items():
            if change.turn in {Turn.BAD, Turn.FLAPPING} and change.after is Grade.FAIL:
                tally.told(domain, {key.subject}, now)
                tally.false_alarms += key.subject not in domain.broken(now)

    def _settle(self, number: int, domain: Domain, now: datetime, tally: Tally) -> None:
        if number not in self._flags:
            self._flags[number] = _flags(domain.broken(now))
        differing = disagreement(self._states[number], self._flags[number])
        self._rechecks = [at for at in self._rechecks if now - at < HOUR]
        if may_ask(differing, self._asked.get(number), now, in_last_hour=len(self._rechecks)):
            self._asked[number] = ask(differing, self._asked.get(number), now)
            self._rechecks.append(now)
            self._has_asked = True
            tally.api_calls += 1
            found = domain.look(now, self._chance)
            self._flags[number] = _flags(set(SUBJECTS) if found is None else found)

    @override
    def swept(self, tally: Tally) -> None:
        tally.api_calls += self._has_asked
        self._has_asked = False


def _findings(domain: Domain, found: set[Subject] | None) -> list[Finding]:
    if found is None:
        return SILENT
    bad = [Finding(subject, f"{subject.name}_MISSING", Grade.FAIL, "") for subject in found]
    if domain.weak and Subject.DMARC not in found:
        bad.append(WEAK)
    return bad + [good for good in GOOD if good.subject not in found]


def _flags(missing: set[Subject]) -> ProviderVerdict:
    return ProviderVerdict(*(subject not in missing for subject in SUBJECTS))


def run(policy: Policy, world: list[Domain], days: int, tally: Tally) -> None:
    due = [(START, number) for number in range(len(world))]
    heapq.heapify(due)
    end = START + days * DAY
    while due[0][0] < end:
        now = due[0][0]
        while due[0][0] == now:
            number = due[0][1]
            wanted = policy.look(number, world[number], now, tally)
            heapq.heapreplace(due, (now + max(1, math.ceil((wanted - now) / TICK)) * TICK, number))
        policy.swept(tally)
    tally.missed += sum(fault.told_at is None for domain in world for fault in domain.breaks)


Row = dict[str, float]


def simulate(domains: int = 500, days: int = 30, seed: int = 4) -> dict[str, Row]:
    """The numbers of each policy, by name; the same whenever it is run."""
    hours = {"tiered_6h": (HOUR / 2, 6 * HOUR), "tiered_24h": (HOUR / 2, 24 * HOUR), "daily": (DAY, DAY)}
    tallies = {name: Tally() for name in (*hours, "bot_one_resolver", "bot_two_resolvers")}
    world = make_world(domains, days, Random(seed))  # noqa: S311 - a simulation, repeatable on purpose
    for name, tally in tallies.items():
        chance = Random(f"{name} {seed}")  # noqa: S311 - likewise
        policy: Policy
        if name in hours:
            red, green = hours[name]
            policy = ByMailSystem(chance, red=red, green=green)
        else:
            policy = Bot(chance, domains=domains, second=name == "bot_two_resolvers")
            tally.api_calls += 24 * days
        run(policy, copy.deepcopy(world), days, tally)
    return {name: _row(tally, days) for name, tally in tallies.items()}


def _row(tally: Tally, days: int) -> Row:
    delays = [delay / HOUR for delay in tally.delays]
    return {
        "p50_hours": round(statistics.median(delays), 2),
        "p95_hours": round(statistics.quantiles(delays, n=20)[-1], 2),
        "breaks": len(delays) + tally.missed,
        "missed": tally.missed,
        "api_calls_per_day": round(tally.api_calls / days, 1),
        "questions_per_day": round(tally.questions / days),
        "false_alarms_per_day": round(tally.false_alarms / days, 2),
    }


def main() -> None:
    rows = simulate()
    columns = list(next(iter(rows.values())))
    print(f"{'':18}" + "".join(f"{column:>22}" for column in columns))
    for name, row in rows.items():
        print(f"{name:18}" + "".join(f"{row[column]:>22}" for column in columns))
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
