"""Questions to DNS, answered with values: what is there, what is not, and what could not be found out.

"The name does not exist" and "there is no such record" are facts. A server that fails, refuses or keeps silent says
nothing about the records (RFC 2308 sections 2 and 7), so that is a third thing, and stays one all the way up.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import dns.asyncresolver
import dns.edns
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.rdtypes.txtbase
import dns.resolver
import dns.rrset
from typing_extensions import override

PAYLOAD = 1232
"""Bytes of UDP that pass everywhere (dnsflagday.net/2020); a longer answer comes over TCP."""

SYSTEM = Path("/etc/resolv.conf")

TRY_SECONDS = 3.0
LIFETIME_SECONDS = 8.0


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

        def asking(flags: int) -> dns.asyncresolver.Resolver:
            resolver = dns.asyncresolver.Resolver(configure=False)
            if nameservers:
                resolver.nameservers = [_nameserver(entry) for entry in nameservers]
            else:
                with contextlib.suppress(dns.resolver.NoResolverConfiguration):
                    resolver.read_resolv_conf(system)
            resolver.timeout = try_seconds
            resolver.lifetime = lifetime_seconds
            resolver.use_edns(0, 0, PAYLOAD)
            resolver.set_flags(dns.flags.RD | flags)
            return resolver

        # RFC 6840 section 5.7: with AD, one asks to be told whether the signatures are good.
        self._checking = asking(dns.flags.AD)
        self._unchecking = asking(dns.flags.CD)
        self._room = asyncio.Semaphore(in_flight) if isinstance(in_flight, int) else in_flight

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        return await self._ask(self._checking, name, rdtype)

    @override
    async def lookup_unchecked(self, name: str, rdtype: str) -> Answer:
        return await self._ask(self._unchecking, name, rdtype)

    async def _ask(self, resolver: dns.asyncresolver.Resolver, name: str, rdtype: str) -> Answer:
        try:
            absolute = dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008).derelativize(dns.name.root)
        except dns.exception.DNSException:
            return Unanswered(f"{name} can't be written as a DNS name")
        if not resolver.nameservers:
            return Unanswered("no DNS resolver is configured")
        async with self._room:
            try:
                answer = await resolver.resolve(absolute, rdtype, raise_on_no_answer=False, search=False)
            except dns.resolver.NXDOMAIN as error:
                response = _response(error)
                return NoDomain(_chain(response, absolute), _ttl(response))
            except dns.resolver.NoNameservers as error:
                return _failure(error)
            except (dns.resolver.LifetimeTimeout, OSError):
                return Unanswered("no name server answered in time")
            except dns.exception.DNSException as error:
                return Unanswered(f"the answer can't be used ({type(error).__name__})")
        chain = _chain(answer.response, absolute)
        if answer.rrset is None:
            return NoData(chain, _ttl(answer.response))
        validated = bool(answer.response.flags & dns.flags.AD)
        return Records(tuple(sorted(map(rdata_text, answer.rrset))), chain, answer.rrset.ttl, validated)


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
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(*key))
        # One who no longer wants to know takes the answer from nobody else.
        return await asyncio.shield(self._asked[key])

    async def _ask(self, name: str, rdtype: str) -> Answer:
        return await self._resolver.lookup(name, rdtype)


def a_labels(name: str) -> str:
    """The name as it stands in DNS (RFC 5890 section 2.3.2.1), lower case; what can't stand there is left as it is."""
    try:
        absolute = dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008)
    except dns.exception.DNSException:
        return name.lower()
    return absolute.to_text(omit_final_dot=True).lower()


def _nameserver(entry: str) -> dns.nameserver.Nameserver:
    host, port = entry, 53
    if entry.startswith("["):
        host, _, rest = entry[1:].partition("]")
        port = int(rest.removeprefix(":") or 53)
    elif entry.count(":") == 1:
        host, _, number = entry.partition(":")
        port = int(number)
    return dns.nameserver.Do53Nameserver(host, port)


def rdata_text(rdata: object) -> str:
    if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    text = str(rdata).lower()
    return text if text.endswith(" .") else text.removesuffix(".")


def _chain(response: dns.message.Message, start: dns.name.Name) -> tuple[str, ...]:
    """The names that the CNAMEs of an answer lead to, one after the other."""
    aliases = {
        rrset.name: rrset[0].target for rrset in response.answer if rrset.rdtype == dns.rdatatype.CNAME
    }
    names: list[str] = []
    name = start
    while name in aliases and len(names) < len(aliases):
        name = aliases[name]
        names.append(name.to_text(omit_final_dot=True).lower())
    return tuple(names)


def _response(error: dns.resolver.NXDOMAIN) -> dns.message.Message:
    responses: dict[object, dns.message.Message] = error.responses()  # type: ignore[no-untyped-call]  # dnspython leaves it bare
    return next(iter(responses.values()))


def _ttl(response: dns.message.Message) -> int:
    """How long a negative answer holds: the lesser of the SOA's TTL and its last field (RFC 2308 section 5)."""
    soas = (rrset for rrset in response.authority if rrset.rdtype == dns.rdatatype.SOA)
    return next((min(rrset.ttl, rrset[0].minimum) for rrset in soas), 0)


def _failure(error: dns.resolver.NoNameservers) -> Unanswered:
    """What the resolvers said, with the reason they gave for it, if any (RFC 8914)."""
    for *_, reason, response in error.kwargs.get("errors", []):
        if response is not None:
            if response.rcode() == dns.rcode.NOERROR:
                # An alias that leads in a circle, or through too many names.
                return Unanswered("the answer can't be used")
            errors = response.extended_errors()
            told = [ede.text or _meaning(ede.code) for ede in errors]
            code = dns.rcode.to_text(response.rcode())
            why = f"the name servers answered {code}" + (f" ({told[0]})" if told else "")
            return Unanswered(why, code, tuple(int(ede.code) for ede in errors))
        if isinstance(reason, Exception):
            return Unanswered("no name server could be reached")
    return Unanswered("no name server gave a usable answer")


def _meaning(code: int) -> str:
    """The name of an extended error in IANA's registry, or its number."""
    return f"extended error {dns.edns.EDECode.to_text(code)}"
