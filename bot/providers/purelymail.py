"""PurelyMail over its HTTP API: POST /api/v0/<operation> with a JSON object, the token in a header of its own.

The API is https://purelymail.com/docs/api (OpenAPI "Purelymail API" 0.0.1). What it does beside that document:

- Errors come with HTTP 200 and `type: "error"`; an unknown operation is HTTP 404 with a page.
- Unknown fields are accepted and change nothing; so may a missing required one.
- Of its error codes only `invalidToken` has been seen often enough to be relied on.
- `listUser` names at most 1,000 users, and there is no next page.
"""

import asyncio
import json
import random
import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import SecretStr
from typing_extensions import override

from bot.errors import NotFound, NotPossible, ProviderConfused, ProviderRefused, ProviderUnauthorized
from bot.model import Capability, DnsRecord, MailDomain, ProviderKind, ProviderVerdict
from bot.providers.base import MailProvider, RoutingRule, UserListing, UserState
from bot.providers.http import Answer, MailSystemHttp, Sleep
from bot.providers.words import repeatable

SAFE = {
    "listUser": True,
    "getUser": True,
    "listDomains": True,
    "listRoutingRules": True,
    "getOwnershipCode": True,
    "updateDomainSettings": True,
    "createUser": False,
    "modifyUser": False,
    "deleteUser": False,
    "deleteDomain": False,
    "deleteRoutingRule": False,
}
"""The operations used here, and whether each may be repeated."""

LIST_CAP = 1000
RULE_ID = re.compile(r"-?[0-9]{1,19}")
"""Rules are numbered in int64."""

Json = dict[str, Any]


