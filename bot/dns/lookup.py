"""Questions to DNS, answered with values: what is there, what is not, and what could not be found out.

"The name does not exist" and "there is no such record" are facts. A server that fails, refuses or keeps silent says
nothing about the records (RFC 2308 sections 2 and 7), so that is a third thing, and stays one all the way up.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import shuffle
from typing import Protocol, Self

import dns.edns
import dns.exception
import dns.name
import dns.rcode
import dns.resolver
from typing_extensions import override

from bot.dns.exchange import Exchange, Server
from bot.dns.reply import Reply, read
from bot.dns.wire import AD, CD, NOERROR, NXDOMAIN, RD, Question, UnusableError, question

PAYLOAD = 1232
"""Bytes of UDP that pass everywhere (dnsflagday.net/2020); a longer answer comes over TCP."""

SYSTEM = Path("/etc/resolv.conf")

TRY_SECONDS = 3.0
LIFETIME_SECONDS = 8.0
PAUSE_SECONDS = 0.1
"""Before all that were silent are asked again; twice as long the next time."""

LONGEST_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Records:
    """The records, as text. `chain` are the names that CNAMEs led through, the last one being where they are.

    MX: `10 mail.example`; TXT: the strings of a record put together (RFC 7208 section 3.3). Names have no final dot,
    except that of a null MX: `0 .` (RFC 7505 section 3). `validated`: the resolver has checked the signatures, and they
    are good (RFC 4035 section 3.2.3).
    """

    values: tuple[str, ...]
    chain: tuple[str, ...] = ()
    ttl: int = 0
    validated: bool = False


@dataclass(frozen=True, slots=True)
class NoDomain:
    """The name does not exist. `chain` as in Records: with one, the name is an alias, and the last of them is missing.

    `ttl`: for how many seconds that may be believed (RFC 2308 section 5).
    """

    chain: tuple[str, ...] = ()
    ttl: int = 0

    @property
    def dangling(self) -> str | None:
        """The missing name that the alias leads to."""
        return self.chain[-1] if self.chain else None


@dataclass(frozen=True, slots=True)
class NoData:
    """The name exists, without such a record. `chain` and `ttl` as in NoDomain."""

    chain: tuple[str, ...] = ()
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Unanswered:
    """It could not be found out; `why` completes the sentence "DNS did not tell: ...".

    `rcode`: `SERVFAIL`, `REFUSED` ... if the resolver answered so; `errors`: the codes of the reasons that it gave for it
    (RFC 8914).
    """

    why: str
    rcode: str | None = None
    errors: tuple[int, ...] = ()


Answer = Records | NoDomain | NoData | Unanswered

UNUSABLE = Unanswered("the answer can't be used")


class Resolver(Protocol):
    async def lookup(self, name: str, rdtype: str) -> Answer:
        """Ask for the records of an absolute name (without final dot). Never raises for what DNS says."""


class UncheckedResolver(Resolver, Protocol):
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        """As `lookup`, but signatures need not be good: asks with the CD bit (RFC 4035 section 3.2.2)."""


class DnsResolver(UncheckedResolver):
    """Asks the configured resolvers, at most `in_flight` questions at a time."""

    def __init__(
        self,
        nameservers: Sequence[str],
        *,
        in_flight: int | asyncio.Semaphore,
        try_seconds: float = TRY_SECONDS,
        lifetime_seconds: float = LIFETIME_SECONDS,
        system: Path = SYSTEM,
    ) -> None:
        """`nameservers`: `192.0.2.53` or `192.0.2.53:5353` (`[2001:db8::53]:53`); empty for those that `system` names.

        Where `system` names none either, every question is Unanswered.
        """
        self._servers, self._rotate = [_server(entry) for entry in nameservers], False
        if not nameservers:
            configured = dns.resolver.Resolver(configure=False)
            with contextlib.suppress(dns.resolver.NoResolverConfiguration):
                configured.read_resolv_conf(system)
            self._servers = [Server(str(host)) for host in configured.nameservers]
            self._rotate = configured.rotate
        self._try_seconds = try_seconds
        self._lifetime_seconds = lifetime_seconds
        self._exchange = Exchange()
        self._room = asyncio.Semaphore(in_flight) if isinstance(in_flight, int) else in_flight

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        # RFC 6840 section 5.7: with AD, one asks to be told whether the signatures are good.
        return await self._ask(name, rdtype, RD | AD)

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        return await self._ask(name, rdtype, RD | CD)

    async def _ask(self, name: str, rdtype: str, flags: int) -> Answer:
        try:
            asked = question(name, rdtype, flags, PAYLOAD)
        except dns.exception.DNSException:
            return Unanswered(f"{name} can't be written as a DNS name")
        if not self._servers:
            return Unanswered("no DNS resolver is configured")
        async with self._room:
            return await self._ask_any(asked)

    async def _ask_any(self, asked: Question) -> Answer:
        """Ask one server after the other. Who is silent is asked again; who fails, refuses or can't be reached is not."""
        now = asyncio.get_running_loop().time
        deadline = now() + self._lifetime_seconds
        servers = list(self._servers)
        if self._rotate:
            shuffle(servers)
        failures: list[Unanswered] = []
        pause = PAUSE_SECONDS
        while servers:
            for server in list(servers):
                left = deadline - now()
                if left <= 0:
                    return Unanswered("no name server answered in time")
                try:
                    answer = await self._ask_one(server, asked, min(self._try_seconds, left))
                except TimeoutError:
                    continue
                if not isinstance(answer, Unanswered):
                    return answer
                failures.append(answer)
                servers.remove(server)
            if servers:
                await asyncio.sleep(min(pause, max(0.0, deadline - now())))
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        # What a server says tells more than that another one can't be reached.
        return next((failure for failure in failures if failure.rcode is not None), failures[0])

    async def _ask_one(self, server: Server, asked: Question, seconds: float) -> Answer:
        """Raises TimeoutError."""
        try:
            reply = read(await self._exchange.ask(server, asked, seconds), asked)
        except TimeoutError:
            raise
        except OSError:
            return Unanswered("no name server could be reached")
        except UnusableError:
            return UNUSABLE
        if reply.rcode == NXDOMAIN:
            return UNUSABLE if reply.values else NoDomain(reply.chain, reply.negative_ttl)
        if reply.rcode != NOERROR:
            return _failure(reply)
        if reply.ttl is None:
            return NoData(reply.chain, reply.negative_ttl)
        return Records(reply.values, reply.chain, reply.ttl, bool(reply.flags & AD))


