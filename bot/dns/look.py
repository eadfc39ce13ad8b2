"""One look at a domain: the questions, the checks that judge the answers, and for how long those may be believed.

A short look asks about mail alone: MX, SPF, DKIM and DMARC. A whole one asks about all that changes seldom, too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from typing_extensions import override

from bot.dns.checks import (
    check_autoconfig,
    check_box_addresses,
    check_dkim,
    check_dmarc,
    check_dnssec,
    check_mta_sts,
    check_mx,
    check_nameservers,
    check_ownership,
    check_reverse,
    check_spf,
    check_tls_rpt,
    check_tlsa,
)
from bot.dns.checks.mta_sts import NAME as MTA_STS
from bot.dns.checks.tls_rpt import NAME as TLS_RPT
from bot.dns.checks.tlsa import NAME as TLSA
from bot.dns.direct import DirectResolver
from bot.dns.expectations import Expectations
from bot.dns.expected import Box, Expected
from bot.dns.lookup import Answer, NoDomain, Resolver, Unanswered, UncheckedResolver
from bot.dns.policy import Policies
from bot.model import Finding, Grade, MailDomain, Subject

Ownership = Callable[[str], Awaitable[str | None]]
"""account -> the TXT record by which its mail system knows a domain of it; None where there is none, or it can't tell."""

_ORDER = {subject: place for place, subject in enumerate(Subject)}


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. `by` names the resolver that answered; `wholly`: everything was asked about.

    `ttls`: by subject, the longest that the resolver goes on giving one of these answers. `smallest_ttl`: the shortest, of
    the answers about the domain's own names; zero if there was none.
    """

    domain: MailDomain
    at: datetime
    by: str
    wholly: bool
    findings: tuple[Finding, ...]
    ttls: Mapping[Subject, timedelta]
    smallest_ttl: timedelta


class Looker:
    def __init__(
        self,
        *,
        expectations: Expectations,
        policies: Policies,
        direct: DirectResolver,
        ownership: Ownership,
    ) -> None:
        self._expectations = expectations
        self._policies = policies
        self._direct = direct
        self._ownership = ownership

    async def look(
        self,
        domain: MailDomain,
        ask: Resolver,
        fresh: UncheckedResolver,
        *,
        by: str,
        at: datetime,
        wholly: bool,
    ) -> Look:
        """`ask` may remember answers; `fresh` is the same resolver, and doesn't. Never raises for what DNS says."""
        name, expected = domain.name, await self._expectations.of(domain)
        if expected is None:
            return _untold(domain, by=by, at=at)
        heard = {subject: _Heard(ask) for subject in Subject}
        dmarc_name = f"{expected.dmarc.name}.{name}"
        selectors = {alias.name: f"{alias.name}.{name}" for alias in expected.dkim}
        mx, txt, dmarc, *keys = own = await asyncio.gather(
            heard[Subject.MX].lookup(name, "MX"),
            heard[Subject.SPF].lookup(name, "TXT"),
            heard[Subject.DMARC].lookup(dmarc_name, "TXT"),
            *(heard[Subject.DKIM].lookup(selector, "TXT") for selector in selectors.values()),
        )
        if _is_gone(mx, txt):
            heard[Subject.DOMAIN] = max(heard[Subject.MX], heard[Subject.SPF], key=lambda one: one.longest)
            found = [_gone(name)]
        else:
            checks = [
                check_mx(name, expected, mx, heard[Subject.MX]),
                check_spf(name, expected, txt, heard[Subject.SPF]),
                check_dmarc(name, expected, dmarc, heard[Subject.DMARC]),
            ]
            if wholly:
                answers = {(name, "MX"): mx, (name, "TXT"): txt, (dmarc_name, "TXT"): dmarc}
                checks += [
                    self._check_mta_sts(name, expected, mx, heard[Subject.MTA_STS]),
                    _check_tls_rpt(name, heard[Subject.TLS_RPT]),
                    check_dnssec(name, answers, heard[Subject.DNSSEC], fresh),
                    check_nameservers(name, heard[Subject.NAMESERVERS], self._direct),
                ]
            if wholly and expected.box is not None:
                checks += [
                    _check_box(expected.box, heard),
                    check_autoconfig(
                        name, expected.box.host, expected.box.addresses, heard[Subject.AUTOCONFIG]
                    ),
                ]
            judged = [*await asyncio.gather(*checks)]
            judged.append(check_dkim(name, expected, dict(zip(selectors, keys, strict=True))))
            if wholly:
                judged.append(check_ownership(name, await self._ownership(domain.account), txt))
            found = sorted((finding for findings in judged for finding in findings), key=_place)
        return Look(
            domain,
            at,
            by,
            wholly,
            tuple(found),
            {subject: timedelta(seconds=one.longest) for subject, one in heard.items() if one.longest >= 0},
            timedelta(seconds=min((one.ttl for one in own if not isinstance(one, Unanswered)), default=0)),
        )

    async def _check_mta_sts(self, name: str, expected: Expected, mx: Answer, ask: Resolver) -> list[Finding]:
        answer = await ask.lookup(f"{MTA_STS}.{name}", "TXT")
        return await check_mta_sts(name, expected, answer, mx, ask, self._policies)


