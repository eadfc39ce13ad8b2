"""Mail users: create, reset the password, 2FA. Every write is read back before anybody is told that it was done.

Order of a write: claim the form's nonce and record the request; ask the mail system; read back; record the outcome. An
answer that leaves open what happened is settled by the read-back where there is one, and said to be open where not.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import audit
from bot.audit import Act
from bot.clock import Clock
from bot.directory import Directory
from bot.errors import (
    AlreadyExists,
    AlreadySubmitted,
    DeletionOpen,
    InvalidInput,
    NotFound,
    OperatorError,
    ProviderError,
    ProviderUnavailable,
    WriteNotApplied,
)
from bot.model import Capability, Operator, Target, TargetKind
from bot.passwords import judge
from bot.providers.base import MailProvider, UserState
from bot.storage import deletions, directory, submissions
from bot.storage.database import Database

LOCAL_PART = "local_part"
DOMAIN = "domain"
PASSWORD = "password"  # noqa: S105 - the name of a form field

_LOCAL_PART = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
"""What every mail system accepts without quoting; at most 64 octets (RFC 5321 section 4.5.3.1.1)."""


@dataclass(frozen=True, slots=True)
class UserCreated:
    """`verified` is False where the mail system's list is too long to prove anything."""

    account: str
    address: str
    provider: str
    verified: bool


@dataclass(frozen=True, slots=True)
class PasswordReset:
    """The mail system accepted the new password. That it took effect can't be read back."""

    account: str
    address: str
    provider: str


