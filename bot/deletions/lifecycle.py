"""The states of a deletion and every legal step between them. Pure: rows in, rows out.

    requested ──noticed──▶ pending ──taken, started──▶ executing ──▶ deleted | failed ──▶ dropped
        │  ╲                ▲    ╲                          │             └─retried──▶ pending
        │   noticed──▶ held─┘     unseen──▶ requested       └─deferred──▶ executing, looked at again at lease_until
        └──────cancelled──┴──────┴──▶ cancelled

A worker takes a row that is due (it stays pending, and can be cancelled) to look at its notice and its target, and starts
it right before it asks the mail system. A step from any other state raises TooLate with a sentence for the person who
asked. The caller writes the new row with a compare-and-set on the old one (bot/storage/deletions.py), so of two steps
that race exactly one happens.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import NotAllowed, TooLate
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState


def noticed(deletion: Deletion, *, channel: str, ts: str, at: datetime) -> Deletion:
    """Slack has confirmed the notice: the grace period begins. A second notice starts it over."""
    _must_be_cancellable(deletion)
    seen = replace(
        deletion,
        notice_channel=channel,
        notice_ts=ts,
        noticed_at=at,
        reminded_at=None,
        claimed_by=None,
        lease_until=None,
    )
    if deletion.is_held:
        return replace(seen, state=DeletionState.HELD, execute_at=None)
    return replace(seen, state=DeletionState.PENDING, execute_at=at + deletion.grace)


def unseen(deletion: Deletion) -> Deletion:
    """Its notice is gone: nothing happens before a new one was confirmed, and the grace period starts over then."""
    if deletion.state not in {*CANCELLABLE_STATES, DeletionState.EXECUTING}:
        raise TooLate(outcome(deletion))
    return replace(
        deletion,
        state=DeletionState.REQUESTED,
        notice_ts=None,
        noticed_at=None,
        execute_at=None,
        reminded_at=None,
        claimed_by=None,
        lease_until=None,
        removals=deletion.removals + 1,
    )


def renoticed(deletion: Deletion) -> Deletion:
    """Its notice was removed and posted anew since it was started, and it is still there: the grace period starts over."""
    _must_be_executing(deletion)
    assert deletion.noticed_at is not None, "what was started had a notice"
    return replace(
        deletion,
        state=DeletionState.PENDING,
        execute_at=deletion.noticed_at + deletion.grace,
        reminded_at=None,
        claimed_by=None,
        lease_until=None,
        removals=deletion.removals + 1,
    )


def held(deletion: Deletion, *, hold_id: str, reason: str | None = None) -> Deletion:
    """Its time does not come before somebody else has released it. `reason`: None for too many within an hour."""
    _must_be_cancellable(deletion)
    waiting = replace(
        deletion,
        hold_id=hold_id,
        released_by=None,
        execute_at=None,
        claimed_by=None,
        lease_until=None,
        last_error=reason,
    )
    if deletion.state is DeletionState.PENDING:
        return replace(waiting, state=DeletionState.HELD)
    return waiting


def released(deletion: Deletion, *, by: str, at: datetime) -> Deletion:
    """Somebody else vouches for it: the grace period begins now, or with its notice. Raises NotAllowed for one's own."""
    if by == deletion.requested_by:
        raise NotAllowed("You asked for these deletions yourself: somebody else has to release them.")
    if not deletion.is_held or deletion.state not in CANCELLABLE_STATES:
        raise TooLate(outcome(deletion))
    free = replace(deletion, released_by=by, last_error=None)
    if deletion.state is DeletionState.HELD:
        return replace(free, state=DeletionState.PENDING, execute_at=at + deletion.grace)
    return free


def cancelled(deletion: Deletion, *, by: str, at: datetime) -> Deletion:
    _must_be_cancellable(deletion)
    return replace(
        deletion,
        state=DeletionState.CANCELLED,
        cancelled_by=by,
        finished_at=at,
        claimed_by=None,
        lease_until=None,
    )


def reminded(deletion: Deletion, *, at: datetime) -> Deletion:
    if deletion.state is not DeletionState.PENDING:
        raise TooLate(outcome(deletion))
    return replace(deletion, reminded_at=at)


def taken(deletion: Deletion, *, worker: str, at: datetime, lease: timedelta) -> Deletion:
    """A worker looks at it: its time has come, or the last worker's claim has lapsed."""
    free = deletion.lease_until is None or deletion.lease_until <= at
    due = (
        deletion.state is DeletionState.PENDING
        and deletion.execute_at is not None
        and deletion.execute_at <= at
    )
    if not (free and (due or deletion.state is DeletionState.EXECUTING)):
        raise TooLate(outcome(deletion))
    return replace(deletion, claimed_by=worker, lease_until=at + lease)


