"""How messages about deletions look: the notice of a request in each state, its reminder, a hold, and trouble with posting.

Made from the rows as they stand when the message is sent. `text` says the same to notifications and screen readers.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement, OverflowMenuElement

from bot.deletions import Request, Trouble
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState
from bot.notices import Rendered
from handlers import blocks
from handlers.deletion_buttons import (
    CANCEL_HELD,
    cancel_all_button,
    cancel_button,
    drop_button,
    failed_menu,
    release_button,
    retry_button,
)
from handlers.deletion_words import count, end, goes_along, kept, loss, loss_of_all, waits, what, word

TEXT = 3900
"""chat.update takes no longer text than 4,000 characters."""

LABEL = 90
DETAILED = 10
"""With more lines than this each says in a word where it stands: all texts of a message together are limited, too."""

REMOVED = (
    ":rotating_light: <!here> *The notice of this deletion was removed from the channel.* Here it is again, and the grace "
    "period starts over."
)


def render_request(rows: Request, now: datetime) -> Rendered | None:
    """Who wants what deleted, why, when; the buttons as long as they can help."""
    if not rows or all(_never_announced(row) for row in rows):
        return None
    head = [REMOVED] if any(row.removals and row.state in CANCELLABLE_STATES for row in rows) else []
    if len(rows) == 1:
        return _one(rows[0], head, now)
    return _several(rows, head, now)


def render_reminder(rows: Request, _now: datetime) -> Rendered | None:
    """The warning in the thread of the notice, an hour before."""
    pending = [row for row in rows if row.state is DeletionState.PENDING and row.execute_at is not None]
    reminded = [row for row in rows if row.reminded_at is not None]
    thread_ts = next((row.notice_ts for row in rows if row.notice_ts is not None), None)
    if not reminded and any(row.removals for row in rows):
        if any(row.state in CANCELLABLE_STATES for row in rows):
            outcome = "The notice was removed, and is posted anew. The grace period starts over with it."
        else:
            outcome = _outcomes(rows)
        told = f"This warning is over. {outcome}"
        return Rendered(told, [blocks.section(told)], correction=True)
    if not reminded or thread_ts is None:
        return None
    if not pending:
        told = f"This warning is over. {_outcomes(reminded)}"
        return Rendered(told, [blocks.section(told)], thread_ts)
    soonest = min(row.execute_at for row in pending if row.execute_at is not None)
    who = what(pending[0]) if len(pending) == 1 else count(len(pending), "deletion")
    told = (
        f":alarm_clock: <@{rows[0].requested_by}> {who} will happen {blocks.date(soonest)}, {loss_of_all(pending)}."
        if len(pending) > 1
        else f":alarm_clock: <@{rows[0].requested_by}> {who} will be deleted {blocks.date(soonest)}, {loss(pending[0])}."
    )
    stop = (
        cancel_button(pending[0])
        if len(pending) == 1
        else cancel_all_button(rows[0].request_id, len(pending))
    )
    last = "This is the last chance to cancel."
    return Rendered(f"{told} {last}", [blocks.section(f"{told}\n{last}"), blocks.actions(stop)], thread_ts)


def _outcomes(rows: Sequence[Deletion]) -> str:
    ended = dict.fromkeys(end(row) for row in rows if not row.state.is_open)
    return blocks.cut(" ".join(ended) or "It is under way.", 2000)


def render_hold(rows: Request, _now: datetime) -> Rendered | None:
    """A mass deletion that waits for somebody else to release it."""
    if not rows:
        return None
    held = [row for row in rows if row.is_held and row.state in CANCELLABLE_STATES]
    reason = next((row.last_error for row in rows if row.is_held and row.last_error is not None), None)
    head = f":rotating_light: {_why_held(reason, rows[0].requested_by)}"
    names = _list(rows, lambda row: blocks.code(row.label, 200))
    if held:
        told = f"{head} {count(len(held), 'deletion')} wait {waits(rows[0].requested_by, 'them')}."
        parts: list[Block] = [
            blocks.section(told),
            blocks.section(names),
            blocks.actions(
                release_button(str(rows[0].hold_id), len(held)),
                cancel_all_button(str(rows[0].hold_id), len(held), CANCEL_HELD),
            ),
        ]
        return Rendered(blocks.cut(f"{told}\n{names}", TEXT), parts)
    by = sorted({row.released_by for row in rows if row.released_by is not None})
    ended = (
        f"Released by {', '.join(f'<@{one}>' for one in by)}: the grace period of each began then."
        if by
        else "All were cancelled."
    )
    return Rendered(f"{head} {ended}", [blocks.section(f"{head}\n{ended}"), blocks.section(names)])


def _why_held(reason: str | None, requested_by: str) -> str:
    if reason is not None:
        return blocks.sentence(reason, 500)
    return f"<@{requested_by}> has asked for too many deletions within an hour."


def render_trouble(trouble: Trouble, _now: datetime) -> Rendered | None:
    """Why a request's notice can't be posted: for the fallback channel, and for the person who asked."""
    rows = trouble.request
    if not rows:
        return None
    who = what(rows[0]) if len(rows) == 1 else count(len(rows), "target")
    channel = f"<#{rows[0].notice_channel}>"
    waiting = [row for row in rows if row.state in CANCELLABLE_STATES]
    if trouble.problem is None:
        told = f":white_check_mark: The notice about the deletion of {who} is no longer held up."
        return Rendered(told, [blocks.section(told)])
    if not waiting:
        told = (
            f":warning: What became of the deletion of {who} can't be shown in {channel}: "
            f"{blocks.sentence(trouble.problem, 500)}\n{_list(rows, lambda row: f'{blocks.code(row.label, 200)} {word(row)}')}"
        )
        return Rendered(blocks.cut(told, TEXT), [blocks.section(blocks.cut(told, blocks.SECTION))])
    told = (
        f":warning: The deletion of {who}, asked for by <@{rows[0].requested_by}>, can't be shown in {channel}: "
        f"{blocks.sentence(trouble.problem, 500)} Nothing is deleted as long as that is so. It is tried again and again; "
        "/mail-pending lists it, and any admin can cancel it there."
    )
    return Rendered(told, [blocks.section(told)])


def _never_announced(row: Deletion) -> bool:
    """Ended before its notice was posted: there is nothing to correct."""
    return row.notice_ts is None and not row.removals and not row.state.is_open


def _one(row: Deletion, head: list[str], now: datetime) -> Rendered:
    headline, outcome = _story(row, now)
    why = f"*Reason*   {blocks.escape(row.reason, 1500)}"
    with_it = goes_along(row.snapshot)
    lines = [*head, headline, why, *([] if with_it is None else [with_it]), outcome]
    parts: list[Block] = [blocks.section(line) for line in lines]
    if row.state in CANCELLABLE_STATES:
        parts.append(blocks.actions(cancel_button(row)))
    elif row.can_retry:
        parts.append(blocks.actions(retry_button(row), drop_button(row)))
    if row.state not in CANCELLABLE_STATES:
        parts.append(blocks.context(f"Asked for by <@{row.requested_by}> {blocks.date(row.requested_at)}"))
    return Rendered(blocks.cut("\n".join(lines), TEXT), parts)


def _story(row: Deletion, now: datetime) -> tuple[str, str]:
    """The headline, and what comes of it or came of it."""
    at = now if row.finished_at is None else row.finished_at
    match row.state:
        case DeletionState.REQUESTED | DeletionState.HELD | DeletionState.PENDING:
            return f":wastebasket: <@{row.requested_by}> wants to delete {what(row)}.", _plan(row, now)
        case DeletionState.EXECUTING:
            told = f":wastebasket: {what(row)} is being deleted."
            if row.last_error is None:
                return told, "It is too late to cancel."
            return (
                told,
                f"Whether it was is not clear yet, and is looked at again: {blocks.escape(row.last_error, 1000)}",
            )
        case DeletionState.DELETED:
            stays = f", {loss(row)}" if row.snapshot.kept else ""
            return f":white_check_mark: {what(row)} was deleted.", f"*Done*   {blocks.date(at)}{stays}"
        case DeletionState.CANCELLED:
            return (
                f":no_entry_sign: <@{row.cancelled_by}> cancelled the deletion of {what(row)}.",
                f"*Cancelled*   {blocks.date(at)}. {kept(row)}",
            )
        case DeletionState.FAILED:
            return (
                f":warning: {what(row)} could not be deleted.",
                f"*Why*   {blocks.escape(row.last_error or 'No reason is known.', 1500)}\nGiven up {blocks.date(at)}.",
            )
        case DeletionState.DROPPED:
            return (
                f":no_entry_sign: <@{row.cancelled_by}> dropped the failed deletion of {what(row)}.",
                f"*Why it failed*   {blocks.escape(row.last_error or 'No reason is known.', 1500)}",
            )


def _plan(row: Deletion, now: datetime, *, among: Sequence[Deletion] = ()) -> str:
    """`among`: all those it is said of, where it is said of several at once."""
    if row.is_held:
        why = (
            "Too many deletions within an hour."
            if row.last_error is None
            else blocks.sentence(row.last_error, 500)
        )
        return f"*Held*   {why} This waits {waits(row.requested_by)}. Any admin can cancel it."
    if row.execute_at is not None and row.execute_at <= now and row.last_error is not None:
        return (
            f"*When*   Due since {blocks.date(row.execute_at)}, and tried again until it works. It can still be cancelled. "
            f"{blocks.escape(row.last_error, 1000)}"
        )
    # A first post names the time it begins to be true at: the grace period starts when it is confirmed.
    due = row.execute_at or now + row.grace
    lost = loss_of_all(among) if among else loss(row)
    return (
        f"*When*   {blocks.date(due)}, {lost}. Until then any admin can cancel {'them' if among else 'it'}."
    )


def _several(rows: Request, head: list[str], now: datetime) -> Rendered:
    """A line with a button for each target, and one button for all."""
    first = rows[0]
    ordered = sorted(rows, key=lambda row: row.label)
    waiting = [row for row in rows if row.state in CANCELLABLE_STATES]
    headline = f":wastebasket: <@{first.requested_by}> wants to delete {count(len(rows), 'mail user')}."
    why = f"*Reason*   {blocks.escape(first.reason, 1500)}"
    outcome = _tally(rows, now)
    parts: list[Block] = [blocks.section(line) for line in [*head, headline, why, outcome]]
    if waiting:
        parts.append(blocks.actions(cancel_all_button(first.request_id, len(waiting))))
    parts += [_line(row, brief=len(rows) > DETAILED) for row in ordered]
    listed = _list(ordered, lambda row: f"{blocks.code(row.label, 200)} {word(row)}")
    return Rendered(blocks.cut("\n".join([*head, headline, why, outcome, listed]), TEXT), parts)


def _tally(rows: Request, now: datetime) -> str:
    waiting = [row for row in rows if row.state in CANCELLABLE_STATES]
    if (
        len(waiting) == len(rows)
        and len({(row.execute_at, row.is_held, row.last_error) for row in rows}) == 1
    ):
        return _plan(waiting[0], now, among=waiting)
    words = {
        DeletionState.EXECUTING: "being deleted",
        DeletionState.DELETED: "deleted",
        DeletionState.CANCELLED: "cancelled",
        DeletionState.FAILED: "failed",
        DeletionState.DROPPED: "dropped",
    }
    parts = [f"{len(waiting)} waiting"] if waiting else []
    for one, told in words.items():
        number = sum(row.state is one for row in rows)
        parts += [f"{number} {told}"] if number else []
    return f"*So far*   {', '.join(parts)} of {len(rows)}."


def _line(row: Deletion, *, brief: bool) -> Block:
    button: ButtonElement | OverflowMenuElement | None = None
    if row.state in CANCELLABLE_STATES:
        button = cancel_button(row, text="Cancel", brief=True)
    elif row.can_retry:
        button = failed_menu(row, brief=True)
    told = word(row) if brief or row.state.is_open else end(row)
    return blocks.section(
        f"{blocks.code(blocks.cut(row.label, LABEL))}\n{told}",
        accessory=button,
        block_id=f"deletion_{row.id}",
    )


def _list(rows: Sequence[Deletion], line: Callable[[Deletion], str]) -> str:
    lines = [f"•  {line(row)}" for row in rows]
    while sum(len(one) + 1 for one in lines) > blocks.SECTION - 40:
        lines.pop()
    missing = len(rows) - len(lines)
    return "\n".join([*lines, f"and {missing} more"] if missing else lines)
