"""What a Mail-in-a-Box answers, read. Each reader raises ValueError for what is not such an answer.

Shapes as of v75 (https://github.com/mail-in-a-box/mailinabox, management/daemon.py and mailconfig.py); before v73 users
have no quotas, and the keys about them are absent.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.addresses import in_ascii
from bot.model import DnsRecord, UserDetails
from bot.providers.base import RoutingRule, UserListing
from bot.providers.words import repeatable

ADMIN = "admin"
"""The one privilege that means anything."""

_ADDRESS = re.compile(r"[^\s@<>]+@[^\s@<>]+")
_DOMAIN = re.compile(r"[^\s@<>{}\[\]\"\']+\.[^\s@<>{}\[\]\"\']+")
_WORD = re.compile(r"[^\s<>{}]{1,64}")
_QUOTA = re.compile(r"(\d{1,18})([GM]?)")
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?)([KMGT]?)B?")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


@dataclass(frozen=True, slots=True)
class BoxListing:
    """`has_quotas`: whether the box tells a quota of its users; None where it has no user to tell one of."""

    listing: UserListing
    has_quotas: bool | None


def users(text: str) -> BoxListing:
    """GET /mail/users?format=json: the users of each domain, the archived ones after the active."""
    details: dict[str, UserDetails] = {}
    archived: set[str] = set()
    has_quotas: bool | None = None
    for entry in _entries(text, "users"):
        address = _address(entry.get("email"))
        match entry.get("status"):
            case "active":
                known = UserDetails(
                    admin=_is_admin(entry.get("privileges")),
                    quota=quota(entry.get("quota")),
                    used=_size(entry.get("box_size")),
                )
                has_quotas = bool(has_quotas) or known.quota is not None
                details[address] = known
            case "inactive":
                archived.add(address)
            case _:
                raise ValueError(entry)
    addresses = frozenset(details)
    return BoxListing(
        UserListing(addresses, complete=True, details=details, archived=frozenset(archived) - addresses),
        has_quotas,
    )


def addresses(text: str) -> frozenset[str]:
    """GET /mail/users: one address a line."""
    return frozenset(_address(line) for line in text.splitlines())


def domains(text: str) -> list[str]:
    """GET /mail/domains: one a line, in no order."""
    return sorted({_matching(_DOMAIN, line).lower() for line in text.splitlines()})


def privileges(text: str) -> frozenset[str]:
    """GET /mail/users/privileges: one a line, or nothing."""
    return frozenset(_matching(_WORD, line) for line in text.splitlines())


def quota_of(text: str, address: str) -> int | None:
    """GET /mail/users/quota: bytes; None where there is no such user, which is told with HTTP 200."""
    match json.loads(text):
        case {"email": str(email), "quota": str(given)} if email == address:
            if (limit := quota(given)) is not None:
                return limit
        case {"email": str(email), "quota": [str(said), 400]} if email == address and said == no_such_user(
            address
        ):
            return None
    raise ValueError(text)


def no_such_user(address: str) -> str:
    return f"That's not a user ({address})."


def aliases(text: str) -> list[RoutingRule]:
    """GET /mail/aliases?format=json: by domain and address. One of a domain alone, such as `@acme.example`, is a catch-all.

    Domains of targets come as people write them. Older boxes write `required` for `auto`.
    """
    found = [_alias(entry) for entry in _entries(text, "aliases")]
    return sorted(found, key=lambda rule: (rule.domain, rule.match))


def _alias(entry: dict[str, Any]) -> RoutingRule:
    match entry:
        case {"address": str(address), "forwards_to": list(targets)} if address.isprintable():
            local_part, at, domain = address.lower().rpartition("@")
        case _:
            raise ValueError(entry)
    senders = entry.get("permitted_senders") or []
    if not (at and domain and isinstance(senders, list)):
        raise ValueError(entry)
    return RoutingRule(
        f"{local_part}@{domain}",
        domain,
        local_part,
        prefix=not local_part,
        catchall=not local_part,
        targets=tuple(_spelt(target) for target in targets if target != ""),
        senders=tuple(_spelt(sender) for sender in senders),
        automatic=bool(entry.get("auto", entry.get("required", False))),
    )


def _spelt(given: object) -> str:
    """An address, or the domain alone with its @, with the domain as it is in the DNS."""
    if not isinstance(given, str) or "@" not in given or not given.isprintable():
        raise ValueError(given)
    local_part, _, domain = given.strip().rpartition("@")
    return f"{local_part.lower()}@{in_ascii(domain)}"


def dns_records(text: str) -> list[DnsRecord]:
    """GET /dns/dump: the records of each zone, absolute, with "0 ." for the MX of what takes no mail."""
    content = json.loads(text)
    if not isinstance(content, list):
        raise ValueError(text[:80])  # noqa: TRY004 - it is a wrong answer, not a wrong argument
    found: list[DnsRecord] = []
    for zone in content:
        match zone:
            case [str(), list(records)]:
                found += map(_record, records)
            case _:
                raise ValueError(zone)
    return found


def _record(entry: object) -> DnsRecord:
    match entry:
        case {"qname": str(name), "rtype": str(rdtype), "value": str(value)}:
            name = name.lower().rstrip(".")
        case _:
            raise ValueError(entry)
    if rdtype != "MX":
        return DnsRecord(name, rdtype, value.rstrip(".").lower() if rdtype == "CNAME" else value)
    priority, _, host = value.partition(" ")
    return DnsRecord(name, rdtype, host.strip().rstrip(".").lower(), int(priority))


def complaints(text: str) -> list[str]:
    """POST /system/status: the errors among its lines, each with the heading that it stands under."""
    content = json.loads(text)
    if not isinstance(content, list):
        raise ValueError(text[:80])  # noqa: TRY004 - it is a wrong answer, not a wrong argument
    found: list[str] = []
    heading = ""
    for line in content:
        match line:
            case {"type": "heading", "text": str(said)}:
                heading = repeatable(" ".join(said.split()))
            case {"type": "error", "text": str(said)}:
                found.append(f"{heading}: {repeatable(' '.join(said.split()))}")
            case {"type": str(), "text": str()}:
                pass
            case _:
                raise ValueError(line)
    return found


def has_mfa(text: str) -> bool:
    """POST /mfa/status: whether anything is enabled."""
    match json.loads(text):
        case {"enabled_mfa": list(enabled)}:
            return bool(enabled)
        case other:
            raise ValueError(other)


def reason(text: str) -> str:
    """Why credentials are not accepted; JSON, as we ask for it, or text."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return "" if is_page(text) else text.strip()
    return str(content.get("reason", "")) if isinstance(content, dict) else ""


