"""Delete one mail user or a domain: /mail-delete [what] → reason and exact time → on the queue, with a notice everybody sees.

Several mail users at once: handlers/bulk_deletion.py.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.errors import DeletionOpen, InvalidInput, NotFound
from bot.model import (
    Capability,
    MailUser,
    Role,
    Snapshot,
    Target,
    TargetKind,
)
from bot.services import Services
from handlers import blocks, bulk_deletion, dns_words, user_picker
from handlers.deletion_form import parse_reason, reason_input, typed_reason
from handlers.deletion_words import cancelled, goes_along, warning
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.queued_deletion import CANCEL, VIEW, ended, queued
from handlers.turn import Turn

COMMAND = "/mail-delete"
ASK = "schedule_deletion.ask"
FORM = "schedule_deletion"
NAME = "name"
NAME_ACTION = "schedule_deletion.name"

TITLES = {
    TargetKind.USER: "Delete a mail user",
    TargetKind.DOMAIN: "Delete a domain",
    TargetKind.ROUTING_RULE: "Delete a routing rule",
}


@dataclass(frozen=True, slots=True)
class Request:
    target: Target
    reason: str
    nonce: str


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    try:
        domain = await _named_domain(turn)
    except NotFound as error:
        await bulk_deletion.open_with(turn, "", problem=f"{error} Write its account after it.")
        return
    if domain is not None:
        await open_target(turn, domain)
        return
    if len(bulk_deletion.addresses(turn.text)) > 1:
        await bulk_deletion.open_with(turn, turn.text)
        return
    user, problem = await user_picker.named(turn)
    if user is None:
        await bulk_deletion.open_with(turn, "", problem=problem)
    else:
        await open_for(turn, user)


async def submit(turn: Turn) -> None:
    sent = turn.modal
    target = _target(sent)
    label = str(sent.metadata.get("label") or target.id)

    async def back(message: str) -> View:
        snapshot = await _snapshot(turn, target)
        if target.kind is TargetKind.DOMAIN:
            snapshot = await turn.services.deletions.preview(target)
        return _form(turn, target, snapshot, label=label, reason=typed_reason(sent), problem=message)

    turn.recover = back
    request = parse(sent)

    async def schedule() -> View:
        try:
            scheduled = await turn.services.deletions.schedule(
                turn.operator, nonce=request.nonce, wanted=[request.target], reason=request.reason
            )
        except DeletionOpen as error:
            if not error.deletion_id:
                raise
            first = await turn.services.deletions.get(error.deletion_id)
            return queued(first, turn.services.clock.now(), first=False, place=sent.place)
        problem = await turn.services.deletions.problem(scheduled.request_id)
        return queued(
            scheduled.deletions[0],
            turn.services.clock.now(),
            first=True,
            undelivered=problem,
            place=sent.place,
        )

    await turn.carry_out(
        schedule(),
        working=blocks.modal(
            TITLES[target.kind],
            [blocks.words(f"Scheduling the deletion of {label} …")],
            callback_id=VIEW,
        ),
        lost=f"The deletion of {blocks.code(label)} is queued: see /mail-pending.",
    )


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    told = cancelled([gone])
    if not await turn.show(ended("Cancelled", [blocks.success(told)], gone, place=turn.place)):
        await turn.tell(blocks.sentence(told))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form for that user, or what is already queued for it."""
    target = Target(user.account, TargetKind.USER, user.address)
    open_ = await turn.services.deletions.open_for(target)
    if open_ is not None:
        await turn.open(queued(open_, turn.services.clock.now(), first=False))
    else:
        await turn.open(_form(turn, target, await _snapshot(turn, target)))


