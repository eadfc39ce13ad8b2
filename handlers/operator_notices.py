"""A change of who may use Mailwarden: how the message about it looks."""

from datetime import datetime

from bot.model import OperatorChange, Role
from bot.notices import Rendered
from bot.operators import name
from handlers import blocks

MAY = {
    Role.OWNER: "may create, change and delete mail users, cancel deletions, release those that are held, and change who is an operator",
    Role.ADMIN: "may create, change and delete mail users, and cancel deletions",
    Role.VIEWER: "may look, and change nothing",
    None: "may not use Mailwarden any more",
}


def render_change(change: OperatorChange | None, _now: datetime) -> Rendered | None:
    if change is None:
        return None
    line = (
        f":bust_in_silhouette: <@{change.by}> has made <@{change.slack_id}> *{name(change.after)}* of Mailwarden "
        f"({name(change.before)} before): {MAY[change.after]}."
    )
    if change.after is None:
        line = (
            f":bust_in_silhouette: <@{change.by}> has taken <@{change.slack_id}> from the operators of Mailwarden "
            f"({name(change.before)} before): {MAY[None]}."
        )
    return Rendered(line, [blocks.section(line)])
