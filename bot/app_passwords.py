"""App passwords: further passwords of a mail user, one for each program or device.

A mail system that has them tells each once, and lists none. So nothing here can be read back, and nothing says that it was:
what proves a new one is the app password itself, and deleting one is proven by nothing but the mail system's word.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.audit import Act
from bot.clock import Clock
from bot.errors import InvalidInput, NotPossible, ProviderError, ProviderUnavailable, WriteNotApplied
from bot.model import Capability, Operator
from bot.providers.base import MailProvider
from bot.storage.database import Database
from bot.writes import Writes

NAME = "app_password_name"
APP_PASSWORD = "app_password"  # noqa: S105 - the name of a form field

LONGEST_NAME = 60
LONGEST = 200


@dataclass(frozen=True, slots=True)
class AppPassword:
    """A new one, never to be had again. `name` as the mail system shows it to the user, "" for none."""

    account: str
    address: str
    provider: str
    name: str
    secret: str = field(repr=False)


class AppPasswords:
    def __init__(self, *, database: Database, clock: Clock, providers: Mapping[str, MailProvider]) -> None:
        self._providers = providers
        self._writes = Writes(database=database, clock=clock)

    async def create(
        self, operator: Operator, *, nonce: str, account: str, address: str, name: str
    ) -> AppPassword:
        """Have an app password made.

        Raises InvalidInput (NAME), NotFound, NotPossible, AlreadySubmitted, ProviderError, and WriteNotApplied where the
        mail system said success and gave none.
        """
        provider = self._able(account)
        name = " ".join(name.split())
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise InvalidInput(f"Use at most {LONGEST_NAME} characters.", field=NAME)
        async with self._writes.once(
            operator, nonce, account, address, Act.APP_PASSWORD_ASKED, Act.APP_PASSWORD_FAILED, f"new {name}"
        ):
            await self._writes.must_exist(provider, address)
            try:
                secret = await provider.create_app_password(address, name)
            except ProviderError as error:
                raise _open(
                    error,
                    f"{provider.title} may have made an app password that nobody will see. It can be removed in the user's own "
                    "settings there.",
                ) from error
            if not secret:
                raise WriteNotApplied(
                    f"{provider.title} reported success, but gave no app password. None was made, as far as can be told.",
                    expected="an app password",
                    found="none",
                )
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.APP_PASSWORD_CREATED,
                outcome=f"An app password for {address} was made. It was shown once.",
                detail=name,
                there=True,
            )
        return AppPassword(account, address, provider.title, name, secret)

    async def delete(
        self, operator: Operator, *, nonce: str, account: str, address: str, app_password: str
    ) -> None:
        """Have an app password taken away; the mail system's word for it is all there is.

        Raises InvalidInput (APP_PASSWORD), NotFound, NotPossible, AlreadySubmitted and ProviderError.
        """
        provider = self._able(account)
        app_password = app_password.strip()
        if not app_password or len(app_password) > LONGEST or not app_password.isprintable():
            raise InvalidInput("Paste the app password as it was shown.", field=APP_PASSWORD)
        async with self._writes.once(
            operator, nonce, account, address, Act.APP_PASSWORD_ASKED, Act.APP_PASSWORD_FAILED, "delete"
        ):
            await self._writes.must_exist(provider, address)
            try:
                await provider.delete_app_password(address, app_password)
            except ProviderError as error:
                raise _open(
                    error,
                    f"The app password may be deleted or not, and {provider.title} can't be asked: delete it again.",
                ) from error
            await self._writes.done(
                operator,
                nonce,
                account,
                address,
                Act.APP_PASSWORD_DELETED,
                outcome=f"{provider.title} accepted the deletion of an app password of {address}.",
                there=True,
            )

    def _able(self, account: str) -> MailProvider:
        provider = self._providers[account]
        if Capability.APP_PASSWORDS not in provider.capabilities:
            raise NotPossible(f"{provider.title} has one password for each user, and no app passwords.")
        return provider


def _open(error: ProviderError, outcome: str) -> ProviderError:
    """The same error, with what it leaves open where it does."""
    return ProviderUnavailable(f"{error.message} {outcome}", unclear=True) if error.unclear else error
