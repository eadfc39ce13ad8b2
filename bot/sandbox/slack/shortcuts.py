"""Shortcuts: those of a message's menu, and those that are at hand everywhere (docs.slack.dev, interactivity/shortcuts)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.sandbox.slack import payloads
from bot.sandbox.slack.errors import ApiError, PersonError
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Channel, Person, Workspace

TROUBLE = "We had some trouble connecting. Try again?"


@dataclass(frozen=True, slots=True)
class Shortcut:
    """As the app's manifest declares it."""

    name: str
    type: Literal["message", "global"]
    callback_id: str
    description: str


class Shortcuts:
    def __init__(self, slack: Workspace, socket: SocketMode, declared: Sequence[Shortcut]) -> None:
        self.declared = tuple(declared)
        self._slack = slack
        self._socket = socket

    async def use(self, person: Person, name: str) -> None:
        """Take one that is at hand everywhere, by its name or callback_id, and wait for its ack."""
        shortcut = self._named(name, "global")
        await self._deliver(payloads.global_shortcut(self._slack, person, shortcut.callback_id))

    async def use_on(self, person: Person, name: str, channel: Channel, ts: str) -> None:
        """Take one from a message's menu."""
        shortcut = self._named(name, "message")
        if person.id not in channel.members:
            raise PersonError(f"{person.name} is not in #{channel.name}")
        try:
            message = channel.message(ts)
        except ApiError:
            raise PersonError("that message is not there any more") from None
        if message.ephemeral_for is not None:
            raise PersonError("a message for one person only has no such menu")
        await self._deliver(
            payloads.message_shortcut(self._slack, person, shortcut.callback_id, channel, message)
        )

    def _named(self, name: str, kind: str) -> Shortcut:
        for shortcut in self.declared:
            if shortcut.type == kind and name in {shortcut.name, shortcut.callback_id}:
                return shortcut
        raise PersonError(f"there is no {kind} shortcut {name!r}")

    async def _deliver(self, payload: dict[str, object]) -> None:
        try:
            _ = await self._socket.deliver("interactive", payload)
        except TimeoutError:
            raise PersonError(TROUBLE) from None
