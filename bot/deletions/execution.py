"""What the clock asks of the queue: delete what is due, once, and say what really happened.

For each row, in this order; after the dash, what a kill at that point leaves behind:

1. take it: claimed, with a lease, and still to be cancelled
                                             - the lease lapses, the next worker begins at 1
2. look: is who asked still an admin, may the target go, is it the same, and does its notice still stand?
                                             - the same
3. start it: executing, too late to cancel   - the lease lapses; the next worker reads back and, if it is there, begins at 2
4. ask the mail system to delete it          - the same; if the read-back finds it gone, the row ends as deleted
5. read back: is it gone?                    - the same
6. settle the row, its audit entry and its messages
                                             - nothing: it is one transaction

A cancel and a start race on the row's compare-and-set, so no call starts for a cancelled deletion. An answer that leaves
open what happened (time-out, 5xx) is never repeated blindly: the row stays executing until the next read-back.
"""

import asyncio
import logging
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot import audit
from bot.access import Access
from bot.audit import Act
from bot.clock import Bell, Clock
from bot.deletions import keepsakes, lifecycle, targets
from bot.deletions.requests import announce, record
from bot.deletions.safeguards import Safeguards
from bot.errors import ProviderError
from bot.model import Capability, Deletion, DeletionState, NoticeKind, Role, TargetKind
from bot.notices import Delivery, NotDelivered
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


