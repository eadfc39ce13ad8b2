"""What the calls about aliases do."""

import re
from typing import Any

from bot.sandbox.mailinabox.addresses import in_ascii, in_unicode, is_address, is_for_domain_control
from bot.sandbox.mailinabox.data import BoxAlias, SimulatedBox, domain_of
from bot.sandbox.mailinabox.domains import sort_addresses, sort_domains
from bot.sandbox.mailinabox.users import Refused

_REQUIRED = ("postmaster", "admin", "abuse")


def add_alias(
    box: SimulatedBox, address: str, forwards_to: str, permitted_senders: str, *, update: bool
) -> str:
    """What the box says of it."""
    address = _plain(address).lower().strip()
    if not address:
        raise Refused("No email address provided.")
    if not is_address(address, empty_local=True):
        raise Refused(f"Invalid email address ({address}).")
    targets = _targets(box, address, forwards_to.strip())
    senders = _split(permitted_senders)
    for sender in senders:
        if sender not in box.users:
            raise Refused(f"Invalid permitted sender: {sender} is not a user on this system.")
    if not targets and not senders:
        raise Refused("The alias must either forward to an address or have a permitted sender.")
    there = address in box.aliases
    if there and not update:
        raise Refused(f"Alias already exists ({address}).")
    box.aliases[address] = BoxAlias(address, targets, senders or None)
    return "alias updated" if there else "alias added"


def remove_alias(box: SimulatedBox, address: str) -> str:
    address = _plain(address)
    if address not in box.aliases:
        raise Refused(f"That's not an alias ({address}).")
    del box.aliases[address]
    return "alias removed"


def automatic(box: SimulatedBox) -> dict[str, BoxAlias]:
    """Those that every domain has, for as long as it has any other address, and its name in other letters."""
    real = box.user_domains | {
        domain_of(address)
        for address in box.aliases
        if not address.startswith(("@", *(f"{name}@" for name in _REQUIRED)))
    }
    wanted = {f"hostmaster@{box.hostname}", *(f"{name}@{domain}" for domain in real for name in _REQUIRED)}
    pointing = {address: box.administrator for address in wanted if address != box.administrator}
    pointing |= {f"@{in_unicode(domain)}": f"@{domain}" for domain in box.mail_domains}
    return {address: BoxAlias(address, [target]) for address, target in pointing.items() if address != target}


def listing(box: SimulatedBox) -> list[dict[str, Any]]:
    by_domain: dict[str, list[dict[str, Any]]] = {}
    for alias, auto in _known(box).values():
        if auto and alias.address.startswith("@"):
            continue
        by_domain.setdefault(in_unicode(domain_of(alias.address)), []).append(
            {
                "address": alias.address,
                "address_display": _pretty(alias.address),
                "forwards_to": [_pretty(target) for target in alias.forwards_to or [""]],
                "permitted_senders": None
                if alias.permitted_senders is None
                else [_pretty(sender) for sender in alias.permitted_senders],
                "auto": auto,
            }
        )
    return [
        {
            "domain": domain,
            "aliases": sorted(by_domain[domain], key=lambda one: (one["auto"], one["address"])),
        }
        for domain in sort_domains(by_domain, box.hostname)
    ]


def lines(box: SimulatedBox) -> str:
    """The same as text, one a line."""
    known = {address: alias for address, (alias, _) in _known(box).items()}
    return "".join(
        f"{address}\t{','.join(known[address].forwards_to)}\t{','.join(known[address].permitted_senders or [])}\n"
        for address in sort_addresses(known, box.hostname)
    )


def _known(box: SimulatedBox) -> dict[str, tuple[BoxAlias, bool]]:
    """Each address once, and whether it is an automatic one: of two of the same, as there, the one whose target is last."""
    known = {address: (alias, False) for address, alias in box.aliases.items()}
    for address, alias in automatic(box).items():
        mine = known.get(address)
        if mine is None or ",".join(mine[0].forwards_to) <= ",".join(alias.forwards_to):
            known[address] = (alias, True)
    return known


def _targets(box: SimulatedBox, address: str, given: str) -> list[str]:
    guarded = is_for_domain_control(address)
    if not guarded and is_address(_plain(given), empty_local=True):
        return [_plain(given)]
    targets = [_plain(one) for one in _split(given)]
    for target in targets:
        if not is_address(target):
            raise Refused(f"Invalid receiver email address ({target}).")
        user = box.users.get(re.sub(r"\+[^@]*(?=@)", "", target))
        if guarded and not is_for_domain_control(target) and "admin" not in (user.privileges if user else []):
            raise Refused(
                "This alias can only have administrators of this system as destinations because the address is frequently "
                "used for domain control validation."
            )
    return targets


def _split(given: str) -> list[str]:
    return [one.strip() for line in given.split("\n") for one in line.split(",") if one.strip()]


def _plain(address: str) -> str:
    """With its domain as it is in the DNS, where it has one."""
    local, at, domain = address.partition("@")
    name = in_ascii(domain) if at and "@" not in domain else None
    return address if name is None else f"{local}@{name}"


def _pretty(address: str) -> str:
    local, at, domain = address.partition("@")
    return f"{local}@{in_unicode(domain)}" if at else address
