"""The two ways to a password that forms share: generate one (shown, re-roll) or type one (with a strength meter).

A generated password lives in the view alone: it is read from the blocks of the submission. Nothing is kept here.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    PlainTextInputElement,
    RadioButtonsElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.errors import InvalidInput
from bot.model import Role
from bot.passwords import Strength, generate, judge
from bot.services import Services
from bot.users import PASSWORD
from handlers import blocks
from handlers.listening import listener
from handlers.live import Live
from handlers.payloads import OpenView
from handlers.turn import Turn

MODE = "password_mode"
GENERATED = "generated_password"
REROLL = "password_reroll"
METER = "password_meter"
NEW_PASSWORD = "new_password"  # noqa: S105 - the name of a block

LONGEST = 100
"""Characters a typed password may have; the meter's work grows fast with them."""


class Mode(StrEnum):
    GENERATE = "generate"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Password:
    """What a form was sent with."""

    mode: Mode
    value: str = field(repr=False)


Rebuild = Callable[[Turn, Sequence[Block]], Awaitable[View]]
"""Makes the form of this turn's view again, around other password parts."""

Context = Callable[[OpenView], Sequence[str]]
"""Words of the form that make a password weak: the address, the name."""


def register(app: AsyncApp, services: Services, form: str, rebuild: Rebuild, context: Context) -> None:
    """Make the password parts of `form` work."""
    live = Live()

    async def choose_mode(turn: Turn) -> None:
        await turn.ack()

        async def make() -> View:
            return await rebuild(turn, parts(form, Mode(turn.value or Mode.GENERATE)))

        await live.follow(turn, make)

    async def reroll(turn: Turn) -> None:
        await turn.ack()

        async def make() -> View:
            return await rebuild(turn, parts(form, Mode.GENERATE))

        await live.follow(turn, make)

    async def measure(turn: Turn) -> None:
        await turn.ack()

        async def make() -> View:
            strength = await judge(turn.value, context=context(turn.modal)) if turn.value else None
            return await rebuild(turn, parts(form, Mode.TYPE, strength))

        await live.follow(turn, make)

    app.action(f"{form}.mode")(listener(services, choose_mode, need=Role.ADMIN))
    app.action(f"{form}.reroll")(listener(services, reroll, need=Role.ADMIN))
    app.action(f"{form}.typed")(listener(services, measure, need=Role.ADMIN))


def parts(form: str, mode: Mode = Mode.GENERATE, strength: Strength | None = None) -> list[Block]:
    """The password parts of a form. A generated password is a new one each time."""
    options = {
        Mode.GENERATE: blocks.option("Generate one", Mode.GENERATE),
        Mode.TYPE: blocks.option("Type my own", Mode.TYPE),
    }
    choice = InputBlock(
        block_id=MODE,
        label="Password",
        dispatch_action=True,
        element=RadioButtonsElement(
            action_id=f"{form}.mode", options=list(options.values()), initial_option=options[mode]
        ),
    )
    if mode is Mode.GENERATE:
        return [
            choice,
            blocks.preformatted(generate(), block_id=GENERATED),
            blocks.actions(blocks.button("Re-roll", f"{form}.reroll"), block_id=REROLL),
        ]
    return [choice, _typed(form), blocks.words(meter(strength), block_id=METER)]


def mode_of(form: str, view: OpenView) -> Mode:
    """Which way is chosen in the form."""
    return Mode.TYPE if view.choice(MODE, f"{form}.mode") == Mode.TYPE else Mode.GENERATE


def read(form: str, view: OpenView) -> Password:
    """The password that a form was sent with. Raises InvalidInput at the field."""
    mode = mode_of(form, view)
    if mode is Mode.TYPE:
        typed = view.text(PASSWORD, f"{form}.typed")
        if not typed:
            raise InvalidInput("Type a password, or have one generated.", field=PASSWORD)
        return Password(mode, typed)
    for block in view.blocks:
        if block.get("block_id") == GENERATED:
            return Password(mode, str(block["elements"][0]["elements"][0]["text"]))
    raise InvalidInput("Pick how the password is made.", field=MODE)


def meter(strength: Strength | None) -> str:
    """How strong what is typed is, in words and as a bar."""
    if strength is None:
        return "Strength: it is measured while you type."
    bar = "▰" * (strength.score + 1) + "▱" * (4 - strength.score)
    verdict = f"Strength: {bar} {strength.label}"
    return "\n".join([verdict if strength.acceptable else f"{verdict} (too weak)", *strength.advice])


def handover(address: str, password: str) -> list[Block]:
    """Address and password to copy, and how to pass them on."""
    return [
        blocks.section("*Address*"),
        blocks.preformatted(address),
        blocks.section("*Password*"),
        blocks.preformatted(password, block_id=NEW_PASSWORD),
        blocks.context(
            "Copy it now: it is shown only here, and only until you close this window. Hand it over in person, by phone "
            "or through a password manager; not by e-mail or in a channel."
        ),
    ]


def _typed(form: str) -> Block:
    return InputBlock(
        block_id=PASSWORD,
        label="Type the password",
        dispatch_action=True,
        hint="Slack can't hide what you type: mind who sees your screen.",
        element=PlainTextInputElement(
            action_id=f"{form}.typed",
            max_length=LONGEST,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )
