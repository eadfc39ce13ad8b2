"""Addresses, and where a name leads."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from typing_extensions import override

from bot.dns.checks.mx_targets import owned
from bot.dns.lookup import Answer, Records, Resolver, Unanswered
from bot.model import DnsRecord

Address = IPv4Address | IPv6Address

# Without the networks for documentation (RFC 5737, RFC 3849): they stand for public addresses wherever one tries things.
_CLOSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # RFC 791
            "10.0.0.0/8",  # RFC 1918
            "100.64.0.0/10",  # RFC 6598
            "127.0.0.0/8",  # RFC 1122
            "169.254.0.0/16",  # RFC 3927
            "172.16.0.0/12",
            "192.168.0.0/16",
            "224.0.0.0/3",  # RFC 1112, with all above
            "::/127",  # RFC 4291
            "::ffff:0:0/96",
            "fc00::/7",  # RFC 4193
            "fe80::/9",  # RFC 4291, with the site-local ones of RFC 3879
            "ff00::/8",
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Place:
    """A name, and the addresses it leads to. `end`: the last of its aliases, or itself. `trouble`: not all was answered."""

    name: str
    end: str
    addresses: frozenset[Address]
    trouble: Unanswered | None = None

    @property
    def is_alias(self) -> bool:
        return self.end != self.name

    @property
    def is_missing(self) -> bool:
        """It has no address, for certain."""
        return not self.addresses and self.trouble is None

    def strays(self, ours: frozenset[Address]) -> bool:
        """It leads elsewhere, if only in part; or it is an alias of a name without address, which others may get hold of."""
        return bool(self.addresses - ours) or (self.is_alias and self.is_missing)

    @override
    def __str__(self) -> str:
        """What it is, without its name."""
        what = f"an alias of {owned([self.end])}, " if self.is_alias else ""
        return what + (f"at {listed(self.addresses)}" if self.addresses else "without address")


async def find_place(name: str, ask: Resolver) -> Place:
    answers = await asyncio.gather(ask.lookup(name, "A"), ask.lookup(name, "AAAA"))
    told = [answer for answer in answers if not isinstance(answer, Unanswered)]
    end = next((answer.chain[-1] for answer in told if answer.chain), name)
    silent = next((answer for answer in answers if isinstance(answer, Unanswered)), None)
    return Place(name, end, frozenset().union(*map(addresses_in, answers)), silent)


def addresses_in(answer: Answer) -> frozenset[Address]:
    """The addresses that an answer to a question for A or AAAA gives."""
    return frozenset(map(ip_address, answer.values)) if isinstance(answer, Records) else frozenset()


def is_public(address: Address) -> bool:
    """Whether it can be reached from everywhere, going by its number."""
    return not any(address in network for network in _CLOSED if network.version == address.version)


def address_records(name: str, addresses: Iterable[Address]) -> tuple[DnsRecord, ...]:
    return tuple(
        DnsRecord(name, "A" if address.version == 4 else "AAAA", str(address))
        for address in sorted(addresses, key=lambda address: (address.version, int(address)))
    )


def texts(addresses: Iterable[Address]) -> tuple[str, ...]:
    return tuple(map(str, sorted(addresses, key=lambda address: (address.version, int(address)))))


def listed(addresses: Iterable[Address]) -> str:
    return ", ".join(texts(addresses))