def form(
    target: Target,
    snapshot: Snapshot,
    *,
    at: datetime,
    grace: timedelta,
    channel: str,
    label: str = "",
    reason: str = "",
    problem: str | None = None,
    several: bool = False,
    place: str = "",
) -> View:
    """`at`: when it would happen if the notice were posted now. `label`: what people call it, if not by its id.

    `place`: see handlers/place.py.
    """
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts.append(blocks.warning(warning(target.kind, snapshot)))
    parts.append(
        blocks.section(f"*What*   {user_picker.name(target.account, label or target.id, several=several)}")
    )
    with_it = goes_along(snapshot)
    if with_it is not None:
        parts.append(blocks.section(with_it))
    parts.append(
        blocks.section(
            f"*When*   {blocks.date(at)}, {blocks.duration(grace)} after the notice is posted in <#{channel}>. "
            "Until then any admin can cancel it there."
        )
    )
    parts.append(reason_input(reason, target.kind))
    if target.kind is TargetKind.DOMAIN:
        parts.append(
            InputBlock(
                block_id=NAME,
                label=blocks.plain(f"To be sure, type {blocks.cut(dns_words.readable(target.id), 200)}"),
                element=PlainTextInputElement(action_id=NAME_ACTION, max_length=255),
            )
        )
    return blocks.modal(
        TITLES[target.kind],
        parts,
        callback_id=FORM,
        submit="Schedule deletion",
        close="Keep it" if target.kind is not TargetKind.USER else "Keep the user",
        metadata=pack(
            nonce=uuid.uuid4().hex,
            account=target.account,
            kind=target.kind.value,
            id=target.id,
            label="" if label == target.id else label,
            place=place,
        ),
    )


def parse(view: OpenView) -> Request:
    """Raises InvalidInput at the reason, or at the name of a domain."""
    target = _target(view)
    reason = parse_reason(view)
    typed = view.text(NAME, NAME_ACTION).strip().lower().removesuffix(".")
    if target.kind is TargetKind.DOMAIN and dns_words.ascii_name(typed) != target.id:
        raise InvalidInput("That is not the name of the domain that would be deleted.", field=NAME)
    return Request(target, reason, str(view.metadata.get("nonce", "")))


async def _named_domain(turn: Turn) -> Target | None:
    """The domain that the command's text names, if it names one; its account may follow it.

    Raises NotFound where two accounts have it and none is named.
    """
    typed, _, account = turn.text.partition(" ")
    name = dns_words.ascii_name(typed)
    if not any(domain.name == name for domain in await turn.services.directory.domains()):
        return None
    domain = await turn.services.directory.domain(name, account=account.strip() or None)
    return Target(domain.account, TargetKind.DOMAIN, domain.name)


async def open_target(turn: Turn, target: Target) -> None:
    """Open the form for a domain or a routing rule, or what is already queued for it."""
    open_ = await turn.services.deletions.open_for(target)
    if open_ is not None:
        await turn.open(queued(open_, turn.services.clock.now(), first=False, place=turn.place))
        return
    title = TITLES[target.kind]
    looking = (
        f"Looking what would be deleted with {blocks.cut(target.id, 200)} …"
        if target.kind is TargetKind.DOMAIN
        else "Looking whether it is still there …"
    )
    # A window has to open within three seconds; the mail system may take longer.
    await turn.open(
        blocks.modal(title, [blocks.words(looking)], callback_id=VIEW, metadata=pack(place=turn.place))
    )

    async def back(message: str) -> View:
        return blocks.modal(title, blocks.problem(message), callback_id=VIEW)

    turn.recover = back
    seen = await turn.services.deletions.look(target)
    await turn.show(_form(turn, target, seen.snapshot, label=seen.label))


def _form(
    turn: Turn,
    target: Target,
    snapshot: Snapshot,
    *,
    label: str = "",
    reason: str = "",
    problem: str | None = None,
) -> View:
    grace = turn.services.deletions.graces.of(target.kind)
    return form(
        target,
        snapshot,
        at=turn.services.clock.now() + grace,
        grace=grace,
        channel=turn.services.deletions.channel,
        label=label,
        reason=reason,
        problem=problem,
        several=turn.several,
        place=turn.place,
    )


async def _snapshot(turn: Turn, user: Target) -> Snapshot:
    """What can be said of a mail user without asking the mail system."""
    return Snapshot(kept=Capability.ARCHIVED_USERS in await turn.services.users.offers(user.account))


def _target(view: OpenView) -> Target:
    kind = str(view.metadata.get("kind", TargetKind.USER.value))
    return Target(str(view.metadata.get("account", "")), TargetKind(kind), str(view.metadata.get("id", "")))
