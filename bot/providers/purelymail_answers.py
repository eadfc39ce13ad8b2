"""What PurelyMail answers, read into values of ours. Anything else than what is expected raises ValueError."""

from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from bot.model import MailDomain, ProviderVerdict
from bot.providers.base import DomainSettings, ResetMethod, RoutingRule, UserState

Json = dict[str, Any]
_DIGITS = Decimal("0.0001")


def addresses(result: Json) -> set[str]:
    """Of `listUser`."""
    users = result.get("users")
    if not isinstance(users, list) or not all(isinstance(user, str) and "@" in user for user in users):
        raise ValueError("users")
    return {user.lower() for user in users}


def user(address: str, result: Json) -> UserState:
    """Of `getUser`. Whether 2FA is required has to be told; the others may be missing."""
    match result:
        case {"requireTwoFactorAuthentication": bool(two_factor)}:
            return UserState(
                address,
                two_factor,
                search_indexing=_flag(result, "enableSearchIndexing"),
                password_reset=_flag(result, "recoveryEnabled"),
                reset_methods=tuple(
                    map(_reset_method, entries({"resetMethods": []} | result, "resetMethods"))
                ),
            )
        case _:
            raise ValueError("user")


def entries(result: Json, name: str) -> list[Json]:
    """A list of objects."""
    listed = result.get(name)
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ValueError(name)
    return listed


def domain_name(entry: Json) -> str:
    """Of `listDomains`, lower case."""
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("name")
    return name.lower()


def domain(account: str, entry: Json) -> MailDomain:
    """Of `listDomains`."""
    match entry.get("dnsSummary"):
        case dict(summary):
            flags = [summary.get(f"passes{check}") for check in ("Mx", "Spf", "Dkim", "Dmarc")]
        case None:
            flags = [None]
        case _:
            raise ValueError("dnsSummary")
    known = all(isinstance(flag, bool) for flag in flags)
    verdict = ProviderVerdict(*(flag is True for flag in flags)) if known else None
    return MailDomain(account, domain_name(entry), verdict)


def domain_settings(entry: Json) -> DomainSettings:
    """Of `listDomains`."""
    match entry:
        case {"allowAccountReset": bool(account_reset), "symbolicSubaddressing": bool(subaddressing)}:
            return DomainSettings(account_reset=account_reset, subaddressing=subaddressing)
        case _:
            raise ValueError("settings")


def rule(entry: Json) -> RoutingRule:
    """Of `listRoutingRules`."""
    match entry:
        case {
            "id": int(number),
            "domainName": str(domain),
            "matchUser": str(local_part),
            "prefix": bool(prefix),
            "catchall": bool(catchall),
            "targetAddresses": list(targets),
        } if not isinstance(number, bool) and domain and all(map(_is_text, (domain, local_part, *targets))):
            return RoutingRule(
                str(number),
                domain.lower(),
                local_part.lower(),
                prefix,
                catchall,
                tuple(to.lower() for to in targets),
            )
        case _:
            raise ValueError("rule")


def credit(result: Json) -> Decimal:
    """Of `checkAccountCredit`, which writes some seventy digits: never more than it says."""
    try:
        amount = Decimal(str(result.get("credit"))).quantize(_DIGITS, ROUND_FLOOR)
    except InvalidOperation:
        raise ValueError("credit") from None
    if not amount.is_finite():
        raise ValueError("credit")
    return amount


def _flag(result: Json, name: str) -> bool | None:
    value = result.get(name)
    if value is not None and not isinstance(value, bool):
        raise ValueError(name)
    return value


def _reset_method(entry: Json) -> ResetMethod:
    match entry:
        case {"type": str(kind), "target": str(target)} if _is_text(target) and target:
            description, two_factor = entry.get("description") or "", entry.get("allowMfaReset", True)
        case _:
            raise ValueError("resetMethods")
    if not _is_text(description) or not isinstance(two_factor, bool):
        raise ValueError("resetMethods")
    return ResetMethod(kind, target, description, two_factor)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()
