"""Views that follow the typing. Slack sends an event for every key, each with the view's hash as the person's client
knew it, so two quick keys carry the same hash, and only the first may update the view with it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from slack_sdk.models.views import View

from handlers.turn import Turn

MANY = 500
"""How many open views are remembered; what falls out only makes one update of a very old view a conflict."""


class _Trail:
    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.newest = 0.0
        self.hashes: list[str | None] = []


class Live:
    """Brings a view up to its newest action. Older actions that are still waiting are dropped.

    A view that was changed by anything else meanwhile (a submission, above all) is left alone: its hash is not ours.
    Another replica may answer the next key; then that key's own hash decides, and at worst one update is missed.
    """

    def __init__(self) -> None:
        self._trails: OrderedDict[str, _Trail] = OrderedDict()

    async def follow(self, turn: Turn, make: Callable[[], Awaitable[View | dict[str, Any]]]) -> None:
        """Show what `make` makes of this turn, unless something newer came."""
        assert turn.action is not None, "only an action has a time"
        view, at = turn.modal, turn.action.at
        trail = self._trail(view.id)
        trail.newest = max(trail.newest, at)
        async with trail.lock:
            if at < trail.newest:
                return
            made = await make()
            if at < trail.newest:
                return
            expected = trail.hashes[-1] if view.hash in trail.hashes else view.hash
            if await turn.show(made, hash=expected):
                trail.hashes = [*trail.hashes[-20:], view.hash, turn.modal.hash]

    def _trail(self, view_id: str) -> _Trail:
        trail = self._trails.setdefault(view_id, _Trail())
        self._trails.move_to_end(view_id)
        if len(self._trails) > MANY:
            self._trails.popitem(last=False)
        return trail
