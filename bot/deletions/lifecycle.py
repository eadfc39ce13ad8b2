"""The states of a deletion and every legal step between them. Pure: rows in, rows out.

    requested ──noticed──▶ pending ──claimed──▶ executing ──▶ deleted | failed
        └─────────cancelled──┴──▶ cancelled         └──deferred──▶ executing, to be claimed again at lease_until

A step from any other state raises TooLate with a sentence for the person who asked. The caller writes the new row with
a compare-and-set on the old one (bot/storage/deletions.py), so of two steps that race exactly one happens.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import TooLate
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState


def noticed(deletion: Deletion, *, channel: str, ts: str, at: datetime) -> Deletion:
    """Slack has confirmed the notice: the grace period begins. A second notice starts it over."""
    if deletion.state not in CANCELLABLE_STATES:
        raise TooLate(outcome(deletion))
    return replace(
        deletion,
        state=DeletionState.PENDING,
        notice_channel=channel,
        notice_ts=ts,
        noticed_at=at,
        execute_at=at + deletion.grace,
    )


def cancelled(deletion: Deletion, *, by: str, at: datetime) -> Deletion:
    if deletion.state not in CANCELLABLE_STATES:
        raise TooLate(outcome(deletion))
    return replace(deletion, state=DeletionState.CANCELLED, cancelled_by=by, finished_at=at)


def claimed(deletion: Deletion, *, worker: str, at: datetime, lease: timedelta) -> Deletion:
    """A worker takes it: because its time has come, or because the last worker's lease ran out."""
    due = (
        deletion.state is DeletionState.PENDING
        and deletion.execute_at is not None
        and deletion.execute_at <= at
    )
    abandoned = (
        deletion.state is DeletionState.EXECUTING
        and deletion.lease_until is not None
        and deletion.lease_until <= at
    )
    if not (due or abandoned):
        raise TooLate(outcome(deletion))
    return replace(
        deletion,
        state=DeletionState.EXECUTING,
        claimed_by=worker,
        lease_until=at + lease,
        attempts=deletion.attempts + 1,
    )


def done(deletion: Deletion, *, at: datetime) -> Deletion:
    _must_be_executing(deletion)
    return replace(deletion, state=DeletionState.DELETED, finished_at=at, lease_until=None, last_error=None)


def failed(deletion: Deletion, *, at: datetime, error: str) -> Deletion:
    _must_be_executing(deletion)
    return replace(deletion, state=DeletionState.FAILED, finished_at=at, lease_until=None, last_error=error)


def deferred(deletion: Deletion, *, until: datetime, error: str) -> Deletion:
    """Not done as far as we know, perhaps done after all: stays executing, read back and tried again at `until`."""
    _must_be_executing(deletion)
    return replace(deletion, lease_until=until, last_error=error)


def outcome(deletion: Deletion) -> str:
    """What became of it, as a sentence for somebody who came too late."""
    match deletion.state:
        case DeletionState.REQUESTED | DeletionState.PENDING:
            return f"The deletion of {deletion.label} is waiting."
        case DeletionState.EXECUTING:
            return f"Too late: {deletion.label} is being deleted right now."
        case DeletionState.DELETED:
            return f"Too late: {deletion.label} has been deleted."
        case DeletionState.CANCELLED:
            return f"The deletion of {deletion.label} was already cancelled by <@{deletion.cancelled_by}>."
        case DeletionState.FAILED:
            return f"The deletion of {deletion.label} has already ended: {deletion.last_error}"


def _must_be_executing(deletion: Deletion) -> None:
    if deletion.state is not DeletionState.EXECUTING:
        raise TooLate(outcome(deletion))
