"""DMARC: what receivers should do with mail that fails SPF and DKIM (RFC 9989, before it RFC 7489)."""

import re
from dataclasses import dataclass

from bot.dns.checks.dmarc_record import REMOVED, DmarcRecord, dmarc_records
from bot.dns.checks.dmarc_reports import check_reports
from bot.dns.checks.dmarc_tree import Found, walk
from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Alias, Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_MEANT = re.compile(r"\s*v\s*=\s*dmarc", re.IGNORECASE)
# RFC 1034 section 3.6.2: nothing else may stand beside a CNAME.
_INSTEAD = "Put this one in place of what is there."
_WHY = "Receivers are told nothing about forged mail, and trust yours less."
_FORGED = "Forged mail in your name is delivered."


async def check_dmarc(domain: str, expected: Expected, answer: Answer, ask: Resolver) -> list[Finding]:
    """`answer`: the TXT records of `_dmarc.<domain>`, with the CNAMEs that led to them.

    Asks for those of the domains above it where there is none, and whether others take the reports it sends them.
    """
    place = _Place(domain, f"{expected.dmarc.name}.{domain}", expected)
    match answer:
        case Unanswered():
            return [unknown(Subject.DMARC, f"The DMARC record at {place.name}", answer)]
        case NoDomain(chain=chain) | NoData(chain=chain):
            return await _above(place, chain, (), ask)
        case Records(values=values, chain=chain):
            records = dmarc_records(values)
            meant = [value for value in values if _MEANT.match(value)]
    match records:
        case [text]:
            return await _judge(place, DmarcRecord.parse(text), chain, ask)
        case []:
            return [_invalid(place, meant[0], chain)] if meant else await _above(place, chain, values, ask)
        case _:
            return [
                place.fail(
                    "DMARC_MULTIPLE",
                    f"{place.name} has {len(records)} DMARC records; only one is allowed.",
                    f"Receivers ignore them all. {place.mend(chain) or 'Keep one, or put this one in their place.'}",
                    tuple(records),
                    place.publish(chain),
                )
            ]


@dataclass(frozen=True, slots=True)
class _Place:
    domain: str
    name: str
    expected: Expected

    @property
    def wanted(self) -> tuple[DnsRecord, ...]:
        return (self.expected.dmarc.record(self.domain),)

    @property
    def target(self) -> str | None:
        """Where the name is to lead; None where the record is the domain's own."""
        dmarc = self.expected.dmarc
        return dmarc.target if isinstance(dmarc, Alias) else None

    def publish(self, chain: tuple[str, ...]) -> tuple[DnsRecord, ...]:
        """Nothing where the name already leads to the provider's record."""
        return () if self.target in chain else self.wanted

    def mend(self, chain: tuple[str, ...]) -> str:
        """What to say where there is nothing to publish."""
        return self.expected.mender if self.target in chain else ""

    def fail(
        self, tag: str, summary: str, why: str, found: tuple[str, ...], publish: tuple[DnsRecord, ...]
    ) -> Finding:
        return Finding(Subject.DMARC, tag, Grade.FAIL, summary, why, found, publish)


async def _above(
    place: _Place, chain: tuple[str, ...], found: tuple[str, ...], ask: Resolver
) -> list[Finding]:
    """There is no record: whether one further up speaks for the domain."""
    walked = await walk(place.domain, ask)
    if walked.applied is not None:
        return [_inherited(place, walked.applied, chain)]
    if walked.unanswered is not None:
        return [
            unknown(
                Subject.DMARC, f"Whether a DMARC record above {place.domain} covers it", walked.unanswered
            )
        ]
    return [_missing(place, chain, found)]