class Sweep(Resolver):
    """Asks each question once, whoever wants to know: within its `async with`."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._asked: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        key = (name.lower(), rdtype)
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._ask(*key))
        # One who no longer wants to know takes the answer from nobody else.
        return asked.result() if asked.done() else await asyncio.shield(asked)

    async def _ask(self, name: str, rdtype: str) -> Answer:
        return await self._resolver.lookup(name, rdtype)


def a_labels(name: str) -> str:
    """The name as it stands in DNS (RFC 5890 section 2.3.2.1), lower case; what can't stand there is left as it is."""
    try:
        absolute = dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008)
    except dns.exception.DNSException:
        return name.lower()
    return absolute.to_text(omit_final_dot=True).lower()


def _server(entry: str) -> Server:
    host, port = entry, 53
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        port = int(rest.removeprefix(":") or 53)
    elif entry.count(":") == 1:
        host, _, number = entry.partition(":")
        port = int(number)
    return Server(host, port)


def _failure(reply: Reply) -> Unanswered:
    """What the server said, with the reason it gave for it, if any (RFC 8914)."""
    told = [text or _meaning(code) for code, text in reply.errors]
    rcode = dns.rcode.to_text(dns.rcode.Rcode.make(reply.rcode))
    why = f"the name servers answered {rcode}" + (f" ({told[0]})" if told else "")
    return Unanswered(why, rcode, tuple(code for code, _ in reply.errors))


def _meaning(code: int) -> str:
    """The name of an extended error in IANA's registry, or its number."""
    return f"extended error {dns.edns.EDECode.to_text(dns.edns.EDECode.make(code))}"
