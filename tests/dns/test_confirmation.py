"""What is believed after one look, after two, and after many that contradict each other."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dns.confirmation import (
    FLAPS,
    QUIET,
    SECOND_LOOK,
    UNKNOWN_SHOWS,
    WAIT_AT_MOST,
    Change,
    Key,
    Observed,
    State,
    Turn,
    step,
)
from bot.model import Grade, Subject

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

OK, WARN, FAIL, UNKNOWN = Grade.OK, Grade.WARN, Grade.FAIL, Grade.UNKNOWN
MISSING = Key(Subject.MX, "MX_MISSING")

Look = tuple[datetime, Observed]


def looks(*grades: Grade, apart: timedelta = HOUR, by: str = "") -> list[Look]:
    return [(NOW + number * apart, Observed(grade, by)) for number, grade in enumerate(grades)]


def after(sequence: Sequence[Look], state: State | None = None) -> tuple[State, list[Change]]:
    changes = []
    for now, look in sequence:
        state, change = step(state, look, now)
        changes += [change] if change else []
    assert state is not None
    return state, changes


def turns(sequence: Sequence[Look]) -> list[Turn]:
    return [change.turn for change in after(sequence)[1]]


def test_one_bad_answer_is_only_a_suspicion() -> None:
    state, changes = after(looks(OK, FAIL))
    assert not changes
    assert state.grade is OK
    assert state.suspicion is not None
    assert state.suspicion.until == NOW + HOUR + SECOND_LOOK


def test_a_second_that_agrees_makes_it_bad_since_the_first() -> None:
    state, changes = after(looks(OK, FAIL, FAIL))
    assert changes == [Change(Turn.BAD, OK, FAIL, since=NOW + HOUR, at=NOW + 2 * HOUR)]
    assert state == State(
        since=NOW + HOUR,
        grade=FAIL,
        confirmed_at=NOW + 2 * HOUR,
        last_definite_at=NOW + 2 * HOUR,
        last_tried_at=NOW + 2 * HOUR,
        changes=(NOW + 2 * HOUR,),
    )


def test_the_same_resolver_confirms_nothing_within_five_minutes() -> None:
    almost = SECOND_LOOK - timedelta(seconds=1)
    assert not turns([(NOW, Observed(FAIL)), (NOW + almost, Observed(FAIL))])
    assert turns([(NOW, Observed(FAIL)), (NOW + almost, Observed(FAIL)), (NOW + SECOND_LOOK, Observed(FAIL))])


@pytest.mark.parametrize(("ttl", "wait"), [(20 * MINUTE, 20 * MINUTE), (DAY, WAIT_AT_MOST)])
def test_the_same_resolver_confirms_nothing_out_of_its_cache_for_an_hour_at_most(
    ttl: timedelta, wait: timedelta
) -> None:
    first = (NOW, Observed(FAIL, ttl=ttl))
    assert not turns([first, (NOW + wait - MINUTE, Observed(FAIL))])
    assert turns([first, (NOW + wait, Observed(FAIL))]) == [Turn.BAD]


def test_another_resolver_confirms_at_once() -> None:
    assert turns([(NOW, Observed(FAIL, "a", DAY)), (NOW, Observed(FAIL, "b", DAY))]) == [Turn.BAD]


def test_another_resolver_that_contradicts_ends_the_suspicion() -> None:
    state, changes = after([(NOW, Observed(FAIL, "a")), (NOW, Observed(OK, "b"))])
    assert not changes
    assert state.suspicion is None


def test_good_again_is_believed_at_once() -> None:
    state, changes = after(looks(FAIL, FAIL, OK))
    assert changes[1:] == [Change(Turn.BETTER, FAIL, OK, since=NOW + 2 * HOUR, at=NOW + 2 * HOUR)]
    assert state.since == NOW + 2 * HOUR


def test_a_note_is_good() -> None:
    assert not turns(looks(Grade.INFO, Grade.INFO))
    assert turns(looks(FAIL, FAIL, Grade.INFO)) == [Turn.BAD, Turn.BETTER]


def test_an_answer_that_never_came_ends_neither_a_suspicion_nor_a_fact() -> None:
    assert turns(looks(FAIL, UNKNOWN, FAIL)) == [Turn.BAD]
    assert turns(looks(FAIL, FAIL, UNKNOWN, UNKNOWN)) == [Turn.BAD]


def test_it_is_named_after_six_hours_without_an_answer() -> None:
    state, _ = after(looks(OK, UNKNOWN, UNKNOWN))
    assert (state.unknown_since, state.last_definite_at) == (NOW + HOUR, NOW)
    assert not state.is_unknown(NOW + HOUR + UNKNOWN_SHOWS - MINUTE)
    assert state.is_unknown(NOW + HOUR + UNKNOWN_SHOWS)
    assert not after(looks(OK, UNKNOWN, OK))[0].is_unknown(NOW + 99 * DAY)


def test_becoming_worse_needs_two_looks_and_less_bad_one() -> None:
    assert turns(looks(WARN, WARN, FAIL)) == [Turn.BAD]
    assert turns(looks(WARN, WARN, FAIL, FAIL)) == [Turn.BAD, Turn.GRADE]
    state, changes = after(looks(FAIL, FAIL, WARN))
    assert changes[1] == Change(Turn.GRADE, FAIL, WARN, since=NOW, at=NOW + 2 * HOUR)
    assert state.grade is WARN


def test_two_looks_that_differ_in_how_bad_it_is_agree_on_the_lesser() -> None:
    assert after(looks(FAIL, WARN))[0].grade is WARN
    state, _ = after(looks(WARN, FAIL))
    assert state.grade is WARN
    assert state.suspicion is not None
    assert after(looks(WARN, FAIL, FAIL))[0].grade is FAIL


def test_what_looks_less_bad_only_because_a_part_was_not_seen_stays_as_it_was() -> None:
    partly = Observed(WARN, partial=True)
    assert after([*looks(FAIL, FAIL), (NOW + DAY, partly)])[0].grade is FAIL
    assert after([*looks(FAIL, FAIL), (NOW + DAY, Observed(WARN))])[0].grade is WARN


def test_what_comes_and_goes_is_told_once_until_it_has_been_quiet_for_a_week() -> None:
    sequence = looks(*[FAIL, FAIL, OK] * 10)
    assert turns(sequence) == [Turn.BAD, Turn.BETTER, Turn.BAD, Turn.FLAPPING]
    state, _ = after(sequence)
    last = state.changes[-1]
    assert state.flapping
    assert step(state, Observed(OK), last + QUIET - MINUTE)[1] is None
    settled, change = step(state, Observed(OK), last + QUIET)
    assert change is not None
    assert (change.turn, change.after) == (Turn.STEADY, OK)
    assert settled.is_settled


def test_a_change_after_the_quiet_week_is_told_as_what_it_is() -> None:
    state, _ = after(looks(*[FAIL, FAIL, OK] * 4, FAIL, FAIL))
    later, change = step(state, Observed(OK), state.changes[-1] + QUIET)
    assert change is not None
    assert change.turn is Turn.BETTER
    assert not later.flapping


def test_what_flaps_into_a_lasting_break_is_bad_all_the_same() -> None:
    state, _ = after(looks(*[FAIL, FAIL, OK] * 4, FAIL, FAIL))
    assert state.flapping
    assert state.grade is FAIL
    _, change = step(state, Observed(FAIL), state.changes[-1] + QUIET)
    assert change is not None
    assert (change.turn, change.after) == (Turn.STEADY, FAIL)


# The rule again, said of whole histories.


def is_confirmed(history: Sequence[Look], grade: Grade) -> bool:
    """Whether two independent looks said so, or worse, since the last one that said something better."""
    order = (OK, WARN, FAIL)
    agreeing: list[Look] = []
    confirmed = False
    for now, look in history:
        if look.grade is UNKNOWN:
            continue
        if order.index(look.grade) < order.index(grade):
            agreeing, confirmed = [], False
            continue
        confirmed = confirmed or any(
            look.by != other.by or now - at >= max(other.ttl, SECOND_LOOK) for at, other in agreeing
        )
        agreeing.append((now, look))
    return confirmed


def test_every_history_of_four_looks_is_bad_exactly_if_two_of_them_confirm_each_other() -> None:
    ways = [(MINUTE, "a"), (SECOND_LOOK, "a"), (MINUTE, "b")]
    kinds = list(product((OK, WARN, FAIL, UNKNOWN), ways))

    def explore(history: list[Look], state: State | None, depth: int) -> None:
        now = history[-1][0] if history else NOW
        for grade, (wait, by) in kinds if depth else ():
            longer = [*history, (now + wait, Observed(grade, by))]
            after, change = step(state, longer[-1][1], now + wait)
            assert after.is_bad is is_confirmed(longer, WARN), longer
            assert after.grade is not FAIL or is_confirmed(longer, FAIL), longer
            assert (change is not None) is (after.grade is not (state.grade if state else OK)), longer
            explore(longer, after, depth - 1)

    explore([], None, 4)


waits = st.sampled_from([timedelta(0), MINUTE, 5 * MINUTE, HOUR, 6 * HOUR, 2 * DAY])
histories = st.lists(
    st.tuples(
        waits,
        st.sampled_from([OK, OK, WARN, FAIL, FAIL, UNKNOWN]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([timedelta(0), 20 * MINUTE, HOUR]),
    ),
    max_size=60,
).map(
    lambda steps: [
        (NOW + sum((wait for wait, *_ in steps[: number + 1]), timedelta(0)), Observed(grade, by, ttl))
        for number, (_, grade, by, ttl) in enumerate(steps)
    ]
)


@given(histories)
def test_only_a_confirmed_look_is_ever_red(history: list[Look]) -> None:
    state = None
    for number, (now, look) in enumerate(history):
        state, _ = step(state, look, now)
        # Of looks in one moment with different times to live the longest is waited for: red may come later, never sooner.
        assert not state.is_bad or is_confirmed(history[: number + 1], WARN)


@given(histories, st.integers(1, 20))
def test_unknowns_alone_change_nothing_that_is_believed(history: list[Look], number: int) -> None:
    before = after([(NOW, Observed(OK)), *history])[0]
    now = before.last_tried_at or NOW
    sequence = [(now + times * HOUR, Observed(UNKNOWN)) for times in range(number)]
    later, changes = after(sequence, before)
    assert not changes
    assert (later.grade, later.since, later.suspicion) == (before.grade, before.since, before.suspicion)
    assert later.last_definite_at == before.last_definite_at
    assert later.unknown_since is not None


@given(histories)
def test_a_real_break_is_believed_after_two_definite_looks_whatever_came_before(history: list[Look]) -> None:
    before = after([(NOW, Observed(OK)), *history])[0]
    now = (before.last_tried_at or NOW) + WAIT_AT_MOST
    state, changes = after([(now, Observed(FAIL)), (now + WAIT_AT_MOST, Observed(FAIL))], before)
    assert state.grade is FAIL
    assert before.grade is FAIL or changes or state.flapping


@given(histories)
def test_nobody_is_told_more_than_a_handful_of_things_in_a_week(history: list[Look]) -> None:
    _, changes = after([(NOW, Observed(OK)), *history])
    for first, change in zip(changes, changes[FLAPS + 2 :], strict=False):
        assert change.at - first.at >= QUIET
    assert all(earlier.at <= later.at for earlier, later in pairwise(changes))


@given(histories)
def test_what_is_told_is_what_has_changed(history: list[Look]) -> None:
    expected = {Turn.BAD: (True, False), Turn.BETTER: (False, True), Turn.GRADE: (True, True)}
    for change in after([(NOW, Observed(OK)), *history])[1]:
        if change.turn in expected:
            assert (change.after is not OK, change.before is not OK) == expected[change.turn]
        assert (change.before is change.after) is (change.turn is Turn.STEADY)
