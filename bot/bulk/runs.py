"""Bulk creation: one mail user after the other, each once, whatever happens to the bot in between.

Order for each line: put on record that it is being created, and under which nonce; create it, as a form would; put on
record what came of it. Passwords are in nothing but the memory of whoever is at the run, and in the window: a user whose
password no window has shown when the run stops is given another one when it goes on. A line that was being created when
the bot died is looked up before anything is tried: what is there is not created again.
"""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.access import Access
from bot.audit import THE_CLOCK, Act
from bot.bulk.drafts import Drafts
from bot.bulk.listing import read
from bot.bulk.work import LEASE, Claimed, Progress, Stop, Worker
from bot.clock import Bell, Clock
from bot.directory import Directory
from bot.errors import NotFound, TooLate
from bot.model import Line, LineState, NoticeKind, Operator, Role, Run, RunState
from bot.notices import want, want_again
from bot.providers.base import MailProvider
from bot.storage import bulk as rows
from bot.storage.database import Database
from bot.users import Users

log = logging.getLogger(__name__)

DRAFTS = timedelta(days=1)
"""For so long a list that was looked through and not begun is kept."""

PACE = 1.5
"""Seconds between two looks at the progress."""

DIED = "Mailwarden was stopped while it was at it."
CLOSED = "The window with the passwords was closed, or Slack did not take it."


Show = Callable[[Progress], Awaitable[bool]]
"""Shows the progress; whether somebody has it before them. It raises nothing for a window that is closed."""


