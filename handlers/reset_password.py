"""Set a mail user's password: /mail-password [user] → form → the new password, shown until closed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import InvalidInput, NotFound
from bot.model import MailUser, Role
from bot.services import Services
from bot.users import PasswordReset
from handlers import blocks, password_fields, user_picker
from handlers.listening import listener
from handlers.password_fields import Password
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

COMMAND = "/mail-password"
ASK = "reset_password.ask"
FORM = "reset_password"

TITLE = "Set a password"


@dataclass(frozen=True, slots=True)
class Choice:
    account: str
    address: str
    nonce: str
    password: Password = field(repr=False)


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    password_fields.register(app, services, FORM, rebuild, _words)
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    user, problem = await user_picker.named(turn)
    await turn.open(form(user, password_fields.parts(FORM), problem=problem, several=turn.several))


async def rebuild(turn: Turn, parts: Sequence[Block]) -> View:
    nonce = str(turn.modal.metadata.get("nonce", ""))
    return form(picked(turn.modal), parts, nonce=nonce, several=turn.several)


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        parts = password_fields.parts(FORM, password_fields.mode_of(FORM, sent))
        return form(picked(sent), parts, problem=message, several=turn.several)

    turn.recover = back
    choice = parse(sent)

    async def reset() -> View:
        try:
            done_ = await turn.services.users.reset_password(
                turn.operator,
                nonce=choice.nonce,
                account=choice.account,
                address=choice.address,
                password=choice.password.value,
            )
        except NotFound as error:
            raise InvalidInput(str(error), field=user_picker.USER) from error
        return done(done_, choice.password, several=turn.several)

    await turn.carry_out(
        reset(),
        working=working(choice.address),
        lost=f"{blocks.code(choice.address)} has a new password, but it could not be shown: the window was closed. "
        "Set another one with /mail-password.",
        insist=True,
    )


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form with the user filled in."""
    await turn.open(form(user, password_fields.parts(FORM), several=turn.several))


def form(
    user: MailUser | None,
    password_parts: Sequence[Block],
    *,
    nonce: str = "",
    problem: str | None = None,
    several: bool = False,
) -> View:
    """A form without a `nonce` is a new one, and may be sent once."""
    top = [] if problem is None else blocks.problem(problem)
    return blocks.modal(
        TITLE,
        [*top, user_picker.picker(user, several=several), *password_parts],
        callback_id=FORM,
        submit="Set password",
        close="Cancel",
        metadata=pack(nonce=nonce or uuid.uuid4().hex),
    )


def picked(view: OpenView) -> MailUser | None:
    """The user picked so far."""
    try:
        account, address = user_picker.chosen(view)
    except InvalidInput:
        return None
    return MailUser(account, address)


def parse(view: OpenView) -> Choice:
    """Raises InvalidInput at the field that is wrong."""
    account, address = user_picker.chosen(view)
    return Choice(account, address, str(view.metadata.get("nonce", "")), password_fields.read(FORM, view))


def working(address: str) -> View:
    return blocks.modal(
        TITLE, [blocks.words(f"Setting the password of {address} …")], callback_id=f"{FORM}.working"
    )


def done(reset: PasswordReset, password: Password, *, several: bool = False) -> View:
    provider = blocks.escape(reset.provider, 100)
    who = user_picker.name(reset.account, reset.address, several=several)
    return blocks.modal(
        "Password set",
        [
            blocks.section(f"{provider} accepted the new password for {who}."),
            *password_fields.handover(reset.address, password.value),
        ],
        callback_id=f"{FORM}.done",
        close="Done",
        metadata=pack(account=reset.account, address=reset.address),
        tells=True,
    )


def _words(view: OpenView) -> list[str]:
    user = picked(view)
    return [] if user is None else [user.local_part, user.domain, user.address]
