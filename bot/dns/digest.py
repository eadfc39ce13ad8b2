"""The digest as a value: what changed since the last one, what is open, and what is not known."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from bot.model import DnsRecord, Grade, Subject

MANY = 3
"""So many domains with the same problem are one cause, and one line."""

STOPPING = frozenset(
    {Subject.DOMAIN, Subject.MX, Subject.MTA_STS, Subject.DNSSEC, Subject.ADDRESSES, Subject.TLSA}
)
"""Where a failure keeps mail from arriving; that of another subject has what is sent refused or doubted."""

Name = tuple[str, str]
"""(account, domain)"""


class ProblemKey(NamedTuple):
    """What stays the same while the sentences about a problem change."""

    account: str
    domain: str
    subject: Subject
    tag: str


class News(StrEnum):
    NONE = ""
    NEW = "new"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said of a problem: what is, what that means for mail, and the records that mend it."""

    summary: str
    why: str = ""
    publish: tuple[DnsRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A confirmed WARN or FAIL of one domain. `times`: how many findings it sums up, such as DKIM keys of one kind.

    `flapping`: it has come and gone often lately. `muted`: somebody wants to hear nothing of that domain for a while.
    `advice` is None where it was left out, because no message has room for so much.
    """

    key: ProblemKey
    grade: Grade
    since: datetime | None = None
    news: News = News.NONE
    times: int = 1
    flapping: bool = False
    muted: bool = False
    advice: Advice | None = None

    @property
    def stops_mail(self) -> bool:
        return self.grade is Grade.FAIL and self.key.subject in STOPPING

    @property
    def name(self) -> Name:
        return self.key.account, self.key.domain


@dataclass(frozen=True, slots=True)
class Cause:
    """One problem, or what MANY domains and more have in common. `problems`: those to name first come first."""

    problems: tuple[Problem, ...]

    @property
    def first(self) -> Problem:
        return self.problems[0]

    @property
    def is_shared(self) -> bool:
        return len(self.problems) > 1

    @property
    def is_news(self) -> bool:
        return any(problem.news for problem in self.problems)

    @property
    def stops_mail(self) -> bool:
        return any(problem.stops_mail for problem in self.problems)

    @property
    def grade(self) -> Grade:
        """The worst."""
        return Grade.FAIL if any(problem.grade is Grade.FAIL for problem in self.problems) else Grade.WARN

    @property
    def since(self) -> datetime | None:
        """When the oldest of them began."""
        return min((problem.since for problem in self.problems if problem.since is not None), default=None)


@dataclass(frozen=True, slots=True)
class Ended:
    """A problem that is no more. `since`: when it began, if that is known."""

    key: ProblemKey
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """What could not be looked up for so long that it is said."""

    name: Name
    subjects: tuple[Subject, ...]
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An uploaded file, and what it shows in words."""

    file: str
    alt_text: str


@dataclass(frozen=True)
class Digest:
    """`day`: its date where it is read. `names`: all domains, sorted. `previous_at`, `next_at`: of the digests before and after.

    `passed`: what came after the previous digest and went before this one. `suspected`: domains of which something bad
    was seen only once, and nothing worse is known. `unseen`: those that nobody has looked at yet. `blind_since`: since when
    DNS can't be asked at all.
    """

    built_at: datetime
    day: date
    names: tuple[Name, ...]
    problems: tuple[Problem, ...] = ()
    fixed: tuple[Ended, ...] = ()
    passed: tuple[Ended, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    suspected: tuple[Name, ...] = ()
    unseen: tuple[Name, ...] = ()
    added: tuple[Name, ...] = ()
    removed: tuple[Name, ...] = ()
    muted: tuple[tuple[Name, datetime], ...] = ()
    oldest_look: datetime | None = None
    blind_since: datetime | None = None
    previous_at: datetime | None = None
    next_at: datetime | None = None
    picture: Picture | None = None

    @cached_property
    def several(self) -> bool:
        """Whether it has to be said on which account a domain is."""
        return len({account for account, _ in chain(self.names, self.removed)}) > 1

    @cached_property
    def told(self) -> tuple[Problem, ...]:
        """The problems that nobody has muted, the worst first."""
        return tuple(sorted((problem for problem in self.problems if not problem.muted), key=order))

    @cached_property
    def _causes(self) -> list[Cause]:
        alike: dict[tuple[Subject, str], list[Problem]] = {}
        for problem in self.told:
            alike.setdefault((problem.key.subject, problem.key.tag), []).append(problem)
        causes: list[Cause] = []
        for problems in alike.values():
            if len(problems) >= MANY:
                causes.append(Cause(tuple(sorted(problems, key=_to_name_first))))
            else:
                causes += [Cause((problem,)) for problem in problems]
        return sorted(causes, key=lambda cause: order(cause.first))

    @property
    def stops(self) -> list[Cause]:
        """Single domains that mail does not reach, new ones first."""
        single = [cause for cause in self._causes if cause.stops_mail and not cause.is_shared]
        return sorted(single, key=lambda cause: not cause.is_news)

    @property
    def risks(self) -> list[Cause]:
        """What else is new of single domains."""
        return [
            cause for cause in self._causes if cause.is_news and not cause.stops_mail and not cause.is_shared
        ]

    @property
    def shared(self) -> list[Cause]:
        """What many domains have in common, as far as there is news of it; what stops mail first, then the largest."""
        causes = [cause for cause in self._causes if cause.is_shared and cause.is_news]
        return sorted(causes, key=lambda cause: (not cause.stops_mail, -len(cause.problems)))

    @property
    def open(self) -> list[Cause]:
        """What was told before and is named nowhere else, the oldest first."""
        rest = [
            cause for cause in self._causes if not cause.is_news and (cause.is_shared or not cause.stops_mail)
        ]
        # What was seen within one hour is of one age: then the worse of it comes first.
        return sorted(
            rest,
            key=lambda cause: (
                _age(cause.since).replace(minute=0, second=0, microsecond=0),
                cause.grade is not Grade.FAIL,
            ),
        )

    @cached_property
    def fine(self) -> int:
        """Domains of which nothing bad is known or suspected."""
        other = {problem.name for problem in self.problems} | {unknown.name for unknown in self.unknown}
        return len(set(self.names) - other - {*self.suspected, *self.unseen})

    @property
    def headline(self) -> str:
        """One sentence: `2 of 6 domains need you.`"""
        total = len(self.names)
        bad = len({problem.name for problem in self.told})
        unjudged = len({*self.suspected, *self.unseen})
        if not total:
            return "No domains yet."
        if bad:
            told = f"{_of(bad, total)} {'needs' if bad == 1 else 'need'} you."
            return told[0].upper() + told[1:]
        if unjudged:
            return f"No problem is certain, but {_of(unjudged, total)} {'is' if unjudged == 1 else 'are'} not judged yet."
        if self.unknown:
            number = len({unknown.name for unknown in self.unknown})
            return f"No problem was found, but {_of(number, total)} could not be looked up in full."
        if self.problems:
            return "Nothing needs you but what is muted."
        return "The domain is healthy." if total == 1 else f"All {total:,} domains are healthy."


def order(problem: Problem) -> tuple[int, datetime, str, str, str]:
    """What stops mail first, then by grade; the oldest first, then by name."""
    rank = 0 if problem.stops_mail else 1 if problem.grade is Grade.FAIL else 2
    return rank, _age(problem.since), problem.key.domain, problem.key.account, problem.key.tag


def _to_name_first(problem: Problem) -> tuple[bool, tuple[int, datetime, str, str, str]]:
    return not problem.news, order(problem)


def _age(since: datetime | None) -> datetime:
    return datetime.max.replace(tzinfo=UTC) if since is None else since


def _of(number: int, total: int) -> str:
    return "the only domain" if total == 1 else f"{number:,} of {total:,} domains"
