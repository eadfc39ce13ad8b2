"""A request and its messages: what was asked for at once is announced in one notice, and every change is shown there.

What happens to the messages happens to the rows: a confirmed notice starts the grace period, a removed one stops it, one
that can't be posted is told to the person who asked and to the fallback channel. All in the transaction of the outbox.
"""

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.audit import Act
from bot.deletions import lifecycle
from bot.errors import DeletionOpen, NotFound, TooLate
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, NoticeKind, TargetKind
from bot.notices import Stuck, want, want_again
from bot.storage import deletions, notices

Step = Callable[[Deletion], Deletion]
Request = tuple[Deletion, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A request whose notice Slack does not take. `problem` is None once it has."""

    request: Request
    problem: str | None


@dataclass(frozen=True, slots=True)
class Ended:
    """What a click on several deletions did: `done`, and what it was too late for, with what became of it."""

    done: Request
    missed: tuple[str, ...] = ()


async def change(session: AsyncSession, deletion_id: str, step: Step) -> Deletion:
    """Take one step by compare-and-set; a step that lost a race is judged again on the row as it then stands.

    Raises NotFound, DeletionOpen, and what `step` raises.
    """
    while True:
        before = await required(session, deletion_id)
        try:
            after = await deletions.replace(session, before, step(before))
        except deletions.OpenAlready:
            raise open_already(await deletions.open_for(session, before.target), before.label) from None
        if after is not None:
            return after


async def required(session: AsyncSession, deletion_id: str) -> Deletion:
    """Raises NotFound."""
    row = await deletions.get(session, deletion_id)
    if row is None:
        raise NotFound("Mailwarden knows no such deletion (any more).")
    return row


def open_already(row: Deletion | None, label: str) -> DeletionOpen:
    if row is None:
        return DeletionOpen(f"A deletion of {label} has just ended. Try again.", deletion_id="")
    return DeletionOpen(
        f"The deletion of {label} is already queued, by <@{row.requested_by}>.", deletion_id=row.id
    )


async def record(
    session: AsyncSession, row: Deletion, *, actor: str, act: Act, at: datetime, detail: str = ""
) -> None:
    await audit.record(
        session,
        at=at,
        actor=actor,
        act=act,
        account=row.target.account,
        # The number of a routing rule says nothing to people.
        target=row.label if row.target.kind is TargetKind.ROUTING_RULE else row.target.id,
        detail=detail,
    )


async def announce(session: AsyncSession, rows: Iterable[Deletion], *, now: datetime) -> None:
    """Have every message about these deletions show their present state."""
    rows = list(rows)
    for request_id, channel in sorted({row.request_id: row.notice_channel for row in rows}.items()):
        await want(session, NoticeKind.DELETION, request_id, channel=channel, now=now)
        await want_again(
            session,
            NoticeKind.REMINDER,
            NoticeKind.TROUBLE,
            NoticeKind.TROUBLE_DIRECT,
            subject=request_id,
            now=now,
        )
    for hold_id, row in {row.hold_id: row for row in rows if row.hold_id is not None}.items():
        if row.is_held:
            await want(session, NoticeKind.HOLD, hold_id, channel=row.notice_channel, now=now)
        else:
            await want_again(session, NoticeKind.HOLD, subject=hold_id, now=now)


async def record_notice(session: AsyncSession, request_id: str, channel: str, ts: str, at: datetime) -> None:
    """The notice is confirmed: the grace period begins, and the message is brought to the exact time.

    A message that was posted anew for deletions that have ended meanwhile starts nothing.
    """

    def step(row: Deletion) -> Deletion:
        return lifecycle.noticed(row, channel=channel, ts=ts, at=at)

    def move(row: Deletion) -> Deletion:
        moved = replace(row, notice_channel=channel, notice_ts=ts)
        return replace(moved, noticed_at=at) if row.state is DeletionState.EXECUTING else moved

    rows = await deletions.of_request(session, request_id)
    waiting = await _change_waiting(session, rows, step)
    begun = {row.id for row in rows} - {row.id for row in waiting}
    for deletion_id in sorted(begun):
        await change(session, deletion_id, move)
    for row in waiting:
        await record(
            session, row, actor=audit.THE_CLOCK, act=Act.DELETION_NOTICED, at=at, detail=f"{channel} {ts}"
        )
    if waiting:
        await announce(session, waiting, now=at)


async def record_removal(session: AsyncSession, request_id: str, now: datetime, unsaid: bool) -> bool:
    """The notice is gone: what waits goes back to before its notice."""
    rows = await deletions.of_request(session, request_id)
    waiting = await _change_waiting(session, rows, lifecycle.unseen)
    for row in waiting:
        await record(session, row, actor=audit.THE_CLOCK, act=Act.DELETION_NOTICE_REMOVED, at=now)
    if waiting:
        # The caller changes the notice after this, but everybody locks it before those that follow it.
        await notices.lock(session, NoticeKind.DELETION, request_id)
        await want_again(session, NoticeKind.REMINDER, subject=request_id, now=now)
    still_to_come = any(row.state is DeletionState.EXECUTING or row.can_retry for row in rows)
    return unsaid or bool(waiting) or still_to_come


async def record_hold_removal(session: AsyncSession, hold_id: str, _now: datetime, unsaid: bool) -> bool:
    rows = await deletions.of_hold(session, hold_id)
    return unsaid or any(row.is_held and row.state.is_open for row in rows)


async def record_reminder_removal(
    _session: AsyncSession, _request: str, _now: datetime, _unsaid: bool
) -> bool:
    return False


def teller(fallback: str) -> Stuck:
    """What happens when Slack does not take a notice: the person who asked is told, and the `fallback` channel."""

    async def tell(session: AsyncSession, request_id: str, now: datetime) -> None:
        rows = await deletions.of_request(session, request_id)
        for kind, channel in (
            (NoticeKind.TROUBLE, fallback),
            (NoticeKind.TROUBLE_DIRECT, rows[0].requested_by),
        ):
            await want(session, kind, request_id, channel=channel, now=now)

    return tell


async def load_request(session: AsyncSession, request_id: str) -> Request:
    return await deletions.of_request(session, request_id)


async def load_hold(session: AsyncSession, hold_id: str) -> Request:
    return await deletions.of_hold(session, hold_id)


async def load_trouble(session: AsyncSession, request_id: str) -> Trouble:
    notice = await notices.get(session, NoticeKind.DELETION, request_id)
    open_ = notice is not None and notice.posted < notice.wanted
    return Trouble(
        await deletions.of_request(session, request_id), notice.last_error if notice and open_ else None
    )


async def _change_waiting(session: AsyncSession, rows: Iterable[Deletion], step: Step) -> list[Deletion]:
    """Take one step with each row that can still be cancelled; one that a worker has just started is left alone."""
    changed = []
    for row in rows:
        with contextlib.suppress(TooLate):
            if row.state in CANCELLABLE_STATES:
                changed.append(await change(session, row.id, step))
    return changed
