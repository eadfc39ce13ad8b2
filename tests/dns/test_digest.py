"""The day's digest: what changed since the one before, what is open, and the same after a night in the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import FrozenClock
from bot.dns.comparison import Believed, compare
from bot.dns.confirmation import Key, State
from bot.dns.digest import Digest, Ended, Name, News, Picture, ProblemKey, Unknown
from bot.dns.digest_json import from_json, to_json
from bot.model import DnsRecord, DomainHealth, Finding, Grade, ProviderVerdict, Subject
from bot.storage import findings
from bot.storage.database import Database
from bot.storage.findings import finding_to_json

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Zurich")
BEFORE = NOW - timedelta(days=1)
RECORD = DnsRecord("acme.example", "MX", "mx.example", 10)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
RECORDS = st.builds(DnsRecord, TEXT, TEXT, TEXT, st.none() | st.integers(0, 65535))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - hypothesis adds the zone
    lambda at: at.replace(microsecond=0)
)
FINDINGS = st.builds(
    Finding,
    subject=st.sampled_from(Subject),
    tag=st.sampled_from(["A", "B"]),
    grade=st.sampled_from(Grade),
    summary=TEXT,
    why=TEXT,
    publish=st.lists(RECORDS, max_size=2).map(tuple),
    since=st.none() | MOMENTS,
    confirmed=st.booleans(),
)
HEALTHS = st.builds(
    DomainHealth,
    account=st.sampled_from(["main", "other"]),
    domain=TEXT,
    checked_at=MOMENTS,
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
)
MANY = st.lists(HEALTHS, max_size=8, unique_by=lambda health: (health.account, health.domain))


def bad(
    tag: str = "MX_WRONG", subject: Subject = Subject.MX, grade: Grade = Grade.FAIL, **more: Any
) -> Finding:
    return Finding(subject, tag, grade, f"{tag}.", "Mail is lost.", publish=(RECORD,), **more)


def good(subject: Subject = Subject.MX) -> Finding:
    return Finding(subject, f"{subject.upper()}_OK", Grade.OK, "Fine.")


def health(domain: str, *found: Finding, account: str = "main", checked_at: datetime = NOW) -> DomainHealth:
    return DomainHealth(account, domain, checked_at, found or (good(),))


def made(
    *healths: DomainHealth,
    previous: Digest | None = None,
    now: datetime = NOW,
    present: Sequence[Name] | None = None,
    states: Mapping[Name, Mapping[Key, State]] | None = None,
    muted: Mapping[Name, datetime] | None = None,
) -> Digest:
    names = [(one.account, one.domain) for one in healths] if present is None else present
    believed = Believed(now, ZONE, names, healths, states or {}, muted or {})
    return compare(believed, previous)


def yesterday(*healths: DomainHealth) -> Digest:
    """As it comes back from the database."""
    return from_json(json.loads(json.dumps(to_json(made(*healths, now=BEFORE)))))


def news(digest: Digest) -> dict[str, str]:
    return {f"{problem.key.domain} {problem.key.tag}": problem.news.value for problem in digest.problems}


def ended(those: Sequence[Ended]) -> list[str]:
    return [f"{one.key.domain} {one.key.tag}" for one in those]


@given(MANY, MANY)
def test_a_digest_comes_back_from_json_as_it_was(
    healths: list[DomainHealth], earlier: list[DomainHealth]
) -> None:
    digest = made(*healths, previous=yesterday(*earlier))
    digest = replace(digest, picture=Picture("F1", "Thirty days."), next_at=NOW, blind_since=NOW)
    assert from_json(json.loads(json.dumps(to_json(digest)))) == digest


@given(MANY, st.randoms())
def test_the_same_beliefs_make_the_same_digest_whatever_came_first(
    healths: list[DomainHealth], chance: Random
) -> None:
    shuffled = list(healths)
    chance.shuffle(shuffled)
    assert to_json(made(*shuffled)) == to_json(made(*healths))


@given(MANY)
def test_every_problem_is_told_exactly_once(healths: list[DomainHealth]) -> None:
    digest = made(*healths)
    parts = [*digest.stops, *digest.risks, *digest.shared, *digest.open]
    told = [problem.key for cause in parts for problem in cause.problems]
    assert sorted(told) == sorted(problem.key for problem in digest.problems)
    later = made(*healths, previous=digest)
    assert not any(problem.news for problem in later.problems)
    assert (later.fixed, later.passed, later.added, later.removed) == ((), (), (), ())


@pytest.mark.parametrize(
    ("found", "headline"),
    [
        ([], "No domains yet."),
        ([good()], "The domain is healthy."),
        ([good(), bad(grade=Grade.INFO)], "All 2 domains are healthy."),
        ([bad()], "The only domain needs you."),
        ([bad(), good(), good()], "1 of 3 domains needs you."),
        ([bad(), bad(grade=Grade.WARN), bad(grade=Grade.UNKNOWN), good()], "2 of 4 domains need you."),
        (
            [bad(grade=Grade.UNKNOWN), good()],
            "No problem was found, but 1 of 2 domains could not be looked up in full.",
        ),
        (
            [bad(grade=Grade.UNKNOWN)],
            "No problem was found, but the only domain could not be looked up in full.",
        ),
        ([bad(confirmed=False), good()], "No problem is certain, but 1 of 2 domains is not judged yet."),
        ([bad(grade=Grade.UNKNOWN, confirmed=False), good()], "All 2 domains are healthy."),
    ],
)
def test_the_headline_counts_who_needs_somebody(found: list[Finding], headline: str) -> None:
    digest = made(*(health(f"d{number}.example", one) for number, one in enumerate(found)))
    assert digest.headline == headline


def test_what_changed_is_told_by_key_and_not_by_words() -> None:
    before = yesterday(
        health("same.example", bad()),
        health("worse.example", bad("DKIM", Subject.DKIM, Grade.WARN)),
        health("better.example", bad("SPF", Subject.SPF)),
        health("mended.example", bad(since=BEFORE)),
        health("new.example"),
    )
    digest = made(
        health("same.example", replace(bad(), summary="Other words.", publish=())),
        health("worse.example", bad("DKIM", Subject.DKIM)),
        health("better.example", bad("SPF", Subject.SPF, Grade.WARN)),
        health("mended.example"),
        health("new.example", bad("DMARC", Subject.DMARC)),
        previous=before,
    )
    assert news(digest) == {
        "same.example MX_WRONG": "",
        "worse.example DKIM": "worse",
        "better.example SPF": "",
        "new.example DMARC": "new",
    }
    assert digest.fixed == (Ended(ProblemKey("main", "mended.example", Subject.MX, "MX_WRONG"), BEFORE),)
    assert digest.previous_at == BEFORE


def test_what_is_bad_in_another_way_now_is_not_called_fixed() -> None:
    before = yesterday(health("acme.example", bad("MX_WRONG")), health("gone.example", bad("MX_WRONG")))
    digest = made(
        health("acme.example", bad("MX_MISSING", confirmed=False)),
        health("gone.example", bad("DOMAIN_GONE", Subject.DOMAIN)),
        previous=before,
    )
    assert digest.fixed == ()
    assert news(digest) == {"gone.example DOMAIN_GONE": "new"}
    assert digest.suspected == (("main", "acme.example"),)


def test_a_domain_that_left_is_gone_and_not_fixed_and_a_new_one_is_named() -> None:
    before = yesterday(health("left.example", bad()), health("stays.example"))
    digest = made(health("stays.example"), health("new.example", bad()), previous=before)
    assert (digest.removed, digest.added) == ((("main", "left.example"),), (("main", "new.example"),))
    assert digest.fixed == ()
    assert news(digest) == {"new.example MX_WRONG": "new"}


def test_what_came_and_went_between_two_digests_is_told_once() -> None:
    before = yesterday(health("acme.example"), health("open.example", bad()))
    state = State(NOW, changes=(BEFORE + timedelta(hours=1), BEFORE + timedelta(hours=2)))
    older = replace(state, changes=(BEFORE - timedelta(hours=1), BEFORE + timedelta(hours=2)))
    key = Key(Subject.MX, "MX_WRONG")
    states = {
        ("main", "acme.example"): {key: state, Key(Subject.SPF, "SPF"): older},
        ("main", "open.example"): {key: state},
    }
    digest = made(health("acme.example"), health("open.example"), previous=before, states=states)
    assert ended(digest.passed) == ["acme.example MX_WRONG"]
    assert ended(digest.fixed) == ["open.example MX_WRONG"]
    again = made(
        health("acme.example"), previous=replace(digest, built_at=NOW), states=states, now=NOW + timedelta(1)
    )
    assert again.passed == ()


def test_three_domains_with_one_problem_are_one_cause_and_two_are_not() -> None:
    three = [health(f"d{number}.example", bad()) for number in range(3)]
    (cause,) = made(*three).shared
    assert [problem.key.domain for problem in cause.problems] == [f"d{n}.example" for n in range(3)]
    two = made(*three[:2])
    assert two.shared == []
    assert len(two.stops) == 2


def test_a_cause_without_news_is_still_open_and_with_news_names_the_new_first() -> None:
    old = [health(f"a{number}.example", bad()) for number in range(3)]
    before = yesterday(*old, health("z.example"))
    assert [cause.is_shared for cause in made(*old, health("z.example"), previous=before).open] == [True]
    (cause,) = made(*old, health("z.example", bad()), previous=before).shared
    assert (cause.first.key.domain, cause.first.news) == ("z.example", News.NEW)


def test_several_findings_with_one_key_are_one_problem_with_all_their_records() -> None:
    other = replace(bad(), summary="The second.", publish=(replace(RECORD, name="b.example"),))
    (problem,) = made(health("acme.example", bad(), other)).problems
    assert problem.times == 2
    assert problem.advice is not None
    assert [record.name for record in problem.advice.publish] == ["acme.example", "b.example"]


def test_what_is_still_open_has_the_oldest_first() -> None:
    found = [
        health(f"d{age}.example", bad(f"T{age}", Subject.SPF, since=NOW - timedelta(days=age)))
        for age in (3, 41, 7)
    ]
    digest = made(*found, previous=yesterday(*found))
    assert [cause.first.key.domain for cause in digest.open] == ["d41.example", "d7.example", "d3.example"]


def test_of_what_is_equally_old_the_worse_comes_first() -> None:
    since = BEFORE - timedelta(hours=2)
    found = [
        health("a.example", bad("WEAK", Subject.SPF, Grade.WARN, since=since)),
        health("b.example", bad("LOST", Subject.DKIM, since=since + timedelta(seconds=3))),
    ]
    digest = made(*found, previous=yesterday(*found))
    assert [cause.first.key.domain for cause in digest.open] == ["b.example", "a.example"]


def test_only_what_is_unknown_for_long_is_named() -> None:
    silent = [
        Finding(subject, "X", Grade.UNKNOWN, "No answer.", since=BEFORE)
        for subject in (Subject.MX, Subject.SPF)
    ]
    digest = made(health("a.example", *silent), health("b.example", replace(silent[0], confirmed=False)))
    assert digest.unknown == (Unknown(("main", "a.example"), (Subject.MX, Subject.SPF), BEFORE),)
    assert digest.fine == 1


def test_muted_domains_are_counted_and_not_told_and_not_new_when_they_are_heard_of_again() -> None:
    until = NOW + timedelta(days=1)
    muted = {("main", "quiet.example"): until, ("main", "left.example"): until}
    digest = made(health("quiet.example", bad()), health("fine.example"), muted=muted)
    assert digest.muted == ((("main", "quiet.example"), until),)
    assert (digest.told, len(digest.problems), digest.fine) == ((), 1, 1)
    assert digest.headline == "Nothing needs you but what is muted."
    after = made(health("quiet.example", bad()), health("fine.example"), previous=digest)
    assert news(after) == {"quiet.example MX_WRONG": ""}
    assert after.headline == "1 of 2 domains needs you."


def test_domains_nobody_has_looked_at_are_not_called_healthy() -> None:
    digest = made(health("a.example"), present=[("main", "a.example"), ("main", "b.example")])
    assert digest.unseen == (("main", "b.example"),)
    assert digest.fine == 1
    assert digest.headline == "No problem is certain, but 1 of 2 domains is not judged yet."


def test_the_day_is_that_of_the_time_zone() -> None:
    assert made(now=datetime(2026, 11, 21, 23, 30, tzinfo=UTC)).day == date(2026, 11, 22)


def test_a_thousand_broken_domains_are_kept_in_little_room() -> None:
    tags = [(Subject.MX, "MX_MISSING"), (Subject.SPF, "SPF_MISSING"), (Subject.DMARC, "DMARC_MISSING")]
    healths = [
        health(f"domain{number}.example", *(bad(tag, subject, since=BEFORE) for subject, tag in tags))
        for number in range(1000)
    ]
    assert len(json.dumps(to_json(made(*healths)))) < 250_000
    fine = [health(f"domain{number}.example") for number in range(1000)]
    assert len(json.dumps(to_json(made(*fine)))) < 30_000


def test_what_the_release_before_has_kept_is_understood_and_compared_with() -> None:
    content = {
        "built_at": BEFORE.isoformat(),
        "domains": [
            {
                "account": "main",
                "domain": domain,
                "checked_at": BEFORE.isoformat(),
                "findings": [
                    {k: v for k, v in finding_to_json(one).items() if k not in {"since", "confirmed"}}
                    for one in found
                ],
                "verdict": None,
            }
            for domain, found in {
                "old.example": [bad()],
                "silent.example": [Finding(Subject.MX, "MX_UNANSWERED", Grade.UNKNOWN, "No answer.")],
                "fine.example": [good()],
            }.items()
        ],
    }
    first = from_json(json.loads(json.dumps(content)))
    assert first.headline == "1 of 3 domains needs you."
    assert first.unknown == (Unknown(("main", "silent.example"), (Subject.MX,)),)
    (problem,) = first.problems
    assert problem.advice is not None
    assert problem.advice.publish == (RECORD,)
    digest = made(
        health("old.example", bad()), health("silent.example"), health("fine.example", bad()), previous=first
    )
    assert news(digest) == {"old.example MX_WRONG": "", "fine.example MX_WRONG": "new"}
    assert (digest.added, digest.removed) == ((), ())


async def test_findings_come_back_from_the_database_as_they_were(
    database: Database, clock: FrozenClock
) -> None:
    kept = DomainHealth(
        "main",
        "acme.example",
        clock.now(),
        (
            Finding(
                Subject.MX,
                "MX_WRONG",
                Grade.FAIL,
                "Words.",
                "Why.",
                ("10 mx.example",),
                (RECORD,),
                clock.now(),
                confirmed=False,
            ),
        ),
        ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=False),
    )
    async with database.transaction() as session:
        await findings.put(session, [health("acme.example")])
        await findings.put(session, [kept])
    async with database.reading() as session:
        assert await findings.all_of(session) == [kept]
