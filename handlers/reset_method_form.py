"""The form for a further way to reset a forgotten password: an e-mail address or a phone."""

import uuid

from slack_sdk.models.blocks import Block, CheckboxesElement, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.providers.base import ResetKind, ResetMethod
from bot.user_options import DESCRIPTION, LONGEST_DESCRIPTION, TARGET
from handlers import blocks, user_picker
from handlers.payloads import OpenView, pack

FORM = "reset_methods.form"
TARGET_ACTION = "reset_methods.target"
DESCRIPTION_ACTION = "reset_methods.description"
TWO_FACTOR = "reset_two_factor"
TWO_FACTOR_ACTION = "reset_methods.two_factor"

_LABELS = {ResetKind.EMAIL: "E-mail address", ResetKind.PHONE: "Phone number"}
_EXAMPLES = {ResetKind.EMAIL: "anna@example.org", ResetKind.PHONE: "+49 30 1234567"}
_HINTS = {
    ResetKind.EMAIL: "Of another mailbox, which can be read without this one's password.",
    ResetKind.PHONE: "With the country's number: + and 7 to 15 digits.",
}


def form(
    account: str,
    address: str,
    kind: str,
    entries: ResetMethod | None = None,
    *,
    problem: str | None = None,
    several: bool = False,
) -> View:
    """It may be sent once. `entries`: what it is filled with."""
    known = ResetKind.PHONE if kind == ResetKind.PHONE else ResetKind.EMAIL
    filled = entries or ResetMethod(known, "", resets_two_factor=False)
    allow = blocks.option("May switch off two-factor login, too", TWO_FACTOR)
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts += [
        blocks.section(f"*{user_picker.name(account, address, several=several)}*"),
        InputBlock(
            block_id=TARGET,
            label=_LABELS[known],
            hint=_HINTS[known],
            element=PlainTextInputElement(
                action_id=TARGET_ACTION,
                initial_value=filled.target or None,
                placeholder=blocks.plain(_EXAMPLES[known]),
                max_length=320,
            ),
        ),
        InputBlock(
            block_id=DESCRIPTION,
            label="Description",
            optional=True,
            element=PlainTextInputElement(
                action_id=DESCRIPTION_ACTION,
                initial_value=filled.description[:LONGEST_DESCRIPTION] or None,
                placeholder=blocks.plain("Her private address"),
                max_length=LONGEST_DESCRIPTION,
            ),
        ),
        InputBlock(
            block_id=TWO_FACTOR,
            label="For who has lost the second factor",
            optional=True,
            element=CheckboxesElement(
                action_id=TWO_FACTOR_ACTION,
                options=[allow],
                initial_options=[allow] if filled.resets_two_factor else None,
            ),
        ),
    ]
    return blocks.modal(
        "Add a way to reset",
        parts,
        callback_id=FORM,
        submit="Add",
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, account=account, address=address, kind=str(known)),
        tells=True,
    )


def typed(view: OpenView) -> ResetMethod:
    """What was entered, as it was typed."""
    kind = ResetKind.PHONE if view.metadata.get("kind") == ResetKind.PHONE else ResetKind.EMAIL
    return ResetMethod(
        kind,
        view.text(TARGET, TARGET_ACTION).strip()[:320],
        view.text(DESCRIPTION, DESCRIPTION_ACTION).strip(),
        resets_two_factor=TWO_FACTOR in view.choices(TWO_FACTOR, TWO_FACTOR_ACTION),
    )
