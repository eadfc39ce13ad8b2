"""A channel and its messages: posting below, removing, and what stays behind."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.elements import Key, State
from bot.sandbox.slack.errors import ApiError

SLACKBOT = "USLACKBOT"
REMOVED = "This message was deleted."


@dataclass(slots=True)
class Message:
    """`is_tombstone`: what Slack keeps in the place of a removed message so that its replies have a parent.

    `files`: the ids of the files it shares, beside those that its blocks show.
    """

    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    ephemeral_for: str | None = None
    metadata: dict[str, Any] | None = None
    edited: bool = False
    clicked: dict[Key, State] = field(default_factory=dict)
    is_tombstone: bool = False
    files: tuple[str, ...] = ()


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    members: set[str]
    archived: bool = False
    is_im: bool = False
    messages: list[Message] = field(default_factory=list)

    def message(self, ts: str) -> Message:
        """The message, which has not been removed. Raises `message_not_found`."""
        message = self.message_or_tombstone(ts)
        if message.is_tombstone:
            raise ApiError("message_not_found")
        return message

    def message_or_tombstone(self, ts: str) -> Message:
        """Raises `message_not_found`."""
        for message in self.messages:
            if message.ts == ts:
                return message
        raise ApiError("message_not_found")

    def parent(self, thread_ts: str) -> Message:
        """The message that replies go below, be it a tombstone. Raises `thread_not_found`."""
        for message in self.messages:
            if message.ts == thread_ts and message.ephemeral_for is None:
                return message if message.thread_ts is None else self.parent(message.thread_ts)
        raise ApiError("thread_not_found")

    def remove(self, message: Message) -> None:
        """Take a message out; one with replies leaves a tombstone. `message` itself stays as it was."""
        place = next(index for index, one in enumerate(self.messages) if one is message)
        if any(reply.thread_ts == message.ts for reply in self.messages):
            self.messages[place] = Message(message.ts, SLACKBOT, REMOVED, [], is_tombstone=True)
        else:
            del self.messages[place]
