"""2FA of a mail user: /mail-2fa [user] → its state, read from the mail system → toggle → the verified new state.

Where users set it up themselves it can only be switched off here, for who has lost the second factor.
"""

from collections.abc import Collection

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.errors import NotPossible
from bot.model import Capability, MailUser, Role
from bot.providers.base import UserState
from bot.services import Services
from handlers import blocks, look_again, user_picker
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn

COMMAND = "/mail-2fa"
ASK = "two_factor.ask"
PICKED = "two_factor.picked"
VIEW = "two_factor"
TOGGLE = "two_factor.toggle"
LOOK = "two_factor.look"

TITLE = "Two-factor login"

CAPABILITIES = frozenset({Capability.TWO_FACTOR, Capability.TWO_FACTOR_DISABLE})

HINT = "With 2FA required, the password alone does not log in any more: the user needs a second factor."
OWN = (
    "Users switch it on themselves, in the mail system's control panel, and it guards that panel alone. Switch it off for "
    "who has lost the second factor."
)


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    app.action(LOOK)(listener(services, look, need=Role.ADMIN))
    app.action(TOGGLE)(listener(services, toggle, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    offered = await turn.services.users.offered()
    if not CAPABILITIES & offered:
        raise NotPossible("None of the mail systems here has 2FA.")
    user, problem = await user_picker.named(turn)
    if user is None:
        window = user_picker.ask(
            TITLE,
            callback_id=PICKED,
            submit="Show",
            hint=_hint(offered),
            problem=problem,
            several=turn.several,
        )
        await turn.open(window)
    else:
        await open_for(turn, user)


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal)
    await turn.ack(response_action="update", view=busy(account, address, _reading(turn.services, account)))
    await show_state(turn, account, address)


async def look(turn: Turn) -> None:
    await turn.ack()
    account, address = user_picker.read_reference(turn.value)
    await turn.show(busy(account, address, _reading(turn.services, account)))
    await show_state(turn, account, address)


async def toggle(turn: Turn) -> None:
    await turn.ack()
    wanted, _, target = turn.value.partition(" ")
    account, address = user_picker.read_reference(target)
    _offer_retry(turn, account, address)
    provider = turn.services.users.title(account)
    step = f"{provider} is asked to {'require' if wanted == 'on' else 'release'} 2FA …"
    await turn.show(busy(account, address, step))
    state = await turn.services.users.set_two_factor(
        turn.operator, account=account, address=address, required=wanted == "on"
    )
    offered = await turn.services.users.offers(account)
    if not await turn.show(current(account, state, provider, offered, changed=True, several=turn.several)):
        now = word(state, offered)
        await turn.tell(f"2FA for {blocks.code(address)} is now {now}, as {provider} shows it.")


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the window at once, and fill it in when the mail system has answered."""
    await turn.open(busy(user.account, user.address, _reading(turn.services, user.account)))
    await show_state(turn, user.account, user.address)


async def show_state(turn: Turn, account: str, address: str) -> None:
    """Read the state from the mail system and show it in the open window."""
    _offer_retry(turn, account, address)
    users = turn.services.users
    offered = await users.offers(account)
    if not CAPABILITIES & offered:
        raise NotPossible(f"{users.title(account)} has no 2FA that can be set from outside.")
    state = await users.state(turn.operator, account=account, address=address)
    await turn.show(current(account, state, users.title(account), offered, several=turn.several))


def busy(account: str, address: str, step: str) -> View:
    return blocks.modal(
        TITLE,
        [blocks.section(user_picker.name(account, address, several=False)), blocks.words(step)],
        callback_id=VIEW,
        metadata=pack(account=account, address=address),
        tells=True,
    )


def current(
    account: str,
    state: UserState,
    provider: str,
    offered: Collection[Capability],
    *,
    changed: bool = False,
    several: bool = False,
) -> View:
    """The state as the mail system has just told it; `changed`: after a change, proven by reading it back."""
    parts: list[Block] = []
    if changed:
        parts.append(blocks.success(f"Done, and read back from {provider}."))
    who = user_picker.name(account, state.address, several=several)
    parts += [
        blocks.section(f"2FA for {who} is *{word(state, offered)}*."),
        *(blocks.actions(button) for button in _toggle(account, state, offered)),
        blocks.context(f"Read from {blocks.escape(provider, 100)} just now. {_hint(offered)}"),
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


def _offer_retry(turn: Turn, account: str, address: str) -> None:
    async def recover(message: str) -> View:
        return failed(account, address, message)

    turn.recover = recover


def _reading(services: Services, account: str) -> str:
    return f"Reading the state from {services.users.title(account)} …"


def _toggle(account: str, state: UserState, offered: Collection[Capability]) -> list[ButtonElement]:
    target = user_picker.reference(account, state.address)
    if Capability.TWO_FACTOR not in offered:
        off = blocks.button("Switch 2FA off", TOGGLE, value=f"off {target}", style="danger")
        return [off] if state.two_factor else []
    if state.two_factor:
        return [blocks.button("Stop requiring 2FA", TOGGLE, value=f"off {target}", style="danger")]
    return [blocks.button("Require 2FA", TOGGLE, value=f"on {target}", style="primary")]


def _hint(offered: Collection[Capability]) -> str:
    return HINT if Capability.TWO_FACTOR in offered else OWN


def word(state: UserState, offered: Collection[Capability]) -> str:
    """How it stands, where `offered` is what the account can do."""
    if Capability.TWO_FACTOR not in offered:
        return "on" if state.two_factor else "off"
    return "required" if state.two_factor else "not required"
