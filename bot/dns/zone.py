"""Which zone a domain is in: its own, or that of a domain above it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.dns.lookup import Answer, Records, Unanswered


@dataclass(frozen=True, slots=True)
class Zone:
    """`validated` as in Records, of its SOA."""

    name: str
    validated: bool


async def find_zone(domain: str, lookup: Callable[[str, str], Awaitable[Answer]]) -> Zone | Unanswered | None:
    """Walk up until a name has a SOA record, which the top of a zone has (RFC 1034 section 4.2.1); None if none has."""
    labels = domain.lower().split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        answer = await lookup(name, "SOA")
        match answer:
            case Unanswered():
                return answer
            # The SOA behind an alias is that of the name it leads to.
            case Records(chain=()):
                return Zone(name, answer.validated)
            case _:
                pass
    return None
