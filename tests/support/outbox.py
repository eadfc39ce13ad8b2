"""An outbox about one word, and the Slack it goes to."""

from datetime import datetime, timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Bell, Clock, FrozenClock
from bot.model import NoticeKind
from bot.notices import Course, Delivery, Label, Rendered, SlackPoster, want
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import Message
from bot.storage.database import Database

KIND = NoticeKind.DIGEST


class House:
    """`delivery` makes one worker's delivery."""

    def __init__(
        self, server: SlackServer, database: Database, clock: FrozenClock, client: AsyncWebClient
    ) -> None:
        self.server = server
        self.clock = clock
        self.word: str | None = "one"
        self.confirmed: list[tuple[str, str, datetime]] = []
        self.stuck: list[str] = []
        self._database = database
        self._client = client

    def delivery(
        self, worker: str = "worker", *, gap: timedelta = timedelta(0), clock: Clock | None = None
    ) -> Delivery:
        async def load(_session: AsyncSession, _subject: str) -> Any:
            return self.word

        async def stuck(_session: AsyncSession, subject: str, _now: datetime) -> None:
            self.stuck.append(subject)

        async def posted(_session: AsyncSession, subject: str, channel: str, _ts: str, at: datetime) -> None:
            self.confirmed.append((subject, channel, at))

        def render(word: Any, _now: datetime) -> Rendered | None:
            return None if word is None else Rendered(word, [])

        return Delivery(
            database=self._database,
            clock=clock or self.clock,
            poster=SlackPoster(self._client),
            bell=Bell(),
            worker=worker,
            courses={KIND: Course(load, render, posted, stuck=stuck)},
            gap=gap,
        )

    async def want(self, subject: str = "s", channel: str = "C1") -> None:
        async with self._database.transaction() as session:
            await want(session, KIND, subject, channel=channel, now=self.clock.now())

    def messages(self) -> list[Message]:
        return self.server.workspace.channels["C1"].messages

    async def slack_tells_of(self, message: Message) -> None:
        """As handlers/own_messages.py does when the event arrives."""
        assert message.metadata is not None
        label = Label(**message.metadata["event_payload"])
        await self.delivery().heard_of("C1", message.ts, label)

    @property
    def shown(self) -> list[str]:
        return [message.text for message in self.server.workspace.channels["C1"].messages]

    def posts(self) -> int:
        return self.server.calls.count("chat.postMessage")
