"""A mail system's client with a breaker around every call."""

from collections.abc import Mapping
from decimal import Decimal

from typing_extensions import override

from bot.clock import Clock
from bot.model import Capability, DnsRecord, MailDomain
from bot.providers.base import DomainSettings, MailProvider, ResetMethod, RoutingRule, UserListing, UserState
from bot.providers.breaker import Breaker


class Guarded(MailProvider):
    """Every call raises ProviderUnavailable at once while the mail system counts as down."""

    def __init__(self, provider: MailProvider, *, clock: Clock) -> None:
        self.account = provider.account
        self.kind = provider.kind
        self.title = provider.title
        self.login = provider.login
        self.breaker = Breaker(f"{provider.title} (account {provider.account})", clock=clock)
        self._provider = provider

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return self._provider.capabilities

    @override
    async def list_users(self) -> UserListing:
        async with self.breaker.watching():
            return await self._provider.list_users()

    @override
    async def list_domains(self) -> list[MailDomain]:
        async with self.breaker.watching():
            return await self._provider.list_domains()

    @override
    async def list_routing_rules(self) -> list[RoutingRule]:
        async with self.breaker.watching():
            return await self._provider.list_routing_rules()

    @override
    async def recheck_dns(self, domain: str) -> None:
        async with self.breaker.watching(proves=False):
            await self._provider.recheck_dns(domain)

    @override
    async def ownership_code(self) -> str | None:
        async with self.breaker.watching(proves=False):
            return await self._provider.ownership_code()

    @override
    async def dns_records(self) -> list[DnsRecord]:
        async with self.breaker.watching(proves=False):
            return await self._provider.dns_records()

    @override
    async def protected_users(self) -> Mapping[str, str]:
        async with self.breaker.watching(proves=False):
            return await self._provider.protected_users()

    @override
    async def user_exists(self, address: str) -> bool | None:
        async with self.breaker.watching():
            return await self._provider.user_exists(address)

    @override
    async def get_user(self, address: str) -> UserState:
        async with self.breaker.watching():
            return await self._provider.get_user(address)

    @override
    async def create_user(
        self, address: str, password: str, *, admin: bool = False, quota: int | None = None
    ) -> None:
        async with self.breaker.watching():
            await self._provider.create_user(address, password, admin=admin, quota=quota)

    @override
    async def set_password(self, address: str, password: str) -> None:
        async with self.breaker.watching():
            await self._provider.set_password(address, password)

    @override
    async def set_two_factor(self, address: str, *, required: bool) -> None:
        async with self.breaker.watching():
            await self._provider.set_two_factor(address, required=required)

    @override
    async def set_admin(self, address: str, *, admin: bool) -> None:
        async with self.breaker.watching():
            await self._provider.set_admin(address, admin=admin)

    @override
    async def set_quota(self, address: str, quota: int) -> None:
        async with self.breaker.watching():
            await self._provider.set_quota(address, quota)

    @override
    async def add_domain(self, name: str) -> None:
        async with self.breaker.watching():
            await self._provider.add_domain(name)

    @override
    async def domain_settings(self, name: str) -> DomainSettings:
        async with self.breaker.watching():
            return await self._provider.domain_settings(name)

    @override
    async def set_domain_settings(self, name: str, settings: DomainSettings) -> None:
        async with self.breaker.watching():
            await self._provider.set_domain_settings(name, settings)

    @override
    async def rename_user(self, address: str, new_address: str) -> None:
        async with self.breaker.watching():
            await self._provider.rename_user(address, new_address)

    @override
    async def set_search_indexing(self, address: str, *, enabled: bool) -> None:
        async with self.breaker.watching():
            await self._provider.set_search_indexing(address, enabled=enabled)

    @override
    async def set_password_reset(self, address: str, *, enabled: bool) -> None:
        async with self.breaker.watching():
            await self._provider.set_password_reset(address, enabled=enabled)

    @override
    async def add_reset_method(self, address: str, method: ResetMethod) -> None:
        async with self.breaker.watching():
            await self._provider.add_reset_method(address, method)

    @override
    async def delete_reset_method(self, address: str, target: str) -> None:
        async with self.breaker.watching():
            await self._provider.delete_reset_method(address, target)

    @override
    async def create_app_password(self, address: str, name: str) -> str:
        async with self.breaker.watching():
            return await self._provider.create_app_password(address, name)

    @override
    async def delete_app_password(self, address: str, app_password: str) -> None:
        async with self.breaker.watching():
            await self._provider.delete_app_password(address, app_password)

    @override
    async def delete_user(self, address: str) -> None:
        async with self.breaker.watching():
            await self._provider.delete_user(address)

    @override
    async def delete_domain(self, name: str) -> None:
        async with self.breaker.watching():
            await self._provider.delete_domain(name)

    @override
    async def create_routing_rule(self, rule: RoutingRule) -> None:
        async with self.breaker.watching():
            await self._provider.create_routing_rule(rule)

    @override
    async def delete_routing_rule(self, rule_id: str) -> None:
        async with self.breaker.watching():
            await self._provider.delete_routing_rule(rule_id)

    @override
    async def credit(self) -> Decimal:
        async with self.breaker.watching(proves=False):
            return await self._provider.credit()

    @override
    async def aclose(self) -> None:
        await self._provider.aclose()
