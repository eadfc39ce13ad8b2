"""How a mail user gets back in without the password: whether at all, and by which e-mail addresses and phones.

Read live → switch it, add one, remove one → the verified state.
"""

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.views import View

from bot.errors import AlreadySubmitted, NotPossible
from bot.model import Capability, MailUser, Role
from bot.providers.base import ResetKind, UserState
from bot.services import Services
from bot.user_options import Option
from handlers import blocks, reset_method_form
from handlers.listening import listener
from handlers.payloads import OpenView
from handlers.reset_window import (
    ADD_EMAIL,
    ADD_PHONE,
    LOOK,
    PAGE,
    REMOVE,
    TOGGLE,
    busy,
    current,
    failed,
)
from handlers.turn import Turn


def register(app: AsyncApp, services: Services) -> None:
    app.action(LOOK)(listener(services, look, need=Role.ADMIN))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.ADMIN))
    app.action(TOGGLE)(listener(services, toggle, need=Role.ADMIN, fresh=True))
    app.action(REMOVE)(listener(services, remove, need=Role.ADMIN, fresh=True))
    app.action(ADD_EMAIL)(listener(services, ask_email, need=Role.ADMIN))
    app.action(ADD_PHONE)(listener(services, ask_phone, need=Role.ADMIN))
    app.view(reset_method_form.FORM)(listener(services, add, need=Role.ADMIN, fresh=True))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the window at once, and fill it in when the mail system has answered."""
    await turn.open(busy(user.account, user.address, _reading(turn.services, user.account)))
    await show_state(turn, user.account, user.address)


async def look(turn: Turn) -> None:
    await turn.ack()
    account, address = whose(turn.modal)
    await turn.show(busy(account, address, _reading(turn.services, account)))
    await show_state(turn, account, address)


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    account, address = whose(turn.modal)
    await show_state(turn, account, address, offset=int(turn.value) if turn.value.isdigit() else 0)


async def toggle(turn: Turn) -> None:
    await turn.ack()
    wanted, _, nonce = turn.value.partition(" ")
    account, address = whose(turn.modal)
    _offer_retry(turn, account, address)
    title = turn.services.users.title(account)
    await turn.show(busy(account, address, f"{title} is asked to switch it {wanted} …"))
    try:
        state = await turn.services.options.switch(
            turn.operator,
            nonce=nonce,
            account=account,
            address=address,
            option=Option.PASSWORD_RESET,
            on=wanted == "on",
        )
    except AlreadySubmitted:
        # Pressed twice, or delivered twice: what the first one came to is what there is to see.
        await show_state(turn, account, address)
        return
    await _show_done(
        turn, account, state, f"Resetting the password of {blocks.code(address)} is now {wanted}"
    )


async def remove(turn: Turn) -> None:
    await turn.ack()
    nonce, _, target = turn.value.partition(" ")
    account, address = whose(turn.modal)
    _offer_retry(turn, account, address)
    title = turn.services.users.title(account)
    await turn.show(busy(account, address, f"{title} is asked to remove {target} …"))
    try:
        state = await turn.services.options.remove_method(
            turn.operator, nonce=nonce, account=account, address=address, target=target
        )
    except AlreadySubmitted:
        await show_state(turn, account, address)
        return
    told = f"{blocks.code(target)} can't reset the password of {blocks.code(address)} any more"
    await _show_done(turn, account, state, told)


async def ask_email(turn: Turn) -> None:
    await turn.ack()
    account, address = whose(turn.modal)
    await turn.show(reset_method_form.form(account, address, ResetKind.EMAIL, several=turn.several))


async def ask_phone(turn: Turn) -> None:
    await turn.ack()
    account, address = whose(turn.modal)
    await turn.show(reset_method_form.form(account, address, ResetKind.PHONE, several=turn.several))


async def add(turn: Turn) -> None:
    sent = turn.modal
    account, address = whose(sent)
    typed = reset_method_form.typed(sent)
    title = turn.services.users.title(account)

    async def back(message: str) -> View:
        return reset_method_form.form(
            account, address, typed.kind, typed, problem=message, several=turn.several
        )

    turn.recover = back

    async def put() -> View:
        state = await turn.services.options.add_method(
            turn.operator,
            nonce=str(sent.metadata.get("nonce", "")),
            account=account,
            address=address,
            method=typed,
        )
        return current(account, state, title, changed=True, several=turn.several)

    await turn.carry_out(
        put(),
        working=busy(account, address, f"{title} is asked to add {typed.target} …"),
        lost=f"{blocks.code(typed.target)} can now reset the password of {blocks.code(address)}.",
        twice=True,
    )


async def show_state(turn: Turn, account: str, address: str, *, offset: int = 0) -> None:
    """Read the state from the mail system and show it in the open window."""
    _offer_retry(turn, account, address)
    users = turn.services.users
    title = users.title(account)
    if Capability.PASSWORD_RESET not in await users.offers(account):
        raise NotPossible(
            f"Users of {title} can't reset their passwords themselves: set one with /mail-password."
        )
    state = await users.state(turn.operator, account=account, address=address)
    await turn.show(current(account, state, title, offset=offset, several=turn.several))


def whose(view: OpenView) -> tuple[str, str]:
    """(account, address) of the user that a window is about."""
    return str(view.metadata.get("account", "")), str(view.metadata.get("address", ""))


async def _show_done(turn: Turn, account: str, state: UserState, told: str) -> None:
    title = turn.services.users.title(account)
    if not await turn.show(current(account, state, title, changed=True, several=turn.several)):
        await turn.tell(f"{told}, as {blocks.escape(title, 100)} shows it.")


def _offer_retry(turn: Turn, account: str, address: str) -> None:
    async def recover(message: str) -> View:
        return failed(account, address, message)

    turn.recover = recover


def _reading(services: Services, account: str) -> str:
    return f"Reading the state from {services.users.title(account)} …"
