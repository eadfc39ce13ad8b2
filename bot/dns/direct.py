"""Questions to one name server itself, past the resolver: what it says of a zone that it should serve."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import dns.exception
import dns.rcode
from typing_extensions import override

from bot.dns.exchange import Exchange, Server
from bot.dns.lookup import Unanswered
from bot.dns.reply import Reply, read
from bot.dns.wire import AA, UnusableError, question

TRIES = 2


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """`rcode`: `NOERROR`, `REFUSED` ...; `values` as in Records. `authoritative`: the server holds the zone itself."""

    rcode: str
    authoritative: bool = False
    values: tuple[str, ...] = ()


class DirectResolver(Protocol):
    async def ask_server(self, address: str, name: str, rdtype: str) -> ServerAnswer | Unanswered:
        """Ask the server at an IP address, without recursion. Never raises for what DNS, or the network, does."""


class NameServers(DirectResolver):
    """Over UDP, and TCP where the answer is too long; at most `in_flight` questions at a time."""

    def __init__(
        self,
        *,
        in_flight: int | asyncio.Semaphore,
        try_seconds: float = 3.0,
        found_at: Mapping[str, str] | None = None,
    ) -> None:
        """`found_at`: by address, the `host:port` to ask instead, and no others; None for each address's port 53."""
        self._found_at = found_at
        self._try_seconds = try_seconds
        self._exchange = Exchange()
        self._room = asyncio.Semaphore(in_flight) if isinstance(in_flight, int) else in_flight

    @override
    async def ask_server(self, address: str, name: str, rdtype: str) -> ServerAnswer | Unanswered:
        where = f"{address}:53" if self._found_at is None else self._found_at.get(address)
        if where is None:
            return Unanswered(f"{address} could not be reached")
        host, _, port = where.rpartition(":")
        try:
            asked = question(name, rdtype, flags=0)
        except dns.exception.DNSException:
            return Unanswered(f"{name} can't be written as a DNS name")
        async with self._room:
            for _ in range(TRIES):
                try:
                    reply = read(
                        await self._exchange.ask(Server(host, int(port)), asked, self._try_seconds), asked
                    )
                except TimeoutError:
                    continue
                except OSError:
                    return Unanswered(f"{address} could not be reached")
                except UnusableError:
                    return Unanswered(f"the answer of {address} can't be used")
                return _told(reply)
        return Unanswered(f"{address} did not answer in time")


def _told(reply: Reply) -> ServerAnswer:
    """Of the name itself: what an alias leads to is not the zone's."""
    rcode = dns.rcode.to_text(dns.rcode.Rcode.make(reply.rcode))
    return ServerAnswer(rcode, bool(reply.flags & AA), () if reply.chain else reply.values)
