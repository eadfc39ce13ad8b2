"""The digest as JSON, small also for 1,000 broken domains: names once, problems by what they have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bot.dns.digest import Advice, Digest, Ended, Name, News, Picture, Problem, ProblemKey, Unknown
from bot.model import DnsRecord, Grade, Subject
from bot.storage.findings import finding_from_json

_FLAPPING, _MUTED = 1, 2


def to_json(digest: Digest) -> dict[str, Any]:
    place = {name: number for number, name in enumerate(digest.names)}
    accounts: dict[str, list[str]] = {}
    for account, domain in digest.names:
        accounts.setdefault(account, []).append(domain)
    return {
        "built_at": _written(digest.built_at),
        "day": digest.day.isoformat(),
        "accounts": accounts,
        "problems": _problems_to_json(digest.problems, place),
        "fixed": [_ended_to_json(ended, place) for ended in digest.fixed],
        "passed": [_ended_to_json(ended, place) for ended in digest.passed],
        "unknown": [
            [place[one.name], [subject.value for subject in one.subjects], _written(one.since)]
            for one in digest.unknown
        ],
        "suspected": [place[name] for name in digest.suspected],
        "unseen": [place[name] for name in digest.unseen],
        "added": [place[name] for name in digest.added],
        "removed": list(map(list, digest.removed)),
        "muted": [[place[name], _written(until)] for name, until in digest.muted],
        "oldest_look": _written(digest.oldest_look),
        "blind_since": _written(digest.blind_since),
        "previous_at": _written(digest.previous_at),
        "next_at": _written(digest.next_at),
        "picture": None if digest.picture is None else [digest.picture.file, digest.picture.alt_text],
    }


def from_json(content: Mapping[str, Any]) -> Digest:
    """Also of what the release before has kept: all findings of all domains."""
    if "domains" in content:
        return _from_first_form(content)
    names = [(account, domain) for account, domains in content["accounts"].items() for domain in domains]
    picture = content["picture"]
    return Digest(
        built_at=datetime.fromisoformat(content["built_at"]),
        day=date.fromisoformat(content["day"]),
        names=tuple(names),
        problems=tuple(_problems_from_json(content["problems"], names)),
        fixed=tuple(_ended_from_json(entry, names) for entry in content["fixed"]),
        passed=tuple(_ended_from_json(entry, names) for entry in content["passed"]),
        unknown=tuple(
            Unknown(names[number], tuple(map(Subject, subjects)), _read(since))
            for number, subjects, since in content["unknown"]
        ),
        suspected=tuple(names[number] for number in content["suspected"]),
        unseen=tuple(names[number] for number in content["unseen"]),
        added=tuple(names[number] for number in content["added"]),
        removed=tuple((account, domain) for account, domain in content["removed"]),
        muted=tuple((names[number], datetime.fromisoformat(until)) for number, until in content["muted"]),
        oldest_look=_read(content["oldest_look"]),
        blind_since=_read(content["blind_since"]),
        previous_at=_read(content["previous_at"]),
        next_at=_read(content["next_at"]),
        picture=None if picture is None else Picture(*picture),
    )


def _problems_to_json(problems: Iterable[Problem], place: Mapping[Name, int]) -> list[Any]:
    alike: dict[tuple[str, str, str], list[Any]] = {}
    for problem in problems:
        entry: list[Any] = [
            place[problem.name],
            _written(problem.since),
            problem.news.value,
            problem.times,
            _FLAPPING * problem.flapping + _MUTED * problem.muted,
        ]
        if problem.advice is not None:
            records = [[r.name, r.type, r.value, r.priority] for r in problem.advice.publish]
            entry.append([problem.advice.summary, problem.advice.why, records])
        group = (problem.key.subject.value, problem.key.tag, problem.grade.value)
        alike.setdefault(group, []).append(entry)
    return [[*group, entries] for group, entries in alike.items()]


def _problems_from_json(groups: Iterable[Any], names: Sequence[Name]) -> list[Problem]:
    problems: list[Problem] = []
    for subject, tag, grade, entries in groups:
        for number, since, news, times, flags, *advice in entries:
            problem = Problem(
                _key(names[number], subject, tag),
                Grade(grade),
                _read(since),
                News(news),
                times,
                bool(flags & _FLAPPING),
                bool(flags & _MUTED),
            )
            for summary, why, records in advice:
                publish = tuple(DnsRecord(*record) for record in records)
                problem = replace(problem, advice=Advice(summary, why, publish))
            problems.append(problem)
    return sorted(problems, key=lambda problem: problem.key)


def _ended_to_json(ended: Ended, place: Mapping[Name, int]) -> list[Any]:
    key = ended.key
    return [place[key.account, key.domain], key.subject.value, key.tag, _written(ended.since)]


def _ended_from_json(entry: Sequence[Any], names: Sequence[Name]) -> Ended:
    number, subject, tag, since = entry
    return Ended(_key(names[number], subject, tag), _read(since))


def _key(name: Name, subject: str, tag: str) -> ProblemKey:
    account, domain = name
    return ProblemKey(account, domain, Subject(subject), tag)


def _from_first_form(content: Mapping[str, Any]) -> Digest:
    built_at = datetime.fromisoformat(content["built_at"])
    problems: dict[ProblemKey, Problem] = {}
    unknown: dict[Name, list[Subject]] = {}
    for entry in content["domains"]:
        name = (entry["account"], entry["domain"])
        for finding in map(finding_from_json, entry["findings"]):
            key = ProblemKey(*name, finding.subject, finding.tag)
            if finding.grade is Grade.UNKNOWN:
                unknown.setdefault(name, []).append(finding.subject)
            elif finding.grade in {Grade.WARN, Grade.FAIL}:
                told = Problem(
                    key, finding.grade, advice=Advice(finding.summary, finding.why, finding.publish)
                )
                if key not in problems or finding.grade is Grade.FAIL:
                    problems[key] = told
    looks = [datetime.fromisoformat(entry["checked_at"]) for entry in content["domains"]]
    return Digest(
        built_at=built_at,
        day=built_at.date(),
        names=tuple(sorted((entry["account"], entry["domain"]) for entry in content["domains"])),
        problems=tuple(sorted(problems.values(), key=lambda problem: problem.key)),
        unknown=tuple(Unknown(name, tuple(dict.fromkeys(subjects))) for name, subjects in unknown.items()),
        oldest_look=min(looks, default=None),
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
