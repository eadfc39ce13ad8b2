"""Makes the digest: what is believed now beside what the digest before has told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.dns.confirmation import Key, State
from bot.dns.digest import Advice, Digest, Ended, Name, News, Problem, ProblemKey, Unknown
from bot.model import DomainHealth, Finding, Grade, Subject

ADVISED = 60
"""Problems whose advice is kept: more than one message has room for."""

_BAD = (Grade.WARN, Grade.FAIL)


@dataclass(frozen=True, slots=True)
class Believed:
    """All that a digest is made of. `present`: the domains there are; `muted`: until when; `next_at`: the next digest."""

    now: datetime
    zone: ZoneInfo
    present: Collection[Name]
    healths: Sequence[DomainHealth]
    states: Mapping[Name, Mapping[Key, State]] = field(default_factory=dict)
    muted: Mapping[Name, datetime] = field(default_factory=dict)
    blind_since: datetime | None = None
    next_at: datetime | None = None


def compare(believed: Believed, previous: Digest | None, *, advised: int | None = ADVISED) -> Digest:
    """The digest of this moment. `previous`: the newest that was made, None if there is none; then all is new.

    `advised`: for how many problems the advice is kept, None for all.
    """
    there = set(believed.present)
    present = sorted(there)
    healths = sorted(
        (health for health in believed.healths if (health.account, health.domain) in there),
        key=lambda health: (health.account, health.domain),
    )
    known = {} if previous is None else {problem.key: problem for problem in previous.problems}
    problems = [problem for health in healths for problem in _problems(health, known, believed)]
    keys = {problem.key for problem in problems}
    unknown = tuple(one for one in map(_unknown, healths) if one is not None)
    bad = {problem.name for problem in problems}
    open_subjects = _open_subjects(healths)
    ended = [problem for key, problem in known.items() if _is_over(key, keys, open_subjects)]
    before = None if previous is None else set(previous.names)
    digest = Digest(
        built_at=believed.now,
        day=believed.now.astimezone(believed.zone).date(),
        names=tuple(present),
        problems=tuple(sorted(problems, key=lambda problem: problem.key)),
        fixed=tuple(Ended(problem.key, problem.since) for problem in ended),
        passed=() if previous is None else _passed(believed, present, previous, keys | set(known)),
        unknown=unknown,
        suspected=tuple(_name(one) for one in healths if _is_suspect(one) and _name(one) not in bad),
        unseen=tuple(sorted(there - {_name(health) for health in healths})),
        added=() if before is None else tuple(name for name in present if name not in before),
        removed=() if previous is None else tuple(sorted(set(previous.names) - there)),
        muted=tuple((name, believed.muted[name]) for name in present if name in believed.muted),
        oldest_look=min((health.checked_at for health in healths), default=None),
        blind_since=believed.blind_since,
        previous_at=None if previous is None else previous.built_at,
        next_at=believed.next_at,
    )
    return digest if advised is None else _with_advice_for(digest, advised)


def _problems(
    health: DomainHealth, known: Mapping[ProblemKey, Problem], believed: Believed
) -> Iterable[Problem]:
    name = _name(health)
    alike: dict[ProblemKey, list[Finding]] = {}
    for finding in health.findings:
        if finding.shown in _BAD:
            alike.setdefault(ProblemKey(*name, finding.subject, finding.tag), []).append(finding)
    for key, findings in alike.items():
        worst = max(findings, key=lambda finding: _BAD.index(finding.grade))
        state = believed.states.get(name, {}).get(Key(key.subject, key.tag))
        yield Problem(
            key,
            worst.grade,
            min((finding.since for finding in findings if finding.since is not None), default=None),
            _news(known.get(key), worst.grade),
            len(findings),
            flapping=state is not None and state.flapping,
            muted=name in believed.muted,
            advice=Advice(
                worst.summary,
                worst.why,
                tuple(dict.fromkeys(record for finding in findings for record in finding.publish)),
            ),
        )


def _news(before: Problem | None, grade: Grade) -> News:
    if before is None:
        return News.NEW
    return News.WORSE if _BAD.index(grade) > _BAD.index(before.grade) else News.NONE


def _unknown(health: DomainHealth) -> Unknown | None:
    found = [one for one in health.findings if one.grade is Grade.UNKNOWN and one.confirmed]
    if not found:
        return None
    since = min((finding.since for finding in found if finding.since is not None), default=None)
    return Unknown(_name(health), tuple(dict.fromkeys(finding.subject for finding in found)), since)


def _is_suspect(health: DomainHealth) -> bool:
    return any(finding.grade in _BAD and not finding.confirmed for finding in health.findings)


def _open_subjects(healths: Iterable[DomainHealth]) -> dict[Name, set[Subject]]:
    """By domain that was looked at, the subjects with something bad in them, whether believed or not."""
    return {
        _name(health): {finding.subject for finding in health.findings if finding.grade in _BAD}
        for health in healths
    }


def _is_over(
    key: ProblemKey, keys: Collection[ProblemKey], open_subjects: Mapping[Name, Collection[Subject]]
) -> bool:
    """Whether a problem is mended: not only turned into another one, and not gone along with its domain."""
    bad = open_subjects.get((key.account, key.domain))
    return key not in keys and bad is not None and key.subject not in bad and Subject.DOMAIN not in bad


def _passed(
    believed: Believed, present: Iterable[Name], previous: Digest, told: Collection[ProblemKey]
) -> tuple[Ended, ...]:
    """What has been bad since the previous digest, and is neither in that one nor in this one."""
    found: list[Ended] = []
    for name in present:
        for (subject, tag), state in sorted(believed.states.get(name, {}).items()):
            changes = [at for at in state.changes if at > previous.built_at]
            key = ProblemKey(*name, subject, tag)
            if len(changes) > 1 and not state.is_bad and key not in told:
                found.append(Ended(key, changes[0]))
    return tuple(found)


def _with_advice_for(digest: Digest, number: int) -> Digest:
    causes = [*digest.stops, *digest.risks, *digest.shared, *digest.open]
    keep = {cause.first.key for cause in causes[:number]}
    return replace(
        digest,
        problems=tuple(
            problem if problem.key in keep else replace(problem, advice=None) for problem in digest.problems
        ),
    )


def _name(health: DomainHealth) -> Name:
    return health.account, health.domain
