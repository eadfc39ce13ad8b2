"""What operators ask of the queue: schedule, cancel, look. One transaction each, with its audit entry and its notice."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.audit import Act
from bot.clock import Bell, Clock
from bot.deletions import lifecycle
from bot.directory import Directory
from bot.errors import AlreadySubmitted, DeletionOpen, NotFound, ProviderError
from bot.model import Deletion, DeletionState, NoticeKind, Operator, Target, TargetKind
from bot.notices import Delivery, want
from bot.providers.base import MailProvider
from bot.storage import deletions, submissions
from bot.storage.database import Database

LOOK_SECONDS = 5.0
"""How long a request to queue a user waits to hear whether the user is still there."""

Step = Callable[[Deletion], Deletion]


class Deletions:
    """`grace` is how long a deletion waits after its notice was confirmed."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        directory: Directory,
        providers: Mapping[str, MailProvider],
        delivery: Delivery,
        bell: Bell,
        channel: str,
        grace: timedelta,
    ) -> None:
        self.grace = grace
        self.channel = channel
        self._database = database
        self._clock = clock
        self._directory = directory
        self._providers = providers
        self._delivery = delivery
        self._bell = bell

    async def schedule(
        self, operator: Operator, *, nonce: str, account: str, address: str, reason: str
    ) -> Deletion:
        """Put a mail user on the queue and try to post the notice at once.

        Returns the row: PENDING if the notice is up, REQUESTED if Slack has not taken it yet (`problem` says why).
        Raises NotFound if the user is gone, DeletionOpen if one is queued, AlreadySubmitted for a repeated form.
        """
        await self._must_exist(account, address)
        now = self._clock.now()
        wanted = Deletion(
            id=uuid.uuid4().hex,
            target=Target(account, TargetKind.USER, address),
            label=address,
            reason=reason,
            requested_by=operator.slack_id,
            requested_at=now,
            grace=self.grace,
            state=DeletionState.REQUESTED,
            notice_channel=self.channel,
        )
        async with self._database.transaction() as session:
            if await submissions.begin(session, nonce, operator=operator.slack_id, now=now) is not None:
                raise AlreadySubmitted(
                    f"This form was already sent: see /mail-pending for the deletion of {address}."
                )
            if not await deletions.add(session, wanted):
                raise _open_already(await deletions.open_for(session, wanted.target), address)
            await submissions.finish(session, nonce, f"The deletion of {address} was scheduled.")
            await self._record(session, wanted, operator.slack_id, Act.DELETION_REQUESTED, reason)
            await want(session, NoticeKind.DELETION, wanted.id, channel=self.channel, now=now)
        await self._delivery.deliver(NoticeKind.DELETION, wanted.id)
        return await self.get(wanted.id)

    async def cancel(self, operator: Operator, deletion_id: str) -> Deletion:
        """Take a deletion off the queue. Once this returns, no call to delete its target ever starts.

        Raises TooLate, with what became of it, if somebody or the clock was first; NotFound for an unknown id.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            after = await change(
                session, deletion_id, lambda row: lifecycle.cancelled(row, by=operator.slack_id, at=now)
            )
            await self._record(session, after, operator.slack_id, Act.DELETION_CANCELLED, "")
            await want(session, NoticeKind.DELETION, after.id, channel=after.notice_channel, now=now)
        self._bell.ring()
        return after

    async def get(self, deletion_id: str) -> Deletion:
        """Raises NotFound."""
        async with self._database.reading() as session:
            return await _required(session, deletion_id)

    async def open_for(self, account: str, address: str) -> Deletion | None:
        async with self._database.reading() as session:
            return await deletions.open_for(session, Target(account, TargetKind.USER, address))

    async def open_deletions(self, *, offset: int = 0, limit: int = 20) -> tuple[list[Deletion], int]:
        """A page of what is queued, the soonest first, and how many there are in all."""
        async with self._database.reading() as session:
            return await deletions.page_of_open(session, offset=offset, limit=limit)

    async def problem(self, deletion_id: str) -> str | None:
        """Why the channel does not show the deletion's present state yet; None if it does."""
        return await self._delivery.problem(NoticeKind.DELETION, deletion_id)

    async def _must_exist(self, account: str, address: str) -> None:
        user = await self._directory.find(address, account=account)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                exists = await self._providers[account].user_exists(address)
        except (ProviderError, TimeoutError):
            return  # queueing needs no mail system; whether the user is there is looked at again before deleting
        if exists is False:
            await self._directory.note_gone(user)
            raise NotFound(f"{address} is not there any more: somebody else has deleted it.")

    async def _record(self, session: AsyncSession, row: Deletion, actor: str, act: Act, detail: str) -> None:
        await audit.record(
            session,
            at=self._clock.now(),
            actor=actor,
            act=act,
            account=row.target.account,
            target=row.target.id,
            detail=detail,
        )


async def change(session: AsyncSession, deletion_id: str, step: Step) -> Deletion:
    """Take one step by compare-and-set; a step that lost a race is judged again on the row as it then stands."""
    while True:
        before = await _required(session, deletion_id)
        after = step(before)
        if await deletions.replace(session, before, after):
            return after


async def record_notice(session: AsyncSession, deletion_id: str, channel: str, ts: str, at: datetime) -> None:
    """The notice is confirmed: the grace period begins, and the message is brought to the exact time.

    A message that was posted anew for a deletion that has ended meanwhile starts nothing.
    """

    def step(row: Deletion) -> Deletion:
        if row.state in {DeletionState.REQUESTED, DeletionState.PENDING}:
            return lifecycle.noticed(row, channel=channel, ts=ts, at=at)
        return replace(row, notice_channel=channel, notice_ts=ts)

    row = await change(session, deletion_id, step)
    if row.state is DeletionState.PENDING:
        await audit.record(
            session,
            at=at,
            actor=audit.THE_CLOCK,
            act=Act.DELETION_NOTICED,
            account=row.target.account,
            target=row.target.id,
            detail=f"{channel} {ts}",
        )
        await want(session, NoticeKind.DELETION, row.id, channel=channel, now=at)


async def _required(session: AsyncSession, deletion_id: str) -> Deletion:
    row = await deletions.get(session, deletion_id)
    if row is None:
        raise NotFound("Mailwarden knows no such deletion (any more).")
    return row


def _open_already(row: Deletion | None, address: str) -> DeletionOpen:
    if row is None:
        return DeletionOpen(f"A deletion of {address} has just ended. Try again.", deletion_id="")
    return DeletionOpen(
        f"The deletion of {address} is already queued, by <@{row.requested_by}>.", deletion_id=row.id
    )