class Bulk:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        bell: Bell,
        access: Access,
        directory: Directory,
        users: Users,
        providers: Mapping[str, MailProvider],
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._access = access
        self._worker = Worker(database=database, clock=clock, users=users, providers=providers)
        self._drafts = Drafts(database=database, directory=directory, users=users)
        self._stopping = False

    async def draft(self, operator: Operator, text: str) -> Run:
        """Look a list through, and keep it for a day. Raises InvalidInput (LIST) where it is none."""
        listing = read(text)
        lines = await self._drafts.lines(listing.entries)
        now = self._clock.now()
        run = Run(uuid.uuid4().hex, operator.slack_id, now, RunState.DRAFT, None, None, lines, listing.header)
        async with self._database.transaction() as session:
            await rows.add(session, run)
        return run

    async def get(self, operator: Operator, run_id: str) -> Run:
        """A run of this operator's. Raises NotFound."""
        async with self._database.reading() as session:
            run = await rows.get(session, run_id)
        if run is None or run.operator != operator.slack_id:
            raise NotFound("This list is not kept any more: start again with /mail-bulk-create.")
        return run

    async def unfinished(self, operator: Operator) -> Run | None:
        """The newest run of this operator's that was begun and is not at its end."""
        async with self._database.reading() as session:
            return await rows.unfinished(session, operator.slack_id)

    def is_under_way(self, run: Run) -> bool:
        """Whether somebody is at it, as far as is known."""
        return (
            run.state is RunState.RUNNING
            and run.lease_until is not None
            and run.lease_until > self._clock.now()
        )

    async def begin(self, operator: Operator, run_id: str) -> Claimed:
        """Begin a run, or go on with one that has stopped. Raises TooLate where it is under way or over, and NotFound."""
        run = await self.get(operator, run_id)
        claimed = uuid.uuid4().hex
        now = self._clock.now()
        async with self._database.transaction() as session:
            if not await rows.claim(session, run_id, claimed, now=now, lease_until=now + LEASE):
                raise TooLate("This list is being worked on already, or is done: see /mail-bulk-create.")
            await self._record(session, operator.slack_id, run, _begun(run))
            await want_again(session, NoticeKind.BULK_STOPPED, subject=run_id, now=now)
            begun = await rows.get(session, run_id)
        assert begun is not None, "it was claimed a moment ago"
        return Claimed(begun, claimed, operator)

    async def carry_out(self, work: Claimed, show: Show) -> Run:
        """Create what is to be created, showing how far it is, until the end or until it can't go on."""
        shown_at: float | None = None
        try:
            for line in work.run.due:
                await self._may_go_on(work)
                await self._worker.see_to(work, line)
                if shown_at is None or time.monotonic() - shown_at >= PACE:
                    await self._show(work, show)
                    shown_at = time.monotonic()
            await self._end(work, show)
        except Stop as stop:
            await self._settle(work, show, RunState.PAUSED, why=str(stop))
        except TooLate:
            log.warning("a bulk creation was gone on with elsewhere")
            raise
        except Exception:
            await self._settle(work, show, RunState.PAUSED, why="Something went wrong inside Mailwarden.")
            raise
        return work.run

    async def drop(self, operator: Operator, run_id: str) -> Run:
        """Give up on what is not created yet. Raises TooLate while it is under way, and NotFound."""
        run = await self.get(operator, run_id)
        async with self._database.transaction() as session:
            if not await rows.drop(session, run_id):
                raise TooLate("This list is being worked on, or is done: see /mail-bulk-create.")
            if run.state is not RunState.DRAFT:
                await self._record(session, operator.slack_id, run, Act.BULK_ENDED, "dropped")
                await want_again(session, NoticeKind.BULK_STOPPED, subject=run_id, now=self._clock.now())
        self._bell.ring()
        return run

    async def run_due(self) -> None:
        """Tell those whose run stopped with the bot, and forget lists that nobody began with."""
        now = self._clock.now()
        async with self._database.reading() as session:
            lapsed = await rows.lapsed(session, now)
            old = await rows.old_drafts(session, before=now - DRAFTS)
        for run_id in lapsed:
            async with self._database.transaction() as session:
                if not await rows.pause_lapsed(session, run_id, now=now, why=DIED):
                    continue
                run = await rows.get(session, run_id)
                assert run is not None, "it was changed a moment ago"
                await self._record(session, THE_CLOCK, run, Act.BULK_STOPPED, DIED)
                await want(session, NoticeKind.BULK_STOPPED, run_id, channel=run.operator, now=now)
            self._bell.ring()
        for run_id in old:
            async with self._database.transaction() as session:
                await rows.forget_draft(session, run_id)

    def stop(self) -> None:
        """Create no further mail user; the one under way is finished."""
        self._stopping = True

    async def _may_go_on(self, work: Claimed) -> None:
        if self._stopping:
            raise Stop("Mailwarden is being stopped.")
        stands = await self._access.stands(work.operator.slack_id, need=Role.ADMIN)
        if stands is None:
            raise Stop("Slack can't say whether you are still an admin.")
        if not stands:
            raise Stop("You are not an admin of Mailwarden any more.")

    async def _show(self, work: Claimed, show: Show) -> None:
        if not await self._handed_over(work, show):
            raise Stop(CLOSED)

    async def _handed_over(self, work: Claimed, show: Show) -> bool:
        numbers = set(work.passwords)
        if not await show(Progress(work.run, dict(work.passwords))):
            return False
        fresh = numbers - work.handed
        if fresh:
            async with self._database.transaction() as session:
                await rows.hand(session, work.run.id, fresh)
            work.handed |= fresh
            for line in work.run.lines:
                if line.number in fresh:
                    work.note(replace(line, handed=True))
        return True

    async def _end(self, work: Claimed, show: Show) -> None:
        if not await self._settle(work, show, RunState.ENDED):
            raise Stop(CLOSED)

    async def _settle(self, work: Claimed, show: Show, state: RunState, *, why: str | None = None) -> bool:
        """Bring the run to its end, or to a stop, with the window saying so. False: it is no end as long as it is unseen."""
        before = work.run
        work.run = replace(before, state=state, why=why)
        seen = await self._handed_over(work, show)
        if state is RunState.ENDED and not seen and _unshown(work.run.lines):
            work.run = replace(work.run, state=before.state)
            return False
        act = Act.BULK_ENDED if state is RunState.ENDED else Act.BULK_STOPPED
        async with self._database.transaction() as session:
            if not await rows.settle(session, work.run.id, work.claim, state, why=why):
                return True
            await self._record(session, work.operator.slack_id, work.run, act, why or "")
            now = self._clock.now()
            if state is RunState.PAUSED and not seen:
                channel = work.operator.slack_id
                await want(session, NoticeKind.BULK_STOPPED, work.run.id, channel=channel, now=now)
            else:
                await want_again(session, NoticeKind.BULK_STOPPED, subject=work.run.id, now=now)
        self._bell.ring()
        return True

    async def _record(self, session: AsyncSession, actor: str, run: Run, act: Act, detail: str = "") -> None:
        created = run.count(LineState.CREATED)
        await audit.record(
            session,
            at=self._clock.now(),
            actor=actor,
            act=act,
            account="",
            target="a list of mail users",
            detail=f"{created} of {run.wanted} created. {detail}".strip(),
        )


def _begun(run: Run) -> Act:
    return Act.BULK_STARTED if run.state is RunState.DRAFT else Act.BULK_CONTINUED


def _unshown(lines: Sequence[Line]) -> bool:
    return any(line.is_unshown for line in lines)
