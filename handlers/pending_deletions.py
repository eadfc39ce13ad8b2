"""What is queued for deletion: /mail-pending → the list, soonest first → Cancel. Also the Cancel button of a notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement, ConfirmObject
from slack_sdk.models.views import View

from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, Role
from bot.services import Services
from handlers import blocks
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn
from handlers.user_picker import name

COMMAND = "/mail-pending"
ASK = "pending_deletions.ask"
VIEW = "pending_deletions"
CANCEL = "pending_deletions.cancel"
CANCEL_ON_NOTICE = "deletion_notice.cancel"
"""Shared with handlers/notices.py. It is in messages that stay for days: renaming it kills their buttons."""
PAGE = "pending_deletions.page"

TITLE = "Pending deletions"
PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue as one person sees it."""

    deletions: Sequence[Deletion]
    total: int
    offset: int
    now: datetime
    may_cancel: bool
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))
    app.action(CANCEL_ON_NOTICE)(listener(services, cancel_on_notice, need=Role.ADMIN, fresh=True))


async def queue(turn: Turn, offset: int) -> Queue:
    page, total = await turn.services.deletions.open_deletions(offset=offset, limit=PER_PAGE)
    if offset and not page:
        offset = 0
        page, total = await turn.services.deletions.open_deletions(offset=0, limit=PER_PAGE)
    may_cancel = turn.operator.role >= Role.ADMIN
    return Queue(page, total, offset, turn.services.clock.now(), may_cancel, turn.several)


async def ask(turn: Turn) -> None:
    await turn.ack()
    await turn.open(window(await queue(turn, 0)))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    await turn.show(window(await queue(turn, _offset(turn.value))))


async def cancel(turn: Turn) -> None:
    await turn.ack()
    offset = _offset(str(turn.modal.metadata.get("offset", "")))

    async def back(message: str) -> View:
        return window(await queue(turn, offset), top=blocks.problem(message))

    turn.recover = back
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    if not await turn.show(window(await queue(turn, offset), top=[blocks.success(cancelled(gone))])):
        await turn.tell(blocks.escape(cancelled(gone)))


async def cancel_on_notice(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    await turn.tell(blocks.escape(cancelled(gone)))


def window(queue: Queue, *, top: Sequence[Block] = ()) -> View:
    parts = list(top)
    if not queue.deletions:
        parts.append(blocks.words("Nothing is queued for deletion."))
    else:
        verb = "deletion is" if queue.total == 1 else "deletions are"
        parts.append(blocks.context(f"{queue.total} {verb} queued, the soonest first."))
    parts += [entry(deletion, queue, CANCEL) for deletion in queue.deletions]
    parts += blocks.pager(PAGE, offset=queue.offset, size=PER_PAGE, matching=queue.total)
    return blocks.modal(TITLE, parts, callback_id=VIEW, metadata=pack(offset=queue.offset))


def entry(deletion: Deletion, queue: Queue, action_id: str) -> Block:
    """One deletion with its Cancel button, for those who may press it."""
    may = queue.may_cancel and deletion.state in CANCELLABLE_STATES
    who = name(deletion.target.account, deletion.label, several=queue.several)
    asked = f"<@{deletion.requested_by}>: {blocks.escape(deletion.reason, 300)}"
    return blocks.section(
        f"*{who}*\n{when(deletion, queue.now)}\n{asked}",
        accessory=cancel_button(deletion, action_id) if may else None,
        block_id=f"deletion_{deletion.id}",
    )


def when(deletion: Deletion, now: datetime) -> str:
    """When it will happen, in mrkdwn."""
    if deletion.state is DeletionState.EXECUTING:
        return "It is being deleted right now."
    if deletion.execute_at is None:
        grace = blocks.duration(deletion.grace)
        return f"Waits for Slack to take the notice; the {grace} begin when it is posted."
    if deletion.execute_at <= now:
        return f"Due since {blocks.date(deletion.execute_at)}: it is deleted in a moment."
    return f"Will be deleted {blocks.date(deletion.execute_at)}, in {blocks.duration(deletion.execute_at - now)}."


def cancel_button(deletion: Deletion, action_id: str) -> ButtonElement:
    return blocks.button(
        "Cancel deletion",
        action_id,
        value=deletion.id,
        confirm=ConfirmObject(
            title="Cancel this deletion?",
            text=blocks.plain(f"{deletion.label} and all its mail stay as they are.", 300),
            confirm="Cancel deletion",
            deny="Keep it queued",
        ),
    )


def cancelled(deletion: Deletion) -> str:
    """What to say to the person who has just cancelled it."""
    return f"Cancelled: {blocks.cut(deletion.label, 120)} stays as it is."


def _offset(value: str) -> int:
    return int(value) if value.isdigit() else 0
