"""Mail-in-a-Box over its mail user API, below /admin of the box.

What it does beside its document (https://mailinabox.email/api-docs.html), as of v75:

- Adding reads `privileges`; the `privilege` of its own page is accepted and makes no administrator.
- The quota of an unknown user is HTTP 200, with the refusal where the quota should be.
- Addresses are not folded to lower case: another spelling is another, unknown user.
- Deleting leaves the mailbox on the server; the user is then listed as inactive, and adding it again brings it back.
- Nothing keeps an administrator from deleting itself, or the last one.
- A user may be added on the address of an alias.
- An alias that the box keeps by itself may stand in the list in place of one that somebody has made of the same address.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from decimal import Decimal

from pydantic import SecretStr
from typing_extensions import override

from bot.errors import AlreadyExists, NotFound, NotPossible, ProviderRefused
from bot.model import Capability, DnsRecord, MailDomain, ProviderKind, UserDetails
from bot.providers import mailinabox_answers as answers
from bot.providers.base import DomainSettings, RoutingRule, UserListing, UserState
from bot.providers.http import Sleep
from bot.providers.mailinabox_calls import BoxCalls, NoSuchCall
from bot.providers.without import WithoutLoginOptions

ALWAYS = frozenset(
    {
        Capability.TWO_FACTOR_DISABLE,
        Capability.ADMIN_PRIVILEGE,
        Capability.ARCHIVED_USERS,
        Capability.ALIASES,
    }
)
TAKEN = "User already exists."
NO_MFA = "Invalid user or MFA id."


class MailInABox(WithoutLoginOptions):
    def __init__(
        self,
        account: str,
        *,
        base_url: str,
        password: SecretStr,
        login: str = "",
        ca_file: str = "",
        timeout: float = 60.0,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`login`: an administrator's address; "" where `password` is the box's API key."""
        self.account = account
        self.kind = ProviderKind.MAILINABOX
        self.title = "Mail-in-a-Box"
        self.login = login
        self._has_quotas: bool | None = None
        self._box = BoxCalls(
            f"{self.title} (account {account})",
            base_url=base_url,
            login=login,
            password=password,
            ca_file=ca_file,
            timeout=timeout,
            sleep=sleep,
            jitter=jitter,
        )

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return ALWAYS | {Capability.QUOTA} if self._has_quotas else ALWAYS

    @override
    async def list_users(self) -> UserListing:
        found = await self._box.read("/mail/users", answers.users, format="json")
        self._check_login(found.listing.addresses)
        if found.has_quotas is not None:
            self._has_quotas = found.has_quotas
        return found.listing

    @override
    async def list_domains(self) -> list[MailDomain]:
        names = await self._box.read("/mail/domains", answers.domains)
        if self.login and self.login.rpartition("@")[2] not in names:
            raise self._box.confused("/mail/domains", safe=True)
        return [MailDomain(self.account, name) for name in names]

    @override
    async def list_routing_rules(self) -> list[RoutingRule]:
        """The aliases, with those that the box keeps for every domain. An alias is known by its address."""
        return await self._box.read("/mail/aliases", answers.aliases, format="json")

    @override
    async def recheck_dns(self, domain: str) -> None:
        """Nothing: a box keeps no verdict."""

    @override
    async def ownership_code(self) -> str | None:
        return None

    @override
    async def dns_records(self) -> list[DnsRecord]:
        return await self._box.read("/dns/dump", answers.dns_records)

    async def complaints(self) -> list[str]:
        """What the box finds wrong with itself. It looks for some time, and answers nothing else meanwhile."""
        return await self._box.read("/system/status", answers.complaints, method="POST")

    @override
    async def protected_users(self) -> Mapping[str, str]:
        """The bot's own login. While it is an administrator, and else every call is refused, another is not the last one."""
        if self.login:
            return {
                self.login: f"Mailwarden itself signs in to {self.title} as {self.login}: without it, it would be locked out."
            }
        known = (await self.list_users()).details
        admins = [address for address, details in known.items() if details.admin]
        if len(admins) != 1:
            return {}
        return {admins[0]: f"{admins[0]} is the last administrator of {self.title} (account {self.account})."}

    @override
    async def user_exists(self, address: str) -> bool | None:
        return (await self._look(address))[0]

    @override
    async def get_user(self, address: str) -> UserState:
        there, quota = await self._look(address)
        if not there:
            raise NotFound(f"{address} is not there any more: somebody else has deleted it.")
        held = await self._box.read("/mail/users/privileges", answers.privileges, email=address)
        mfa = await self._box.read("/mfa/status", answers.has_mfa, method="POST", user=address)
        return UserState(
            address, two_factor=mfa, details=UserDetails(admin=answers.ADMIN in held, quota=quota)
        )

    @override
    async def create_user(
        self, address: str, password: str, *, admin: bool = False, quota: int | None = None
    ) -> None:
        alias = next((rule for rule in await self.list_routing_rules() if rule.id == address), None)
        if alias is not None:
            raise AlreadyExists(
                f"{address} is an alias on the box, to {', '.join(alias.targets[:3]) or 'nobody'}. Remove the alias first, or take "
                "another address."
            )
        wanted = {"privileges": answers.ADMIN} if admin else {}
        if quota is not None:
            wanted["quota"] = answers.spell_quota(quota)
        try:
            _ = await self._box.write(
                "/mail/users/add", email=address, password=password, secret=password, **wanted
            )
        except ProviderRefused as error:
            if error.code == TAKEN:
                raise AlreadyExists(f"{address} already exists.") from None
            raise

    @override
    async def set_password(self, address: str, password: str) -> None:
        await self._change("/mail/users/password", email=address, password=password, secret=password)

    @override
    async def set_two_factor(self, address: str, *, required: bool) -> None:
        if required:
            raise NotPossible(
                f"Users of {self.title} switch two-factor authentication on themselves, in the box's control panel."
            )
        try:
            await self._change("/mfa/disable", user=address)
        except ProviderRefused as error:
            if error.code != NO_MFA:
                raise  # otherwise it is off already

    @override
    async def set_admin(self, address: str, *, admin: bool) -> None:
        await self._change(
            f"/mail/users/privileges/{'add' if admin else 'remove'}", email=address, privilege=answers.ADMIN
        )

    @override
    async def set_quota(self, address: str, quota: int) -> None:
        try:
            await self._change("/mail/users/quota", email=address, quota=answers.spell_quota(quota))
        except NoSuchCall:
            self._has_quotas = False
            raise NotPossible(
                "This box has no quotas: they came with version 73 of Mail-in-a-Box. Update the box first."
            ) from None

    @override
    async def add_domain(self, name: str) -> None:
        raise NotPossible(
            f"{name} can't be added by itself: a box has a domain as soon as it has an address of it."
        )

    @override
    async def domain_settings(self, name: str) -> DomainSettings:
        raise NotPossible(f"{self.title} has no settings of {name} by itself.")

    @override
    async def set_domain_settings(self, name: str, settings: DomainSettings) -> None:
        raise NotPossible(f"{self.title} has no settings of {name} by itself.")

    @override
    async def delete_user(self, address: str) -> None:
        """Archive it: its mailbox stays on the server, and adding the user again gives it back."""
        _ = await self._box.write("/mail/users/remove", email=address)

    @override
    async def delete_domain(self, name: str) -> None:
        raise NotPossible(
            f"{name} can't be deleted by itself: a box has a domain as long as it has an address of it."
        )

    @override
    async def create_routing_rule(self, rule: RoutingRule) -> None:
        if rule.prefix and (rule.match or not rule.catchall):
            raise NotPossible(
                f"{self.title} has aliases: for one address, or for all of a domain that are no mail users'. It can't have "
                f"{rule.pattern}."
            )
        address = f"{rule.match}@{rule.domain}"
        try:
            _ = await self._box.write(
                "/mail/aliases/add", address=address, forwards_to=",".join(rule.targets)
            )
        except ProviderRefused as error:
            if error.code == f"Alias already exists ({address}).":
                raise AlreadyExists(f"{rule.pattern} has an alias already.") from None
            raise

    @override
    async def delete_routing_rule(self, rule_id: str) -> None:
        _ = await self._box.write("/mail/aliases/remove", address=rule_id)

    @override
    async def credit(self) -> Decimal:
        raise NotPossible(f"{self.title} is nobody's prepaid account.")

    @override
    async def aclose(self) -> None:
        await self._box.aclose()

    async def _look(self, address: str) -> tuple[bool, int | None]:
        """Whether the user is there, and its quota; a question whose answer names the user, so that no other passes for it."""
        if self._has_quotas is not False:
            try:
                quota = await self._box.read(
                    "/mail/users/quota", lambda text: answers.quota_of(text, address), email=address
                )
            except NoSuchCall:
                self._has_quotas = False
            else:
                self._has_quotas = True
                return quota is not None, quota
        listed = await self._box.read("/mail/users", answers.addresses)
        self._check_login(listed)
        return address in listed, None

    def _check_login(self, listed: frozenset[str]) -> None:
        """A list without the very login that asked for it is none: nobody may be taken for gone because of it."""
        if self.login and self.login not in listed:
            raise self._box.confused("/mail/users", safe=True)

    async def _change(self, path: str, *, secret: str | None = None, **fields: str) -> None:
        """A change that a box confirms with one word."""
        said = await self._box.write(path, secret=secret, **fields)
        if said.strip() != "OK":
            raise self._box.confused(path, safe=False)
