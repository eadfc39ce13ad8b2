"""For mail systems whose users have a password and nothing beside it."""

from typing_extensions import override

from bot.errors import NotPossible
from bot.providers.base import MailProvider, ResetMethod


class WithoutLoginOptions(MailProvider):
    """Refuses what belongs to Capability.RENAME, SEARCH_INDEXING, PASSWORD_RESET and APP_PASSWORDS."""

    @override
    async def rename_user(self, address: str, new_address: str) -> None:
        raise NotPossible(
            f"{self.title} can't rename mail users: create {new_address}, move the mail, and delete {address}."
        )

    @override
    async def set_search_indexing(self, address: str, *, enabled: bool) -> None:
        raise NotPossible(f"{self.title} has nothing to set about searching.")

    @override
    async def set_password_reset(self, address: str, *, enabled: bool) -> None:
        raise self._no_reset()

    @override
    async def add_reset_method(self, address: str, method: ResetMethod) -> None:
        raise self._no_reset()

    @override
    async def delete_reset_method(self, address: str, target: str) -> None:
        raise self._no_reset()

    @override
    async def create_app_password(self, address: str, name: str) -> str:
        raise self._no_app_passwords()

    @override
    async def delete_app_password(self, address: str, app_password: str) -> None:
        raise self._no_app_passwords()

    def _no_reset(self) -> NotPossible:
        return NotPossible(
            f"Users of {self.title} can't reset their passwords themselves: set one with /mail-password."
        )

    def _no_app_passwords(self) -> NotPossible:
        return NotPossible(f"{self.title} has one password for each user, and no app passwords.")
