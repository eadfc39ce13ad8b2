"""Coming back to a list from what was opened on top of it: it is shown anew, where the person was in it."""

from collections.abc import Awaitable, Callable

from slack_sdk.models.views import View

from handlers.payloads import OpenView
from handlers.turn import Turn

Found = Callable[[Turn, str, int], Awaitable[View]]
"""The list with what was searched for, from that offset on."""


LONGEST = 260
"""Characters of a search: it goes into the metadata of a window, of which Slack takes 3000."""


def mark(text: str, offset: int) -> str:
    """For the metadata of a list, as `place`, and of all that is opened on top of it."""
    return f"{offset} {text[:LONGEST]}"


async def come_back(turn: Turn, found: Found) -> None:
    """A window on top of the list was closed, in which something was done. One from elsewhere has no place."""
    await turn.ack()
    closed = turn.modal
    offset, _, text = closed.place.partition(" ")
    if closed.beneath and offset.isdigit():
        turn.view = OpenView.read({"id": closed.beneath})
        await turn.show(await found(turn, text, int(offset)))
