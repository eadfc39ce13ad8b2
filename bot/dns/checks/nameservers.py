"""The name servers of the domain's zone: that there are several, each can be found, and all serve the same."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.direct import DirectResolver, ServerAnswer
from bot.dns.lookup import Records, Resolver, Unanswered
from bot.dns.zone import find_zone
from bot.model import Finding, Grade, Subject


async def check_nameservers(domain: str, ask: Resolver, direct: DirectResolver) -> list[Finding]:
    """Asks every name server itself, beside asking for its addresses; once a day is enough."""
    zone = await find_zone(domain, ask.lookup)
    if isinstance(zone, Unanswered):
        return [unknown(Subject.NAMESERVERS, f"The zone of {domain}", zone)]
    if zone is None:
        return [
            _finding(
                "NS_NO_ZONE",
                Grade.INFO,
                f"No zone was found that {domain} is in.",
                "Nothing can be said of its name servers.",
            )
        ]
    answer = await ask.lookup(zone.name, "NS")
    if isinstance(answer, Unanswered):
        return [unknown(Subject.NAMESERVERS, f"The name servers of {zone.name}", answer)]
    hosts = [host for host in answer.values if host] if isinstance(answer, Records) else []
    servers = await asyncio.gather(*(_look(zone.name, host, ask, direct) for host in hosts))
    if len({server.soa for server in servers if server.soa}) > 1:
        # What has the same serial is the same zone (RFC 1034 section 4.3.5); else its NS records may differ, too.
        servers = await asyncio.gather(*(_look_closer(zone.name, server, direct) for server in servers))
    findings = [*_count(zone.name, hosts), *_judge(zone.name, servers)]
    return worst_first(findings) or [
        ok(Subject.NAMESERVERS, f"All {len(hosts)} name servers of {zone.name} answer, and agree.", *hosts)
    ]


@dataclass(frozen=True, slots=True)
class _Server:
    """`trouble`: why nothing is known of it. `lame`: what it does instead of serving the zone. Neither: it serves it."""

    host: str
    exists: bool = True
    trouble: Unanswered | None = None
    lame: str | None = None
    soa: str = ""
    names: frozenset[str] = frozenset()
    addresses: tuple[str, ...] = ()

    @property
    def serial(self) -> str:
        """RFC 1035 section 3.3.13: it follows the primary server and the mailbox of who is responsible."""
        return self.soa.split()[2]


async def _look(zone: str, host: str, ask: Resolver, direct: DirectResolver) -> _Server:
    answers = await asyncio.gather(ask.lookup(host, "A"), ask.lookup(host, "AAAA"))
    addresses = tuple(answer.values[0] for answer in answers if isinstance(answer, Records))
    silent = [answer for answer in answers if isinstance(answer, Unanswered)]
    if not addresses:
        return _Server(host, trouble=silent[0]) if silent else _Server(host, exists=False)
    soa = await _ask_at(addresses, zone, "SOA", direct)
    if isinstance(soa, Unanswered):
        return _Server(host, trouble=soa)
    if (lame := _lame(soa)) is not None:
        return _Server(host, lame=lame)
    return _Server(host, soa=soa.values[0], addresses=addresses)


async def _look_closer(zone: str, server: _Server, direct: DirectResolver) -> _Server:
    """With the name servers that it names."""
    if not server.soa:
        return server
    names = await _ask_at(server.addresses, zone, "NS", direct)
    if isinstance(names, Unanswered):
        return _Server(server.host, trouble=names)
    return replace(server, names=frozenset(names.values))


async def _ask_at(
    addresses: Sequence[str], zone: str, rdtype: str, direct: DirectResolver
) -> ServerAnswer | Unanswered:
    """Where the bot has no IPv6, or no IPv4, the other address may still be reached."""
    answer: ServerAnswer | Unanswered = Unanswered("it has no address")
    for address in addresses:
        answer = await direct.ask_server(address, zone, rdtype)
        if isinstance(answer, ServerAnswer):
            break
    return answer


def _lame(soa: ServerAnswer) -> str | None:
    """RFC 1912 section 2.8: a server that is named for a zone has to answer for it with authority."""
    if soa.rcode != "NOERROR":
        return f"answers {soa.rcode}"
    if not soa.authoritative:
        return "answers without authority"
    return None if soa.values else "has no SOA record for it"


def _count(zone: str, hosts: list[str]) -> list[Finding]:
    if len(hosts) > 1:
        return []
    # RFC 1034 section 4.1: every zone is available from at least two servers.
    return [
        _finding(
            "NS_SINGLE",
            Grade.WARN,
            f"{zone} has {f'only one name server, {hosts[0]}' if hosts else 'no NS record'}.",
            "When it fails, nobody finds your mail system. Have a second one serve the zone, in another network.",
            tuple(hosts),
        )
    ]


def _judge(zone: str, servers: Sequence[_Server]) -> list[Finding]:
    findings = []
    if missing := [server.host for server in servers if not server.exists]:
        findings.append(
            _finding(
                "NS_UNRESOLVED",
                Grade.WARN,
                f"{_these(missing)} of {zone} {_has(missing)} no address.",
                "Questions that go there are lost, and mail waits. Give the name an address, or take it out of the zone and"
                " out of the registrar's list.",
                tuple(missing),
            )
        )
    if lame := [server for server in servers if server.lame]:
        said = ", ".join(f"{server.host} {server.lame}" for server in lame)
        findings.append(
            _finding(
                "NS_LAME",
                Grade.WARN,
                f"Of the name servers of {zone}, not all serve it: {said}.",
                "Some questions fail there, and mail waits. Have it serve the zone, or take it out of the zone and out of the"
                " registrar's list.",
                tuple(server.host for server in lame),
            )
        )
    findings += _compare(zone, [server for server in servers if server.soa])
    silent = [(server.host, server.trouble) for server in servers if server.trouble is not None]
    findings += [
        unknown(Subject.NAMESERVERS, f"What {host} says of {zone}", told) for host, told in silent[:1]
    ]
    return findings


def _compare(zone: str, serving: list[_Server]) -> list[Finding]:
    apart = len({server.names for server in serving}) > 1
    if not apart and len({server.serial for server in serving}) < 2:
        return []
    found = tuple(
        f"{server.host}: serial {server.serial}" + (f", NS {' '.join(sorted(server.names))}" if apart else "")
        for server in serving
    )
    if apart:
        why = "Which servers are asked, and what they say of your mail, is left to chance. Have all serve the same zone."
        return [
            _finding(
                "NS_DISAGREE",
                Grade.WARN,
                f"The name servers of {zone} name different name servers.",
                why,
                found,
            )
        ]
    why = "That is so for a while after a change; if it stays, one of them no longer takes the zone over."
    return [
        _finding(
            "NS_SERIALS", Grade.INFO, f"The name servers of {zone} have different versions of it.", why, found
        )
    ]


def _these(hosts: list[str]) -> str:
    return f"The name server{'s' if len(hosts) > 1 else ''} {', '.join(hosts)}"


def _has(hosts: list[str]) -> str:
    return "have" if len(hosts) > 1 else "has"


def _finding(tag: str, grade: Grade, summary: str, why: str, found: tuple[str, ...] = ()) -> Finding:
    return Finding(Subject.NAMESERVERS, tag, grade, summary, why, found)
