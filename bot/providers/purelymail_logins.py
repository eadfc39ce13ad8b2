"""How a mail user of PurelyMail gets in, and what is kept of it: 2FA, password resets, app passwords, the address itself.

`createAppPassword` alone calls the user `userHandle`. App passwords can't be listed, so neither making nor deleting one can
be read back; what deleting answers for one that never was is not documented.
"""

from typing_extensions import override

from bot.providers.base import MailProvider, ResetMethod
from bot.providers.purelymail_calls import PurelyMailCalls


class PurelyMailLogins(MailProvider):
    _purelymail: PurelyMailCalls

    @override
    async def set_password(self, address: str, password: str) -> None:
        await self._purelymail.call(
            "modifyUser", {"userName": address, "newPassword": password}, secret=password
        )

    @override
    async def set_two_factor(self, address: str, *, required: bool) -> None:
        await self._purelymail.call(
            "modifyUser", {"userName": address, "requireTwoFactorAuthentication": required}
        )

    @override
    async def rename_user(self, address: str, new_address: str) -> None:
        await self._purelymail.call("modifyUser", {"userName": address, "newUserName": new_address})

    @override
    async def set_search_indexing(self, address: str, *, enabled: bool) -> None:
        await self._purelymail.call("modifyUser", {"userName": address, "enableSearchIndexing": enabled})

    @override
    async def set_password_reset(self, address: str, *, enabled: bool) -> None:
        await self._purelymail.call("modifyUser", {"userName": address, "enablePasswordReset": enabled})

    @override
    async def add_reset_method(self, address: str, method: ResetMethod) -> None:
        await self._purelymail.call(
            "upsertPasswordReset",
            {
                "userName": address,
                "type": str(method.kind),
                "target": method.target,
                "description": method.description,
                "allowMfaReset": method.resets_two_factor,
            },
        )

    @override
    async def delete_reset_method(self, address: str, target: str) -> None:
        # Without a target, all of them would go.
        assert target, "a reset method has a target"
        await self._purelymail.call("deletePasswordReset", {"userName": address, "target": target})

    @override
    async def create_app_password(self, address: str, name: str) -> str:
        result = await self._purelymail.call("createAppPassword", {"userHandle": address, "name": name})
        app_password = result.get("appPassword", "")
        if not isinstance(app_password, str):
            raise self._purelymail.confused("createAppPassword")
        return app_password

    @override
    async def delete_app_password(self, address: str, app_password: str) -> None:
        await self._purelymail.call(
            "deleteAppPassword", {"userName": address, "appPassword": app_password}, secret=app_password
        )
