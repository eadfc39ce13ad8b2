"""A mail account that is small enough to search: two domains, eight users, two routing rules."""

from dataclasses import dataclass
from typing import Any

from bot.model import ProviderVerdict, Target, TargetKind
from bot.sandbox.mail_data import SimulatedAccount, SimulatedDomain, SimulatedUser
from bot.sandbox.purelymail import PurelyMailSimulator

ACCOUNT = "main"
ALPHA = "alpha.example"
BETA = "beta.example"
USERS = (
    *(f"{name}@{ALPHA}" for name in ("amy", "bob", "cid", "postmaster")),
    *(f"{name}@{BETA}" for name in ("dan", "eli", "fay", "gil")),
)
RULES = {7001: (ALPHA, "team"), 7002: (BETA, "shop")}
ALWAYS_PROTECTED = f"postmaster@{ALPHA}"
PROTECTED_LATER = f"dan@{BETA}"

PEOPLE = tuple(Target(ACCOUNT, TargetKind.USER, address) for address in USERS)
DOMAINS = tuple(Target(ACCOUNT, TargetKind.DOMAIN, name) for name in (ALPHA, BETA))
ROUTES = tuple(Target(ACCOUNT, TargetKind.ROUTING_RULE, str(number)) for number in RULES)

DELETING = {
    "deleteUser": (TargetKind.USER, "userName"),
    "deleteDomain": (TargetKind.DOMAIN, "name"),
    "deleteRoutingRule": (TargetKind.ROUTING_RULE, "routingRuleId"),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What a target is and what belongs to it, as the mail system really holds it."""

    content: str = ""
    belongings: frozenset[str] = frozenset()


def small_account() -> SimulatedAccount:
    account = SimulatedAccount(users={}, domains={})
    refill(account)
    return account


def refill(account: SimulatedAccount) -> None:
    """Put everything back as it is at the start of a history, in the same dictionaries."""
    good = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    account.users.clear()
    account.domains.clear()
    account.rules.clear()
    for address in USERS:
        account.users[address] = SimulatedUser(address, "made-up-password")
    for name in (ALPHA, BETA):
        account.domains[name] = SimulatedDomain(name, good)
    for number, (domain, local_part) in RULES.items():
        account.rules[number] = rule(number, domain, local_part)


def rule(number: int, domain: str, local_part: str) -> dict[str, Any]:
    return {
        "id": number,
        "domainName": domain,
        "prefix": False,
        "matchUser": local_part,
        "targetAddresses": [f"{local_part}-1@{domain}"],
        "catchall": False,
    }


def take(account: SimulatedAccount, target: Target) -> list[Target]:
    """Somebody else deletes it. Returns what went with it, and itself."""
    match target.kind:
        case TargetKind.USER:
            del account.users[target.id]
            return [target]
        case TargetKind.ROUTING_RULE:
            del account.rules[int(target.id)]
            return [target]
        case TargetKind.DOMAIN:
            del account.domains[target.id]
            users = [address for address in account.users if address.endswith(f"@{target.id}")]
            rules = [number for number, rule in account.rules.items() if rule["domainName"] == target.id]
            for address in users:
                del account.users[address]
            for number in rules:
                del account.rules[number]
            return [
                target,
                *(Target(ACCOUNT, TargetKind.USER, address) for address in users),
                *(Target(ACCOUNT, TargetKind.ROUTING_RULE, str(number)) for number in rules),
            ]


def is_there(mail: PurelyMailSimulator, target: Target) -> bool:
    match target.kind:
        case TargetKind.USER:
            return target.id in mail.account.users
        case TargetKind.DOMAIN:
            return target.id in mail.account.domains
        case TargetKind.ROUTING_RULE:
            return int(target.id) in mail.account.rules


def sight(mail: PurelyMailSimulator, target: Target) -> Sight:
    account = mail.account
    match target.kind:
        case TargetKind.USER:
            return Sight()
        case TargetKind.DOMAIN:
            users = {address for address in account.users if address.endswith(f"@{target.id}")}
            rules = {str(number) for number, rule in account.rules.items() if rule["domainName"] == target.id}
            return Sight(belongings=frozenset(users | rules))
        case TargetKind.ROUTING_RULE:
            return Sight(content=str(account.rules.get(int(target.id))))


def aimed_at(operation: str, body: dict[str, Any]) -> Target | None:
    """The target of a call that deletes; None of any other call."""
    if operation not in DELETING:
        return None
    kind, key = DELETING[operation]
    return Target(ACCOUNT, kind, str(body.get(key)))
