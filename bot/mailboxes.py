"""What a mail server of one's own can do with a mailbox: limit it, let its user administer, give it back after a deletion.

Every write is read back before anybody is told that it was done: such a server may answer an error to a write that it has
done, and success to one that it has not.
"""

from collections.abc import Mapping

from bot import creation, quotas
from bot.audit import Act
from bot.clock import Clock
from bot.creation import UserCreated, Wanted
from bot.errors import AlreadyExists, NotFound, NotPossible, Protected, ProviderError, WriteNotApplied
from bot.model import Capability, Operator
from bot.providers.base import MailProvider, UserState
from bot.storage.database import Database
from bot.writes import Writes


class Mailboxes:
    def __init__(self, *, database: Database, clock: Clock, providers: Mapping[str, MailProvider]) -> None:
        self._database = database
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)

    async def set_quota(
        self, operator: Operator, *, nonce: str, account: str, address: str, quota: int
    ) -> UserState:
        """Limit the mailbox to so many bytes (0 for no limit), and return what a read-back shows.

        Raises NotFound, NotPossible, AlreadySubmitted, ProviderError, and WriteNotApplied where the mail system said
        success and changed nothing.
        """
        provider = self._providers[account]
        wanted = quotas.limit(quota)
        async with self._writes.once(
            operator, nonce, account, address, Act.QUOTA_ASKED, Act.QUOTA_FAILED, wanted
        ):
            await self._writes.must_exist(provider, address)
            try:
                await provider.set_quota(address, quota)
            except ProviderError as error:
                if not error.unclear:
                    raise
                state = await self._read_back(provider, address, error)
            else:
                state = await self._read_back(provider, address)
            if state.details.quota != quota:
                found = "unknown" if state.details.quota is None else quotas.limit(state.details.quota)
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: the quota of {address} should be {wanted}, and is {found}.",
                    expected=wanted,
                    found=found,
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.QUOTA_SET,
                outcome=f"The quota of {address} is now {wanted}.",
                detail=wanted,
                there=True,
                details=state.details,
            )
        return state

    async def set_admin(
        self, operator: Operator, *, nonce: str, account: str, address: str, admin: bool
    ) -> UserState:
        """Let the user administer the mail system or no longer, and return what a read-back shows.

        Raises NotFound, NotPossible, Protected (it is the bot's own login, or the last administrator), AlreadySubmitted,
        ProviderError, and WriteNotApplied where the mail system said success and changed nothing.
        """
        provider = self._providers[account]
        wanted = _word(admin=admin)
        async with self._writes.once(
            operator, nonce, account, address, Act.ADMIN_ASKED, Act.ADMIN_FAILED, wanted
        ):
            await self._writes.must_exist(provider, address)
            if not admin:
                await _check_dispensable(provider, address)
            try:
                await provider.set_admin(address, admin=admin)
            except ProviderError as error:
                if not error.unclear:
                    raise
                state = await self._read_back(provider, address, error)
            else:
                state = await self._read_back(provider, address)
            if not admin and not provider.login:
                await self._leave_one(provider, address)
            if state.details.admin is not admin:
                found = _word(admin=state.details.admin)
                raise WriteNotApplied(
                    f"{provider.title} did not apply it: {address} should be {wanted}, and is {found}.",
                    expected=wanted,
                    found=found,
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.ADMIN_SET,
                outcome=f"{address} is now {wanted}.",
                detail=wanted,
                there=True,
                details=state.details,
            )
        return state

    async def restore(
        self,
        operator: Operator,
        *,
        nonce: str,
        account: str,
        address: str,
        password: str,
        admin: bool = False,
        quota: int | None = None,
    ) -> UserCreated:
        """Give a deleted user's mailbox back by creating the user again: with a new password, and no more than is named.

        Raises InvalidInput (PASSWORD), NotFound where no mailbox is kept, AlreadyExists, DeletionOpen, NotPossible,
        AlreadySubmitted, WriteNotApplied and ProviderError.
        """
        provider = self._providers[account]
        if Capability.ARCHIVED_USERS not in provider.capabilities:
            raise NotPossible(
                f"{provider.title} keeps no mailboxes of deleted users: what is deleted is gone."
            )
        wanted = Wanted(address, password, admin=admin, quota=quota)
        await creation.check_password(password, address)
        await creation.check_queue(self._database, account, address)
        async with self._writes.once(
            operator, nonce, account, address, Act.RESTORE_ASKED, Act.RESTORE_FAILED, wanted.extras
        ):
            await self._must_be_kept(provider, address)
            restored = await creation.create(provider, wanted)
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.RESTORED,
                outcome=f"{address} was restored.",
                detail=" ".join([wanted.extras, *restored.missing]).strip(),
                there=True,
                details=restored.details,
            )
        return restored

    async def _leave_one(self, provider: MailProvider, address: str) -> None:
        """Two operators at once may each have seen the other's administrator as the one who is left: give it back."""
        known = (await provider.list_users()).details
        if not any(details.admin for details in known.values()):
            await provider.set_admin(address, admin=True)
            raise Protected(
                f"{address} was the last administrator, because somebody has taken the privilege from another one at the same "
                "time. It has the privilege again."
            )

    async def _must_be_kept(self, provider: MailProvider, address: str) -> None:
        listing = await provider.list_users()
        if address in listing.addresses:
            await self._writes.note_present(provider.account, address, listing.details.get(address))
            raise AlreadyExists(f"{address} is a mail user again: somebody else was first.")
        if address not in listing.archived:
            await self._writes.forget(provider.account, address)
            raise NotFound(f"{provider.title} keeps no mailbox of {address} (any more).")

    async def _read_back(
        self, provider: MailProvider, address: str, unclear: ProviderError | None = None
    ) -> UserState:
        """The state after a write. Where its answer was `unclear` and looking fails too, that answer stands."""
        try:
            return await provider.get_user(address)
        except NotFound:
            await self._writes.forget(provider.account, address)
            raise
        except ProviderError:
            if unclear is None:
                raise
            raise unclear from None


async def _check_dispensable(provider: MailProvider, address: str) -> None:
    reason = (await provider.protected_users()).get(address)
    if reason is not None:
        raise Protected(f"{address} stays an administrator. {reason}")


def _word(*, admin: bool | None) -> str:
    if admin is None:
        return "unknown"
    return "an administrator" if admin else "no administrator"
