"""An account that can't be used: how the messages about it look."""

from datetime import datetime

from bot.notices import Rendered
from bot.outages import ToldOutage
from handlers import blocks

ERROR = 600


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
