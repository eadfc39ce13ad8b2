"""When the next look is due, and when the mail system is asked to look."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from bot.dns.cadence import (
    CAP,
    JITTER,
    NEW,
    RECHECK_FIRST,
    RECHECK_LAST,
    RECHECKS_PER_HOUR,
    STEADY,
    UNKNOWN_FIRST,
    UNKNOWN_LAST,
    Asked,
    DomainState,
    Standing,
    ask,
    ceiling,
    disagreement,
    follow,
    may_ask,
    next_look,
)
from bot.dns.confirmation import WAIT_AT_MOST, Key, State, Suspicion
from bot.model import Grade, ProviderVerdict, Subject
from tests.benchmarks.cadence import simulate

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZERO = timedelta(0)

MX = Key(Subject.MX, "MX_MISSING")
GOOD = State(NOW)
FAILING = State(NOW, Grade.FAIL, NOW)
WEAK = State(NOW, Grade.WARN, NOW)
SUSPECTED = State(NOW, suspicion=Suspicion(Grade.FAIL, NOW, "", NOW + 20 * MINUTE))
SILENT = State(NOW, unknown_since=NOW)


class Even(Random):
    """No jitter, so that waits can be compared."""

    @override
    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def wait(domain: DomainState, *, ttl: timedelta = ZERO, longest: timedelta = STEADY) -> timedelta:
    return next_look(domain, ttl, NOW, Even(), ceiling=longest) - NOW


def steady(age: timedelta, standing: Standing = Standing.OK, tries: int = 99) -> DomainState:
    return DomainState(standing, NOW - age, tries, was_good=True)


def test_a_domain_never_looked_at_is_due_now() -> None:
    assert next_look(None, ZERO, NOW, Even()) == NOW
    assert wait(DomainState(Standing.NEW, NOW)) == ZERO


def test_one_that_was_never_good_is_looked_at_soon_and_then_hourly() -> None:
    domain, waits = None, []
    for _ in range(5):
        domain = follow(domain, [FAILING], NOW)
        waits.append(wait(domain))
    assert waits == [*NEW, HOUR, HOUR]


def test_one_that_was_good_before_is_not_taken_for_new() -> None:
    broken = follow(follow(None, [], NOW), [FAILING], NOW)
    assert wait(broken) == HOUR


@pytest.mark.parametrize(
    ("age", "expected"), [(ZERO, HOUR), (8 * HOUR, HOUR), (16 * HOUR, 2 * HOUR), (30 * DAY, STEADY)]
)
def test_the_longer_it_has_been_good_the_longer_it_is_left_alone(age: timedelta, expected: timedelta) -> None:
    assert wait(steady(age)) == expected


def test_with_many_domains_it_is_left_alone_for_up_to_a_day() -> None:
    assert wait(steady(4 * DAY), longest=CAP) == 12 * HOUR
    assert wait(steady(30 * DAY), longest=CAP) == CAP


@pytest.mark.parametrize(("age", "expected"), [(ZERO, HOUR), (DAY, 6 * HOUR), (7 * DAY, CAP)])
def test_one_that_nobody_mends_is_looked_at_less_and_less(age: timedelta, expected: timedelta) -> None:
    assert wait(steady(age, Standing.BAD)) == expected


@pytest.mark.parametrize("age", [DAY, 7 * DAY, 99 * DAY])
def test_a_weak_one_is_still_watched_for_worse(age: timedelta) -> None:
    assert wait(steady(age, Standing.WEAK)) == STEADY


def test_a_suspicion_is_followed_up_when_it_can_be_confirmed() -> None:
    assert wait(follow(None, [SUSPECTED, GOOD], NOW)) == 20 * MINUTE


def test_a_suspicion_that_meets_silence_is_followed_up_within_the_hour_for_ever() -> None:
    past = State(NOW - DAY, suspicion=Suspicion(Grade.FAIL, NOW - DAY, "", NOW - DAY))
    domain, waits = None, []
    for _ in range(6):
        domain = follow(domain, [past, SILENT], NOW)
        waits.append(wait(domain) / MINUTE)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_what_was_not_answered_is_asked_again_after_waits_that_double() -> None:
    domain, waits = follow(None, [], NOW - 99 * DAY), []
    for _ in range(8):
        domain = follow(domain, [SILENT], NOW)
        waits.append(wait(domain, longest=CAP) / MINUTE)
    assert waits == [10, 20, 40, 80, 160, 320, 360, 360]
    assert (UNKNOWN_FIRST, UNKNOWN_LAST) == (10 * MINUTE, 360 * MINUTE)


def test_what_is_never_answered_makes_nobody_look_away_from_the_rest() -> None:
    domain = DomainState(Standing.OK, NOW - 99 * DAY, tries=99, unanswered=99, was_good=True)
    assert wait(domain) == STEADY


def test_an_answer_ends_the_silence_and_silence_ends_no_good_time() -> None:
    good = follow(None, [], NOW - DAY)
    silent = follow(good, [SILENT], NOW - HOUR)
    assert (silent.standing, silent.since, silent.unanswered) == (Standing.OK, NOW - DAY, 1)
    again = follow(silent, [], NOW)
    assert (again.since, again.unanswered) == (NOW - DAY, 0)


def test_nobody_looks_before_the_answer_has_left_the_cache() -> None:
    for standing in (Standing.BAD, Standing.WEAK, Standing.OK):
        assert wait(steady(ZERO, standing), ttl=2 * HOUR) == 2 * HOUR
    assert wait(steady(ZERO), ttl=99 * DAY) == CAP
    assert wait(follow(None, [SILENT], NOW), ttl=2 * HOUR) == UNKNOWN_FIRST


def test_due_ones_are_looked_at_in_the_order_of_what_is_at_stake() -> None:
    mixed = [[], [WEAK], [FAILING, WEAK], [SUSPECTED, FAILING]]
    found = sorted([follow(None, states, NOW).standing for states in mixed] + [Standing.NEW])
    assert found == [Standing.NEW, Standing.SUSPECT, Standing.BAD, Standing.WEAK, Standing.OK]


domains = st.builds(
    DomainState,
    standing=st.sampled_from([standing for standing in Standing if standing is not Standing.NEW]),
    since=st.timedeltas(ZERO, 99 * DAY).map(lambda age: NOW - age),
    tries=st.integers(1, 10_000),
    unanswered=st.integers(0, 10_000),
    confirmable_at=st.none() | st.timedeltas(-DAY, HOUR).map(lambda ahead: NOW + ahead),
    was_good=st.booleans(),
)


@given(domains, st.timedeltas(ZERO, 9 * DAY), st.timedeltas(ZERO, 9 * DAY), st.randoms(use_true_random=False))
def test_every_look_lies_ahead_within_the_cap_and_past_the_cache(
    domain: DomainState, ttl: timedelta, longest: timedelta, random: Random
) -> None:
    due = next_look(domain, ttl, NOW, random, ceiling=longest) - NOW
    assert 4 * MINUTE < due <= CAP
    if domain.standing is Standing.SUSPECT:
        assert (domain.confirmable_at or NOW) - NOW <= due <= WAIT_AT_MOST
    elif not domain.unanswered:
        assert due >= min(ttl, CAP)


def test_domains_added_together_do_not_stay_in_step() -> None:
    random = Random(1)  # noqa: S311 - jitter, repeatable
    waits = [next_look(steady(99 * DAY), ZERO, NOW, random) - NOW for _ in range(200)]
    assert len(set(waits)) == 200
    assert JITTER[0] * STEADY <= min(waits) < 0.9 * STEADY
    assert 1.1 * STEADY < max(waits) <= JITTER[1] * STEADY


def test_many_domains_stretch_the_longest_wait_to_a_day_at_most() -> None:
    assert ceiling(0, 12) == ceiling(500, 12) == ceiling(1000, 12) == STEADY
    assert ceiling(10_000, 12) == 14.4 * HOUR
    assert ceiling(10**6, 12) == CAP


# Asking the mail system.

ALL_PASS = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
NO_MX = ProviderVerdict(mx=False, spf=True, dkim=True, dmarc=True)
ABOUT_MX = frozenset({Subject.MX})


def test_the_two_differ_where_we_are_sure_and_the_flag_says_otherwise() -> None:
    assert disagreement({MX: FAILING}, ALL_PASS) == ABOUT_MX
    assert disagreement({}, NO_MX) == ABOUT_MX
    assert not disagreement({MX: FAILING}, NO_MX)
    assert not disagreement({}, ALL_PASS)


@pytest.mark.parametrize(
    "unsure", [SUSPECTED, SILENT, State(NOW, Grade.FAIL, NOW, changes=(NOW,), flapping=True)]
)
def test_what_we_are_not_sure_of_is_compared_with_nothing(unsure: State) -> None:
    for verdict in (ALL_PASS, NO_MX):
        assert not disagreement({MX: unsure}, verdict)


def test_what_is_weak_may_pass_or_not() -> None:
    for verdict in (ALL_PASS, NO_MX):
        assert not disagreement({MX: WEAK}, verdict)


def test_a_domain_that_is_gone_is_compared_with_nothing() -> None:
    assert not disagreement({Key(Subject.DOMAIN, "DOMAIN_GONE"): FAILING}, ALL_PASS)


def test_what_was_bad_and_is_good_again_is_compared_as_good() -> None:
    assert disagreement({MX: State(NOW, changes=(NOW,))}, NO_MX) == ABOUT_MX


def test_the_mail_system_is_asked_only_where_there_is_something_to_settle() -> None:
    assert may_ask(ABOUT_MX, None, NOW, in_last_hour=0)
    assert not may_ask(frozenset(), None, NOW, in_last_hour=0)


def test_no_domain_is_asked_about_twice_in_ten_minutes_whatever_differs() -> None:
    asked = Asked(NOW, 1, ABOUT_MX)
    for differing in (ABOUT_MX, frozenset({Subject.SPF})):
        assert not may_ask(differing, asked, NOW + RECHECK_FIRST - MINUTE, in_last_hour=1)
        assert may_ask(differing, asked, NOW + RECHECK_FIRST, in_last_hour=1)


def test_the_mail_system_is_asked_only_so_often_an_hour() -> None:
    assert may_ask(ABOUT_MX, None, NOW, in_last_hour=RECHECKS_PER_HOUR - 1)
    assert not may_ask(ABOUT_MX, None, NOW, in_last_hour=RECHECKS_PER_HOUR)


def test_a_lasting_disagreement_is_asked_about_less_and_less_often() -> None:
    now, asked, times = NOW, None, 0
    while now < NOW + 30 * DAY:
        if may_ask(ABOUT_MX, asked, now, in_last_hour=0):
            asked, times = ask(ABOUT_MX, asked, now), times + 1
        now += 10 * MINUTE
    assert 30 <= times <= 40
    assert asked is not None
    assert not may_ask(ABOUT_MX, asked, asked.at + RECHECK_LAST - MINUTE, in_last_hour=0)


def test_a_new_disagreement_starts_from_ten_minutes_again() -> None:
    old = Asked(NOW, 9, ABOUT_MX)
    assert ask(frozenset({Subject.SPF}), old, NOW + HOUR).times == 1
    assert ask(ABOUT_MX, old, NOW + 30 * DAY).times == 1
    assert ask(ABOUT_MX, old, NOW + DAY).times == 10


def test_the_schedule_finds_breaks_sooner_than_tiers_with_fewer_calls_and_no_false_alarm() -> None:
    rows = simulate(domains=150, days=20)
    tiers = rows["tiered_6h"]
    for ours in (rows["bot_one_resolver"], rows["bot_two_resolvers"]):
        assert ours["breaks"] > 15
        assert ours["missed"] == 0
        assert ours["p50_hours"] < tiers["p50_hours"]
        assert ours["p95_hours"] < tiers["p95_hours"]
        assert 10 * ours["api_calls_per_day"] < tiers["api_calls_per_day"]
        assert ours["false_alarms_per_day"] == 0 < tiers["false_alarms_per_day"]
    assert simulate(domains=50, days=8) == simulate(domains=50, days=8)
