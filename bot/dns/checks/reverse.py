"""Reverse DNS: whether an address that mail is sent from has a name, and that name has the address (RFC 1912 section 2.1)."""

import asyncio
import re
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.checks.places import Address, address_records, addresses_in, is_public
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.model import Finding, Grade, Subject

_ANYBODY = re.compile(
    r"(?:^|[.-])(?:dyn(?:amic)?(?:ip)?|dhcp|dial(?:up|in)?|[av]?dsl|pool|ppp(?:oe)?|cable|dip)\d*(?=[.-])"
)
"""How networks call those of their customers who have no name of their own."""


AT_MOST = 10
"""So many names of one address are looked at, as RFC 7208 section 4.6.4 has it for SPF."""


@dataclass(frozen=True, slots=True)
class _Name:
    """One of the names of an address, and what was answered to the question for its addresses."""

    name: str
    forward: Answer

    def is_confirmed(self, address: Address) -> bool:
        return address in addresses_in(self.forward)


async def check_reverse(host: str, addresses: Collection[str], ask: Resolver) -> list[Finding]:
    """`host`: the name that the box greets with. `addresses`: those that it sends from; private ones are passed over.

    Asks for the PTR records of each, and for the addresses of the names there. Raises ValueError for what is not an IP
    address.
    """
    sources = sorted(
        filter(is_public, set(map(ip_address, addresses))), key=lambda one: (one.version, int(one))
    )
    if not sources:
        return [
            Finding(
                Subject.REVERSE,
                "REVERSE_UNTOLD",
                Grade.INFO,
                "The box does not say from which public address it sends.",
                "So its reverse DNS can't be looked at. Tell the box its public address.",
                tuple(addresses),
            )
        ]
    judged = await asyncio.gather(*(_check(host, address, ask) for address in sources))
    return worst_first(finding for findings in judged for finding in findings)


def is_generic(name: str, address: Address) -> bool:
    """Whether a name looks as if the network had made it up from the address."""
    name = name.lower()
    bare = re.sub(r"[._-]", "", name)
    if address.version == 4:
        octets = [str(octet) for octet in address.packed]
        numbers = [str(int(run)) for run in re.findall(r"[0-9]+", name)]
        in_turn = [numbers[start : start + 4] for start in range(len(numbers))]
        written = ("".join(octet.zfill(3) for octet in octets), address.packed.hex())
        made_up = octets in in_turn or octets[::-1] in in_turn or any(text in bare for text in written)
    else:
        # The half that says which host of the network it is (RFC 4291 section 2.5.1), as in the name or in reverse.
        half = address.packed[8:].hex()
        made_up = half in bare or half[::-1] in bare or str(address).replace(":", "-") in name
    return made_up or _ANYBODY.search(name) is not None


async def _check(host: str, address: Address, ask: Resolver) -> list[Finding]:
    pointer = address.reverse_pointer
    answer = await ask.lookup(pointer, "PTR")
    match answer:
        case Unanswered():
            return [unknown(Subject.REVERSE, f"The reverse DNS (PTR) of {address}", answer)]
        case NoDomain() | NoData():
            named: tuple[str, ...] = ()
        case Records(values=values):
            # The PTR record of a host without name leads to the root.
            named = tuple(sorted(filter(None, values), key=lambda name: name != host)[:AT_MOST])
    if not named:
        return [
            _finding(
                "REVERSE_MISSING",
                Grade.FAIL,
                f"{address}, from which the box sends, has no reverse DNS (PTR record).",
                f"Many receivers refuse mail from such an address, or call it spam. {_whom(address, host)}",
            )
        ]
    rdtype = "A" if address.version == 4 else "AAAA"
    answers = await asyncio.gather(*(ask.lookup(name, rdtype) for name in named))
    return _judge(host, address, list(map(_Name, named, answers)))


def _judge(host: str, address: Address, names: list[_Name]) -> list[Finding]:
    found = tuple(one.name for one in names)
    confirmed = [one.name for one in names if one.is_confirmed(address)]
    silent = [(one.name, one.forward) for one in names if isinstance(one.forward, Unanswered)]
    astray = [
        one.name for one in names if one.name not in confirmed and not isinstance(one.forward, Unanswered)
    ]
    findings = [unknown(Subject.REVERSE, f"The address of {name}", answer) for name, answer in silent[:1]]
    if not confirmed:
        # A name that could not be looked up may be the one that leads back.
        return findings or [_unconfirmed(host, address, found)]
    name = host if host in (*confirmed, *astray) else confirmed[0]
    if astray:
        # RFC 2181 section 10.2 allows several names, of which receivers look at any.
        findings.append(
            Finding(
                Subject.REVERSE,
                "REVERSE_EXTRA",
                Grade.WARN,
                f"Of the names of {address} in reverse DNS, not all lead back to it: {', '.join(astray)}.",
                "Receivers that look at such a one may refuse mail, or call it spam. "
                + (
                    "Publish this." if astray == [host] else f"Have only {name} there. {_whom(address, name)}"
                ),
                found,
                address_records(host, [address]) if host in astray else (),
            )
        )
    if is_generic(name, address):
        findings.append(
            _finding(
                "REVERSE_GENERIC",
                Grade.INFO,
                f"The name of {address} in reverse DNS, {name}, looks like one that its network gives to anybody.",
                f"Some receivers count that against a sender. {_whom(address, host)}",
                found,
            )
        )
    elif name != host:
        # RFC 5321 section 4.1.4: mail must not be refused for that alone.
        findings.append(
            _finding(
                "REVERSE_OTHER_NAME",
                Grade.INFO,
                f"The name of {address} in reverse DNS is {name}; the box calls itself {host}.",
                f"Some receivers count that against a sender. {_whom(address, host)}",
                found,
            )
        )
    return findings or [
        ok(Subject.REVERSE, f"{address} is {name} in reverse DNS, and {name} leads back to it.", name)
    ]


def _unconfirmed(host: str, address: Address, found: tuple[str, ...]) -> Finding:
    several = len(found) > 1
    summary = (
        f"The name{'s' if several else ''} of {address} in reverse DNS, {', '.join(found)}, do{'' if several else 'es'}"
        " not lead back to it."
    )
    risk = "Many receivers refuse mail from such an address, or call it spam."
    if host in found:
        return Finding(
            Subject.REVERSE,
            "REVERSE_UNCONFIRMED",
            Grade.FAIL,
            summary,
            f"{risk} Publish this.",
            found,
            address_records(host, [address]),
        )
    return _finding("REVERSE_UNCONFIRMED", Grade.FAIL, summary, f"{risk} {_whom(address, host)}", found)


def _whom(address: Address, host: str) -> str:
    return (
        f"Only who gives you the address can change that: set the reverse DNS of {address} to {host} in your hosting"
        f" provider's panel, or ask them to (the record {address.reverse_pointer} PTR {host})."
    )


def _finding(tag: str, grade: Grade, summary: str, why: str, found: tuple[str, ...] = ()) -> Finding:
    return Finding(Subject.REVERSE, tag, grade, summary, why, found)
