"""Give a deleted user's mailbox back: /mail-restore [user] → what it shall have again → the new password, shown until closed."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot import quotas
from bot.creation import UserCreated
from bot.errors import NotFound, NotPossible
from bot.model import Capability, MailUser, Role
from bot.services import Services
from handlers import blocks, mailbox_fields, password_fields, user_picker
from handlers.listening import listener
from handlers.mailbox_fields import Extras
from handlers.password_fields import Password
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

COMMAND = "/mail-restore"
ASK = "restore_user.ask"
SEARCH = "restore_user.search"
PICKED = "restore_user.picked"
FORM = "restore_user"

TITLE = "Restore a mail user"

HINT = "Listed is whose mailbox is still on the server. What was deleted elsewhere appears after the next refresh."


@dataclass(frozen=True, slots=True)
class Choice:
    account: str
    address: str
    nonce: str
    quota: int | None
    admin: bool
    password: Password = field(repr=False)


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    user_picker.register_search(app, services, SEARCH, need=Capability.ARCHIVED_USERS, archived=True)
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    password_fields.register(app, services, FORM, rebuild, _words)
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    if Capability.ARCHIVED_USERS not in await turn.services.users.offered():
        raise NotPossible("None of the mail systems here keeps the mailboxes of deleted users.")
    user, problem = await user_picker.named(turn, archived=True)
    if user is not None:
        await open_for(turn, user)
        return
    await turn.open(
        user_picker.ask(
            TITLE,
            callback_id=PICKED,
            submit="Next",
            hint=HINT,
            problem=problem,
            several=turn.several,
            search=SEARCH,
            label="Deleted mail user",
        )
    )


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal, search=SEARCH)
    user = await turn.services.directory.find(address, account=account, archived=True)
    await turn.ack(response_action="update", view=await _fresh(turn, user))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form for that user, filled with what it had."""
    await turn.open(await _fresh(turn, user))


async def rebuild(turn: Turn, parts: Sequence[Block]) -> View:
    return await _again(turn, turn.modal, parts, nonce=str(turn.modal.metadata.get("nonce", "")))


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        parts = password_fields.parts(FORM, password_fields.mode_of(FORM, sent))
        return await _again(turn, sent, parts, problem=message)

    turn.recover = back
    choice = parse(sent)

    async def restore() -> View:
        restored = await turn.services.mailboxes.restore(
            turn.operator,
            nonce=choice.nonce,
            account=choice.account,
            address=choice.address,
            password=choice.password.value,
            admin=choice.admin,
            quota=choice.quota,
        )
        return done(restored, choice.password, several=turn.several)

    await turn.carry_out(
        restore(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Restoring {choice.address} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{blocks.code(choice.address)} was restored, but its password could not be shown: the window was closed. "
        "Set a new one with /mail-password.",
        insist=True,
    )


def form(
    user: MailUser,
    offered: Collection[Capability],
    extras: Extras,
    password_parts: Sequence[Block],
    *,
    nonce: str = "",
    problem: str | None = None,
    several: bool = False,
) -> View:
    """A form without a `nonce` is a new one, and may be sent once. `user`: with what is known from before."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    name = user_picker.name(user.account, user.address, several=several)
    parts.append(
        blocks.section(
            f"*{name}*\nIts mailbox is kept on the server, and all its mail comes back with it. The user is created again, with "
            "a new password."
        )
    )
    before = mailbox_fields.facts(user.details)
    if before is not None:
        parts.append(blocks.words(f"Before it was deleted: {before}"))
    parts += mailbox_fields.inputs(
        offered, extras, empty="Empty: no limit.", was_admin=user.details.admin is True
    )
    return blocks.modal(
        TITLE,
        [*parts, *password_parts],
        callback_id=FORM,
        submit="Restore",
        close="Cancel",
        metadata=pack(nonce=nonce or uuid.uuid4().hex, account=user.account, address=user.address),
    )


def parse(view: OpenView) -> Choice:
    """Raises InvalidInput at the field that is wrong."""
    user, extras = _user(view), mailbox_fields.typed(view)
    return Choice(
        account=user.account,
        address=user.address,
        nonce=str(view.metadata.get("nonce", "")),
        quota=mailbox_fields.quota_of(extras),
        admin=extras.admin,
        password=password_fields.read(FORM, view),
    )


def done(restored: UserCreated, password: Password, *, several: bool = False) -> View:
    who = user_picker.name(restored.account, restored.address, several=several)
    told = f"{who} is a mail user of {blocks.escape(restored.provider, 100)} again."
    facts = mailbox_fields.facts(restored.details)
    return blocks.modal(
        "Mail user restored",
        [
            *(blocks.warning(sentence) for sentence in restored.missing),
            blocks.section(told),
            *([] if facts is None else [blocks.words(f"It has: {facts}")]),
            *password_fields.handover(restored.address, password.value),
        ],
        callback_id=f"{FORM}.done",
        close="Done",
        metadata=pack(account=restored.account, address=restored.address),
        tells=True,
    )


async def _fresh(turn: Turn, user: MailUser) -> View:
    offered = await turn.services.users.offers(user.account)
    if Capability.ARCHIVED_USERS not in offered:
        raise NotPossible(f"{turn.services.users.title(user.account)} keeps no mailboxes of deleted users.")
    quota = user.details.quota
    # The privilege is offered, and not given back unasked.
    extras = Extras(quota="" if quota is None else quotas.words(quota))
    return form(user, offered, extras, password_fields.parts(FORM), several=turn.several)


async def _again(
    turn: Turn, sent: OpenView, parts: Sequence[Block], *, nonce: str = "", problem: str | None = None
) -> View:
    user = _user(sent)
    try:
        known = await turn.services.directory.find(user.address, account=user.account, archived=True)
    except NotFound:
        known = user
    offered = await turn.services.users.offers(user.account)
    return form(
        known,
        offered,
        mailbox_fields.typed(sent),
        parts,
        nonce=nonce,
        problem=problem,
        several=turn.several,
    )


def _user(view: OpenView) -> MailUser:
    return MailUser(
        str(view.metadata.get("account", "")), str(view.metadata.get("address", "")), archived=True
    )


def _words(view: OpenView) -> list[str]:
    user = _user(view)
    return [user.local_part, user.domain, user.address]