def is_page(text: str) -> bool:
    """Whether it is HTML. All texts of a box are said to be, so the header tells nothing."""
    return text.lstrip("\ufeff \t\r\n").startswith("<")


def quota(given: object) -> int | None:
    """Bytes, 0 for no limit: "5G", "500M", "1048576"; None for anything else."""
    match = _QUOTA.fullmatch(given) if isinstance(given, str) else None
    return int(match[1]) * _UNITS[match[2]] if match else None


def spell_quota(size: int) -> str:
    """As a box takes it: whole units of G or M where it comes out even, bytes otherwise."""
    for unit in ("G", "M"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return str(size)


def _size(given: object) -> int | None:
    """Bytes of a size that is rounded for people, such as "19.1M"; None for "?"."""
    match = _SIZE.fullmatch(given.strip()) if isinstance(given, str) else None
    return round(float(match[1]) * _UNITS[match[2]]) if match else None


def _entries(text: str, key: str) -> Iterator[dict[str, Any]]:
    content = json.loads(text)
    if not isinstance(content, list):
        raise ValueError(text[:80])  # noqa: TRY004 - it is a wrong answer, not a wrong argument
    for group in content:
        inner = group.get(key) if isinstance(group, dict) else None
        if not isinstance(inner, list) or not all(isinstance(entry, dict) for entry in inner):
            raise ValueError(key)
        yield from inner


def _is_admin(given: object) -> bool | None:
    return ADMIN in given if isinstance(given, list) else None


def _address(given: object) -> str:
    return _matching(_ADDRESS, given).lower()


def _matching(pattern: re.Pattern[str], given: object) -> str:
    if not isinstance(given, str) or pattern.fullmatch(given) is None or not given.isprintable():
        raise ValueError(given)
    return given
