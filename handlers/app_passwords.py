"""App passwords of a mail user: make one, shown until closed; delete one by pasting it, since none can be listed."""

import uuid

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.app_passwords import APP_PASSWORD, LONGEST, LONGEST_NAME, NAME, AppPassword
from bot.errors import NotPossible
from bot.model import Capability, MailUser, Role
from bot.services import Services
from handlers import blocks, user_picker
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

VIEW = "app_passwords"
CREATE = "app_passwords.create"
DELETE = "app_passwords.delete"
CREATE_FORM = "app_passwords.create_form"
DELETE_FORM = "app_passwords.delete_form"
NAME_ACTION = "app_passwords.name"
PASTED = "app_passwords.pasted"
NEW = "new_app_password"

TITLE = "App passwords"

ABOUT = (
    "An app password signs in one program or device to the mailbox, beside the user's own password and without a second "
    "factor. Give each its own: then one that is lost can be deleted alone."
)


def register(app: AsyncApp, services: Services) -> None:
    app.action(CREATE)(listener(services, ask_name, need=Role.ADMIN))
    app.action(DELETE)(listener(services, ask_password, need=Role.ADMIN))
    app.view(CREATE_FORM)(listener(services, create, need=Role.ADMIN, fresh=True))
    app.view(DELETE_FORM)(listener(services, delete, need=Role.ADMIN, fresh=True))


async def open_for(turn: Turn, user: MailUser) -> None:
    """What can be done, to choose from."""
    title = turn.services.users.title(user.account)
    if Capability.APP_PASSWORDS not in await turn.services.users.offers(user.account):
        raise NotPossible(f"{title} has one password for each user, and no app passwords.")
    await turn.open(start(user.account, user.address, title, several=turn.several))


async def ask_name(turn: Turn) -> None:
    await turn.ack()
    account, address = _whose(turn.modal)
    await turn.show(create_form(account, address, several=turn.several))


async def ask_password(turn: Turn) -> None:
    await turn.ack()
    account, address = _whose(turn.modal)
    await turn.show(delete_form(account, address, several=turn.several))


async def create(turn: Turn) -> None:
    sent = turn.modal
    account, address = _whose(sent)
    name = sent.text(NAME, NAME_ACTION)

    async def back(message: str) -> View:
        return create_form(account, address, name=name, problem=message, several=turn.several)

    turn.recover = back

    async def make() -> View:
        made = await turn.services.app_passwords.create(
            turn.operator, nonce=_nonce(sent), account=account, address=address, name=name
        )
        return created(made, several=turn.several)

    await turn.carry_out(
        make(),
        working=_working(f"Making an app password for {address} …"),
        lost=f"An app password for {blocks.code(address)} was made, but it could not be shown: the window was closed. Make "
        "another one; the user can remove this one in their own settings.",
        insist=True,
    )


async def delete(turn: Turn) -> None:
    sent = turn.modal
    account, address = _whose(sent)
    title = turn.services.users.title(account)

    async def back(message: str) -> View:
        # What was pasted is not put into the form again.
        return delete_form(account, address, problem=message, several=turn.several)

    turn.recover = back

    async def take() -> View:
        await turn.services.app_passwords.delete(
            turn.operator,
            nonce=_nonce(sent),
            account=account,
            address=address,
            app_password=sent.text(APP_PASSWORD, PASTED),
        )
        return deleted(account, address, title, several=turn.several)

    await turn.carry_out(
        take(),
        working=_working(f"Deleting an app password of {address} …"),
        lost=f"{blocks.escape(title, 100)} accepted the deletion of an app password of {blocks.code(address)}.",
        insist=True,
    )


def start(account: str, address: str, provider: str, *, several: bool = False) -> View:
    told = blocks.escape(provider, 100)
    return blocks.modal(
        TITLE,
        [
            _who(account, address, several=several),
            blocks.words(ABOUT),
            blocks.actions(
                blocks.button("Make one", CREATE, style="primary"), blocks.button("Delete one …", DELETE)
            ),
            blocks.context(
                f"{told} does not list app passwords: which there are is known only to those who have them."
            ),
        ],
        callback_id=VIEW,
        metadata=pack(account=account, address=address),
    )


def create_form(
    account: str, address: str, *, name: str = "", problem: str | None = None, several: bool = False
) -> View:
    """It may be sent once."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts += [
        _who(account, address, several=several),
        InputBlock(
            block_id=NAME,
            label="What it is for",
            optional=True,
            hint="The user sees it in their own settings.",
            element=PlainTextInputElement(
                action_id=NAME_ACTION,
                initial_value=name[:LONGEST_NAME] or None,
                placeholder=blocks.plain("Phone"),
                max_length=LONGEST_NAME,
            ),
        ),
    ]
    return _form(CREATE_FORM, "Make", parts, account, address)


def delete_form(account: str, address: str, *, problem: str | None = None, several: bool = False) -> View:
    """It may be sent once."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts += [
        _who(account, address, several=several),
        InputBlock(
            block_id=APP_PASSWORD,
            label="The app password to delete",
            hint="Slack can't hide what you paste: mind who sees your screen.",
            element=PlainTextInputElement(action_id=PASTED, max_length=LONGEST),
        ),
        blocks.context(
            "Programs that use it can't sign in any more. Who does not have it can remove it in the user's own settings."
        ),
    ]
    return _form(DELETE_FORM, "Delete", parts, account, address)


def created(made: AppPassword, *, several: bool = False) -> View:
    who = user_picker.name(made.account, made.address, several=several)
    purpose = f" for {blocks.code(made.name, 100)}" if made.name else ""
    return blocks.modal(
        "App password made",
        [
            blocks.section(f"{blocks.escape(made.provider, 100)} made this app password of {who}{purpose}."),
            blocks.preformatted(made.secret, block_id=NEW),
            blocks.context(
                "Copy it now: it is shown only here, and only until you close this window. It can't be read back, so try to sign "
                "in with it; to delete it later, it has to be pasted here."
            ),
        ],
        callback_id=f"{CREATE_FORM}.done",
        close="Done",
        metadata=pack(account=made.account, address=made.address),
        tells=True,
    )


def deleted(account: str, address: str, provider: str, *, several: bool = False) -> View:
    told = blocks.escape(provider, 100)
    who = user_picker.name(account, address, several=several)
    return blocks.modal(
        "App password deleted",
        [
            blocks.section(f"{told} accepted the deletion of the app password of {who}."),
            blocks.context(
                f"{told} can't be asked whether it is gone, and may have accepted one that never was. Try to sign in with it: "
                "that has to fail."
            ),
        ],
        callback_id=f"{DELETE_FORM}.done",
        close="Done",
        metadata=pack(account=account, address=address),
        tells=True,
    )


def _form(callback_id: str, submit: str, parts: list[Block], account: str, address: str) -> View:
    return blocks.modal(
        TITLE,
        parts,
        callback_id=callback_id,
        submit=submit,
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, account=account, address=address),
    )


def _working(step: str) -> View:
    return blocks.modal(TITLE, [blocks.words(step)], callback_id=f"{VIEW}.working")


def _who(account: str, address: str, *, several: bool) -> Block:
    return blocks.section(f"*{user_picker.name(account, address, several=several)}*")


def _whose(view: OpenView) -> tuple[str, str]:
    return str(view.metadata.get("account", "")), str(view.metadata.get("address", ""))


def _nonce(view: OpenView) -> str:
    return str(view.metadata.get("nonce", ""))
