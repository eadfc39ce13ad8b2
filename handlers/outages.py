"""An account that can't be used: how the messages about it look, and what screens say that show what is known of it."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.directory import Staleness
from bot.notices import Rendered
from bot.outages import ToldOutage
from handlers import blocks

ERROR = 600
SHOWN = 5


def render_outage(told: ToldOutage | None, _now: datetime) -> Rendered | None:
    if told is None:
        return None
    outage = told.outage
    name = f"*{blocks.escape(outage.account, 100)}*"
    if outage.over_at is not None:
        line = (
            f":white_check_mark: The account {name} could not be used from {blocks.date(outage.since)} until "
            f"{blocks.date(outage.over_at)}."
        )
        return Rendered(line, [blocks.section(line)], correction=True)
    seen = (
        "Nothing is known of its mail users and domains yet."
        if told.as_of is None
        else f"Its mail users and domains are shown as of {blocks.date(told.as_of)}."
    )
    line = (
        f":red_circle: The account {name} can't be used since {blocks.date(outage.since)}. "
        f"{blocks.sentence(outage.error, ERROR)}\n{seen} What falls due for deletion there is tried again for about "
        "an hour, and then waits for somebody to try it anew. Other accounts go on as ever, and a message says when it is over."
    )
    return Rendered(line, [blocks.section(line)])


def render_outage_over(told: ToldOutage | None, _now: datetime) -> Rendered | None:
    # What was never told needs no end.
    if told is None or not told.is_told or (over_at := told.outage.over_at) is None:
        return None
    outage = told.outage
    line = (
        f":white_check_mark: The account *{blocks.escape(outage.account, 100)}* can be used again since "
        f"{blocks.date(over_at)}. Before, it could not since {blocks.date(outage.since)}."
    )
    return Rendered(line, [blocks.section(line)])


def notes(stale: Sequence[Staleness], *, several: bool) -> list[Block]:
    """What to say below something that shows the directory, one line an account; nothing where all is up to date."""
    return [blocks.context(_note(one, several=several)) for one in stale[:SHOWN]]


def _note(stale: Staleness, *, several: bool) -> str:
    who = f"The account *{blocks.escape(stale.account, 100)}*" if several else "The mail system"
    if stale.since is not None:
        trouble = f"{who} can't be used since {blocks.date(stale.since)}."
    elif stale.error is not None:
        trouble = f"{who} could not be read lately: {blocks.sentence(stale.error, 300)}"
    else:
        trouble = f"{who} was not read lately."
    if stale.as_of is None:
        return f":warning: {trouble} Nothing is known of it yet."
    return f":warning: {trouble} What is shown of it is from {blocks.date(stale.as_of)}."
