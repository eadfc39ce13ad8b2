"""What the clock asks of the queue: delete what is due, once, and say what really happened.

For each row, in this order; after the dash, what a kill at that point leaves behind:

1. claim it: executing, with a lease                - the lease runs out, the next worker starts at 2
2. ask whether the user is still there              - the same
3. ask the mail system to delete it                 - the same: step 2 then finds it gone, and the row ends as deleted
4. read back: is it gone?                           - the same
5. settle the row, its audit entry and its notice   - nothing: it is one transaction

A cancel and a claim race on the row's compare-and-set, so no call starts for a cancelled deletion. An answer that
leaves open what happened (time-out, 5xx) is never repeated blindly: the row stays claimed until the next look.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.audit import Act
from bot.clock import Bell, Clock
from bot.deletions import lifecycle
from bot.errors import ProviderError
from bot.model import Deletion, DeletionState, NoticeKind
from bot.notices import want
from bot.providers.base import MailProvider
from bot.storage import deletions, directory
from bot.storage.database import Database

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than one look, one delete and one read-back may take with all their retries."""

FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=30)
ATTEMPTS = 8
"""After so many tries (about an hour) a deletion ends as failed, and the channel is told."""

Settlement = Callable[[Deletion], Deletion]


class Execution:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        providers: Mapping[str, MailProvider],
        bell: Bell,
        worker: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._providers = providers
        self._bell = bell
        self._worker = worker
        self._running = asyncio.Lock()
        self._stopping = False

    async def run_due(self) -> None:
        """Execute all that is due, one after the other."""
        async with self._running:
            while not self._stopping and (claimed := await self._claim()) is not None:
                await self._execute(claimed)

    def stop(self) -> None:
        """Begin no further deletion; the one under way is finished."""
        self._stopping = True

    async def _claim(self) -> Deletion | None:
        async with self._database.transaction() as session:
            now = self._clock.now()
            due = await deletions.next_due(session, now)
            if due is None:
                return None
            claimed = lifecycle.claimed(due, worker=self._worker, at=now, lease=LEASE)
            if not await deletions.replace(session, due, claimed):
                return None
            await self._record(session, claimed, Act.DELETION_STARTED, f"attempt {claimed.attempts}")
        return claimed

    async def _execute(self, row: Deletion) -> None:
        provider = self._providers.get(row.target.account)
        if provider is None:
            await self._fail(row, f"The account {row.target.account} is not configured any more.")
            return
        if row.attempts > ATTEMPTS:
            await self._fail(row, f"Given up after {ATTEMPTS} attempts. Last: {row.last_error}")
            return
        try:
            there = await provider.user_exists(row.target.id)
        except ProviderError as error:
            await self._defer_or_fail(row, error)
            return
        if there is False:
            await self._settle_absent(row, provider)
            return
        await self._delete(row, provider)

    async def _settle_absent(self, row: Deletion, provider: MailProvider) -> None:
        if row.attempts > 1:
            # An earlier attempt was under way when its worker lost sight of it: this is its effect.
            await self._done(row)
            return
        await self._fail(
            row,
            f"{row.label} was already gone from {provider.title} when its time came; Mailwarden deleted nothing.",
        )

    async def _delete(self, row: Deletion, provider: MailProvider) -> None:
        unclear: ProviderError | None = None
        try:
            await provider.delete_user(row.target.id)
        except ProviderError as error:
            if not error.unclear:
                await self._defer_or_fail(row, error)
                return
            unclear = error
        try:
            there = await provider.user_exists(row.target.id)
        except ProviderError as error:
            await self._defer(
                row, f"{provider.title} was asked to delete it and has not shown the outcome: {error}"
            )
            return
        if there is False or (there is None and unclear is None):
            await self._done(row)
        elif unclear is not None:
            await self._defer(row, str(unclear))
        else:
            await self._fail(row, f"{provider.title} reported success, but {row.label} is still listed.")

    async def _defer_or_fail(self, row: Deletion, error: ProviderError) -> None:
        if error.retryable:
            await self._defer(row, str(error))
        else:
            await self._fail(row, str(error))

    async def _defer(self, row: Deletion, error: str) -> None:
        delay = min(FIRST_DELAY * 2 ** (row.attempts - 1), LONGEST_DELAY)
        await self._settle(
            row,
            lambda before: lifecycle.deferred(before, until=self._clock.now() + delay, error=error),
            Act.DELETION_DEFERRED,
            error,
        )

    async def _done(self, row: Deletion) -> None:
        await self._settle(
            row, lambda before: lifecycle.done(before, at=self._clock.now()), Act.DELETION_DONE, ""
        )

    async def _fail(self, row: Deletion, error: str) -> None:
        await self._settle(
            row,
            lambda before: lifecycle.failed(before, at=self._clock.now(), error=error),
            Act.DELETION_FAILED,
            error,
        )

    async def _settle(self, row: Deletion, step: Settlement, act: Act, detail: str) -> None:
        async with self._database.transaction() as session:
            now = self._clock.now()
            after = step(row)
            if not await deletions.replace(session, row, after):
                log.warning("the lease on deletion %s ran out before it was settled", row.id)
                return
            await self._record(session, after, act, detail)
            if after.state is DeletionState.DELETED:
                await directory.put_user(session, after.target.account, after.target.id, now=now, gone=True)
            await want(session, NoticeKind.DELETION, after.id, channel=after.notice_channel, now=now)
        self._bell.ring()

    async def _record(self, session: AsyncSession, row: Deletion, act: Act, detail: str) -> None:
        await audit.record(
            session,
            at=self._clock.now(),
            actor=audit.THE_CLOCK,
            act=act,
            account=row.target.account,
            target=row.target.id,
            detail=detail,
        )