class _Heard(Resolver):
    """Notes for how many seconds, at most, the answers that came through it are repeated."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.longest = -1
        """-1 as long as nothing was answered."""

    @override
    async def lookup(self, name: str, rdtype: str) -> Answer:
        answer = await self._resolver.lookup(name, rdtype)
        if not isinstance(answer, Unanswered):
            self.longest = max(self.longest, answer.ttl)
        return answer


async def _check_box(box: Box, heard: Mapping[Subject, Resolver]) -> list[Finding]:
    """What all domains of a box have in common; the resolver is asked for it once for all that are looked at together."""
    tlsa = await heard[Subject.TLSA].lookup(f"{TLSA}.{box.host}", "TLSA")
    judged = await asyncio.gather(
        check_box_addresses(box.host, box.addresses, heard[Subject.ADDRESSES]),
        check_reverse(box.host, box.addresses, heard[Subject.REVERSE]),
        check_tlsa(box.host, box.tlsa, tlsa, heard[Subject.TLSA]),
    )
    return [finding for findings in judged for finding in findings]


async def _check_tls_rpt(name: str, ask: Resolver) -> list[Finding]:
    return check_tls_rpt(name, await ask.lookup(f"{TLS_RPT}.{name}", "TXT"))


def _untold(domain: MailDomain, *, by: str, at: datetime) -> Look:
    """Nothing was asked: without the box's word, no record can be called good or bad."""
    findings = tuple(
        Finding(
            subject,
            "BOX_UNTOLD",
            Grade.UNKNOWN,
            f"The box has not told which records it wants for {domain.name}.",
            "This says nothing about the record; it is looked at again.",
        )
        for subject in (Subject.MX, Subject.SPF, Subject.DKIM, Subject.DMARC)
    )
    return Look(domain, at, by, wholly=False, findings=findings, ttls={}, smallest_ttl=timedelta(0))


def _place(finding: Finding) -> int:
    return _ORDER[finding.subject]


def _is_gone(*answers: Answer) -> bool:
    """Whether all answers about the domain itself, as far as there are any, say that it does not exist."""
    told = [answer for answer in answers if not isinstance(answer, Unanswered)]
    return bool(told) and all(isinstance(answer, NoDomain) and not answer.chain for answer in told)


def _gone(name: str) -> Finding:
    # RFC 8020: if a name does not exist, nothing below it exists.
    return Finding(
        Subject.DOMAIN,
        "DOMAIN_GONE",
        Grade.FAIL,
        f"{name} does not exist in DNS.",
        "No mail reaches it. See with your registrar whether the registration has run out or the name servers are wrong.",
    )
