"""Mail users: create, reset the password, 2FA. Every write is read back before anybody is told that it was done."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot import creation
from bot.audit import Act
from bot.clock import Clock
from bot.creation import DOMAIN, LOCAL_PART, PASSWORD, UserCreated, Wanted
from bot.directory import Directory
from bot.errors import (
    AlreadyExists,
    NotFound,
    NotPossible,
    OperatorError,
    Protected,
    ProviderError,
    ProviderUnavailable,
    WriteNotApplied,
)
from bot.model import Capability, Operator
from bot.providers.base import MailProvider, UserState
from bot.quotas import QUOTA
from bot.storage import directory
from bot.storage.database import Database
from bot.writes import Writes

__all__ = ["DOMAIN", "LOCAL_PART", "PASSWORD", "QUOTA", "PasswordReset", "UserCreated", "Users"]


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
        self._directory = directory
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)

    async def offers(self, account: str) -> frozenset[Capability]:
        """What can be done on an account. What shows only in a listing is known from the last one."""
        there = self._providers[account].capabilities
        if Capability.ADMIN_PRIVILEGE in there and Capability.QUOTA not in there:
            async with self._database.reading() as session:
                if await directory.tells_quotas(session, account):
                    return there | {Capability.QUOTA}
        return there

    async def offered(self) -> frozenset[Capability]:
        """What can be done on one account at least."""
        return frozenset[Capability]().union(*[await self.offers(account) for account in self._providers])

    def title(self, account: str) -> str:
        """The mail system's name as people write it."""
        return self._providers[account].title

    async def create(
        self,
        operator: Operator,
        *,
        nonce: str,
        account: str,
        address: str,
        password: str,
        admin: bool = False,
        quota: int | None = None,
        new_domain: bool = False,
    ) -> UserCreated:
        """Create a mail user and prove that it is listed, and that it has what it was to have.

        `new_domain`: the mail system has the domain as soon as it has the user (bot/new_domains.py sees to that).

        Raises InvalidInput (fields LOCAL_PART, DOMAIN, PASSWORD), AlreadyExists (also where a mailbox of before would be
        given to the new user), DeletionOpen, NotPossible, AlreadySubmitted, WriteNotApplied and ProviderError.
        """
        wanted = Wanted(address, password, admin=admin, quota=quota)
        await creation.check_address(self._directory, account, address, new_domain=new_domain)
        provider = self._providers[account]
        await self._check_extras(account, wanted)
        await creation.check_password(password, address)
        await creation.check_queue(self._database, account, address)
        async with self._writes.once(
            operator, nonce, account, address, Act.CREATE_ASKED, Act.CREATE_FAILED, wanted.extras
        ):
            await self._check_free(provider, address)
            created = await creation.create(provider, wanted)
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.CREATED,
                outcome=creation.outcome(address),
                detail=" ".join([wanted.extras, *created.missing]).strip(),
                there=True,
                details=created.details,
            )
        return created

    async def reset_password(
        self, operator: Operator, *, nonce: str, account: str, address: str, password: str
    ) -> PasswordReset:
        """Set a new password.

        Raises InvalidInput (PASSWORD), Protected (the bot's own login), NotFound, AlreadySubmitted and ProviderError.
        """
        provider = self._providers[account]
        if address == provider.login:
            raise Protected(
                f"Mailwarden itself signs in to {provider.title} as {address}: a new password would lock it out. Set the password "
                "there, and in Mailwarden's environment."
            )
        await creation.check_password(password, address)
        async with self._writes.once(
            operator, nonce, account, address, Act.PASSWORD_ASKED, Act.PASSWORD_FAILED
        ):
            await self._writes.must_exist(provider, address)
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
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.PASSWORD_SET,
                outcome=f"The password of {address} was set.",
            )
        return PasswordReset(account, address, provider.title)

    async def state(self, operator: Operator, *, account: str, address: str) -> UserState:
        """What the mail system says of a user now. Raises NotFound and ProviderError."""
        del operator  # looking is not an act to record, but only an operator may look
        try:
            return await self._providers[account].get_user(address)
        except NotFound:
            await self._writes.forget(account, address)
            raise

    async def set_two_factor(
        self, operator: Operator, *, account: str, address: str, required: bool
    ) -> UserState:
        """Require 2FA or no longer, and return what a read-back shows.

        Raises NotFound, ProviderError, and WriteNotApplied where the mail system said success and changed nothing.
        """
        provider = self._providers[account]
        wanted = "required" if required else "not required"
        await self._writes.record(operator, Act.TWO_FACTOR_ASKED, account, address, wanted)
        try:
            await self._writes.must_exist(provider, address)
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
            await self._writes.record(operator, Act.TWO_FACTOR_FAILED, account, address, str(error))
            raise
        await self._writes.record(operator, Act.TWO_FACTOR_SET, account, address, wanted)
        return state

    async def _check_extras(self, account: str, wanted: Wanted) -> None:
        offered = await self.offers(account)
        title = self._providers[account].title
        if wanted.admin and Capability.ADMIN_PRIVILEGE not in offered:
            raise NotPossible(f"{title} knows no administrators among its mail users.")
        if wanted.quota is not None and Capability.QUOTA not in offered:
            raise NotPossible(f"{title} has no quotas.")

    async def _check_free(self, provider: MailProvider, address: str) -> None:
        """A mailbox that was kept is not handed to whoever gets the address next without saying so."""
        if Capability.ARCHIVED_USERS in provider.capabilities:
            listing = await provider.list_users()
            if address in listing.archived:
                await self._writes.note_archived(provider.account, address)
                raise AlreadyExists(
                    f"{address} was deleted, and its mailbox is kept on the server: a new user would get the old mail. "
                    "To give it back, use /mail-restore."
                )
            there: bool | None = address in listing.addresses
        else:
            there = await provider.user_exists(address)
        if there is True:
            await self._directory.note_present(provider.account, address)
            raise AlreadyExists(f"{address} already exists.")
