"""What the queue does by itself before a deletion's time comes: warn of it, and notice that its target is gone."""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.audit import Act
from bot.clock import Bell, Clock
from bot.deletions import lifecycle
from bot.deletions.requests import announce, change, record
from bot.errors import TooLate
from bot.model import Deletion, DeletionState, NoticeKind
from bot.notices import Delivery, NotDelivered, want
from bot.storage import deletions, directory, notices
from bot.storage.database import Database


class Upkeep:
    """`reminder`: how long before a deletion its thread is warned; zero for never."""

    def __init__(
        self, *, database: Database, clock: Clock, delivery: Delivery, bell: Bell, reminder: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._delivery = delivery
        self._bell = bell
        self._reminder = reminder
        self._running = asyncio.Lock()

    async def run_due(self) -> None:
        async with self._running:
            await self._end_vanished()
            while (row := await self._next_to_remind()) is not None:
                if not await self._remind(row):
                    return

    async def _next_to_remind(self) -> Deletion | None:
        async with self._database.reading() as session:
            return await deletions.next_to_remind(session, now=self._clock.now(), before=self._reminder)

    async def _remind(self, row: Deletion) -> bool:
        """Warn in the thread of the notice, which is looked for on this occasion. False if Slack can't be asked now."""
        try:
            stands = await self._delivery.stands(NoticeKind.DELETION, row.request_id)
        except NotDelivered:
            return False
        if not stands:
            await self._delivery.announce_removal(NoticeKind.DELETION, row.request_id)
            return True
        now = self._clock.now()
        async with self._database.transaction() as session:
            try:
                warned = await change(session, row.id, lambda row: lifecycle.reminded(row, at=now))
            except TooLate:
                return True
            # A warning that begins with the grace period says nothing new.
            if row.grace > self._reminder:
                await record(session, warned, actor=audit.THE_CLOCK, act=Act.DELETION_REMINDED, at=now)
                await self._begin_thread(session, warned)
                await want(
                    session, NoticeKind.REMINDER, row.request_id, channel=warned.notice_channel, now=now
                )
        self._bell.ring()
        return True

    async def _begin_thread(self, session: AsyncSession, warned: Deletion) -> None:
        """A warning that stands in the thread of an earlier notice stays there; this notice gets one of its own."""
        rows = await deletions.of_request(session, warned.request_id)
        beside = [row for row in rows if row.id != warned.id and row.noticed_at == warned.noticed_at]
        if all(row.reminded_at is None for row in beside):
            await notices.detach(session, NoticeKind.REMINDER, warned.request_id)

    async def _end_vanished(self) -> None:
        """A user who is gone before the time comes may be another one by then: that deletion is over."""
        async with self._database.reading() as session:
            waiting = await deletions.open_users(session)
            gone = await directory.gone_among(session, [row.target for row in waiting])
        for row in waiting:
            if row.target in gone:
                await self._end(row)

    async def _end(self, row: Deletion) -> None:
        now = self._clock.now()
        async with self._database.transaction() as session:
            try:
                ended = await change(session, row.id, lambda row: _without_target(row, now))
            except TooLate:
                return
            done = ended.state is DeletionState.DELETED
            await record(
                session,
                ended,
                actor=audit.THE_CLOCK,
                act=Act.DELETION_DONE if done else Act.DELETION_FAILED,
                at=now,
                detail=ended.last_error or "",
            )
            await announce(session, [ended], now=now)
        self._bell.ring()


def _without_target(row: Deletion, now: datetime) -> Deletion:
    """How a deletion ends whose target a listing has missed: that is a read-back, if the mail system was asked before."""
    if row.state is DeletionState.EXECUTING:
        return lifecycle.done(row, at=now)
    error = f"{row.label} was deleted by somebody else meanwhile; Mailwarden deleted nothing."
    return lifecycle.failed(row, at=now, error=error, can_retry=False)
