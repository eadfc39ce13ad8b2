"""A DNS server on loopback, over UDP and TCP: answers like a resolver (CNAMEs are followed), and fails on demand.

Asked without recursion, it answers like a name server: with authority for the zones whose SOA it holds.
"""

import asyncio
import collections
import struct
from functools import lru_cache
from typing import Literal, cast

import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from typing_extensions import override

from bot.model import ProviderVerdict
from bot.sandbox.zones import MAIL_HOST, ZoneData, dkim_aliases

HOST = "127.0.0.1"
TTL = 300
NEGATIVE_TTL = 60

DnsFault = Literal["drop", "servfail", "refused", "truncate", "bogus"] | float
"""A number delays the answer by so many seconds; `truncate` sends the asker from UDP to TCP.

`bogus` does as a validating resolver with a broken signature: SERVFAIL and the reason (RFC 8914 section 4.7), but the
records for an asker that checks signatures itself (the CD bit, RFC 4035 section 3.2.2).
"""


class DnsServer:
    """`faults`: by name, or by (name, type), may be changed while it runs.

    `ttls`: by name, in seconds, where it is not TTL. `signed`: names about which it says, to whoever asks, that it found
    the signatures good (RFC 6840 section 5.8). `reason` is what `bogus` says beside its code. `asked` counts the questions, `most_at_once` is how many were open at the same time.
    """

    def __init__(self, zones: ZoneData) -> None:
        self.faults: dict[str | tuple[str, str], DnsFault] = {}
        self.signed: set[str] = set()
        self.ttls: dict[str, int] = {}
        self.asked: collections.Counter[tuple[str, str]] = collections.Counter()
        self.reason: str | None = None
        self.most_at_once = 0
        self.address = ""
        self._records: dict[tuple[str, str], list[str]] = {}
        self._existing: collections.Counter[str] = collections.Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.Server | None = None
        for (name, rdtype), values in zones.items():
            self.set_records(name, rdtype, values)

    def set_records(self, name: str, rdtype: str, values: list[str]) -> None:
        """Publish these records in place of those of the same name and type."""
        key = (name.lower().rstrip("."), rdtype)
        if key not in self._records:
            self._existing.update(_with_parents(key[0]))
        self._records[key] = list(values)

    def remove(self, name: str, rdtype: str) -> None:
        """Take these records away. Raises KeyError if there are none."""
        key = (name.lower().rstrip("."), rdtype)
        del self._records[key]
        self._existing.subtract(_with_parents(key[0]))

    def records(self, name: str, rdtype: str) -> list[str]:
        """What the name itself has, without following CNAMEs."""
        return self._records.get((name.lower().rstrip("."), rdtype), [])

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(20):  # the port that UDP gets may be taken for TCP
            self._udp, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), local_addr=(HOST, 0))
            port = self._udp.get_extra_info("sockname")[1]
            try:
                self._tcp = await asyncio.start_server(self._serve_tcp, HOST, port)
            except OSError:
                self._udp.close()
                continue
            self.address = f"{HOST}:{port}"
            return
        raise OSError("no port is free for both UDP and TCP")

    async def stop(self) -> None:
        if self._udp is not None:
            self._udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def serve_udp(self, data: bytes, sender: tuple[str, int], transport: asyncio.DatagramTransport) -> None:
        async def reply() -> None:
            answer = await self.answer(data, over_udp=True)
            if answer is not None and not transport.is_closing():
                transport.sendto(answer, sender)

        self._track(asyncio.create_task(reply()))

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._track(task)
        try:
            while True:
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                answer = await self.answer(await reader.readexactly(length), over_udp=False)
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def answer(self, data: bytes, *, over_udp: bool) -> bytes | None:
        """What it answers to a message, both as they travel; None for nothing."""
        try:
            question = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return None
        if not question.question:
            return None
        asked = question.question[0]
        name, rdtype = asked.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(asked.rdtype)
        self.asked[name, rdtype] += 1
        fault = self.faults.get((name, rdtype), self.faults.get(name))
        if fault == "drop":
            return None
        if isinstance(fault, int | float):
            await asyncio.sleep(fault)
        answer = dns.message.make_response(question, recursion_available=True)
        if fault in {"servfail", "refused"}:
            answer.set_rcode(dns.rcode.SERVFAIL if fault == "servfail" else dns.rcode.REFUSED)
        elif fault == "bogus" and not question.flags & dns.flags.CD:
            answer.set_rcode(dns.rcode.SERVFAIL)
            told = dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, self.reason)
            answer.use_edns(0, 0, 1232, options=[told])
        elif fault == "truncate" and over_udp:
            answer.flags |= dns.flags.TC
        else:
            self._fill(answer, name, rdtype)
            answer.flags |= self._flags(question, name)
        limit = max(512, question.payload or 512) if over_udp else 65535
        try:
            return answer.to_wire(max_size=limit)
        except dns.exception.TooBig:
            answer = dns.message.make_response(question, recursion_available=True)
            answer.flags |= dns.flags.TC
            return answer.to_wire()

    def _fill(self, answer: dns.message.Message, name: str, rdtype: str) -> None:
        followed: set[str] = set()
        while not (values := self.records(name, rdtype)):
            alias = self.records(name, "CNAME")
            if not alias or name in followed:
                break
            followed.add(name)
            answer.answer.append(self._rrset(name, "CNAME", alias))
            name = alias[0].lower().rstrip(".")
        if values:
            answer.answer.append(self._rrset(name, rdtype, values))
            return
        if not self._exists(name):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        soa = f"ns.sandbox.example. hostmaster.sandbox.example. 1 3600 600 86400 {NEGATIVE_TTL}"
        answer.authority.append(_rrset(".", NEGATIVE_TTL, "SOA", (soa,)))

    def _flags(self, question: dns.message.Message, name: str) -> int:
        flags = 0
        if not question.flags & dns.flags.RD and any(
            self.records(zone, "SOA") for zone in _with_parents(name)
        ):
            flags |= dns.flags.AA
        if question.flags & dns.flags.AD and name in self.signed:
            flags |= dns.flags.AD
        return flags

    def _rrset(self, name: str, rdtype: str, values: list[str]) -> dns.rrset.RRset:
        return _rrset(name, self.ttls.get(name, TTL), rdtype, tuple(values))

    def _exists(self, name: str) -> bool:
        """Also a name that has nothing itself, but names below it, exists (RFC 8020)."""
        return self._existing[name] > 0

    def _track(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        self.most_at_once = max(self.most_at_once, len(self._tasks))
        task.add_done_callback(self._tasks.discard)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(
            "asyncio.DatagramTransport", transport
        )  # asyncio's own class is no subclass of it

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.serve_udp(data, addr, self._transport)


def _with_parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]


