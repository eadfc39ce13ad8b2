"""PurelyMail over its HTTP API (https://purelymail.com/docs/api); the calls themselves are in purelymail_calls.py.

`listUser` names at most 1,000 users, and there is no next page.
"""

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import SecretStr
from typing_extensions import override

from bot.errors import NotFound, NotPossible, ProviderRefused
from bot.model import Capability, DnsRecord, MailDomain, ProviderKind
from bot.providers import purelymail_answers as answers
from bot.providers.base import DomainSettings, RoutingRule, UserListing, UserState
from bot.providers.http import Sleep
from bot.providers.purelymail_calls import Json, PurelyMailCalls
from bot.providers.purelymail_logins import PurelyMailLogins

CAPABILITIES = frozenset(
    {
        Capability.TWO_FACTOR,
        Capability.RENAME,
        Capability.SEARCH_INDEXING,
        Capability.PASSWORD_RESET,
        Capability.APP_PASSWORDS,
        Capability.DOMAINS,
        Capability.DOMAIN_SETTINGS,
        Capability.ROUTING_RULES,
        Capability.CREDIT,
    }
)
LIST_CAP = 1000
RULE_ID = re.compile(r"-?[0-9]{1,19}")
"""Rules are numbered in int64."""

T = TypeVar("T")


class PurelyMail(PurelyMailLogins):
    def __init__(
        self,
        account: str,
        *,
        token: SecretStr,
        base_url: str = "https://purelymail.com",
        timeout: float = 20.0,
        sleep: Sleep = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.account = account
        self.kind = ProviderKind.PURELYMAIL
        self.title = "PurelyMail"
        self._purelymail = PurelyMailCalls(
            account,
            title=self.title,
            token=token,
            base_url=base_url,
            timeout=timeout,
            sleep=sleep,
            jitter=jitter,
        )

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES

    @override
    async def list_users(self) -> UserListing:
        addresses = await self._addresses()
        return UserListing(frozenset(addresses), complete=len(addresses) < LIST_CAP)

    @override
    async def list_domains(self) -> list[MailDomain]:
        domains = await self._read(
            "listDomains",
            lambda result: [
                answers.domain(self.account, entry) for entry in answers.entries(result, "domains")
            ],
        )
        return sorted(domains, key=lambda domain: domain.name)

    @override
    async def list_routing_rules(self) -> list[RoutingRule]:
        rules = await self._read(
            "listRoutingRules", lambda result: list(map(answers.rule, answers.entries(result, "rules")))
        )
        return sorted(rules, key=lambda rule: (rule.domain, rule.match, rule.id))

    @override
    async def recheck_dns(self, domain: str) -> None:
        await self._purelymail.call("updateDomainSettings", {"name": domain, "recheckDns": True})

    @override
    async def ownership_code(self) -> str | None:
        code = (await self._purelymail.call("getOwnershipCode", {})).get("code")
        if not isinstance(code, str) or not code:
            raise self._purelymail.confused("getOwnershipCode")
        return code

    @override
    async def credit(self) -> Decimal:
        return await self._read("checkAccountCredit", answers.credit)

    @override
    async def dns_records(self) -> list[DnsRecord]:
        return []

    @override
    async def protected_users(self) -> Mapping[str, str]:
        """Nobody: the API goes by a token of the account, which no mail user holds, and knows no administrators.

        Its document (https://purelymail.com/docs/api) has one security scheme, the header Purelymail-Api-Token.
        """
        return {}

    @override
    async def user_exists(self, address: str) -> bool | None:
        addresses = await self._addresses()
        if address in addresses:
            return True
        if len(addresses) < LIST_CAP:
            return False
        try:
            await self._purelymail.call("getUser", {"userName": address})
        except ProviderRefused:
            return None
        return True

    @override
    async def get_user(self, address: str) -> UserState:
        try:
            return await self._read("getUser", lambda result: answers.user(address, result), userName=address)
        except ProviderRefused:
            if await self.user_exists(address) is False:
                raise NotFound(f"{address} is not there any more: somebody else has deleted it.") from None
            raise

    @override
    async def create_user(
        self, address: str, password: str, *, admin: bool = False, quota: int | None = None
    ) -> None:
        if admin:
            await self.set_admin(address, admin=True)
        if quota is not None:
            await self.set_quota(address, quota)
        local_part, _, domain = address.partition("@")
        await self._purelymail.call(
            "createUser",
            {
                "userName": local_part,  # here alone: everywhere else it is the full address
                "domainName": domain,
                "password": password,
                "enablePasswordReset": False,
                "sendWelcomeEmail": False,
            },
            secret=password,
        )

    @override
    async def set_admin(self, address: str, *, admin: bool) -> None:
        raise NotPossible(
            f"PurelyMail has no administrators among its mail users, so {address} can't be one."
        )

    @override
    async def set_quota(self, address: str, quota: int) -> None:
        raise NotPossible(f"PurelyMail has no quotas, so {address} can't have one.")

    @override
    async def add_domain(self, name: str) -> None:
        await self._purelymail.call("addDomain", {"domainName": name})

    @override
    async def domain_settings(self, name: str) -> DomainSettings:
        def read(result: Json) -> DomainSettings | None:
            entries = answers.entries(result, "domains")
            return next(
                (answers.domain_settings(one) for one in entries if answers.domain_name(one) == name), None
            )

        settings = await self._read("listDomains", read)
        if settings is None:
            raise NotFound(f"{name} is not a domain of {self.title} any more: somebody else has deleted it.")
        return settings

    @override
    async def set_domain_settings(self, name: str, settings: DomainSettings) -> None:
        await self._purelymail.call(
            "updateDomainSettings",
            {
                "name": name,
                "allowAccountReset": settings.account_reset,
                "symbolicSubaddressing": settings.subaddressing,
            },
            safe=False,
        )

    @override
    async def delete_user(self, address: str) -> None:
        await self._purelymail.call("deleteUser", {"userName": address})

    @override
    async def delete_domain(self, name: str) -> None:
        await self._purelymail.call("deleteDomain", {"name": name})

    @override
    async def create_routing_rule(self, rule: RoutingRule) -> None:
        body = {
            "domainName": rule.domain,
            "prefix": rule.prefix,
            "matchUser": rule.match,
            "targetAddresses": list(rule.targets),
            "catchall": rule.catchall,
        }
        await self._purelymail.call("createRoutingRule", body)

    @override
    async def delete_routing_rule(self, rule_id: str) -> None:
        if RULE_ID.fullmatch(rule_id) is None:
            raise NotFound(
                f"{self.title} has no routing rule with such an id. Choose the rule from its list."
            )
        await self._purelymail.call("deleteRoutingRule", {"routingRuleId": int(rule_id)})

    @override
    async def aclose(self) -> None:
        await self._purelymail.aclose()

    async def _addresses(self) -> set[str]:
        return await self._read("listUser", answers.addresses)

    async def _read(self, operation: str, read: Callable[[Json], T], **body: Any) -> T:
        """A question, and its answer as `read` makes it out."""
        result = await self._purelymail.call(operation, body)
        try:
            return read(result)
        except ValueError:
            raise self._purelymail.confused(operation) from None
