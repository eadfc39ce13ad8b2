"""Delete a mail user: /mail-delete [user] → reason and exact time → on the queue, with a notice everybody sees."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.errors import DeletionOpen, InvalidInput
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, MailUser, Role
from bot.services import Services
from handlers import blocks, user_picker
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.pending_deletions import cancel_button, cancelled, when
from handlers.turn import Turn

COMMAND = "/mail-delete"
ASK = "schedule_deletion.ask"
PICKED = "schedule_deletion.picked"
FORM = "schedule_deletion"
REASON = "reason"
REASON_ACTION = "schedule_deletion.reason"
CANCEL = "schedule_deletion.cancel"
VIEW = "schedule_deletion.queued"

TITLE = "Delete a mail user"
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True)
class Request:
    account: str
    address: str
    reason: str
    nonce: str


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    user, problem = await user_picker.named(turn)
    if user is None:
        await turn.open(
            user_picker.ask(
                TITLE,
                callback_id=PICKED,
                submit="Next",
                hint="Nothing is deleted yet: the next step shows when it would happen.",
                problem=problem,
                several=turn.several,
            )
        )
    else:
        await open_for(turn, user)


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal)
    queued = await turn.services.deletions.open_for(account, address)
    await turn.ack(response_action="update", view=_first_view(turn, account, address, queued))


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        return _form(turn, _account(sent), _address(sent), reason=_typed(sent), problem=message)

    turn.recover = back
    request = parse(sent)

    async def schedule() -> View:
        try:
            deletion = await turn.services.deletions.schedule(
                turn.operator,
                nonce=request.nonce,
                account=request.account,
                address=request.address,
                reason=request.reason,
            )
        except DeletionOpen as error:
            if not error.deletion_id:
                raise
            first = await turn.services.deletions.get(error.deletion_id)
            return queued(first, turn.services.clock.now(), first=False)
        problem = await turn.services.deletions.problem(deletion.id)
        return queued(deletion, turn.services.clock.now(), first=True, undelivered=problem)

    await turn.carry_out(
        schedule(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Scheduling the deletion of {request.address} …")], callback_id=VIEW
        ),
        lost=f"The deletion of {blocks.code(request.address)} is queued: see /mail-pending.",
    )


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    done = blocks.modal(TITLE, [blocks.success(cancelled(gone))], callback_id=VIEW)
    if not await turn.show(done):
        await turn.tell(blocks.escape(cancelled(gone)))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form for that user, or what is already queued for it."""
    queued = await turn.services.deletions.open_for(user.account, user.address)
    await turn.open(_first_view(turn, user.account, user.address, queued))


def form(
    account: str,
    address: str,
    *,
    at: datetime,
    grace: timedelta,
    channel: str,
    reason: str = "",
    problem: str | None = None,
    several: bool = False,
) -> View:
    """`at`: when it would happen if the notice were posted now."""
    top: list[Block] = [] if problem is None else blocks.problem(problem)
    return blocks.modal(
        TITLE,
        [
            *top,
            blocks.warning("This deletes the mailbox and all its mail. There is no way back after that."),
            blocks.section(f"*Who*   {user_picker.name(account, address, several=several)}"),
            blocks.section(
                f"*When*   {blocks.date(at)}, {blocks.duration(grace)} after the notice is posted in <#{channel}>. "
                "Until then any admin can cancel it there."
            ),
            InputBlock(
                block_id=REASON,
                label="Reason",
                hint="Everybody in the channel reads it.",
                element=PlainTextInputElement(
                    action_id=REASON_ACTION,
                    max_length=LONGEST_REASON,
                    initial_value=reason or None,
                    placeholder=blocks.plain("Anna has left the company"),
                ),
            ),
        ],
        callback_id=FORM,
        submit="Schedule deletion",
        close="Keep the user",
        metadata=pack(nonce=uuid.uuid4().hex, account=account, address=address),
    )


def parse(view: OpenView) -> Request:
    """Raises InvalidInput at the reason."""
    reason = " ".join(_typed(view).split())
    if not reason:
        raise InvalidInput("Say why, so that others can judge whether to cancel it.", field=REASON)
    return Request(
        account=_account(view),
        address=_address(view),
        reason=blocks.cut(reason, LONGEST_REASON),
        nonce=str(view.metadata.get("nonce", "")),
    )


def queued(deletion: Deletion, now: datetime, *, first: bool, undelivered: str | None = None) -> View:
    """What is on the queue now. `first`: by this very form. `undelivered`: why the notice is not posted yet."""
    parts: list[Block] = []
    who = blocks.code(deletion.label)
    if not first:
        parts.append(blocks.warning(f"{blocks.cut(deletion.label, 120)} is already queued for deletion."))
    if deletion.state is DeletionState.REQUESTED:
        why = "" if undelivered is None else f" {blocks.sentence(undelivered, 500)}"
        parts.append(
            blocks.section(
                f"The deletion of {who} is on record, but Slack has not taken the notice for <#{deletion.notice_channel}> yet."
                f"{why} It is tried again and again, and nothing is deleted before it is posted."
            )
        )
    elif first:
        parts.append(
            blocks.section(
                f"The deletion of {who} is queued. The notice is in <#{deletion.notice_channel}>, with a button to cancel."
            )
        )
    parts.append(blocks.section(when(deletion, now)))
    asked = f"Asked for by <@{deletion.requested_by}> {blocks.date(deletion.requested_at)}"
    parts.append(blocks.context(f"{asked}: {blocks.escape(deletion.reason, 1000)}"))
    if deletion.state in CANCELLABLE_STATES:
        parts.append(blocks.actions(cancel_button(deletion, CANCEL)))
    return blocks.modal("Deletion queued", parts, callback_id=VIEW, close="Done")


def _first_view(turn: Turn, account: str, address: str, open_: Deletion | None) -> View:
    if open_ is not None:
        return queued(open_, turn.services.clock.now(), first=False)
    return _form(turn, account, address)


def _form(turn: Turn, account: str, address: str, *, reason: str = "", problem: str | None = None) -> View:
    grace = turn.services.deletions.grace
    return form(
        account,
        address,
        at=turn.services.clock.now() + grace,
        grace=grace,
        channel=turn.services.deletions.channel,
        reason=reason,
        problem=problem,
        several=turn.several,
    )


def _account(view: OpenView) -> str:
    return str(view.metadata.get("account", ""))


def _address(view: OpenView) -> str:
    return str(view.metadata.get("address", ""))


def _typed(view: OpenView) -> str:
    return view.text(REASON, REASON_ACTION)
