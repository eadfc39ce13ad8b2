"""The records that a domain should publish, each beside what DNS shows of it at this moment.

Also of a domain that is in no account yet: its ownership record has to stand in DNS before it can be added.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.dns.checks import check_dkim, check_dmarc, check_mx, check_ownership, check_spf
from bot.dns.checks.findings import unknown, worst_first
from bot.dns.expectations import Expectations
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoDomain, Resolver, Sweep, Unanswered
from bot.dns.witness import Witness, first_that_knows
from bot.model import DnsRecord, Finding, Grade, MailDomain, Subject

BLIND = Unanswered("no resolver finds even the mail system's own names")


@dataclass(frozen=True, slots=True)
class WantedRecord:
    """`publish`: what should stand there, put together with what has to stay; () where the mail system has not told.

    `finding`: how what stands there is judged. One that publishes nothing and is bad is for the mail system to mend.
    """

    publish: tuple[DnsRecord, ...]
    finding: Finding

    @property
    def published(self) -> bool | None:
        """Whether it is there and does what it should; None where DNS has not told."""
        if self.finding.grade is Grade.UNKNOWN:
            return None
        return self.finding.grade is Grade.OK or (
            self.finding.grade is Grade.INFO and not self.finding.publish
        )


class Publication:
    def __init__(self, *, witnesses: Sequence[Witness], expectations: Expectations) -> None:
        """`witnesses`: without a budget, for somebody waits for the answer."""
        self._witnesses = witnesses
        self._expectations = expectations

    async def proof(self, name: str, code: str) -> Finding:
        """Whether the domain publishes the ownership record `code`. OK exactly if it does, UNKNOWN if DNS did not tell."""
        witness = await self._witness()
        if witness is None:
            return unknown(Subject.OWNERSHIP, f"The ownership record of {name}", BLIND)
        return judge_proof(name, code, await witness.resolver.lookup(name, "TXT"))

    async def records(self, domain: MailDomain, code: str | None) -> list[WantedRecord] | None:
        """All of them, in the order they are set up in; None where its box has not told what it wants.

        `code`: the account's ownership record; None where its mail system wants none.
        """
        expected = await self._expectations.of(domain)
        if expected is None:
            return None
        witness = await self._witness()
        if witness is None:
            return [
                WantedRecord(publish, unknown(subject, _called(publish), BLIND))
                for subject, publish in _defaults(domain.name, expected, code)
            ]
        async with Sweep(witness.resolver) as ask:
            return await _judge(domain.name, expected, code, ask)

    def renew(self, account: str) -> None:
        """The account's domains have just changed: what is wanted of them is asked anew."""
        self._expectations.renew(account)

    async def _witness(self) -> Witness | None:
        return await first_that_knows(self._witnesses, self._expectations.systems)


def judge_proof(name: str, code: str, answer: Answer) -> Finding:
    """As `check_ownership`, for a domain that is to be added."""
    (finding,) = check_ownership(name, code, answer)
    if isinstance(answer, NoDomain) and not answer.chain:
        return replace(
            finding,
            tag="DOMAIN_GONE",
            grade=Grade.FAIL,
            summary=f"{name} does not exist in DNS.",
            why="Register it first, or see whether it is misspelt.",
        )
    if finding.tag == "OWNERSHIP_MISSING":
        return replace(finding, grade=Grade.FAIL, why="Publish it, or wait until DNS shows it.")
    if finding.tag == "OWNERSHIP_OTHER":
        return replace(finding, grade=Grade.FAIL)
    return finding


async def _judge(name: str, expected: Expected, code: str | None, ask: Resolver) -> list[WantedRecord]:
    mx, txt, dmarc, *keys = await asyncio.gather(
        ask.lookup(name, "MX"),
        ask.lookup(name, "TXT"),
        ask.lookup(f"{expected.dmarc.name}.{name}", "TXT"),
        *(ask.lookup(f"{key.name}.{name}", "TXT") for key in expected.dkim),
    )
    of_mx, of_spf, of_dmarc = await asyncio.gather(
        check_mx(name, expected, mx, ask),
        check_spf(name, expected, txt, ask),
        check_dmarc(name, expected, dmarc, ask),
    )
    # Each key by itself: that the others are good makes none of them published.
    of_keys = [
        check_dkim(name, replace(expected, dkim=(key,)), {key.name: answer})
        for key, answer in zip(expected.dkim, keys, strict=True)
    ] or [check_dkim(name, expected, {})]
    of_code = [] if code is None else [check_ownership(name, code, txt)]
    return [
        WantedRecord(findings[0].publish or publish, findings[0])
        for (_, publish), findings in zip(
            _defaults(name, expected, code),
            map(worst_first, [*of_code, of_mx, of_spf, *of_keys, of_dmarc]),
            strict=True,
        )
    ]


def _defaults(name: str, expected: Expected, code: str | None) -> list[tuple[Subject, tuple[DnsRecord, ...]]]:
    """What a domain publishes that has nothing else to publish, in the order of `_judge`."""
    spf = expected.spf_record or f"v=spf1 include:{expected.spf_include} ~all"
    proof = [] if code is None else [(Subject.OWNERSHIP, (DnsRecord(name, "TXT", code),))]
    keys: list[tuple[DnsRecord, ...]] = [(key.record(name),) for key in expected.dkim]
    return [
        *proof,
        (Subject.MX, (DnsRecord(name, "MX", expected.mx_host, expected.mx_priority),)),
        (Subject.SPF, (DnsRecord(name, "TXT", spf),)),
        *((Subject.DKIM, key) for key in keys or [()]),
        (Subject.DMARC, (expected.dmarc.record(name),)),
    ]


def _called(publish: tuple[DnsRecord, ...]) -> str:
    return " and ".join(f"The {record.type} record of {record.name}" for record in publish) or "The record"