def postponed(deletion: Deletion, *, until: datetime, error: str, tried: bool) -> Deletion:
    """Nothing was done, and it can still be cancelled. `tried`: it counts as an attempt."""
    if deletion.state is not DeletionState.PENDING:
        raise TooLate(outcome(deletion))
    return replace(
        deletion,
        claimed_by=None,
        lease_until=until,
        last_error=error,
        attempts=deletion.attempts + (1 if tried else 0),
    )


def started(deletion: Deletion, *, at: datetime, lease: timedelta) -> Deletion:
    """The next thing is the call to the mail system."""
    if deletion.state not in {DeletionState.PENDING, DeletionState.EXECUTING} or deletion.claimed_by is None:
        raise TooLate(outcome(deletion))
    return replace(
        deletion, state=DeletionState.EXECUTING, lease_until=at + lease, attempts=deletion.attempts + 1
    )


def refused(deletion: Deletion, *, until: datetime, error: str) -> Deletion:
    """The mail system was asked and has certainly done nothing: it waits for the next try, and can be cancelled."""
    _must_be_executing(deletion)
    return replace(
        deletion, state=DeletionState.PENDING, claimed_by=None, lease_until=until, last_error=error
    )


def deferred(deletion: Deletion, *, until: datetime, error: str) -> Deletion:
    """Not done as far as we know, perhaps done after all: stays executing, and is looked at again at `until`."""
    _must_be_executing(deletion)
    return replace(deletion, claimed_by=None, lease_until=until, last_error=error)


def done(deletion: Deletion, *, at: datetime) -> Deletion:
    _must_be_executing(deletion)
    return replace(
        deletion,
        state=DeletionState.DELETED,
        finished_at=at,
        claimed_by=None,
        lease_until=None,
        last_error=None,
    )


def failed(deletion: Deletion, *, at: datetime, error: str, can_retry: bool) -> Deletion:
    if not deletion.state.is_open:
        raise TooLate(outcome(deletion))
    return replace(
        deletion,
        state=DeletionState.FAILED,
        finished_at=at,
        claimed_by=None,
        lease_until=None,
        last_error=error,
        can_retry=can_retry,
    )


def retried(deletion: Deletion, *, at: datetime) -> Deletion:
    """Once more: at once if it has failed lately, else after its grace period, since nobody looks at an old notice."""
    _must_have_failed(deletion)
    assert deletion.finished_at is not None, "a failed deletion has an end"
    lately = at - deletion.finished_at < deletion.grace
    return replace(
        deletion,
        state=DeletionState.PENDING,
        execute_at=at if lately else at + deletion.grace,
        reminded_at=at if lately else None,
        finished_at=None,
        attempts=0,
        can_retry=False,
    )


def dropped(deletion: Deletion, *, by: str, at: datetime) -> Deletion:
    """It failed, and that is the end of it."""
    _must_have_failed(deletion)
    return replace(deletion, state=DeletionState.DROPPED, cancelled_by=by, finished_at=at, can_retry=False)


def outcome(deletion: Deletion) -> str:
    """What became of it, as a sentence for somebody who came too late."""
    match deletion.state:
        case DeletionState.REQUESTED | DeletionState.PENDING:
            return f"The deletion of {deletion.label} is waiting."
        case DeletionState.HELD:
            return f"The deletion of {deletion.label} is held until an owner releases it."
        case DeletionState.EXECUTING:
            return f"Too late: {deletion.label} is being deleted right now."
        case DeletionState.DELETED:
            return f"Too late: {deletion.label} has been deleted."
        case DeletionState.CANCELLED:
            return f"The deletion of {deletion.label} was already cancelled by <@{deletion.cancelled_by}>."
        case DeletionState.FAILED:
            return f"The deletion of {deletion.label} has already ended: {deletion.last_error}"
        case DeletionState.DROPPED:
            return f"The deletion of {deletion.label} had failed, and <@{deletion.cancelled_by}> dropped it."


def _must_be_cancellable(deletion: Deletion) -> None:
    if deletion.state not in CANCELLABLE_STATES:
        raise TooLate(outcome(deletion))


def _must_be_executing(deletion: Deletion) -> None:
    if deletion.state is not DeletionState.EXECUTING:
        raise TooLate(outcome(deletion))


def _must_have_failed(deletion: Deletion) -> None:
    if deletion.state is not DeletionState.FAILED or not deletion.can_retry:
        raise TooLate(outcome(deletion))