class Execution:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        providers: Mapping[str, MailProvider],
        delivery: Delivery,
        safeguards: Safeguards,
        access: Access,
        bell: Bell,
        worker: str,
        archived: Callable[[str], None],
    ) -> None:
        """`archived` is called with the account that may have kept the mailbox of a user that was deleted."""
        self._database = database
        self._clock = clock
        self._providers = providers
        self._delivery = delivery
        self._safeguards = safeguards
        self._access = access
        self._bell = bell
        self._worker = worker
        self._archived = archived
        self._running: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._stopping = False

    async def run_due(self) -> None:
        """Execute all that is due: of each account one after the other, and no account waits for another one."""
        async with self._database.reading() as session:
            accounts = await deletions.due_accounts(session, self._clock.now())
        if len(accounts) == 1:
            await self._run_account(accounts[0])
            return
        outcomes = await asyncio.gather(*map(self._run_account, accounts), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    def stop(self) -> None:
        """Begin no further deletion; the one under way is finished."""
        self._stopping = True

    async def _run_account(self, account: str) -> None:
        async with self._running[account]:
            while not self._stopping and (row := await self._take(account)) is not None:
                await self._handle(row)

    async def _take(self, account: str) -> Deletion | None:
        async with self._database.transaction() as session:
            now = self._clock.now()
            due = await deletions.next_due(session, now, account=account)
            if due is None:
                return None
            taken = lifecycle.taken(due, worker=self._worker, at=now, lease=LEASE)
            return await deletions.replace(session, due, taken)

    async def _handle(self, row: Deletion) -> None:
        provider = self._providers.get(row.target.account)
        if provider is None:
            await self._fail(row, f"The account {row.target.account} is not configured any more.")
        elif row.state is DeletionState.EXECUTING and not await self._is_still_there(row, provider):
            return
        elif row.attempts >= ATTEMPTS:
            await self._fail(row, f"Given up after {ATTEMPTS} attempts. Last: {row.last_error}")
        elif (
            await self._is_vouched_for(row)
            and await self._may_go(row, provider)
            and await self._is_announced(row)
        ):
            await keepsakes.note(self._database, self._clock, provider, row.target)
            await self._execute(row, provider)

    async def _is_still_there(self, row: Deletion, provider: MailProvider) -> bool:
        """An earlier attempt's outcome is open: read back, and settle the row unless it has to be tried again."""
        try:
            there = await targets.is_there(provider, row.target)
        except ProviderError as error:
            await self._defer(row, f"{provider.title} has not shown the outcome: {error}")
            return False
        if there is False:
            await self._done(row)
            return False
        if await self._was_seen_gone(row):
            # Probably deleted by that attempt and created anew since; whoever it is now, nobody has asked for that one.
            end = f"{row.label} was gone after Mailwarden had asked to delete it, and is there again: it is left alone."
            await self._fail(row, end, can_retry=False)
            return False
        return True

    async def _is_vouched_for(self, row: Deletion) -> bool:
        """Whether who asked for it, or released it, is still an admin here; otherwise somebody else has to release it."""
        if row.state is DeletionState.EXECUTING:
            return True  # that was so when it was started
        by = row.released_by or row.requested_by
        stands = await self._access.stands(by, need=Role.ADMIN)
        if stands is None:
            await self._postpone(row, f"Slack can't say whether <@{by}> is still an admin.", tried=False)
        elif not stands:
            hold_id = row.hold_id or uuid.uuid4().hex
            reason = f"<@{by}> is not an admin of Mailwarden any more."
            held = lifecycle.held(row, hold_id=hold_id, reason=reason)
            await self._settle(row, held, Act.DELETION_HELD, reason)
        return bool(stands)

    async def _was_seen_gone(self, row: Deletion) -> bool:
        """Whether a listing has missed it since it was queued."""
        async with self._database.reading() as session:
            return row.target in await directory.gone_among(session, [row.target])

    async def _may_go(self, row: Deletion, provider: MailProvider) -> bool:
        """Whether the target is still there, the same, and not protected; otherwise the row is settled."""
        try:
            seen = await targets.look(provider, row.target)
            objection = await self._safeguards.objection(provider, row.target, seen.snapshot.users)
        except ProviderError as error:
            await self._postpone_or_fail(row, error)
            return False
        if seen.there is False:
            end = f"{row.label} was already gone from {provider.title} when its time came; Mailwarden deleted nothing."
        elif await self._was_seen_gone(row):
            end = f"{row.label} was deleted by somebody else meanwhile. Whoever has that address now is left alone."
        elif objection is not None:
            end = f"Mailwarden deleted nothing. {objection}"
        elif change := targets.difference(row.snapshot, seen.snapshot):
            end = f"Mailwarden deleted nothing of {row.label}: {change}. To delete it all the same, ask anew."
        else:
            return True
        await self._fail(row, end, can_retry=False)
        return False

    async def _is_announced(self, row: Deletion) -> bool:
        """Whether its notice stands in the channel, with its button; otherwise nothing happens now."""
        try:
            if await self._delivery.stands(NoticeKind.DELETION, row.request_id):
                return await self._has_stood(row)
        except NotDelivered as error:
            await self._postpone(
                row, f"Slack can't show that the notice is still there: {error}", tried=False
            )
            return False
        if row.state is DeletionState.EXECUTING:
            await self._settle(row, lifecycle.unseen(row), Act.DELETION_NOTICE_REMOVED)
        await self._delivery.announce_removal(NoticeKind.DELETION, row.request_id)
        return False

    async def _has_stood(self, row: Deletion) -> bool:
        """Whether the notice is not one that was posted anew since the deletion was started."""
        if row.state is not DeletionState.EXECUTING or row.noticed_at is None:
            return True
        if row.noticed_at + row.grace <= self._clock.now():
            return True
        await self._settle(row, lifecycle.renoticed(row), Act.DELETION_NOTICED, "posted anew")
        return False

    async def _execute(self, row: Deletion, provider: MailProvider) -> None:
        started = await self._settle(
            row, lifecycle.started(row, at=self._clock.now(), lease=LEASE), Act.DELETION_STARTED
        )
        if started is None:
            return
        unclear: ProviderError | None = None
        try:
            await targets.delete(provider, started.target)
        except ProviderError as error:
            if not error.unclear:
                await self._refuse_or_fail(started, error)
                return
            unclear = error
        try:
            there = await targets.is_there(provider, started.target)
        except ProviderError as error:
            await self._defer(
                started, f"{provider.title} was asked to delete it and has not shown the outcome: {error}"
            )
            return
        if there is False or (there is None and unclear is None):
            await self._done(started)
        elif unclear is not None:
            await self._defer(started, str(unclear))
        else:
            await self._fail(
                started, f"{provider.title} reported success, but {started.label} is still listed."
            )

    async def _postpone_or_fail(self, row: Deletion, error: ProviderError) -> None:
        if error.retryable:
            await self._postpone(row, str(error), tried=True)
        else:
            await self._fail(row, str(error))

    async def _postpone(self, row: Deletion, error: str, *, tried: bool) -> None:
        if row.state is DeletionState.EXECUTING:
            await self._defer(row, error)
            return
        until = self._clock.now() + _delay(row.attempts)
        after = lifecycle.postponed(row, until=until, error=error, tried=tried)
        await self._settle(row, after, Act.DELETION_POSTPONED, error)

    async def _refuse_or_fail(self, row: Deletion, error: ProviderError) -> None:
        if not error.retryable:
            await self._fail(row, str(error))
            return
        until = self._clock.now() + _delay(row.attempts - 1)
        after = lifecycle.refused(row, until=until, error=str(error))
        await self._settle(row, after, Act.DELETION_DEFERRED, str(error))

    async def _defer(self, row: Deletion, error: str) -> None:
        until = self._clock.now() + _delay(row.attempts - 1)
        await self._settle(
            row, lifecycle.deferred(row, until=until, error=error), Act.DELETION_DEFERRED, error
        )

    async def _done(self, row: Deletion) -> None:
        await self._settle(row, lifecycle.done(row, at=self._clock.now()), Act.DELETION_DONE)

    async def _fail(self, row: Deletion, error: str, *, can_retry: bool = True) -> None:
        after = lifecycle.failed(row, at=self._clock.now(), error=error, can_retry=can_retry)
        await self._settle(row, after, Act.DELETION_FAILED, error)

    async def _settle(self, row: Deletion, after: Deletion, act: Act, detail: str = "") -> Deletion | None:
        """Write the step, its audit entry and its messages. None if somebody was first: a cancel, or another worker."""
        async with self._database.transaction() as session:
            now = self._clock.now()
            written = await deletions.replace(session, row, after)
            if written is None:
                log.info("deletion %s has changed before it was %s", row.id, act.value)
                return None
            await record(session, written, actor=audit.THE_CLOCK, act=act, at=now, detail=detail)
            if written.state is DeletionState.DELETED and written.target.kind is TargetKind.USER:
                account, address = written.target.account, written.target.id
                archived = Capability.ARCHIVED_USERS in self._providers[account].capabilities
                await directory.put_user(session, account, address, now=now, gone=True, archived=archived)
                if archived:
                    self._archived(account)
            await announce(session, [written], now=now)
        self._bell.ring()
        return written


def _delay(attempts: int) -> timedelta:
    """Growing with the attempts that have been in vain."""
    doublings = min(max(attempts, 0), 10)
    return min(FIRST_DELAY * (1 << doublings), LONGEST_DELAY)
