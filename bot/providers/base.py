"""What a mail system is to the rest of the house, in our words.

Every method may raise, besides what it names: `ProviderUnavailable`, `ProviderUnauthorized`, `ProviderRefused` and
`ProviderConfused` (bot/errors.py). Writes are not verified here: that is done once, in bot/users.py.
"""

from dataclasses import dataclass
from typing import Protocol

from bot.model import Capability, MailDomain, ProviderKind


@dataclass(frozen=True, slots=True)
class UserListing:
    """The addresses of an account. `complete` is False where the server may have cut the list."""

    addresses: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True)
class UserState:
    """What the mail system tells of one mail user."""

    address: str
    two_factor: bool


class MailProvider(Protocol):
    """One configured account of a mail system."""

    account: str
    kind: ProviderKind
    title: str
    """The system's name as people write it: `PurelyMail`."""
    capabilities: frozenset[Capability]

    async def list_users(self) -> UserListing:
        """All mail users of the account."""

    async def list_domains(self) -> list[MailDomain]:
        """All domains of the account, sorted by name."""

    async def user_exists(self, address: str) -> bool | None:
        """Whether the address is a mail user there now; None where the answer can't be trusted either way."""

    async def get_user(self, address: str) -> UserState:
        """The state of one mail user. Raises NotFound if it is not listed (any more)."""

    async def create_user(self, address: str, password: str) -> None:
        """Create a mail user."""

    async def set_password(self, address: str, password: str) -> None:
        """Set a new password. It can't be read back: a return means that the mail system accepted it."""

    async def set_two_factor(self, address: str, *, required: bool) -> None:
        """Require 2FA for login, or no longer."""

    async def delete_user(self, address: str) -> None:
        """Delete the mail user and its mailbox, at once and for good."""

    async def aclose(self) -> None:
        """Let go of the connections."""
