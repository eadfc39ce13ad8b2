"""Who administers the mail system: /mail-admin [user] → whether it does, read live → give or take it → the verified state."""

import uuid

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ConfirmObject
from slack_sdk.models.views import View

from bot.errors import AlreadySubmitted, NotPossible
from bot.model import Capability, MailUser, Role
from bot.providers.base import UserState
from bot.services import Services
from handlers import blocks, look_again, user_picker
from handlers.listening import listener
from handlers.mailbox_fields import PRIVILEGE
from handlers.payloads import pack
from handlers.turn import Turn

COMMAND = "/mail-admin"
ASK = "admin_privilege.ask"
SEARCH = "admin_privilege.search"
PICKED = "admin_privilege.picked"
VIEW = "admin_privilege"
TOGGLE = "admin_privilege.toggle"
LOOK = "admin_privilege.look"

TITLE = "Administrator"

NONE = "The mail systems here know no administrators among their mail users."


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    user_picker.register_search(app, services, SEARCH, need=Capability.ADMIN_PRIVILEGE)
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    app.action(LOOK)(listener(services, look, need=Role.ADMIN))
    app.action(TOGGLE)(listener(services, toggle, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    if Capability.ADMIN_PRIVILEGE not in await turn.services.users.offered():
        raise NotPossible(NONE)
    user, problem = await user_picker.named(turn)
    if user is not None:
        await open_for(turn, user)
        return
    await turn.open(
        user_picker.ask(
            TITLE,
            callback_id=PICKED,
            submit="Show",
            hint=PRIVILEGE,
            problem=problem,
            several=turn.several,
            search=SEARCH,
        )
    )


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal, search=SEARCH)
    await turn.ack(response_action="update", view=busy(account, address, _reading(turn.services, account)))
    await show_state(turn, account, address)


async def look(turn: Turn) -> None:
    await turn.ack()
    account, address = user_picker.read_reference(turn.value)
    await turn.show(busy(account, address, _reading(turn.services, account)))
    await show_state(turn, account, address)


async def toggle(turn: Turn) -> None:
    await turn.ack()
    wanted, _, rest = turn.value.partition(" ")
    nonce, _, target = rest.partition(" ")
    account, address = user_picker.read_reference(target)
    _offer_retry(turn, account, address)
    provider = turn.services.users.title(account)
    step = f"{provider} is asked to {'give' if wanted == 'on' else 'take'} the privilege …"
    await turn.show(busy(account, address, step))
    try:
        state = await turn.services.mailboxes.set_admin(
            turn.operator, nonce=nonce, account=account, address=address, admin=wanted == "on"
        )
    except AlreadySubmitted:
        # Pressed twice, or delivered twice: what the first one came to is what there is to see.
        await show_state(turn, account, address)
        return
    if not await turn.show(current(account, state, provider, changed=True, several=turn.several)):
        await turn.tell(
            f"{blocks.code(address)} is now {word(state)}, as {blocks.escape(provider, 100)} shows it."
        )


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the window at once, and fill it in when the mail system has answered."""
    await turn.open(busy(user.account, user.address, _reading(turn.services, user.account)))
    await show_state(turn, user.account, user.address)


async def show_state(turn: Turn, account: str, address: str) -> None:
    """Read the state from the mail system and show it in the open window."""
    _offer_retry(turn, account, address)
    users = turn.services.users
    if Capability.ADMIN_PRIVILEGE not in await users.offers(account):
        raise NotPossible(f"{users.title(account)} knows no administrators among its mail users.")
    state = await users.state(turn.operator, account=account, address=address)
    await turn.show(current(account, state, users.title(account), several=turn.several))


def busy(account: str, address: str, step: str) -> View:
    return blocks.modal(
        TITLE,
        [blocks.section(user_picker.name(account, address, several=False)), blocks.words(step)],
        callback_id=VIEW,
        metadata=pack(account=account, address=address),
        tells=True,
    )


def current(
    account: str, state: UserState, provider: str, *, changed: bool = False, several: bool = False
) -> View:
    """The state as the mail system has just told it; `changed`: after a change, proven by reading it back."""
    target = user_picker.reference(account, state.address)
    admin = state.details.admin is True
    button = blocks.button(
        "Take the privilege" if admin else "Make it an administrator",
        TOGGLE,
        value=f"{'off' if admin else 'on'} {uuid.uuid4().hex} {target}",
        style="danger",
        confirm=ConfirmObject(
            title="Are you sure?",
            text=blocks.plain(
                "It can't administer the mail system any more."
                if admin
                else "It may then change everything on the mail system, and whoever knows its password with it."
            ),
            confirm="Take it" if admin else "Give it",
            deny="Leave it",
        ),
    )
    parts: list[Block] = []
    if changed:
        parts.append(blocks.success(f"Done, and read back from {provider}."))
    who = user_picker.name(account, state.address, several=several)
    parts += [
        blocks.section(f"{who} is *{word(state)}* of {blocks.escape(provider, 100)}."),
        blocks.actions(button),
        blocks.context(f"Read from {blocks.escape(provider, 100)} just now. {PRIVILEGE}"),
    ]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=VIEW,
        close="Done",
        metadata=pack(account=account, address=state.address),
        tells=True,
    )


def failed(account: str, address: str, message: str) -> View:
    return look_again.failed(TITLE, VIEW, LOOK, account, address, message)


def word(state: UserState) -> str:
    return "an administrator" if state.details.admin else "no administrator"


def _offer_retry(turn: Turn, account: str, address: str) -> None:
    async def recover(message: str) -> View:
        return failed(account, address, message)

    turn.recover = recover


def _reading(services: Services, account: str) -> str:
    return f"Reading the state from {services.users.title(account)} …"
