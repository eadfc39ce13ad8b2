"""Whether a mailbox is indexed for searching: its state, read live → switch it → the verified state."""

import uuid

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import AlreadySubmitted, NotPossible
from bot.model import Capability, MailUser, Role
from bot.providers.base import UserState
from bot.services import Services
from bot.user_options import Option
from handlers import blocks, look_again, user_picker
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn

VIEW = "search_indexing"
TOGGLE = "search_indexing.toggle"
LOOK = "search_indexing.look"

TITLE = "Search indexing"

HINT = "With an index, searching in a large mailbox is quick. Without one, it takes longer, and no words of the mail are kept apart."


def register(app: AsyncApp, services: Services) -> None:
    app.action(LOOK)(listener(services, look, need=Role.ADMIN))
    app.action(TOGGLE)(listener(services, toggle, need=Role.ADMIN, fresh=True))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the window at once, and fill it in when the mail system has answered."""
    await turn.open(busy(user.account, user.address, _reading(turn.services, user.account)))
    await show_state(turn, user.account, user.address)


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
    await turn.show(busy(account, address, f"{provider} is asked to switch it {wanted} …"))
    try:
        state = await turn.services.options.switch(
            turn.operator,
            nonce=nonce,
            account=account,
            address=address,
            option=Option.SEARCH_INDEXING,
            on=wanted == "on",
        )
    except AlreadySubmitted:
        # Pressed twice, or delivered twice: what the first one came to is what there is to see.
        await show_state(turn, account, address)
        return
    if not await turn.show(current(account, state, provider, changed=True, several=turn.several)):
        told = blocks.escape(provider, 100)
        await turn.tell(f"Search indexing for {blocks.code(address)} is now {wanted}, as {told} shows it.")


async def show_state(turn: Turn, account: str, address: str) -> None:
    """Read the state from the mail system and show it in the open window."""
    _offer_retry(turn, account, address)
    users = turn.services.users
    if Capability.SEARCH_INDEXING not in await users.offers(account):
        raise NotPossible(f"{users.title(account)} has nothing to set about searching.")
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
    on = state.search_indexing is True
    parts: list[Block] = []
    if changed:
        parts.append(blocks.success(f"Done, and read back from {provider}."))
    who = user_picker.name(account, state.address, several=several)
    parts += [
        blocks.section(f"Search indexing for {who} is *{word(state)}*."),
        blocks.actions(
            blocks.button(
                "Switch it off" if on else "Switch it on",
                TOGGLE,
                value=f"{'off' if on else 'on'} {uuid.uuid4().hex} {target}",
            )
        ),
        blocks.context(f"Read from {blocks.escape(provider, 100)} just now. {HINT}"),
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
    """`on`, `off`, or `unknown` where the mail system says nothing of it."""
    if state.search_indexing is None:
        return "unknown"
    return "on" if state.search_indexing else "off"


def _offer_retry(turn: Turn, account: str, address: str) -> None:
    async def recover(message: str) -> View:
        return failed(account, address, message)

    turn.recover = recover


def _reading(services: Services, account: str) -> str:
    return f"Reading the state from {services.users.title(account)} …"
