"""Brings channels up to date: posts or edits whatever differs from the rows, until nothing does.

A notice is claimed, rendered from the row as it stands now, sent, and settled; a kill between sending and settling
leaves the claim's lease to run out, and the notice is sent again.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.clock import Clock
from bot.model import NoticeKind
from bot.notices.slack import NotDelivered, Poster, Rendered
from bot.storage import notices
from bot.storage.database import Database
from bot.storage.notices import NoticeRow

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""Longer than any one request to Slack may take."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)

Renderer = Callable[[Any, datetime], Rendered | None]
"""(the subject's present value, now) -> the message, or None where there is nothing to say (any more)."""

Loader = Callable[[AsyncSession, str], Awaitable[Any]]
"""(session, subject id) -> the subject's present value, None if there is none."""

Posted = Callable[[AsyncSession, str, str, str, datetime], Awaitable[None]]
"""(session, subject id, channel, ts, confirmed at): called in the transaction that records a first post."""


async def _nothing(_session: AsyncSession, _subject: str, _channel: str, _ts: str, _at: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Course:
    """How notices of one kind are made, and what else happens when one is first confirmed."""

    load: Loader
    render: Renderer
    posted: Posted = _nothing


class Delivery:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        poster: Poster,
        worker: str,
        courses: Mapping[NoticeKind, Course],
    ) -> None:
        self._database = database
        self._clock = clock
        self._poster = poster
        self._worker = worker
        self._courses = courses

    async def run_due(self) -> None:
        """Deliver what is undelivered and due, one after the other."""
        while True:
            async with self._database.reading() as session:
                due = await notices.next_due(session, self._clock.now())
            if due is None:
                return
            await self.deliver(due.kind, due.subject)

    async def deliver(self, kind: NoticeKind, subject: str) -> str | None:
        """Bring one notice up to date now. None if it is, else a sentence that says why not (it will be tried again)."""
        while True:
            now = self._clock.now()
            async with self._database.transaction() as session:
                claimed = await notices.claim(
                    session, kind, subject, worker=self._worker, now=now, lease_until=now + LEASE
                )
                value = None if claimed is None else await self._courses[kind].load(session, subject)
            if claimed is None:
                return await self.problem(kind, subject)
            try:
                channel, ts = await self._send(claimed, self._courses[kind].render(value, now))
            except NotDelivered as error:
                await self._defer(claimed, error)
                return str(error)
            await self._settle(claimed, channel, ts)

    async def problem(self, kind: NoticeKind, subject: str) -> str | None:
        """Why a notice is not up to date; None if it is."""
        async with self._database.reading() as session:
            row = await notices.get(session, kind, subject)
        if row is None or row.posted >= row.wanted:
            return None
        return row.last_error or "The message is on its way."

    async def _send(self, claimed: NoticeRow, message: Rendered | None) -> tuple[str, str | None]:
        if message is None:
            return claimed.channel, claimed.ts
        if claimed.ts is not None:
            try:
                await self._poster.edit(claimed.channel, claimed.ts, message)
            except NotDelivered as error:
                if not error.gone:
                    raise
                # Somebody removed the message: what it had to say must still be said.
            else:
                return claimed.channel, claimed.ts
        return await self._poster.post(claimed.channel, message)

    async def _settle(self, claimed: NoticeRow, channel: str, ts: str | None) -> None:
        now = self._clock.now()
        async with self._database.transaction() as session:
            ours = await notices.delivered(session, claimed, channel=channel, ts=ts)
            if ours and ts is not None and ts != claimed.ts:
                await self._courses[claimed.kind].posted(session, claimed.subject, channel, ts, now)
        if not ours:
            log.warning(
                "the claim on the %s notice %s ran out before it was settled", claimed.kind, claimed.subject
            )

    async def _defer(self, claimed: NoticeRow, error: NotDelivered) -> None:
        delay = min(FIRST_DELAY * 2 ** min(claimed.attempts - 1, 10), LONGEST_DELAY)
        if error.permanent:
            delay = LONGEST_DELAY
        if error.retry_after is not None:
            delay = timedelta(seconds=error.retry_after)
        log.warning("the %s notice %s was not delivered: %s", claimed.kind, claimed.subject, error)
        async with self._database.transaction() as session:
            await notices.deferred(session, claimed, until=self._clock.now() + delay, error=str(error))
