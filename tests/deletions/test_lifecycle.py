"""Every step of a deletion from every state: which are legal, what they change, and what a latecomer is told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.deletions import lifecycle
from bot.errors import TooLate
from bot.model import Deletion, DeletionState, Target, TargetKind

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
FINISHED = [DeletionState.DELETED, DeletionState.CANCELLED, DeletionState.FAILED]


def a_deletion(state: DeletionState = DeletionState.REQUESTED) -> Deletion:
    row = Deletion(
        id="d1",
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
    if state is DeletionState.EXECUTING:
        row = replace(row, claimed_by="w1", attempts=1, lease_until=NOW + DAY + timedelta(minutes=10))
    if state is DeletionState.CANCELLED:
        row = replace(row, cancelled_by="U0BEN")
    if state is DeletionState.FAILED:
        row = replace(row, last_error="PurelyMail refused.")
    return row


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


@pytest.mark.parametrize("state", [DeletionState.REQUESTED, DeletionState.PENDING])
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
    ],
)
def test_cancel_that_comes_too_late_says_what_became_of_it(state: DeletionState, said: str) -> None:
    with pytest.raises(TooLate, match=said):
        lifecycle.cancelled(a_deletion(state), by="U0ADA", at=NOW)


def test_due_deletion_is_claimed_with_a_lease() -> None:
    row = lifecycle.claimed(
        a_deletion(DeletionState.PENDING), worker="w", at=NOW + DAY, lease=timedelta(minutes=10)
    )
    assert (row.state, row.claimed_by, row.attempts) == (DeletionState.EXECUTING, "w", 1)
    assert row.lease_until == NOW + DAY + timedelta(minutes=10)


def test_deletion_is_not_claimed_a_moment_before_its_time() -> None:
    just_before = NOW + DAY - timedelta(microseconds=1)
    with pytest.raises(TooLate):
        lifecycle.claimed(a_deletion(DeletionState.PENDING), worker="w", at=just_before, lease=DAY)


def test_deletion_without_a_confirmed_notice_is_never_claimed() -> None:
    with pytest.raises(TooLate):
        lifecycle.claimed(a_deletion(), worker="w", at=NOW + 1000 * DAY, lease=DAY)


def test_abandoned_deletion_is_claimed_when_its_lease_has_run_out() -> None:
    held = a_deletion(DeletionState.EXECUTING)
    assert held.lease_until is not None
    row = lifecycle.claimed(held, worker="w2", at=held.lease_until, lease=timedelta(minutes=10))
    assert (row.claimed_by, row.attempts) == ("w2", 2)


def test_held_deletion_is_not_claimed_while_its_lease_runs() -> None:
    held = a_deletion(DeletionState.EXECUTING)
    assert held.lease_until is not None
    with pytest.raises(TooLate):
        lifecycle.claimed(held, worker="w2", at=held.lease_until - timedelta(seconds=1), lease=DAY)


@pytest.mark.parametrize("state", [s for s in DeletionState if s is not DeletionState.EXECUTING])
def test_only_what_is_executing_can_be_settled(state: DeletionState) -> None:
    row = a_deletion(state)
    steps: tuple[Callable[[], Deletion], ...] = (
        lambda: lifecycle.done(row, at=NOW),
        lambda: lifecycle.failed(row, at=NOW, error="no"),
        lambda: lifecycle.deferred(row, until=NOW, error="later"),
    )
    for step in steps:
        with pytest.raises(TooLate):
            step()


@given(st.sampled_from(FINISHED), st.integers(0, 10**6))
def test_nothing_leaves_a_finished_state(state: DeletionState, seconds: int) -> None:
    row, at = a_deletion(state), NOW + timedelta(seconds=seconds)
    steps: tuple[Callable[[], Deletion], ...] = (
        lambda: lifecycle.noticed(row, channel="C", ts="1", at=at),
        lambda: lifecycle.cancelled(row, by="U", at=at),
        lambda: lifecycle.claimed(row, worker="w", at=at, lease=DAY),
        lambda: lifecycle.done(row, at=at),
    )
    for step in steps:
        with pytest.raises(TooLate):
            step()
