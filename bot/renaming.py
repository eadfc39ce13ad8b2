"""Another address for a mail user, which keeps its mailbox and its password.

Refused while a deletion of either address is open: it would miss the one, or take the other for somebody else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import creation
from bot.audit import Act
from bot.clock import Clock
from bot.creation import LOCAL_PART
from bot.directory import Directory
from bot.errors import (
    AlreadyExists,
    DeletionOpen,
    InvalidInput,
    NotPossible,
    Protected,
    ProviderError,
    WriteNotApplied,
)
from bot.model import Capability, Operator
from bot.providers.base import MailProvider
from bot.storage.database import Database
from bot.writes import Writes

FROM = "from "
"""Stands before the former address in the detail of the act."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """`verified` is False where the mail system's list is too long to prove anything.

    `rules`: routing rules that still send mail to the old address, in words; None if they could not be asked for.
    """

    account: str
    address: str
    before: str
    provider: str
    verified: bool
    rules: tuple[str, ...] | None = ()


class Renaming:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        directory: Directory,
        providers: Mapping[str, MailProvider],
        protected: Sequence[str] = (),
    ) -> None:
        """`protected`: addresses and domains that the configuration keeps from being deleted."""
        self._database = database
        self._directory = directory
        self._providers = providers
        self._protected = frozenset(protected)
        self._writes = Writes(database=database, clock=clock)

    async def rename(
        self, operator: Operator, *, nonce: str, account: str, address: str, new_address: str
    ) -> Renamed:
        """Give a mail user another address on the same account, and prove that it is listed, and the old one is not.

        Raises InvalidInput (LOCAL_PART, DOMAIN), AlreadyExists, DeletionOpen, Protected, NotFound, NotPossible,
        AlreadySubmitted, WriteNotApplied and ProviderError.
        """
        provider = self._providers[account]
        if Capability.RENAME not in provider.capabilities:
            raise NotPossible(f"{provider.title} can't rename mail users.")
        if new_address == address:
            raise InvalidInput("That is its address already.", field=LOCAL_PART)
        await creation.check_address(self._directory, account, new_address)
        self._check_protected(provider, address)
        await self._check_queues(account, address, new_address)
        async with self._writes.once(
            operator, nonce, account, address, Act.RENAME_ASKED, Act.RENAME_FAILED, f"to {new_address}"
        ):
            await self._writes.must_exist(provider, address)
            if await provider.user_exists(new_address):
                await self._writes.note_present(account, new_address)
                raise AlreadyExists(f"{new_address} already exists.")
            verified = await self._rename(provider, address, new_address)
            await self._writes.done(
                operator,
                nonce,
                account,
                new_address,
                Act.RENAMED,
                outcome=f"{address} is now {new_address}.",
                detail=f"{FROM}{address}",
                there=True,
                before=address,
            )
        rules = await _left_behind(provider, address)
        return Renamed(account, new_address, address, provider.title, verified, rules)

    async def _rename(self, provider: MailProvider, address: str, new_address: str) -> bool:
        """Whether it is proven. Raises WriteNotApplied and ProviderError."""
        unclear: ProviderError | None = None
        try:
            await provider.rename_user(address, new_address)
        except ProviderError as error:
            if not error.unclear:
                raise
            unclear = error
        try:
            there = await provider.user_exists(new_address)
            still = await provider.user_exists(address)
        except ProviderError as error:
            # Where looking fails too, the unclear answer stands.
            raise unclear or error from None
        if there is True and still is not True:
            return True
        if unclear is not None:
            raise unclear
        if there is None and still is not True:
            return False
        found = "both are listed" if there else "it is still listed as before"
        raise WriteNotApplied(
            f"{provider.title} reported success, but {address} was not renamed: {found}.",
            expected=new_address,
            found=found,
        )

    def _check_protected(self, provider: MailProvider, address: str) -> None:
        if address == provider.login:
            raise Protected(
                f"Mailwarden itself signs in to {provider.title} as {address}: by another name, it would be locked out."
            )
        if address in self._protected:
            # Under another name, nothing would protect it.
            raise Protected(
                f"{address} is protected: the configuration names it under [deletions] protected."
            )

    async def _check_queues(self, account: str, address: str, new_address: str) -> None:
        await creation.check_queue(self._database, account, address)
        try:
            await creation.check_queue(self._database, account, new_address)
        except DeletionOpen as error:
            raise InvalidInput(error.message, field=LOCAL_PART) from error


async def _left_behind(provider: MailProvider, address: str) -> tuple[str, ...] | None:
    if not provider.capabilities & {Capability.ROUTING_RULES, Capability.ALIASES}:
        return ()
    try:
        rules = await provider.list_routing_rules()
    except ProviderError:
        return None
    return tuple(rule.label for rule in rules if address in rule.targets)