class PurelyMail(MailProvider):
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
        self._who = f"PurelyMail (account {account})"
        self._token = token
        self._http = MailSystemHttp(
            self._who,
            base_url=base_url,
            headers={"Purelymail-Api-Token": token.get_secret_value(), "Accept": "application/json"},
            timeout=timeout,
            sleep=sleep,
            jitter=jitter,
        )

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.TWO_FACTOR, Capability.DOMAINS, Capability.ROUTING_RULES})

    @override
    async def list_users(self) -> UserListing:
        addresses = await self._addresses()
        return UserListing(frozenset(addresses), complete=len(addresses) < LIST_CAP)

    @override
    async def list_domains(self) -> list[MailDomain]:
        result = await self._call("listDomains", {})
        try:
            domains = [self._domain(entry) for entry in result["domains"]]
        except (KeyError, TypeError, AttributeError):
            raise self._confused("listDomains") from None
        return sorted(domains, key=lambda domain: domain.name)

    @override
    async def list_routing_rules(self) -> list[RoutingRule]:
        rules = (await self._call("listRoutingRules", {})).get("rules")
        if not isinstance(rules, list):
            raise self._confused("listRoutingRules")
        return sorted(
            (self._rule(entry) for entry in rules), key=lambda rule: (rule.domain, rule.match, rule.id)
        )

    @override
    async def recheck_dns(self, domain: str) -> None:
        await self._call("updateDomainSettings", {"name": domain, "recheckDns": True})

    @override
    async def ownership_code(self) -> str | None:
        code = (await self._call("getOwnershipCode", {})).get("code")
        if not isinstance(code, str) or not code:
            raise self._confused("getOwnershipCode")
        return code

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
            await self._call("getUser", {"userName": address})
        except ProviderRefused:
            return None
        return True

    @override
    async def get_user(self, address: str) -> UserState:
        try:
            result = await self._call("getUser", {"userName": address})
        except ProviderRefused:
            if await self.user_exists(address) is False:
                raise NotFound(f"{address} is not there any more: somebody else has deleted it.") from None
            raise
        two_factor = result.get("requireTwoFactorAuthentication")
        if not isinstance(two_factor, bool):
            raise self._confused("getUser")
        return UserState(address, two_factor)

    @override
    async def create_user(
        self, address: str, password: str, *, admin: bool = False, quota: int | None = None
    ) -> None:
        if admin:
            await self.set_admin(address, admin=True)
        if quota is not None:
            await self.set_quota(address, quota)
        local_part, _, domain = address.partition("@")
        await self._call(
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
    async def set_password(self, address: str, password: str) -> None:
        await self._call("modifyUser", {"userName": address, "newPassword": password}, secret=password)

    @override
    async def set_two_factor(self, address: str, *, required: bool) -> None:
        await self._call("modifyUser", {"userName": address, "requireTwoFactorAuthentication": required})

    @override
    async def set_admin(self, address: str, *, admin: bool) -> None:
        raise NotPossible(
            f"PurelyMail has no administrators among its mail users, so {address} can't be one."
        )

    @override
    async def set_quota(self, address: str, quota: int) -> None:
        raise NotPossible(f"PurelyMail has no quotas, so {address} can't have one.")

    @override
    async def delete_user(self, address: str) -> None:
        await self._call("deleteUser", {"userName": address})

    @override
    async def delete_domain(self, name: str) -> None:
        await self._call("deleteDomain", {"name": name})

    @override
    async def delete_routing_rule(self, rule_id: str) -> None:
        if RULE_ID.fullmatch(rule_id) is None:
            raise NotFound(
                f"{self.title} has no routing rule with such an id. Choose the rule from its list."
            )
        await self._call("deleteRoutingRule", {"routingRuleId": int(rule_id)})

    @override
    async def aclose(self) -> None:
        await self._http.aclose()

    async def _addresses(self) -> set[str]:
        result = await self._call("listUser", {})
        users = result.get("users")
        if not isinstance(users, list) or not all(isinstance(user, str) and "@" in user for user in users):
            raise self._confused("listUser")
        return {user.lower() for user in users}

    def _domain(self, entry: Json) -> MailDomain:
        name = entry["name"]
        if not isinstance(name, str) or not name:
            raise self._confused("listDomains")
        summary = entry.get("dnsSummary") or {}
        flags = [summary.get(f"passes{check}") for check in ("Mx", "Spf", "Dkim", "Dmarc")]
        known = all(isinstance(flag, bool) for flag in flags)
        verdict = ProviderVerdict(*(flag is True for flag in flags)) if known else None
        return MailDomain(self.account, name.lower(), verdict)

    def _rule(self, entry: object) -> RoutingRule:
        match entry:
            case {
                "id": int(number),
                "domainName": str(domain),
                "matchUser": str(local_part),
                "prefix": bool(prefix),
                "catchall": bool(catchall),
                "targetAddresses": list(targets),
            } if (
                not isinstance(number, bool) and domain and all(map(_is_text, (domain, local_part, *targets)))
            ):
                return RoutingRule(
                    str(number),
                    domain.lower(),
                    local_part.lower(),
                    prefix,
                    catchall,
                    tuple(to.lower() for to in targets),
                )
            case _:
                raise self._confused("listRoutingRules")

    async def _call(self, operation: str, body: Json, *, secret: str | None = None) -> Json:
        """Returns the content of `result`. Raises as bot/providers/base.py says."""
        answer = await self._http.request("POST", f"/api/v0/{operation}", safe=SAFE[operation], json=body)
        content = self._parse(operation, answer)
        if content.get("type") == "error" or (
            "code" in content and "message" in content and "result" not in content
        ):
            raise self._refusal(content, secret)
        if "result" not in content and content.get("type") != "success":
            raise self._confused(operation)
        result = content.get("result")
        if result is None:
            return {}
        if not isinstance(result, dict):
            raise self._confused(operation)
        return result

    def _parse(self, operation: str, answer: Answer) -> Json:
        try:
            content = json.loads(answer.body)
        except (ValueError, RecursionError):
            content = None
        if isinstance(content, dict):
            return content
        if answer.status == 404:
            raise ProviderConfused(
                f"{self._who} knows no operation {operation}. Check the account's base_url.", unclear=False
            )
        raise self._confused(operation)

    def _refusal(self, content: Json, secret: str | None) -> ProviderRefused | ProviderUnauthorized:
        code = str(content.get("code") or "")
        if code == "invalidToken":
            return ProviderUnauthorized(f"{self._who} does not accept its API token.")
        words = repeatable(
            str(content.get("message") or "it gave no reason"),
            hiding=(secret, self._token.get_secret_value()),
        )
        return ProviderRefused(f"{self.title} refused: {words}", code=repeatable(code))

    def _confused(self, operation: str) -> ProviderConfused:
        return ProviderConfused(
            f"{self._who} gave an answer to {operation} that makes no sense.", unclear=not SAFE[operation]
        )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()
