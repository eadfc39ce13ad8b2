"""What really happened at the two systems outside: which messages stood when, and which deletions were asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from typing_extensions import override

from bot.clock import Clock
from bot.model import Target
from bot.notices import EVENT_TYPE, Label
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.slack.workspace import Channel, Message, Workspace
from tests.deletions.histories import mail
from tests.deletions.histories.mail import Sight
from tests.deletions.histories.tables import Notice, Row, Tables

Entry = dict[str, Any]


@dataclass(slots=True)
class Post:
    """A message of ours, from the moment it was posted until somebody removed it."""

    channel: str
    ts: str
    label: Label
    at: datetime
    message: Message
    removed_at: datetime | None = None

    @property
    def stands(self) -> bool:
        return self.removed_at is None


@dataclass(frozen=True, slots=True)
class Event:
    """What Slack is to tell the app of a message of ours."""

    post: Post
    removed: bool


@dataclass(frozen=True, slots=True)
class DeleteCall:
    """A request to delete, with what was true at the moment when it reached the mail system.

    `row` is the one that was being executed for that target. `post` is the message that its notice was recorded as, `stood` whether it was in its channel then.
    """

    at: datetime
    target: Target
    row: Row | None
    notice: Notice | None
    post: Post | None
    stood: bool
    sight: Sight
    gone: bool
    entry: Entry

    @property
    def had_effect(self) -> bool:
        return bool(self.entry["effect"])


class Journal:
    def __init__(
        self, *, slack: Workspace, purelymail: PurelyMailSimulator, tables: Tables, clock: Clock
    ) -> None:
        self.posts: list[Post] = []
        self.untold: list[Event] = []
        self.deletes: list[DeleteCall] = []
        self.on_event: Callable[[Event], None] = self.untold.append
        self._purelymail = purelymail
        self._tables = tables
        self._clock = clock
        purelymail.calls = _Watched(self._called)
        slack.on_posted = self._posted
        slack.on_removed = self._removed

    def clear(self) -> None:
        self.posts.clear()
        self.untold.clear()
        self.deletes.clear()
        self._purelymail.calls.clear()

    def standing(self, kind: str, subject: str) -> list[Post]:
        return [
            post
            for post in self.posts
            if post.stands and post.label.kind == kind and post.label.subject == subject
        ]

    def _posted(self, channel: Channel, message: Message) -> None:
        if message.metadata is None or message.metadata["event_type"] != EVENT_TYPE:
            return
        label = Label(**message.metadata["event_payload"])
        post = Post(channel.id, message.ts, label, self._clock.now(), message)
        self.posts.append(post)
        self.on_event(Event(post, removed=False))

    def _removed(self, channel: Channel, message: Message) -> None:
        for post in self.posts:
            if post.channel == channel.id and post.ts == message.ts:
                post.removed_at = self._clock.now()
                self.on_event(Event(post, removed=True))

    def _called(self, entry: Entry) -> None:
        target = mail.aimed_at(entry["operation"], entry["body"])
        if target is None:
            return
        rows = self._tables.rows().values()
        row = next((row for row in rows if row.target == target and row.state == "executing"), None)
        notice = None if row is None else self._tables.notice("deletion", row.request_id)
        post = next((post for post in self.posts if notice is not None and post.ts == notice.ts), None)
        self.deletes.append(
            DeleteCall(
                at=self._clock.now(),
                target=target,
                row=row,
                notice=notice,
                post=post,
                stood=post is not None and post.stands,
                sight=mail.sight(self._purelymail, target),
                gone=target.id in self._tables.gone(),
                entry=entry,
            )
        )


class _Watched(list[Entry]):
    """The simulator's journal, with somebody who is told of each entry as it is made."""

    def __init__(self, told: Callable[[Entry], None]) -> None:
        super().__init__()
        self._told = told

    @override
    def append(self, entry: Entry, /) -> None:
        super().append(entry)
        self._told(entry)
