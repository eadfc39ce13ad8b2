"""An account that has little credit left: how the message about it looks."""

from datetime import datetime

from bot.credit import ToldCredit, dollars
from bot.notices import Rendered
from handlers import blocks


def render_low_credit(told: ToldCredit | None, _now: datetime) -> Rendered | None:
    if told is None:
        return None
    low = told.low
    name = f"*{blocks.escape(low.account, 100)}*"
    if low.over_at is not None:
        present = "enough credit" if told.now is None else f"{dollars(told.now.amount)} of credit"
        line = (
            f":white_check_mark: The account {name} has {present} again, seen {blocks.date(low.over_at)}. "
            f"It had {dollars(low.amount)} left {blocks.date(low.since)}."
        )
        return Rendered(line, [blocks.section(line)], correction=True)
    line = (
        f":warning: The account {name} has {dollars(low.amount)} of credit left, which is less than {dollars(low.threshold)}. "
        "Top it up before it is used up. This is told once; the Home tab shows how much is left."
    )
    return Rendered(line, [blocks.section(line)])
