"""The window about how a mail user gets back in without the password."""

import uuid
from collections.abc import Sequence

from slack_sdk.models.blocks import Block, ConfirmObject
from slack_sdk.models.views import View

from bot.providers.base import ResetKind, ResetMethod, UserState
from handlers import blocks, user_picker
from handlers.payloads import pack

VIEW = "reset_methods"
TOGGLE = "reset_methods.toggle"
ADD_EMAIL = "reset_methods.add_email"
ADD_PHONE = "reset_methods.add_phone"
REMOVE = "reset_methods.remove"
PAGE = "reset_methods.page"
LOOK = "reset_methods.look"

TITLE = "Password reset"
PER_PAGE = 10
LONGEST_TARGET = 320
"""Characters of an address or a number that people type."""

WARNING = "Whoever reads that mailbox, or holds that phone, can take over this one."

_KINDS = {str(ResetKind.EMAIL): "e-mail", str(ResetKind.PHONE): "phone"}


def busy(account: str, address: str, step: str) -> View:
    return _modal(
        account,
        address,
        [blocks.section(user_picker.name(account, address, several=False)), blocks.words(step)],
    )


def current(
    account: str,
    state: UserState,
    provider: str,
    *,
    changed: bool = False,
    offset: int = 0,
    several: bool = False,
) -> View:
    """The state as the mail system has just told it; `changed`: after a change, proven by reading it back."""
    methods = state.reset_methods
    page = methods[offset : offset + PER_PAGE]
    on = state.password_reset is True
    who = user_picker.name(account, state.address, several=several)
    parts: list[Block] = []
    if changed:
        parts.append(blocks.success(f"Done, and read back from {provider}."))
    parts.append(blocks.section(f"Resetting a forgotten password of {who} is *{word(state)}*."))
    if state.two_factor and not methods:
        parts.append(
            blocks.warning("Two-factor login is required, and a lost second factor could not be reset.")
        )
    parts += [_method(method) for method in page]
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=len(methods))
    parts += [
        blocks.actions(
            blocks.button("Add an e-mail address", ADD_EMAIL),
            blocks.button("Add a phone", ADD_PHONE),
            blocks.button(
                "Switch it off" if on else "Switch it on",
                TOGGLE,
                value=f"{'off' if on else 'on'} {uuid.uuid4().hex}",
            ),
        ),
        blocks.context(f"Read from {blocks.escape(provider, 100)} just now. {WARNING}"),
    ]
    return _modal(account, state.address, parts, close="Done")


def failed(account: str, address: str, message: str) -> View:
    """What went wrong, and a way to see how things stand."""
    return _modal(
        account,
        address,
        [
            *blocks.problem(message),
            blocks.section(user_picker.name(account, address, several=False)),
            blocks.actions(blocks.button("Look again", LOOK)),
        ],
    )


def word(state: UserState) -> str:
    """`on, 2 ways`, `on, but no way is set up`, `off`, or `unknown` where the mail system says nothing of it."""
    if state.password_reset is None:
        return "unknown"
    if not state.password_reset:
        return "off"
    ways = len(state.reset_methods)
    if not ways:
        return "on, but no way is set up"
    return "on, 1 way" if ways == 1 else f"on, {ways} ways"


def _method(method: ResetMethod) -> Block:
    facts = [blocks.escape(_KINDS.get(method.kind, method.kind), 50)]
    if method.description:
        facts.append(blocks.escape(method.description, 200))
    if method.resets_two_factor:
        facts.append("may switch off two-factor login, too")
    remove = blocks.button(
        "Remove",
        REMOVE,
        value=f"{uuid.uuid4().hex} {method.target}",
        about=method.target,
        confirm=ConfirmObject(
            title="Remove it?",
            text=blocks.plain(f"{method.target} can't be used to reset the password any more.", 300),
            confirm="Remove",
            deny="Keep it",
        ),
    )
    return blocks.section(
        f"{blocks.code(method.target)}\n{' · '.join(facts)}",
        # What none of our forms takes is to be removed where it came from.
        accessory=remove if len(method.target) <= LONGEST_TARGET else None,
    )


def _modal(account: str, address: str, parts: Sequence[Block], *, close: str = "Close") -> View:
    return blocks.modal(
        TITLE,
        parts,
        callback_id=VIEW,
        close=close,
        metadata=pack(account=account, address=address),
        tells=True,
    )
