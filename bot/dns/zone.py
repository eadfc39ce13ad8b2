"""Which zone a domain is in: its own, or that of a domain above it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.dns.lookup import Answer, Records, Unanswered


@dataclass(frozen=True, slots=True)
class Zone:
    """`validated` as in Records, of its NS records, or of its SOA where no NS records were found."""

    name: str
    validated: bool


async def find_zone(domain: str, lookup: Callable[[str, str], Awaitable[Answer]]) -> Zone | Unanswered | None:
    """Walk up until a name is the top of a zone, which has NS and SOA records (RFC 1034 section 4.2.1); None if none is.

    Who looks at a zone wants to know its name servers in any case; the SOA is asked for where they don't settle it.
    """
    labels = domain.lower().split(".")
    for start in range(len(labels)):
        name = ".".join(labels[start:])
        for rdtype in ("NS", "SOA"):
            answer = await lookup(name, rdtype)
            # What stands behind an alias is that of the name it leads to.
            if isinstance(answer, Records) and not answer.chain:
                return Zone(name, answer.validated)
        if isinstance(answer, Unanswered):
            return answer
    return None
