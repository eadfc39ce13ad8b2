"""Every step of a deletion from every state: which are legal, what they change, and what a latecomer is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deletions import lifecycle
from bot.errors import NotAllowed, TooLate
from bot.model import Deletion, DeletionState, Target, TargetKind

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
FINISHED = [
    DeletionState.DELETED,
    DeletionState.CANCELLED,
    DeletionState.FAILED,
    DeletionState.DROPPED,
]
LEASE = timedelta(minutes=10)


def a_deletion(state: DeletionState = DeletionState.REQUESTED) -> Deletion:
    row = Deletion(
        id="d1",
        request_id="r1",
        target=Target("main", TargetKind.USER, "anna@acme.example"),
        label="anna@acme.example",
        reason="left the company",
        requested_by="U0ADA",
        requested_at=NOW,
        grace=DAY,
        state=state,
        notice_channel="C0MAILOPS",
    )
    if state is not DeletionState.REQUESTED:
        row = replace(row, notice_ts="1.2", noticed_at=NOW, execute_at=NOW + DAY)
    if state is DeletionState.HELD:
        row = replace(row, execute_at=None, hold_id="h1")
    if state is DeletionState.EXECUTING:
        row = replace(row, claimed_by="w1", attempts=1, lease_until=NOW + DAY + LEASE)
    if state in {DeletionState.CANCELLED, DeletionState.DROPPED}:
        row = replace(row, cancelled_by="U0BEN", finished_at=NOW)
    if state is DeletionState.FAILED:
        row = replace(row, last_error="PurelyMail refused.", can_retry=True, finished_at=NOW)
    return row


def taken(state: DeletionState = DeletionState.PENDING) -> Deletion:
    return lifecycle.taken(a_deletion(state), worker="w", at=NOW + DAY + LEASE, lease=LEASE)


def test_grace_begins_when_the_notice_is_confirmed_not_when_it_was_requested() -> None:
    later = NOW + timedelta(hours=3)
    row = lifecycle.noticed(a_deletion(), channel="C1", ts="9.9", at=later)
    assert row.state is DeletionState.PENDING
    assert row.execute_at == later + DAY
    assert (row.notice_channel, row.notice_ts, row.noticed_at) == ("C1", "9.9", later)


def test_a_second_notice_starts_the_grace_period_over() -> None:
    later = NOW + timedelta(hours=23)
    row = lifecycle.noticed(a_deletion(DeletionState.PENDING), channel="C1", ts="9.9", at=later)
    assert row.execute_at == later + DAY


@pytest.mark.parametrize("state", [DeletionState.EXECUTING, *FINISHED])
def test_no_notice_revives_what_has_begun_or_ended(state: DeletionState) -> None:
    with pytest.raises(TooLate):
        lifecycle.noticed(a_deletion(state), channel="C1", ts="9.9", at=NOW)


@pytest.mark.parametrize("state", [DeletionState.REQUESTED, DeletionState.HELD, DeletionState.PENDING])
def test_cancel_works_until_execution_begins(state: DeletionState) -> None:
    row = lifecycle.cancelled(a_deletion(state), by="U0BEN", at=NOW)
    assert (row.state, row.cancelled_by, row.finished_at) == (DeletionState.CANCELLED, "U0BEN", NOW)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (DeletionState.EXECUTING, "is being deleted right now"),
        (DeletionState.DELETED, "has been deleted"),
        (DeletionState.CANCELLED, "already cancelled by <@U0BEN>"),
        (DeletionState.FAILED, "PurelyMail refused."),
        (DeletionState.DROPPED, "<@U0BEN> dropped it"),
    ],
)
def test_cancel_that_comes_too_late_says_what_became_of_it(state: DeletionState, said: str) -> None:
    with pytest.raises(TooLate, match=said):
        lifecycle.cancelled(a_deletion(state), by="U0ADA", at=NOW)


def test_due_deletion_is_taken_with_a_lease_and_can_still_be_cancelled() -> None:
    row = lifecycle.taken(a_deletion(DeletionState.PENDING), worker="w", at=NOW + DAY, lease=LEASE)
    assert (row.state, row.claimed_by, row.attempts) == (DeletionState.PENDING, "w", 0)
    assert row.lease_until == NOW + DAY + LEASE
    assert lifecycle.cancelled(row, by="U0BEN", at=NOW).state is DeletionState.CANCELLED


def test_what_was_taken_is_started_and_can_not_be_cancelled_any_more() -> None:
    row = lifecycle.started(taken(), at=NOW + DAY, lease=LEASE)
    assert (row.state, row.attempts) == (DeletionState.EXECUTING, 1)
    with pytest.raises(TooLate):
        lifecycle.cancelled(row, by="U0BEN", at=NOW)


def test_what_nobody_has_taken_is_not_started() -> None:
    with pytest.raises(TooLate):
        lifecycle.started(a_deletion(DeletionState.PENDING), at=NOW + DAY, lease=LEASE)


def test_deletion_is_not_taken_a_moment_before_its_time() -> None:
    just_before = NOW + DAY - timedelta(microseconds=1)
    with pytest.raises(TooLate):
        lifecycle.taken(a_deletion(DeletionState.PENDING), worker="w", at=just_before, lease=DAY)


@pytest.mark.parametrize("state", [DeletionState.REQUESTED, DeletionState.HELD])
def test_deletion_that_waits_for_its_notice_or_its_release_is_never_taken(state: DeletionState) -> None:
    with pytest.raises(TooLate):
        lifecycle.taken(a_deletion(state), worker="w", at=NOW + 1000 * DAY, lease=DAY)


def test_abandoned_deletion_is_taken_when_its_lease_has_run_out() -> None:
    held = a_deletion(DeletionState.EXECUTING)
    assert held.lease_until is not None
    row = lifecycle.taken(held, worker="w2", at=held.lease_until, lease=LEASE)
    assert (row.claimed_by, row.state) == ("w2", DeletionState.EXECUTING)


def test_deletion_is_not_taken_while_another_lease_runs() -> None:
    held = a_deletion(DeletionState.EXECUTING)
    assert held.lease_until is not None
    with pytest.raises(TooLate):
        lifecycle.taken(held, worker="w2", at=held.lease_until - timedelta(seconds=1), lease=DAY)


def test_postponed_deletion_is_free_again_and_waits() -> None:
    until = NOW + DAY + timedelta(hours=1)
    row = lifecycle.postponed(taken(), until=until, error="Slack is down", tried=False)
    assert (row.state, row.claimed_by, row.lease_until) == (DeletionState.PENDING, None, until)
    assert (row.attempts, row.last_error) == (0, "Slack is down")
    with pytest.raises(TooLate):
        lifecycle.taken(row, worker="w", at=until - timedelta(seconds=1), lease=LEASE)
    assert lifecycle.taken(row, worker="w", at=until, lease=LEASE).claimed_by == "w"


def test_only_tries_at_the_mail_system_count_as_attempts() -> None:
    assert lifecycle.postponed(taken(), until=NOW, error="", tried=True).attempts == 1


def test_what_the_mail_system_certainly_did_not_do_can_be_cancelled_again() -> None:
    row = lifecycle.refused(a_deletion(DeletionState.EXECUTING), until=NOW, error="unreachable")
    assert (row.state, row.attempts, row.claimed_by) == (DeletionState.PENDING, 1, None)


def test_what_it_may_have_done_can_not() -> None:
    row = lifecycle.deferred(a_deletion(DeletionState.EXECUTING), until=NOW, error="time-out")
    with pytest.raises(TooLate):
        lifecycle.cancelled(row, by="U0BEN", at=NOW)


@pytest.mark.parametrize(
    "state",
    [DeletionState.REQUESTED, DeletionState.HELD, DeletionState.PENDING, DeletionState.EXECUTING],
)
def test_without_its_notice_a_deletion_is_back_at_the_beginning(state: DeletionState) -> None:
    row = lifecycle.unseen(a_deletion(state))
    assert row.state is DeletionState.REQUESTED
    assert (row.notice_ts, row.noticed_at, row.execute_at, row.claimed_by) == (None, None, None, None)
    assert row.removals == 1


def test_held_deletion_has_no_time_and_its_notice_gives_it_none() -> None:
    held = lifecycle.held(a_deletion(DeletionState.PENDING), hold_id="h")
    assert (held.state, held.execute_at) == (DeletionState.HELD, None)
    asked = lifecycle.held(a_deletion(), hold_id="h")
    noticed = lifecycle.noticed(asked, channel="C1", ts="9.9", at=NOW)
    assert (asked.state, noticed.state) == (DeletionState.REQUESTED, DeletionState.HELD)
    assert noticed.execute_at is None


def test_release_begins_the_grace_period() -> None:
    later = NOW + timedelta(days=3)
    row = lifecycle.released(a_deletion(DeletionState.HELD), by="U0BEN", at=later)
    assert (row.state, row.execute_at, row.released_by) == (DeletionState.PENDING, later + DAY, "U0BEN")


def test_release_before_the_notice_leaves_the_beginning_to_the_notice() -> None:
    asked = lifecycle.held(a_deletion(), hold_id="h")
    row = lifecycle.released(asked, by="U0BEN", at=NOW)
    assert (row.state, row.execute_at) == (DeletionState.REQUESTED, None)
    assert lifecycle.noticed(row, channel="C1", ts="9.9", at=NOW).execute_at == NOW + DAY


def test_nobody_releases_their_own() -> None:
    with pytest.raises(NotAllowed, match="somebody else has to release them"):
        lifecycle.released(a_deletion(DeletionState.HELD), by="U0ADA", at=NOW)


def test_what_is_not_held_is_not_released() -> None:
    with pytest.raises(TooLate):
        lifecycle.released(a_deletion(DeletionState.PENDING), by="U0BEN", at=NOW)


def test_retry_soon_after_a_failure_is_at_once_and_later_waits_again() -> None:
    soon, later = NOW + timedelta(hours=23), NOW + timedelta(hours=25)
    row = lifecycle.retried(a_deletion(DeletionState.FAILED), at=soon)
    assert (row.state, row.execute_at, row.attempts) == (DeletionState.PENDING, soon, 0)
    assert lifecycle.retried(a_deletion(DeletionState.FAILED), at=later).execute_at == later + DAY


@pytest.mark.parametrize("state", [s for s in DeletionState if s is not DeletionState.FAILED])
def test_only_a_failure_is_retried_or_dropped(state: DeletionState) -> None:
    with pytest.raises(TooLate):
        lifecycle.retried(a_deletion(state), at=NOW)
    with pytest.raises(TooLate):
        lifecycle.dropped(a_deletion(state), by="U0BEN", at=NOW)


def test_a_failure_that_no_retry_can_mend_is_not_retried() -> None:
    over = lifecycle.failed(taken(), at=NOW, error="already gone", can_retry=False)
    with pytest.raises(TooLate, match="already gone"):
        lifecycle.retried(over, at=NOW)


@pytest.mark.parametrize("state", [s for s in DeletionState if s is not DeletionState.EXECUTING])
def test_only_what_is_executing_can_be_done_or_deferred(state: DeletionState) -> None:
    row = a_deletion(state)
    steps: tuple[Callable[[], Deletion], ...] = (
        lambda: lifecycle.done(row, at=NOW),
        lambda: lifecycle.refused(row, until=NOW, error="no"),
        lambda: lifecycle.deferred(row, until=NOW, error="later"),
    )
    for step in steps:
        with pytest.raises(TooLate):
            step()


@given(st.sampled_from(FINISHED), st.integers(0, 10**6))
def test_nothing_but_retry_and_drop_leaves_a_finished_state(state: DeletionState, seconds: int) -> None:
    row, at = a_deletion(state), NOW + timedelta(seconds=seconds)
    steps: tuple[Callable[[], Deletion], ...] = (
        lambda: lifecycle.noticed(row, channel="C", ts="1", at=at),
        lambda: lifecycle.unseen(row),
        lambda: lifecycle.held(row, hold_id="h"),
        lambda: lifecycle.released(row, by="U0BEN", at=at),
        lambda: lifecycle.cancelled(row, by="U", at=at),
        lambda: lifecycle.reminded(row, at=at),
        lambda: lifecycle.taken(row, worker="w", at=at, lease=DAY),
        lambda: lifecycle.started(row, at=at, lease=DAY),
        lambda: lifecycle.failed(row, at=at, error="x", can_retry=True),
        lambda: lifecycle.done(row, at=at),
    )
    for step in steps:
        with pytest.raises(TooLate):
            step()