@lru_cache(maxsize=4096)
def _rrset(name: str, ttl: int, rdtype: str, values: tuple[str, ...]) -> dns.rrset.RRset:
    """Not to be changed: the same is given to all who ask."""
    texts = [_quoted(value) for value in values] if rdtype == "TXT" else values
    return dns.rrset.from_text(dns.name.from_text(name), ttl, "IN", rdtype, *texts)


def _quoted(value: str) -> str:
    """A TXT value in strings of at most 255 octets (RFC 1035 section 3.3)."""
    if value.startswith('"'):
        return value
    parts = [value[start : start + 255] for start in range(0, len(value), 255)] or [""]
    return " ".join('"{}"'.format(part.replace("\\", "\\\\").replace('"', '\\"')) for part in parts)


def publishes(server: DnsServer, domain: str, text: str) -> bool:
    """Whether the domain has that TXT record."""
    return text in server.records(domain, "TXT")


def verdict(server: DnsServer, domain: str) -> ProviderVerdict:
    """What the mail system's own check says of a domain, as far as its four flags go."""
    spf = [value for value in server.records(domain, "TXT") if value.startswith("v=spf1")]
    return ProviderVerdict(
        mx=any(value.split()[-1].rstrip(".") == MAIL_HOST for value in server.records(domain, "MX")),
        spf=len(spf) == 1 and "include:_spf.purelymail.com" in spf[0],
        dkim=all(server.records(name, "CNAME") == values for name, values in dkim_aliases(domain).items()),
        dmarc=bool(server.records(f"_dmarc.{domain}", "CNAME") or server.records(f"_dmarc.{domain}", "TXT")),
    )