class Users:
    def __init__(
        self, *, database: Database, clock: Clock, directory: Directory, providers: Mapping[str, MailProvider]
    ) -> None:
        self._database = database
        self._clock = clock
        self._directory = directory
        self._providers = providers

    def capabilities(self, account: str) -> frozenset[Capability]:
        return self._providers[account].capabilities

    def title(self, account: str) -> str:
        """The mail system's name as people write it."""
        return self._providers[account].title

    async def create(
        self, operator: Operator, *, nonce: str, account: str, address: str, password: str
    ) -> UserCreated:
        """Create a mail user and prove that it is listed.

        Raises InvalidInput (fields LOCAL_PART, DOMAIN, PASSWORD), AlreadyExists, DeletionOpen, AlreadySubmitted,
        WriteNotApplied and ProviderError.
        """
        provider = await self._check_new(account, address)
        await _check_password(password, address)
        async with self._database.reading() as session:
            queued = await deletions.blocking(session, Target(account, TargetKind.USER, address))
        if queued is not None:
            # The deletion would take the new mailbox for the old one.
            raise DeletionOpen(
                f"The deletion of {address} is queued: cancel the deletion first."
                if queued.state.is_open
                else f"A deletion of {address} has failed and can still be tried again: drop it first, in /mail-pending history.",
                deletion_id=queued.id,
            )
        async with self._work(operator, nonce, account, address, Act.CREATE_ASKED, Act.CREATE_FAILED):
            if await provider.user_exists(address) is True:
                await self._directory.note_present(account, address)
                raise AlreadyExists(f"{address} already exists.")
            try:
                await provider.create_user(address, password)
            except ProviderError as error:
                if not error.unclear or await _exists_after(provider, address, error) is not True:
                    raise
                there: bool | None = True
            else:
                there = await provider.user_exists(address)
            if there is False:
                raise WriteNotApplied(
                    f"{provider.title} reported success, but {address} is not listed. Nothing was created.",
                    expected="listed",
                    found="not listed",
                )
            async with self._database.transaction() as session:
                now = self._clock.now()
                await directory.put_user(session, account, address, now=now, gone=False)
                await submissions.finish(session, nonce, f"{address} was created.")
                await audit.record(
                    session, at=now, actor=operator.slack_id, act=Act.CREATED, account=account, target=address
                )
        return UserCreated(account, address, provider.title, verified=there is True)

    async def reset_password(
        self, operator: Operator, *, nonce: str, account: str, address: str, password: str
    ) -> PasswordReset:
        """Set a new password. Raises InvalidInput (PASSWORD), NotFound, AlreadySubmitted and ProviderError."""
        provider = self._providers[account]
        await _check_password(password, address)
        async with self._work(operator, nonce, account, address, Act.PASSWORD_ASKED, Act.PASSWORD_FAILED):
            await self._must_exist(provider, address)
            try:
                await provider.set_password(address, password)
            except ProviderUnavailable as error:
                if not error.unclear:
                    raise
                raise ProviderUnavailable(
                    f"{error.message} The new password may be in force or not, and {provider.title} can't be asked: "
                    "set it again.",
                    unclear=True,
                ) from error
            async with self._database.transaction() as session:
                await submissions.finish(session, nonce, f"The password of {address} was set.")
                await audit.record(
                    session,
                    at=self._clock.now(),
                    actor=operator.slack_id,
                    act=Act.PASSWORD_SET,
                    account=account,
                    target=address,
                )
        return PasswordReset(account, address, provider.title)

    async def state(self, operator: Operator, *, account: str, address: str) -> UserState:
        """What the mail system says of a user now. Raises NotFound and ProviderError."""
        del operator  # looking is not an act to record, but only an operator may look
        try:
            return await self._providers[account].get_user(address)
        except NotFound:
            await self._forget(account, address)
            raise

    async def set_two_factor(
        self, operator: Operator, *, account: str, address: str, required: bool
    ) -> UserState:
        """Require 2FA or no longer, and return what a read-back shows.

        Raises NotFound, ProviderError, and WriteNotApplied where the mail system said success and changed nothing.
        """
        provider = self._providers[account]
        wanted = "required" if required else "not required"
        await self._record(operator, Act.TWO_FACTOR_ASKED, account, address, wanted)
        try:
            await self._must_exist(provider, address)
            try:
                await provider.set_two_factor(address, required=required)
            except ProviderError as error:
                if not error.unclear:
                    raise
            state = await provider.get_user(address)
            if state.two_factor is not required:
                found = "required" if state.two_factor else "not required"
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: 2FA for {address} should be {wanted}, and is {found}.",
                    expected=wanted,
                    found=found,
                )
        except OperatorError as error:
            await self._record(operator, Act.TWO_FACTOR_FAILED, account, address, str(error))
            raise
        await self._record(operator, Act.TWO_FACTOR_SET, account, address, wanted)
        return state

    async def _check_new(self, account: str, address: str) -> MailProvider:
        local_part, _, domain = address.partition("@")
        if not local_part:
            raise InvalidInput("Type the part before the @.", field=LOCAL_PART)
        if _LOCAL_PART.fullmatch(local_part) is None or ".." in local_part:
            raise InvalidInput(
                "Use a-z, 0-9, and . _ - between them, at most 64 characters.",
                field=LOCAL_PART,
            )
        known = {(known.account, known.name) for known in await self._directory.domains()}
        if account not in self._providers or (account, domain) not in known:
            raise InvalidInput(f"{domain or 'This'} is not a domain of {account}.", field=DOMAIN)
        return self._providers[account]

    async def _must_exist(self, provider: MailProvider, address: str) -> None:
        if await provider.user_exists(address) is False:
            await self._forget(provider.account, address)
            raise NotFound(f"{address} is not there any more: somebody else has deleted it.")

    async def _forget(self, account: str, address: str) -> None:
        async with self._database.transaction() as session:
            await directory.put_user(session, account, address, now=self._clock.now(), gone=True)

    @asynccontextmanager
    async def _work(
        self, operator: Operator, nonce: str, account: str, address: str, asked: Act, failed: Act
    ) -> AsyncIterator[None]:
        """Let a form be worked on once; a failure releases it, unless its effect is unknown."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            first = await submissions.begin(session, nonce, operator=operator.slack_id, now=now)
            if first is not None:
                raise AlreadySubmitted(first.outcome or "This form was already sent and is being worked on.")
            await audit.record(
                session, at=now, actor=operator.slack_id, act=asked, account=account, target=address
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

    async def _record(self, operator: Operator, act: Act, account: str, address: str, detail: str) -> None:
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


async def _check_password(password: str, address: str) -> None:
    local_part, _, domain = address.partition("@")
    strength = await judge(password, context=[local_part, domain, address])
    if not strength.acceptable:
        advice = " ".join(strength.advice)
        raise InvalidInput(f"{strength.label}. {advice}".strip(), field=PASSWORD)


async def _exists_after(provider: MailProvider, address: str, unclear: ProviderError) -> bool | None:
    """Look for the effect of an unclear answer. Where looking fails too, the unclear answer stands."""
    try:
        return await provider.user_exists(address)
    except ProviderError:
        raise unclear from None
