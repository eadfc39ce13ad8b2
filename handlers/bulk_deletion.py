"""Delete several mail users at once: /mail-delete → pick them or paste a list, one reason → one notice for all of them."""

import re
import uuid
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.deletions import MOST, Scheduled
from bot.errors import InvalidInput, NotFound
from bot.model import CANCELLABLE_STATES, Capability, DeletionState, Role, Target, TargetKind
from bot.services import Services
from handlers import blocks, user_picker
from handlers.deletion_buttons import cancel_all_button
from handlers.deletion_form import parse_reason, reason_input
from handlers.deletion_words import cancelled, count, state
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

FORM = "bulk_deletion"
LIST = "list"
LIST_ACTION = "bulk_deletion.list"
CANCEL_ALL = "bulk_deletion.cancel_all"
VIEW = "bulk_deletion.queued"

TITLE = "Delete mail users"
NAMED = 5


@dataclass(frozen=True, slots=True)
class Request:
    targets: tuple[Target, ...]
    reason: str
    nonce: str


def register(app: AsyncApp, services: Services) -> None:
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))
    app.action(CANCEL_ALL)(listener(services, cancel_all, need=Role.ADMIN, fresh=True))


async def open_with(turn: Turn, text: str, *, problem: str | None = None) -> None:
    """Open the form, with a list that was given after the command."""
    await turn.open(form(turn, listed="\n".join(addresses(text)), problem=problem))


async def submit(turn: Turn) -> None:
    sent = turn.modal
    request = await parse(turn, sent)

    async def schedule() -> View:
        scheduled = await turn.services.deletions.schedule(
            turn.operator, nonce=request.nonce, wanted=request.targets, reason=request.reason
        )
        problem = await turn.services.deletions.problem(scheduled.request_id)
        return queued(turn, scheduled, undelivered=problem if scheduled.deletions else None)

    number = count(len(request.targets), "deletion")
    await turn.carry_out(
        schedule(),
        working=blocks.modal(TITLE, [blocks.words(f"Scheduling {number} …")], callback_id=VIEW),
        lost=f"{number} were asked for: see /mail-pending for what is queued.",
    )


async def cancel_all(turn: Turn) -> None:
    await turn.ack()
    ended = await turn.services.deletions.cancel_request(turn.operator, turn.value)
    told = cancelled(ended.done, ended.missed)
    if not await turn.show(blocks.modal("Cancelled", [blocks.success(told)], callback_id=VIEW)):
        await turn.tell(blocks.sentence(told))


def form(turn: Turn, *, listed: str = "", problem: str | None = None) -> View:
    deletions = turn.services.deletions
    grace = deletions.graces.of(TargetKind.USER)
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    return blocks.modal(
        TITLE,
        [
            *parts,
            blocks.warning(_warning(turn)),
            user_picker.multi_picker(),
            InputBlock(
                block_id=LIST,
                label="Or a list of addresses",
                hint=f"One a line, or with commas between them; {MOST} at most, together with those above.",
                optional=True,
                element=PlainTextInputElement(
                    action_id=LIST_ACTION, multiline=True, initial_value=listed or None, max_length=3000
                ),
            ),
            reason_input(),
            blocks.section(
                f"*When*   {blocks.date(turn.services.clock.now() + grace)}, {blocks.duration(grace)} after the notice is "
                f"posted in <#{deletions.channel}>. Until then any admin can cancel one or all of them there."
            ),
            blocks.context(
                f"More than {count(deletions.threshold, 'deletion')} within an hour are held until an owner other than you releases them."
            ),
        ],
        callback_id=FORM,
        submit="Schedule deletion",
        close="Keep them",
        metadata=pack(nonce=uuid.uuid4().hex),
    )


async def parse(turn: Turn, view: OpenView) -> Request:
    """Raises InvalidInput at the picker, the list or the reason: a list with a mistake in it queues nothing."""
    wanted = [
        Target(account, TargetKind.USER, address)
        for account, address in user_picker.chosen_several(view)
        if address
    ]
    unknown = []
    for address in addresses(view.text(LIST, LIST_ACTION)):
        try:
            user = await turn.services.directory.find(address)
        except NotFound as error:
            unknown.append(str(error))
        else:
            wanted.append(Target(user.account, TargetKind.USER, user.address))
    if unknown:
        more = f" And {len(unknown) - NAMED} more like that." if len(unknown) > NAMED else ""
        raise InvalidInput(" ".join(unknown[:NAMED]) + more, field=LIST)
    targets = tuple(dict.fromkeys(wanted))
    if not targets:
        raise InvalidInput("Pick at least one mail user, or write addresses below.", field=user_picker.USERS)
    if len(targets) > MOST:
        raise InvalidInput(
            f"These are {len(targets)} mail users; one request may have {MOST}. Send the rest in another one.",
            field=LIST,
        )
    return Request(targets, parse_reason(view), str(view.metadata.get("nonce", "")))


def _warning(turn: Turn) -> str:
    keeping = [Capability.ARCHIVED_USERS in one.capabilities for one in turn.services.providers.values()]
    if all(keeping):
        return "This deletes the users. The mailboxes stay on the server: /mail-restore gives them back."
    gone = "This deletes the mailboxes and all their mail. There is no way back after that."
    if any(keeping):
        titles = {
            one.title
            for one in turn.services.providers.values()
            if Capability.ARCHIVED_USERS in one.capabilities
        }
        return f"{gone} Only {' and '.join(sorted(titles))} keeps the mailboxes, for /mail-restore."
    return gone


def queued(turn: Turn, scheduled: Scheduled, *, undelivered: str | None) -> View:
    """What was queued and what was not, each with its reason."""
    now = turn.services.clock.now()
    rows = sorted(scheduled.deletions, key=lambda row: row.label)
    parts: list[Block] = []
    if scheduled.refused:
        told = f"Queued: {len(rows)}. Not queued: {len(scheduled.refused)}."
        parts.append(blocks.warning(told))
        parts += [
            blocks.section(f":warning: {blocks.code(one.target.id)}\n{blocks.sentence(str(one.error), 1000)}")
            for one in scheduled.refused
        ]
    if rows:
        channel = f"<#{rows[0].notice_channel}>"
        if any(row.state is DeletionState.REQUESTED for row in rows):
            why = "" if undelivered is None else f" {blocks.sentence(undelivered, 500)}"
            told = (
                f"The deletions are on record, but Slack has not taken the notice for {channel} yet.{why} It is tried again "
                "and again, and nothing is deleted before it is posted."
            )
        else:
            told = f"{count(len(rows), 'deletion')} queued. The notice is in {channel}, with a button to cancel each, and all."
        parts.append(blocks.section(told))
        parts += [blocks.section(f"{blocks.code(row.label)}\n{state(row, now)}") for row in rows]
    waiting = [row for row in rows if row.state in CANCELLABLE_STATES]
    if waiting:
        parts.append(blocks.actions(cancel_all_button(scheduled.request_id, len(waiting), CANCEL_ALL)))
    return blocks.modal("Deletions queued", parts, callback_id=VIEW, close="Done")


def addresses(text: str) -> list[str]:
    """What stands between spaces, commas and line breaks, each once; a pasted `Anna <anna@…>` counts as its address."""
    words = re.split(r"[\s,;]+", text.lower())
    found = [word.strip("<>()[]\"'").removeprefix("mailto:") for word in words]
    named = [word for word in found if word]
    bare = [word for word in named if "@" in word]
    return list(dict.fromkeys(bare or named))
