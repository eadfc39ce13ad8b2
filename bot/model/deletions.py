"""Deletions: what is queued, where it stands, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model.mail import Target


class DeletionState(StrEnum):
    REQUESTED = "requested"
    """On record; the grace period has not begun, because the notice is not (or no longer) confirmed."""
    HELD = "held"
    """The notice is up, and the grace period begins when somebody else releases it."""
    PENDING = "pending"
    """The notice is up and the grace period runs, or has run out."""
    EXECUTING = "executing"
    """The mail system may have been asked. Too late to cancel."""
    DELETED = "deleted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DROPPED = "dropped"
    """It failed, and somebody decided that it is not tried again."""

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES


CANCELLABLE_STATES = frozenset({DeletionState.REQUESTED, DeletionState.HELD, DeletionState.PENDING})
OPEN_STATES = CANCELLABLE_STATES | {DeletionState.EXECUTING}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What identified a target, and what goes along with it, when its deletion was asked for.

    Of a domain: its `users` and `rules` (in words), which are deleted with it. Of a routing rule: its `content`. Of a
    user nothing: mail systems give a mailbox no identity beyond its address. `kept`: the mail system keeps the mailbox of
    the user, and gives it back to whoever creates the address again.
    """

    users: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    content: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """One row of the queue.

    `request_id` is shared by what was asked for at once and is announced in one notice. `execute_at` is None until Slack
    has confirmed the notice. `lease_until`: while `claimed_by` is set, when the claim lapses; else when to look next.
    `hold_id` names the mass deletion it is held with, `released_by` who ended that hold. `removals` counts the notices
    that somebody removed. `can_retry`: a failure that another try may mend. `version` counts the changes.
    """

    id: str
    request_id: str
    target: Target
    label: str
    reason: str
    requested_by: str
    requested_at: datetime
    grace: timedelta
    state: DeletionState
    notice_channel: str
    snapshot: Snapshot = Snapshot()
    notice_ts: str | None = None
    noticed_at: datetime | None = None
    execute_at: datetime | None = None
    reminded_at: datetime | None = None
    hold_id: str | None = None
    released_by: str | None = None
    removals: int = 0
    claimed_by: str | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    can_retry: bool = False
    finished_at: datetime | None = None
    cancelled_by: str | None = None
    version: int = 0

    @property
    def is_held(self) -> bool:
        return self.hold_id is not None and self.released_by is None
