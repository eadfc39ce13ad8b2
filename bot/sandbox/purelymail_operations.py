"""What each of PurelyMail's 19 operations does to a simulated account.

Names and shapes are those of the API's document (https://purelymail.com/docs/api). Each takes the request's body and
returns `result`; `Refused` becomes an error envelope. Fields it does not know are not looked at, as there.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from bot.model import ProviderVerdict
from bot.sandbox.mail_data import OWNERSHIP_CODE, SimulatedAccount, SimulatedDomain, SimulatedUser

Json = dict[str, Any]
Look = Callable[[str], Awaitable[ProviderVerdict]]
"""A fresh look at a domain's DNS."""

Owned = Callable[[str], Awaitable[bool]]
"""Whether a domain publishes the ownership code."""

LIST_CAP = 1000


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Operations:
    def __init__(self, account: SimulatedAccount, look: Look, owned: Owned) -> None:
        self._account = account
        self._look = look
        self._owned = owned
        self._next_rule = 5001

    def find(self, name: str) -> Callable[[Json], Awaitable[Json]] | None:
        """The operation of that name."""
        known = {
            "createUser": self.create_user,
            "deleteUser": self.delete_user,
            "listUser": self.list_user,
            "modifyUser": self.modify_user,
            "getUser": self.get_user,
            "upsertPasswordReset": self.upsert_password_reset,
            "deletePasswordReset": self.delete_password_reset,
            "listPasswordReset": self.list_password_reset,
            "createAppPassword": self.create_app_password,
            "deleteAppPassword": self.delete_app_password,
            "createRoutingRule": self.create_routing_rule,
            "deleteRoutingRule": self.delete_routing_rule,
            "listRoutingRules": self.list_routing_rules,
            "addDomain": self.add_domain,
            "getOwnershipCode": self.get_ownership_code,
            "listDomains": self.list_domains,
            "updateDomainSettings": self.update_domain_settings,
            "deleteDomain": self.delete_domain,
            "checkAccountCredit": self.check_account_credit,
        }
        return known.get(name)

    def rule(self, number: Any) -> Json | None:
        """The routing rule of that number. A number in quotes is none, by the API's document."""
        return self._account.rules.get(number) if type(number) is int else None

    async def create_user(self, body: Json) -> Json:
        domain = self._domain(body.get("domainName"))
        address = f"{body.get('userName', '')}@{domain.name}".lower()
        if address in self._account.users:
            raise Refused("userExists", "That user already exists.")
        if "@" in str(body.get("userName", "@")) or not body.get("password"):
            raise Refused("badRequest", "A user name without domain and a password are needed.")
        self._account.users[address] = SimulatedUser(
            address,
            str(body["password"]),
            search_indexing=body.get("enableSearchIndexing", True),
            password_reset=body.get("enablePasswordReset", True),
        )
        if body.get("sendWelcomeEmail", True):
            self._account.welcomed.append(address)
        return {}

    async def delete_user(self, body: Json) -> Json:
        del self._account.users[self._user(body.get("userName")).address]
        return {}

    async def list_user(self, _body: Json) -> Json:
        return {"users": list(self._account.users)[:LIST_CAP]}

    async def modify_user(self, body: Json) -> Json:
        user = self._user(body.get("userName"))
        if body.get("newPassword"):
            user.password = str(body["newPassword"])
        if isinstance(body.get("requireTwoFactorAuthentication"), bool):
            user.two_factor = body["requireTwoFactorAuthentication"]
        if isinstance(body.get("enableSearchIndexing"), bool):
            user.search_indexing = body["enableSearchIndexing"]
        if isinstance(body.get("enablePasswordReset"), bool):
            user.password_reset = body["enablePasswordReset"]
        if body.get("newUserName"):
            self._rename(user, str(body["newUserName"]).lower())
        return {}

    async def get_user(self, body: Json) -> Json:
        user = self._user(body.get("userName"))
        return {
            "enableSearchIndexing": user.search_indexing,
            "recoveryEnabled": user.password_reset,
            "requireTwoFactorAuthentication": user.two_factor,
            "enableSpamFiltering": True,
            "resetMethods": user.reset_methods,
        }

    async def upsert_password_reset(self, body: Json) -> Json:
        user = self._user(body.get("userName"))
        replaced = body.get("existingTarget", body.get("target"))
        user.reset_methods = [method for method in user.reset_methods if method["target"] != replaced]
        user.reset_methods.append(
            {
                "type": body.get("type"),
                "target": body.get("target"),
                "description": body.get("description", ""),
                "allowMfaReset": body.get("allowMfaReset", True),
            }
        )
        return {}

    async def delete_password_reset(self, body: Json) -> Json:
        user = self._user(body.get("userName"))
        target = body.get("target")
        user.reset_methods = [m for m in user.reset_methods if target is not None and m["target"] != target]
        return {}

    async def list_password_reset(self, body: Json) -> Json:
        return {"users": self._user(body.get("userName")).reset_methods}

    async def create_app_password(self, body: Json) -> Json:
        if "userHandle" not in body:
            return {}  # a missing required field is a success without effect
        secret = secrets.token_hex(12)
        self._user(body["userHandle"]).app_passwords.append(secret)
        return {"appPassword": secret}

    async def delete_app_password(self, body: Json) -> Json:
        user = self._user(body.get("userName"))
        if body.get("appPassword") in user.app_passwords:
            user.app_passwords.remove(body["appPassword"])
        return {}

    async def create_routing_rule(self, body: Json) -> Json:
        domain = self._domain(body.get("domainName"))
        rule = {
            "id": self._next_rule,
            "domainName": domain.name,
            "prefix": bool(body.get("prefix")),
            "matchUser": str(body.get("matchUser", "")),
            "targetAddresses": list(body.get("targetAddresses", [])),
            "catchall": bool(body.get("catchall", False)),
        }
        for other in self._account.rules.values():
            if all(other[key] == rule[key] for key in ("domainName", "prefix", "matchUser")):
                raise Refused("routingClash", f"Some routing options match the same thing: {domain.name}, .")
        self._account.rules[self._next_rule] = rule
        self._next_rule += 1
        return {}

    async def delete_routing_rule(self, body: Json) -> Json:
        rule = self.rule(body.get("routingRuleId"))
        if rule is None:
            raise Refused("noSuchRule", "There is no such routing rule.")
        del self._account.rules[rule["id"]]
        return {}

    async def list_routing_rules(self, _body: Json) -> Json:
        return {"rules": list(self._account.rules.values())}

    async def add_domain(self, body: Json) -> Json:
        name = str(body.get("domainName", "")).lower()
        if name in self._account.domains:
            raise Refused("domainExists", "Domain already exists")
        if not await self._owned(name):
            raise Refused("dnsCheck", f"DNS ownership checks did not pass for {name}.")
        self._account.domains[name] = SimulatedDomain(name, await self._look(name))
        return {}

    async def get_ownership_code(self, _body: Json) -> Json:
        return {"code": OWNERSHIP_CODE}

    async def list_domains(self, _body: Json) -> Json:
        return {
            "domains": [
                {
                    "name": domain.name,
                    "allowAccountReset": domain.allow_account_reset,
                    "symbolicSubaddressing": domain.symbolic_subaddressing,
                    "isShared": False,
                    "dnsSummary": {
                        "passesMx": domain.verdict.mx,
                        "passesSpf": domain.verdict.spf,
                        "passesDkim": domain.verdict.dkim,
                        "passesDmarc": domain.verdict.dmarc,
                    },
                }
                for domain in self._account.domains.values()
            ]
        }

    async def update_domain_settings(self, body: Json) -> Json:
        domain = self._domain(body.get("name"))
        if isinstance(body.get("allowAccountReset"), bool):
            domain.allow_account_reset = body["allowAccountReset"]
        if isinstance(body.get("symbolicSubaddressing"), bool):
            domain.symbolic_subaddressing = body["symbolicSubaddressing"]
        if body.get("recheckDns") is True:
            domain.verdict = await self._look(domain.name)
        return {}

    async def delete_domain(self, body: Json) -> Json:
        domain = self._domain(body.get("name"))
        account = self._account
        del account.domains[domain.name]
        for address in [address for address in account.users if address.endswith(f"@{domain.name}")]:
            del account.users[address]
        for number in [n for n, rule in account.rules.items() if rule["domainName"] == domain.name]:
            del account.rules[number]
        return {}

    async def check_account_credit(self, _body: Json) -> Json:
        return {"credit": self._account.credit}

    def _rename(self, user: SimulatedUser, address: str) -> None:
        _ = self._domain(address.partition("@")[2])
        if address in self._account.users:
            raise Refused("userExists", "That user already exists.")
        del self._account.users[user.address]
        user.address = address
        self._account.users[address] = user

    def _user(self, name: Any) -> SimulatedUser:
        user = self._account.users.get(str(name).lower())
        if user is None:
            raise Refused("noSuchUser", f"Could not find user {name}.")
        return user

    def _domain(self, name: Any) -> SimulatedDomain:
        domain = self._account.domains.get(str(name).lower())
        if domain is None:
            raise Refused("noSuchDomain", f"Could not find domain {name}.")
        return domain
