"""The host of a mail system of one's own: whether its name leads to its addresses, and to no others."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.checks.places import Address, address_records, addresses_in, is_public, listed, texts
from bot.dns.lookup import Answer, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_FAMILIES = {"A": "IPv4", "AAAA": "IPv6"}


async def check_box_addresses(host: str, addresses: Collection[str], ask: Resolver) -> list[Finding]:
    """`host`: the box's own name, which the MX of its domains names. `addresses`: those the box says it has, of both kinds.

    Asks for the A and the AAAA records of the host. Raises ValueError for what is not an IP address.
    """
    told = set(map(ip_address, addresses))
    if not told:
        return [
            Finding(
                Subject.ADDRESSES,
                "ADDRESSES_UNTOLD",
                Grade.INFO,
                "The box does not say which addresses it has.",
                f"So it can't be said whether {host} leads to it. Tell the box its public address.",
            )
        ]
    four, six = await asyncio.gather(*(ask.lookup(host, rdtype) for rdtype in _FAMILIES))
    has_four = any(address.version == 4 for address in told)
    parts = (
        _Part(host, "A", frozenset(address for address in told if address.version == 4), necessary=has_four),
        _Part(
            host,
            "AAAA",
            frozenset(address for address in told if address.version == 6),
            necessary=not has_four,
        ),
    )
    findings = [*parts[0].judge(four), *parts[1].judge(six)]
    if chain := next(
        (answer.chain for answer in (four, six) if not isinstance(answer, Unanswered) and answer.chain), ()
    ):
        findings.append(_alias(host, chain, [record for part in parts for record in part.records]))
    reached = texts(address for answer in (four, six) for address in addresses_in(answer))
    return worst_first(findings) or [
        ok(Subject.ADDRESSES, f"{host} leads to {', '.join(reached)}.", *reached)
    ]


@dataclass(frozen=True, slots=True)
class _Part:
    """One kind of address. `told`: what the box says; `necessary`: without it, hardly any sender reaches the box."""

    host: str
    rdtype: str
    told: frozenset[Address]
    necessary: bool

    @property
    def ours(self) -> frozenset[Address]:
        return frozenset(filter(is_public, self.told))

    @property
    def records(self) -> tuple[DnsRecord, ...]:
        return address_records(self.host, self.ours)

    def judge(self, answer: Answer) -> list[Finding]:
        kind = _FAMILIES[self.rdtype]
        if isinstance(answer, Unanswered):
            return [unknown(Subject.ADDRESSES, f"The {kind} address of {self.host}", answer)]
        published = addresses_in(answer)
        closed = {address for address in published if not is_public(address)}
        held, others = self.ours & published, published - self.ours - closed
        lost = Grade.FAIL if self.necessary and not held else Grade.WARN
        findings = []
        if closed:
            if held:
                mend = "Remove it; only this belongs there."
            else:
                mend = "Put this in its place." if self.ours else "Remove it."
            findings.append(
                self._finding(
                    "ADDRESSES_PRIVATE",
                    lost,
                    f"{self.host} has the address {listed(closed)}, which is not reached from outside.",
                    f"Senders and mail programs that try it get nowhere. {mend}",
                    published,
                )
            )
        if self.told and not self.ours:
            findings.append(
                self._finding(
                    "ADDRESSES_UNTOLD",
                    Grade.INFO,
                    f"The box says that its {kind} address is {listed(self.told)}, which is not reached from outside.",
                    "So it can't be said whether the published one is right. Tell the box its public address.",
                    published,
                )
            )
        elif others:
            findings.append(self._others(others, held, published, lost))
        elif not held and self.ours and not closed:
            findings.append(
                self._finding(
                    "ADDRESSES_MISSING",
                    lost,
                    f"{self.host} has no {kind} address ({self.rdtype} record).",
                    "Senders don't find the box, and mail comes back."
                    if self.necessary
                    # RFC 5321 section 4.1.4: receivers may look up the name that a sender greets with.
                    else "Mail can arrive over IPv4. What the box sends over IPv6 may be refused, as its name does not lead"
                    " to where it comes from.",
                    published,
                )
            )
        elif missing := self.ours - held if held else None:
            findings.append(
                self._finding(
                    "ADDRESSES_PARTIAL",
                    Grade.INFO,
                    f"{self.host} does not lead to {listed(missing)}, which the box says it has, too.",
                    "Mail arrives. If the box sends from that address, publish it.",
                    published,
                )
            )
        return findings

    def _others(
        self,
        others: Collection[Address],
        held: Collection[Address],
        published: Collection[Address],
        lost: Grade,
    ) -> Finding:
        if self.ours and not held:
            return self._finding(
                "ADDRESSES_WRONG",
                lost,
                f"{self.host} leads to {listed(others)}, not to {listed(self.ours)}.",
                "Mail and mail programs go there, and don't reach the box. Replace what is there by this."
                if self.necessary
                else "Senders and mail programs with IPv6 try that first, and may stop there. Replace what is there by this.",
                published,
            )
        return self._finding(
            "ADDRESSES_OTHER",
            # RFC 5321 section 5.1: of several addresses, senders may try any.
            Grade.WARN,
            f"{self.host} also leads to {listed(others)}, which the box does not have.",
            "Some mail and some mail programs go there, and may stop there. Remove it"
            + ("; only this belongs there." if held else ".")
            + " If it is the box's, tell the box.",
            published,
        )

    def _finding(self, tag: str, grade: Grade, summary: str, why: str, found: Iterable[Address]) -> Finding:
        return Finding(Subject.ADDRESSES, tag, grade, summary, why, texts(found), self.records)


def _alias(host: str, chain: tuple[str, ...], records: Iterable[DnsRecord]) -> Finding:
    # RFC 2181 section 10.3: what an MX names must not be an alias; RFC 5321 section 2.3.5: nor what a server greets with.
    publish = tuple(records)
    return Finding(
        Subject.ADDRESSES,
        "ADDRESSES_ALIAS",
        Grade.WARN,
        f"{host} is an alias (CNAME) of {chain[-1]}.",
        "The MX of your domains names this host, and must name one that has addresses itself; some senders refuse to"
        f" deliver to an alias. Put {'this' if publish else 'its addresses'} in place of the CNAME.",
        chain,
        publish,
    )
