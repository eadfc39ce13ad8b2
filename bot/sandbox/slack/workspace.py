"""What the workspace holds: people, channels with their messages, open views, homes, triggers."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.clock import Clock
from bot.sandbox.slack import elements
from bot.sandbox.slack.channel import SLACKBOT, Channel, Message
from bot.sandbox.slack.elements import Key, State
from bot.sandbox.slack.errors import ApiError, PersonError
from bot.sandbox.slack.files import Files

__all__ = [
    "APP",
    "BOT_ID",
    "BOT_USER",
    "SLACKBOT",
    "TEAM",
    "Channel",
    "Message",
    "Person",
    "View",
    "Workspace",
]

TEAM = "T0SANDBOX"
APP = "A0MAILWARDEN"
BOT_ID = "B0BOT"
BOT_USER = "U0BOT"

Watcher = Callable[[Channel, Message], None]
"""Told of a message at the moment when it is posted or removed."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the workspace. `role` is what the sandbox's page calls them."""

    id: str
    name: str
    role: str
    is_guest: bool = False
    is_bot: bool = False


@dataclass(slots=True)
class View:
    """`content` is what the app sent, with ids filled in; `touched` what the person did to its elements since."""

    id: str
    user: str
    content: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None
    touched: dict[Key, State] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    offered: dict[Key, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return self.content["blocks"]  # type: ignore[no-any-return]  # the strict judge has seen it

    def state(self) -> dict[str, dict[str, State]]:
        """`view.state.values` as Slack sends it: touched elements, and the others as they first were."""
        values: dict[str, dict[str, State]] = {}
        for block, element in elements.interactive(self.blocks):
            if element["type"] in elements.STATEFUL:
                key = (block["block_id"], element["action_id"])
                state = self.touched.get(key) or elements.initial_state(element)
                values.setdefault(key[0], {})[key[1]] = state
        return values

    def replace(self, content: dict[str, Any], new_hash: str) -> None:
        """An update: what was typed stays where block_id, action_id and kind of element stay."""
        self.content = content
        self.hash = new_hash
        self.errors = {}
        kinds = {(b["block_id"], e["action_id"]): e["type"] for b, e in elements.interactive(self.blocks)}
        self.touched = {key: state for key, state in self.touched.items() if kinds.get(key) == state["type"]}


@dataclass(slots=True)
class _Trigger:
    user: str
    expires: float
    used: bool = False


class Workspace:
    """All state, and the one place that says when something changed."""

    def __init__(
        self,
        *,
        people: list[Person],
        channels: list[Channel],
        clock: Clock,
        trigger_seconds: float = 3.0,
        messages_tab: bool = True,
    ) -> None:
        """`messages_tab`: whether the app's manifest lets it send direct messages."""
        self.people: Mapping[str, Person] = {person.id: person for person in people}
        self.channels = {channel.id: channel for channel in channels}
        self.stacks: dict[str, list[View]] = {person.id: [] for person in people}
        self.homes: dict[str, View] = {}
        self.groups: dict[str, frozenset[str]] = {}
        self.files = Files()
        self.clock = clock
        self.revision = 0
        self.on_posted: Watcher = _nobody
        self.on_removed: Watcher = _nobody
        self._trigger_seconds = trigger_seconds
        self._messages_tab = messages_tab
        self._triggers: dict[str, _Trigger] = {}
        self._last_ts = 0
        self._changed = asyncio.Event()

    # -- change ------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """Something a person could see has changed."""
        self.revision += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, since: int) -> int:
        """Wait until the revision is past `since`; returns it."""
        while self.revision <= since:
            _ = await self._changed.wait()
        return self.revision

    async def wait_for(self, predicate: Callable[[], bool], *, within: float = 10.0) -> None:
        """Wait until `predicate()` holds, looking after every change. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not predicate():
                await self.changed(self.revision)

    # -- names -------------------------------------------------------------------------------------------------

    def person(self, id_or_name: str) -> Person:
        for person in self.people.values():
            if id_or_name in {person.id, person.name}:
                return person
        raise PersonError(f"there is no person {id_or_name!r}")

    def channel(self, id_or_name: str) -> Channel:
        """Raises PersonError; for people's acts. The app knows channels by id only."""
        for channel in self.channels.values():
            if id_or_name in {channel.id, channel.name}:
                return channel
        raise PersonError(f"there is no channel {id_or_name!r}")

    def channel_for_app(self, channel_id: str) -> Channel:
        """The channel of a Web API call: a channel id, or a person's id for their direct messages."""
        if channel_id in self.people and not self.people[channel_id].is_bot:
            if not self._messages_tab:
                raise ApiError("messages_tab_disabled")
            return self.direct_messages(channel_id)
        channel = self.channels.get(channel_id)
        if channel is None:
            raise ApiError("channel_not_found")
        return channel

    def direct_messages(self, user: str) -> Channel:
        id_ = f"D{user[1:]}"
        if id_ not in self.channels:
            self.channels[id_] = Channel(id_, self.people[user].name, {user, BOT_USER}, is_im=True)
        return self.channels[id_]

    def next_ts(self) -> str:
        """A message's id and time: unique and growing."""
        self._last_ts = max(self._last_ts + 1, int(self.clock.now().timestamp() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # -- triggers and views ------------------------------------------------------------------------------------

    def new_trigger(self, user: str) -> str:
        id_ = f"{int(time.time())}.{secrets.randbelow(10**9)}.{secrets.token_hex(8)}"
        self._triggers[id_] = _Trigger(user, time.monotonic() + self._trigger_seconds)
        return id_

    def use_trigger(self, id_: str) -> str:
        """The person whose act this trigger came from. Raises Slack's three errors."""
        trigger = self._triggers.get(id_)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if time.monotonic() > trigger.expires:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def new_hash(self) -> str:
        return f"{int(time.time())}.{secrets.token_hex(4)}"

    def open_view(self, user: str, content: dict[str, Any]) -> View:
        """Put a view on top of the person's stack (views.open, views.push, a push in an ack)."""
        stack = self.stacks[user]
        if len(stack) >= 3:
            raise ApiError("push_limit_reached")
        id_ = f"V{secrets.token_hex(5).upper()}"
        view = View(
            id_,
            user,
            content,
            self.new_hash(),
            root_id=stack[0].id if stack else id_,
            previous_id=stack[-1].id if stack else None,
        )
        stack.append(view)
        self.touch()
        return view

    def view(self, view_id: str) -> View | None:
        every = [view for stack in self.stacks.values() for view in stack] + list(self.homes.values())
        return next((view for view in every if view.id == view_id), None)

    def view_by_external_id(self, external_id: str) -> View | None:
        every = (view for stack in self.stacks.values() for view in stack)
        return next((view for view in every if view.content.get("external_id") == external_id), None)

    def update_view(self, view: View, content: dict[str, Any]) -> None:
        view.replace(content, self.new_hash())
        self.touch()

    def close_view(self, view: View) -> None:
        stack = self.stacks[view.user]
        del stack[stack.index(view) :]
        self.touch()

    def publish_home(self, user: str, content: dict[str, Any]) -> View:
        home = self.homes.get(user)
        if home is None:
            id_ = f"V{secrets.token_hex(5).upper()}"
            home = self.homes[user] = View(id_, user, content, self.new_hash(), root_id=id_)
            self.touch()
        else:
            self.update_view(home, content)
        return home

    # -- messages ----------------------------------------------------------------------------------------------

    def post(
        self,
        channel: Channel,
        *,
        user: str,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        thread_ts: str | None = None,
        ephemeral_for: str | None = None,
        metadata: dict[str, Any] | None = None,
        files: tuple[str, ...] = (),
    ) -> Message:
        message = Message(
            self.next_ts(),
            user,
            text,
            elements.with_ids(blocks or []),
            thread_ts,
            ephemeral_for,
            metadata,
            files=files,
        )
        channel.messages.append(message)
        self.touch()
        self.on_posted(channel, message)
        return message

    def remove(self, channel_id: str, ts: str) -> None:
        """Take a message away, whoever does it. Raises `channel_not_found` or `message_not_found`."""
        channel = self.channel_for_app(channel_id)
        message = channel.message(ts)
        channel.remove(message)
        self.touch()
        self.on_removed(channel, message)


def _nobody(_channel: Channel, _message: Message) -> None:
    return None
