"""What operators ask of the queue: schedule, cancel, release, retry, drop, look.

One transaction each, with its audit entries and its notices.
"""

import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import astuple
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.audit import Act
from bot.clock import Bell, Clock
from bot.deletions import lifecycle, targets
from bot.deletions.planning import Graces, Planner, Refusal, Scheduled
from bot.deletions.requests import Ended, Request, Step, announce, change, open_already, record, required
from bot.deletions.safeguards import Safeguards
from bot.deletions.vouching import Vouching
from bot.errors import AlreadySubmitted, TooLate
from bot.model import Deletion, DeletionState, NoticeKind, Operator, Snapshot, Target
from bot.notices import Delivery
from bot.storage import deletions, submissions
from bot.storage.database import Database, serialise
from bot.storage.deletions import Hold

Rows = Callable[[AsyncSession], Awaitable[Request]]


class Deletions:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        planner: Planner,
        delivery: Delivery,
        bell: Bell,
        safeguards: Safeguards,
        vouching: Vouching,
        channel: str,
        graces: Graces,
    ) -> None:
        self.graces = graces
        self.channel = channel
        self.threshold = safeguards.threshold
        self._database = database
        self._clock = clock
        self._planner = planner
        self._delivery = delivery
        self._bell = bell
        self._safeguards = safeguards
        self._vouching = vouching

    async def schedule(
        self, operator: Operator, *, nonce: str, wanted: Sequence[Target], reason: str
    ) -> Scheduled:
        """Put targets on the queue as one request, and try to post its notice at once.

        The rows are PENDING if the notice is up, HELD if somebody else has to release them, REQUESTED if Slack has not
        taken the notice yet (`problem` says why). A target that can't be queued is refused, the others are queued; if
        there is one target only, its refusal is raised: NotFound, DeletionOpen, Protected or ProviderError. Raises
        AlreadySubmitted for a repeated form.
        """
        request_id = uuid.uuid4().hex
        plan = await self._planner.plan(wanted)
        refused = list(plan.refused)
        queued = []
        now = self._clock.now()
        async with self._database.transaction() as session:
            await serialise(session, f"deletions of {operator.slack_id}")
            if await submissions.begin(session, nonce, operator=operator.slack_id, now=now) is not None:
                raise AlreadySubmitted("This form was already sent: see /mail-pending for what is queued.")
            # In one order, whatever order they were named in: somebody else may be asking for the same ones.
            for target, seen in sorted(plan.accepted, key=lambda item: astuple(item[0])):
                row = self._row(operator, request_id, target, seen, reason)
                if not await deletions.add(session, row):
                    first = await deletions.open_for(session, target)
                    refused.append(Refusal(target, open_already(first, row.label)))
                    continue
                queued.append(row)
                await self._supersede(session, row, operator, now)
                await record(
                    session, row, actor=operator.slack_id, act=Act.DELETION_REQUESTED, at=now, detail=reason
                )
            if not queued and len(refused) == 1:
                raise refused[0].error
            await submissions.finish(session, nonce, f"{len(queued)} deletions were scheduled.")
            if queued:
                await self._hold(session, operator, now)
                await announce(session, queued, now=now)
        if queued:
            await self._delivery.deliver(NoticeKind.DELETION, request_id)
            self._bell.ring()
        return Scheduled(request_id, await self.of_request(request_id), tuple(refused))

    async def cancel(self, operator: Operator, deletion_id: str) -> Deletion:
        """Take a deletion off the queue. Once this returns, no call to delete its target ever starts.

        Raises TooLate, with what became of it, if somebody or the clock was first; NotFound for an unknown id.
        """
        now = self._clock.now()
        return await self._step(
            operator,
            deletion_id,
            lambda row: lifecycle.cancelled(row, by=operator.slack_id, at=now),
            Act.DELETION_CANCELLED,
        )

    async def cancel_request(self, operator: Operator, request_id: str) -> Ended:
        """Take all of a request off the queue that is not too late for it."""
        return await self._cancel_all(operator, lambda session: deletions.of_request(session, request_id))

    async def cancel_hold(self, operator: Operator, hold_id: str) -> Ended:
        """Take all that is held together off the queue."""
        return await self._cancel_all(operator, lambda session: deletions.of_hold(session, hold_id))

    async def release(self, operator: Operator, hold_id: str) -> Ended:
        """End a hold: the grace period of each of its deletions begins now.

        Raises NotAllowed to whom Vouching does not let do it, TooLate if nothing is held (any more).
        """
        now = self._clock.now()
        async with self._database.reading() as session:
            rows = await deletions.of_hold(session, hold_id)
        for requested_by in {row.requested_by for row in rows if row.is_held and row.state.is_open}:
            await self._vouching.require(operator, requested_by)
        return await self._step_all(
            operator,
            lambda session: deletions.of_hold(session, hold_id),
            lambda row: lifecycle.released(row, by=operator.slack_id, at=now),
            Act.DELETION_RELEASED,
            which=lambda row: row.is_held and row.state.is_open,
            nothing="Nothing is held here any more.",
        )

    async def releasable(self, operator: Operator, requesters: Collection[str]) -> frozenset[str]:
        """Those of these people whose held deletions the operator may release."""
        return await self._vouching.may(operator, requesters)

    async def retry(self, operator: Operator, deletion_id: str) -> Deletion:
        """Try a failed deletion once more. Raises TooLate, NotFound, DeletionOpen."""
        now = self._clock.now()
        return await self._step(
            operator, deletion_id, lambda row: lifecycle.retried(row, at=now), Act.DELETION_RETRIED
        )

    async def drop(self, operator: Operator, deletion_id: str) -> Deletion:
        """Give a failed deletion up for good. Raises TooLate, NotFound."""
        now = self._clock.now()
        return await self._step(
            operator,
            deletion_id,
            lambda row: lifecycle.dropped(row, by=operator.slack_id, at=now),
            Act.DELETION_DROPPED,
        )

    async def get(self, deletion_id: str) -> Deletion:
        """Raises NotFound."""
        async with self._database.reading() as session:
            return await required(session, deletion_id)

    async def of_request(self, request_id: str) -> Request:
        async with self._database.reading() as session:
            return await deletions.of_request(session, request_id)

    async def open_for(self, target: Target) -> Deletion | None:
        async with self._database.reading() as session:
            return await deletions.open_for(session, target)

    async def open_deletions(self, *, offset: int = 0, limit: int = 20) -> tuple[list[Deletion], int]:
        """A page of what is queued, the soonest first, and how many there are in all."""
        async with self._database.reading() as session:
            return await deletions.page_of_open(session, offset=offset, limit=limit)

    async def holds(self, *, limit: int = 20) -> tuple[list[Hold], int]:
        """What is held, the oldest first, and how many deletions that are in all."""
        async with self._database.reading() as session:
            return await deletions.holds(session, limit=limit)

    async def finished_deletions(self, *, offset: int = 0, limit: int = 20) -> tuple[list[Deletion], int]:
        """A page of what has ended, the newest first, and how many there are in all."""
        async with self._database.reading() as session:
            return await deletions.page_of_finished(session, offset=offset, limit=limit)

    async def problem(self, request_id: str) -> str | None:
        """Why the channel does not show the request's present state yet; None if it does."""
        return await self._delivery.problem(NoticeKind.DELETION, request_id)

    async def preview(self, target: Target) -> Snapshot:
        """What would go along with a target now. Raises NotFound and ProviderError."""
        return (await self.look(target)).snapshot

    async def look(self, target: Target) -> targets.Look:
        """A target as it is now, with what people call it. Raises NotFound, NotPossible, Protected and ProviderError."""
        return await self._planner.look(target)

    def _row(
        self, operator: Operator, request_id: str, target: Target, seen: targets.Look, reason: str
    ) -> Deletion:
        return Deletion(
            id=uuid.uuid4().hex,
            request_id=request_id,
            target=target,
            label=seen.label,
            reason=reason,
            requested_by=operator.slack_id,
            requested_at=self._clock.now(),
            grace=self.graces.of(target.kind),
            state=DeletionState.REQUESTED,
            notice_channel=self.channel,
            snapshot=seen.snapshot,
        )

    async def _supersede(
        self, session: AsyncSession, wanted: Deletion, operator: Operator, now: datetime
    ) -> None:
        """A failed deletion of the same target is not tried again: this one is."""
        for failed in await deletions.failed_for(session, wanted.target):
            dropped = await change(
                session, failed.id, lambda row: lifecycle.dropped(row, by=operator.slack_id, at=now)
            )
            await record(
                session,
                dropped,
                actor=operator.slack_id,
                act=Act.DELETION_DROPPED,
                at=now,
                detail="asked anew",
            )
            await announce(session, [dropped], now=now)

    async def _hold(self, session: AsyncSession, operator: Operator, now: datetime) -> None:
        held = await self._safeguards.hold(session, operator.slack_id, now=now)
        for row in held:
            await record(session, row, actor=operator.slack_id, act=Act.DELETION_HELD, at=now)
        await announce(session, held, now=now)

    async def _cancel_all(self, operator: Operator, rows: Rows) -> Ended:
        now = self._clock.now()
        return await self._step_all(
            operator,
            rows,
            lambda row: lifecycle.cancelled(row, by=operator.slack_id, at=now),
            Act.DELETION_CANCELLED,
            which=lambda row: row.state.is_open,
            nothing="Nothing of this is queued any more.",
        )

    async def _step(self, operator: Operator, deletion_id: str, step: Step, act: Act) -> Deletion:
        now = self._clock.now()
        async with self._database.transaction() as session:
            after = await change(session, deletion_id, step)
            await record(session, after, actor=operator.slack_id, act=act, at=now)
            await announce(session, [after], now=now)
        self._bell.ring()
        return after

    async def _step_all(
        self,
        operator: Operator,
        rows: Rows,
        step: Step,
        act: Act,
        *,
        which: Callable[[Deletion], bool],
        nothing: str,
    ) -> Ended:
        """The same step with several rows, honest about those it comes too late for."""
        now = self._clock.now()
        done, missed = [], []
        async with self._database.transaction() as session:
            for row in await rows(session):
                if not which(row):
                    continue
                try:
                    after = await change(session, row.id, step)
                except TooLate as error:
                    missed.append(str(error))
                    continue
                await record(session, after, actor=operator.slack_id, act=act, at=now)
                done.append(after)
            if not done and not missed:
                raise TooLate(nothing)
            await announce(session, done, now=now)
        self._bell.ring()
        return Ended(tuple(done), tuple(missed))
