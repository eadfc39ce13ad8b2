"""Questions to one name server itself, past the resolver: what it says of a zone that it should serve."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from typing_extensions import override

from bot.dns.lookup import Unanswered, rdata_text

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
        self._room = asyncio.Semaphore(in_flight) if isinstance(in_flight, int) else in_flight

    @override
    async def ask_server(self, address: str, name: str, rdtype: str) -> ServerAnswer | Unanswered:
        where = f"{address}:53" if self._found_at is None else self._found_at.get(address)
        if where is None:
            return Unanswered(f"{address} could not be reached")
        host, _, port = where.rpartition(":")
        try:
            absolute = dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008).derelativize(dns.name.root)
        except dns.exception.DNSException:
            return Unanswered(f"{name} can't be written as a DNS name")
        question = dns.message.make_query(absolute, rdtype, flags=0)
        async with self._room:
            for _ in range(TRIES):
                try:
                    response, _ = await dns.asyncquery.udp_with_fallback(
                        question, host, timeout=self._try_seconds, port=int(port), ignore_unexpected=True
                    )
                except dns.exception.Timeout:
                    continue
                except (dns.exception.DNSException, OSError, EOFError, ValueError):
                    return Unanswered(f"{address} could not be reached")
                return _read(response, absolute, rdtype)
        return Unanswered(f"{address} did not answer in time")


def _read(response: dns.message.Message, name: dns.name.Name, rdtype: str) -> ServerAnswer:
    wanted = dns.rdatatype.from_text(rdtype)
    rrsets = [rrset for rrset in response.answer if rrset.name == name and rrset.rdtype == wanted]
    return ServerAnswer(
        dns.rcode.to_text(response.rcode()),
        bool(response.flags & dns.flags.AA),
        tuple(sorted(rdata_text(rdata) for rrset in rrsets for rdata in rrset)),
    )
