"""Brings channels up to date: posts or edits whatever differs from the rows, until nothing does.

A notice is claimed, rendered from the row as it stands now, sent when its channel may be written to again, and settled.

A post whose answer is lost (or whose worker is killed before it settles) may stand in the channel. It is not repeated
blindly: each post carries a key in its metadata, Slack tells the app of messages with our metadata, and until OPEN has
passed nothing is posted. A message that Slack tells of later, beside the recorded one, is taken away again.
"""

import contextlib
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.clock import Bell, Clock
from bot.model import NoticeKind
from bot.notices.kinds import Course
from bot.notices.slack import Label, NotDelivered, Poster, Rendered
from bot.storage import notices, paces
from bot.storage.database import Database
from bot.storage.notices import NoticeRow

log = logging.getLogger(__name__)

GAP = timedelta(seconds=1)
"""Between two writes to a channel: Slack allows one message a second (docs.slack.dev, apis/web-api/rate-limits)."""

QUEUE = timedelta(seconds=20)
"""How long a claimed notice waits for its channel; where it would be longer, it is left for later."""

LEASE = timedelta(minutes=2)
"""Longer than waiting for the channel and any one request to Slack may take."""

OPEN = timedelta(minutes=1)
"""How long after a lost answer Slack may take to tell of the message."""

FIRST_DELAY = timedelta(seconds=5)
LONGEST_DELAY = timedelta(minutes=5)
STUCK = 6
"""After so many vain attempts (about five minutes) somebody is told, though Slack may yet recover by itself."""


class _Lost(Exception):
    """The claim has lapsed, and somebody else has the notice: nothing of what we know may be recorded."""


