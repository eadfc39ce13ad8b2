"""What is queued for deletion, and what became of the rest: /mail-pending [history] → the list → Cancel, Release, Retry, Drop."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement, OverflowMenuElement
from slack_sdk.models.views import View

from bot.model import CANCELLABLE_STATES, Deletion, Role
from bot.services import Services
from handlers import blocks
from handlers.deletion_buttons import cancel_button, failed_menu, held_menu, released, retried_or_dropped
from handlers.deletion_words import cancelled, count, state
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Run, Turn
from handlers.user_picker import name

COMMAND = "/mail-pending"
HISTORY_WORD = "history"
ASK = "pending_deletions.ask"
VIEW = "pending_deletions"
CANCEL = "pending_deletions.cancel"
HELD = "pending_deletions.held"
FAILED = "pending_deletions.failed"
PAGE = "pending_deletions.page"
HISTORY = "pending_deletions.history"
PENDING = "pending_deletions.pending"

TITLE = "Pending deletions"
HISTORY_TITLE = "Ended deletions"
PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, or of what has ended, as one person sees it."""

    deletions: Sequence[Deletion]
    total: int
    offset: int
    now: datetime
    may_change: bool
    viewer: str
    several: bool = False
    ended: bool = False
    releasable: Collection[str] = ()


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    app.action(HISTORY)(listener(services, switch(ended=True), need=Role.VIEWER))
    app.action(PENDING)(listener(services, switch(ended=False), need=Role.VIEWER))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))
    app.action(HELD)(listener(services, release_or_cancel, need=Role.ADMIN, fresh=True))
    app.action(FAILED)(listener(services, retry_or_drop, need=Role.ADMIN, fresh=True))


async def queue(turn: Turn, offset: int = 0, *, ended: bool = False, size: int = PER_PAGE) -> Queue:
    read = turn.services.deletions.finished_deletions if ended else turn.services.deletions.open_deletions
    page, total = await read(offset=offset, limit=size)
    if offset and not page:
        offset = 0
        page, total = await read(offset=0, limit=size)
    held = [] if ended else [row.requested_by for row in page if row.is_held]
    return Queue(
        page,
        total,
        offset,
        turn.services.clock.now(),
        turn.operator.role >= Role.ADMIN,
        turn.slack_id,
        turn.several,
        ended,
        await turn.services.deletions.releasable(turn.operator, held),
    )


async def ask(turn: Turn) -> None:
    await turn.ack()
    await turn.open(window(await queue(turn, ended=turn.text == HISTORY_WORD)))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    await turn.show(window(await queue(turn, _number(turn.value), ended=_is_history(turn))))


def switch(*, ended: bool) -> Run:
    async def run(turn: Turn) -> None:
        await turn.ack()
        await turn.show(window(await queue(turn, ended=ended)))

    return run


async def cancel(turn: Turn) -> None:
    await turn.ack()
    _stay(turn)
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    await _show(turn, cancelled([gone]))


async def release_or_cancel(turn: Turn) -> None:
    await turn.ack()
    _stay(turn)
    choice, _, subject = turn.value.partition(" ")
    if choice == "release":
        told = await released(turn, subject)
    else:
        told = cancelled([await turn.services.deletions.cancel(turn.operator, subject)])
    await _show(turn, told)


async def retry_or_drop(turn: Turn) -> None:
    await turn.ack()
    _stay(turn)
    choice, _, deletion_id = turn.value.partition(" ")
    await _show(turn, await retried_or_dropped(turn, choice, deletion_id))


def window(queue: Queue, *, top: Sequence[Block] = ()) -> View:
    parts = list(top)
    if queue.ended:
        told = (
            f"{count(queue.total, 'deletion')} ended, the newest first."
            if queue.total
            else "Nothing has ended yet."
        )
        other = blocks.button("What is pending", PENDING)
    else:
        verb = "deletion is" if queue.total == 1 else "deletions are"
        told = (
            f"{queue.total} {verb} queued, the soonest first."
            if queue.total
            else "Nothing is queued for deletion."
        )
        other = blocks.button("What has ended", HISTORY)
    parts.append(blocks.context(told) if queue.total else blocks.words(told))
    parts += [entry(deletion, queue) for deletion in queue.deletions]
    parts += blocks.pager(PAGE, offset=queue.offset, size=PER_PAGE, matching=queue.total)
    parts.append(blocks.actions(other))
    return blocks.modal(
        HISTORY_TITLE if queue.ended else TITLE,
        parts,
        callback_id=VIEW,
        metadata=pack(offset=queue.offset, ended=queue.ended),
    )


def entry(deletion: Deletion, queue: Queue, action_id: str = CANCEL) -> Block:
    """One deletion with what its reader may do about it. `action_id`: of the Cancel button."""
    who = name(deletion.target.account, deletion.label, several=queue.several)
    asked = f"<@{deletion.requested_by}>: {blocks.escape(deletion.reason, 300)}"
    return blocks.section(
        f"*{who}*\n{state(deletion, queue.now)}\n{asked}",
        accessory=_button(deletion, queue, action_id) if queue.may_change else None,
        block_id=f"deletion_{deletion.id}",
    )


def _button(deletion: Deletion, queue: Queue, action_id: str) -> ButtonElement | OverflowMenuElement | None:
    if deletion.can_retry:
        return failed_menu(deletion, FAILED)
    if deletion.state not in CANCELLABLE_STATES:
        return None
    if deletion.is_held and deletion.requested_by in queue.releasable and action_id == CANCEL:
        return held_menu(deletion, HELD)
    return cancel_button(deletion, action_id)


def _stay(turn: Turn) -> None:
    async def back(message: str) -> View:
        return window(await _same(turn), top=blocks.problem(message))

    turn.recover = back


async def _show(turn: Turn, told: str) -> None:
    if not await turn.show(window(await _same(turn), top=[blocks.success(told)])):
        await turn.tell(blocks.sentence(told))


async def _same(turn: Turn) -> Queue:
    offset = _number(str(turn.modal.metadata.get("offset", "")))
    return await queue(turn, offset, ended=_is_history(turn))


def _is_history(turn: Turn) -> bool:
    return turn.modal.metadata.get("ended") is True


def _number(value: str) -> int:
    return int(value) if value.isdigit() else 0
