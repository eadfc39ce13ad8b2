"""What every write to a mail user has in common: a form does its work once, it is on record, and it is read back.

Order of a write: claim the form's nonce and record the request; ask the mail system; read back; record the outcome. An
answer that leaves open what happened is settled by the read-back where there is one, and said to be open where not.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot import audit
from bot.audit import Act
from bot.clock import Clock
from bot.errors import AlreadySubmitted, NotFound, OperatorError, ProviderError
from bot.model import Operator, UserDetails
from bot.providers.base import MailProvider
from bot.storage import directory, submissions
from bot.storage.database import Database


class Writes:
    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    @asynccontextmanager
    async def once(
        self,
        operator: Operator,
        nonce: str,
        account: str,
        address: str,
        asked: Act,
        failed: Act,
        detail: str = "",
    ) -> AsyncIterator[None]:
        """Let a form be worked on once; a failure releases it, unless its effect is unknown. Raises AlreadySubmitted."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            first = await submissions.begin(session, nonce, operator=operator.slack_id, now=now)
            if first is not None:
                raise AlreadySubmitted(
                    first.outcome or "This form was already sent and is being worked on.",
                    under_way=not first.outcome,
                )
            await audit.record(
                session,
                at=now,
                actor=operator.slack_id,
                act=asked,
                account=account,
                target=address,
                detail=detail,
            )
        try:
            yield
        except OperatorError as error:
            async with self._database.transaction() as session:
                if isinstance(error, ProviderError) and error.unclear:
                    await submissions.finish(session, nonce, str(error))
                else:
                    await submissions.release(session, nonce)
                await audit.record(
                    session,
                    at=self._clock.now(),
                    actor=operator.slack_id,
                    act=failed,
                    account=account,
                    target=address,
                    detail=str(error),
                )
            raise

    async def done(
        self,
        operator: Operator,
        nonce: str,
        account: str,
        address: str,
        act: Act,
        *,
        outcome: str,
        detail: str = "",
        there: bool = False,
        details: UserDetails | None = None,
        before: str = "",
    ) -> None:
        """Record what a form came to. `there`: the mail user was seen, with these `details` as far as they are known.

        `before`: the address that it had until now.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            if there:
                await directory.put_user(session, account, address, now=now, gone=False, details=details)
            if before:
                await directory.put_user(session, account, before, now=now, gone=True)
            await submissions.finish(session, nonce, outcome)
            await audit.record(
                session,
                at=now,
                actor=operator.slack_id,
                act=act,
                account=account,
                target=address,
                detail=detail,
            )

    async def record(self, operator: Operator, act: Act, account: str, address: str, detail: str) -> None:
        """Put on record what needs no form."""
        async with self._database.transaction() as session:
            await audit.record(
                session,
                at=self._clock.now(),
                actor=operator.slack_id,
                act=act,
                account=account,
                target=address,
                detail=detail,
            )

    async def must_exist(self, provider: MailProvider, address: str) -> None:
        """Raises NotFound where the address is proven to be no mail user, and ProviderError."""
        if await provider.user_exists(address) is False:
            await self.forget(provider.account, address)
            raise NotFound(f"{address} is not there any more: somebody else has deleted it.")

    async def forget(self, account: str, address: str) -> None:
        """The mail user is not there (any more)."""
        async with self._database.transaction() as session:
            await directory.put_user(session, account, address, now=self._clock.now(), gone=True)

    async def note_present(self, account: str, address: str, details: UserDetails | None = None) -> None:
        """The mail user is there."""
        async with self._database.transaction() as session:
            await directory.put_user(
                session, account, address, now=self._clock.now(), gone=False, details=details
            )

    async def note_archived(self, account: str, address: str) -> None:
        """The mail user is not there, and its mailbox is kept."""
        async with self._database.transaction() as session:
            await directory.put_user(
                session, account, address, now=self._clock.now(), gone=True, archived=True
            )