class _Busy(Exception):
    """The channel may not be written to before `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class Delivery:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        poster: Poster,
        bell: Bell,
        worker: str,
        courses: Mapping[NoticeKind, Course],
        gap: timedelta = GAP,
    ) -> None:
        self._database = database
        self._clock = clock
        self._poster = poster
        self._bell = bell
        self._worker = worker
        self._courses = courses
        self._gap = gap

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
            claimed, message, at = await self._claim(kind, subject)
            if claimed is None:
                return await self.problem(kind, subject)
            try:
                await self._clock.until(at)
                await self._bring(claimed, message)
            except NotDelivered as error:
                if not await self._defer(claimed, error):
                    return str(error)
            except _Lost:
                log.warning("the claim on the %s notice %s has lapsed", claimed.kind, claimed.subject)

    async def problem(self, kind: NoticeKind, subject: str) -> str | None:
        """Why a notice is not up to date; None if it is."""
        async with self._database.reading() as session:
            row = await notices.get(session, kind, subject)
        if row is None or row.posted >= row.wanted:
            return None
        return row.last_error or "The message is on its way."

    async def stands(self, kind: NoticeKind, subject: str) -> bool:
        """Prove that the notice is in its channel: False if somebody has removed it. Raises NotDelivered if Slack can't say.

        Slack keeps a link to a removed message that has replies, but lets nobody edit it. So it is edited, too.
        """
        async with self._database.reading() as session:
            row = await notices.get(session, kind, subject)
            value = await self._courses[kind].load(session, subject)
        if row is None or row.ts is None:
            return False
        if not await self._poster.stands(row.channel, row.ts):
            return False
        message = self._courses[kind].render(value, self._clock.now())
        if message is None:
            return False
        async with self._database.transaction() as session:
            at = await paces.reserve(session, row.channel, now=self._clock.now(), gap=self._gap)
        await self._clock.until(at)
        try:
            await self._poster.edit(row.channel, row.ts, message)
        except NotDelivered as error:
            if error.gone:
                return False
            if error.retry_after is not None:
                await self._pause(row.channel, error.retry_after)
            raise
        return True

    async def heard_of(self, channel: str, ts: str, label: Label) -> None:
        """Slack tells that a message of ours stands there. Raises NotDelivered if it is one too many and stays."""
        try:
            kind = NoticeKind(label.kind)
        except ValueError:
            return
        async with self._database.transaction() as session:
            news = await notices.seen(
                session,
                kind,
                label.subject,
                key=label.key,
                channel=channel,
                ts=ts,
                now=self._clock.now(),
            )
            row = await notices.get(session, kind, label.subject)
        if news:
            self._bell.ring()
        elif row is not None and row.ts != ts and (row.ts is not None or row.post_key != label.key):
            # Another message is the notice, or there is none because nothing was left to say.
            log.warning("a second %s notice %s is taken away", row.kind, row.subject)
            await self._poster.take_away(channel, ts)

    async def heard_of_removal(self, channel: str, ts: str) -> None:
        """Slack tells that a message of ours was removed: what it had to say must still be said."""
        async with self._database.reading() as session:
            row = await notices.at(session, channel, ts)
        if row is not None:
            await self._record_removal(row, ts, unsaid=row.posted < row.wanted)
            self._bell.ring()

    async def announce_removal(self, kind: NoticeKind, subject: str) -> None:
        """The notice is not in its channel any more: record that, and have it posted anew."""
        async with self._database.reading() as session:
            row = await notices.get(session, kind, subject)
        if row is not None and row.ts is not None:
            await self._record_removal(row, row.ts, unsaid=True)
        self._bell.ring()

    async def _record_removal(self, row: NoticeRow, ts: str, *, unsaid: bool) -> None:
        now = self._clock.now()
        with contextlib.suppress(_Lost):
            async with self._database.transaction() as session:
                # Subjects are locked before their notices, here as everywhere.
                again = await self._courses[row.kind].removed(session, row.subject, now, unsaid)
                if not await notices.removed(session, row.kind, row.subject, ts=ts, again=again, now=now):
                    raise _Lost
            log.warning("the %s notice %s was removed from its channel", row.kind, row.subject)

    async def _claim(
        self, kind: NoticeKind, subject: str
    ) -> tuple[NoticeRow | None, Rendered | None, datetime]:
        try:
            return await self._claim_now(kind, subject)
        except _Busy as busy:
            async with self._database.transaction() as session:
                await notices.put_off(session, kind, subject, until=busy.until)
            return None, None, busy.until

    async def _claim_now(
        self, kind: NoticeKind, subject: str
    ) -> tuple[NoticeRow | None, Rendered | None, datetime]:
        now = self._clock.now()
        async with self._database.transaction() as session:
            claimed = await notices.claim(
                session,
                kind,
                subject,
                worker=self._worker,
                now=now,
                lease_until=now + LEASE,
                open_for=OPEN,
            )
            if claimed is None:
                return None, None, now
            message = self._courses[kind].render(await self._courses[kind].load(session, subject), now)
            if message is None or (claimed.ts is None and claimed.seen_ts is not None):
                return claimed, message, now
            at = await paces.reserve(session, claimed.channel, now=now, gap=self._gap)
            if at > now + QUEUE:
                # So busy a channel is left for later; nothing of this claim is kept.
                raise _Busy(at)
        return claimed, message, at

    async def _bring(self, claimed: NoticeRow, message: Rendered | None) -> None:
        if claimed.ts is None and claimed.seen_ts is not None:
            # Even if nothing is left to say by now: what stands there may say something else.
            await self._adopt(claimed)
        elif message is None or (message.correction and claimed.ts is None):
            await self._settle(claimed, claimed.channel, claimed.ts)
        elif claimed.ts is not None:
            try:
                await self._poster.edit(claimed.channel, claimed.ts, message)
            except NotDelivered as error:
                if not error.gone:
                    raise
                await self._record_removal(claimed, claimed.ts, unsaid=True)
            else:
                await self._settle(claimed, claimed.channel, claimed.ts)
        else:
            label = Label(claimed.kind.value, claimed.subject, claimed.post_key or "")
            channel, ts = await self._poster.post(claimed.channel, message, label)
            await self._settle(claimed, channel, ts)

    async def _adopt(self, claimed: NoticeRow) -> None:
        assert claimed.seen_channel is not None, "seen means where"
        assert claimed.seen_ts is not None, "and as which message"
        async with self._database.transaction() as session:
            await self._courses[claimed.kind].posted(
                session, claimed.subject, claimed.seen_channel, claimed.seen_ts, self._clock.now()
            )
            if not await notices.adopted(session, claimed):
                raise _Lost

    async def _settle(self, claimed: NoticeRow, channel: str, ts: str | None) -> None:
        async with self._database.transaction() as session:
            if ts is not None and ts != claimed.ts:
                await self._courses[claimed.kind].posted(
                    session, claimed.subject, channel, ts, self._clock.now()
                )
            if not await notices.delivered(session, claimed, channel=channel, ts=ts):
                raise _Lost

    async def _defer(self, claimed: NoticeRow, error: NotDelivered) -> bool:
        """Record a vain attempt. True if Slack has told meanwhile that the message is there all the same."""
        now = self._clock.now()
        delay = min(FIRST_DELAY * 2 ** min(claimed.attempts - 1, 10), LONGEST_DELAY)
        if error.permanent:
            delay = LONGEST_DELAY
        if error.retry_after is not None:
            delay = timedelta(seconds=error.retry_after)
        unclear = error.unclear and claimed.ts is None
        log.warning("the %s notice %s was not delivered: %s", claimed.kind, claimed.subject, error)
        async with self._database.transaction() as session:
            await notices.deferred(
                session,
                claimed,
                until=now + (max(delay, OPEN) if unclear else delay),
                error=str(error),
                open_until=now + OPEN if unclear else None,
            )
            if error.permanent or claimed.attempts >= STUCK:
                # Notices are locked before those that tell of them, here as everywhere.
                await self._courses[claimed.kind].stuck(session, claimed.subject, now)
            row = await notices.get(session, claimed.kind, claimed.subject)
        if error.retry_after is not None:
            await self._pause(claimed.channel, error.retry_after)
        return row is not None and row.ts is None and row.seen_ts is not None

    async def _pause(self, channel: str, seconds: float) -> None:
        async with self._database.transaction() as session:
            await paces.pause(session, channel, until=self._clock.now() + timedelta(seconds=seconds))