def _inherited(place: _Place, above: Found, chain: tuple[str, ...]) -> Finding:
    record, where = above.record, f"_dmarc.{above.domain}"
    # RFC 9989 section 4.10.1: a record whose policy can't be read counts as p=none at best.
    policy = record.in_effect(record.subdomain_policy) if record.readable else "none"
    if policy == "none":
        return Finding(
            Subject.DMARC,
            "DMARC_POLICY_NONE",
            Grade.WARN,
            f"There is no DMARC record at {place.name}, and the one at {where} comes to none for it.",
            f"{_FORGED} {place.mend(chain) or (_INSTEAD if chain else 'Publish one for this domain.')}",
            (record.text,),
            place.publish(chain),
        )
    return Finding(
        Subject.DMARC,
        "DMARC_INHERITED",
        Grade.INFO,
        f"There is no DMARC record at {place.name}; the one at {where} covers it: {policy}.",
        f"Receivers go by that. {place.mend(chain) or 'Publish this one only if this domain is to have its own.'}",
        (record.text,),
        place.publish(chain),
    )


def _missing(place: _Place, chain: tuple[str, ...], found: tuple[str, ...]) -> Finding:
    target = place.target
    if target in chain:
        summary = f"{place.name} points to {target} as it should, but there is no DMARC record."
        return place.fail("DMARC_MISSING", summary, f"{_WHY} {place.mend(chain)}", chain, ())
    summary = (
        f"{place.name} points to {chain[0]}, where there is no DMARC record."
        if chain
        else f"There is no DMARC record at {place.name}."
    )
    found = found or chain[:1]
    return place.fail("DMARC_MISSING", summary, f"{_WHY} {_INSTEAD}" if found else _WHY, found, place.wanted)


def _invalid(place: _Place, record: str, chain: tuple[str, ...]) -> Finding:
    return place.fail(
        "DMARC_INVALID",
        f"The DMARC record at {place.name} can't be read.",
        "Receivers ignore it, or take it for p=none. It begins with v=DMARC1; no tag stands twice, and p, sp and np"
        f" are none, quarantine or reject. {place.mend(chain) or _INSTEAD}",
        (record,),
        place.publish(chain),
    )


async def _judge(place: _Place, record: DmarcRecord, chain: tuple[str, ...], ask: Resolver) -> list[Finding]:
    if not record.readable:
        return [_invalid(place, record.text, chain)]
    theirs = place.target in chain
    if record.in_effect(record.policy) == "none":
        # RFC 9989 section 4.7: t=y asks for the policy one step below.
        how = "in test mode (t=y), which counts as none" if record.policy != "none" else "none"
        finding = Finding(
            Subject.DMARC,
            "DMARC_POLICY_NONE",
            Grade.WARN,
            f"The DMARC policy at {place.name} is {how}.",
            f"{_FORGED} Publish a stricter policy when your own mail passes, in place of"
            f" {'the CNAME' if chain else 'the record'}.",
            (record.text,),
            (DnsRecord(place.name, "TXT", record.without({"p", "t"}, "p=quarantine")),),
        )
    else:
        whose = "" if theirs or place.target is None else f", by a record other than {place.expected.title}'s"
        policy = f"{record.in_effect(record.policy)}{' (test mode, t=y)' if record.testing else ''}"
        finding = ok(Subject.DMARC, f"The DMARC policy is {policy}{whose}.", record.text)
    # What the provider's record asks for beside the policy is the provider's own affair.
    notes = (
        []
        if theirs
        else [*await check_reports(place.domain, place.name, record, ask), *_old_tags(place, record, chain)]
    )
    return [finding, *notes]


def _old_tags(place: _Place, record: DmarcRecord, chain: tuple[str, ...]) -> list[Finding]:
    old = [tag for tag in REMOVED if tag in record.tags]
    if not old:
        return []
    return [
        Finding(
            Subject.DMARC,
            "DMARC_OLD_TAGS",
            Grade.INFO,
            f"The DMARC record at {place.name} has {', '.join(old)}, which DMARC no longer knows.",
            "Receivers that go by RFC 9989 ignore that; older ones may still follow it.",
            (record.text,),
            () if chain else (DnsRecord(place.name, "TXT", record.without(old)),),
        )
    ]
