"""DMARC: what receivers should do with mail that fails SPF and DKIM (RFC 9989, before it RFC 7489)."""

import re
from dataclasses import dataclass

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_POLICIES = frozenset({"none", "quarantine", "reject"})
# RFC 9989 section 4.7: v comes first, and its value is case-sensitive.
_DMARC = re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|$)")
_MEANT = re.compile(r"\s*v\s*=\s*dmarc", re.IGNORECASE)
# RFC 1034 section 3.6.2: nothing else may stand beside a CNAME.
_INSTEAD = "Put this one in place of what is there."
_WHY = "Receivers are told nothing about forged mail, and trust yours less."


def check_dmarc(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    """`answer`: the TXT records of `_dmarc.<domain>`, with the CNAMEs that led to them."""
    return [_check(_Place(f"{expected.dmarc.name}.{domain}", expected), answer)]


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    expected: Expected

    @property
    def wanted(self) -> tuple[DnsRecord, ...]:
        return (DnsRecord(self.name, "CNAME", self.expected.dmarc.target),)

    def publish(self, chain: tuple[str, ...]) -> tuple[DnsRecord, ...]:
        """Nothing where the name already leads to the provider's record."""
        return () if self.expected.dmarc.target in chain else self.wanted

    def mend(self, chain: tuple[str, ...]) -> str:
        """What to say where there is nothing to publish."""
        theirs = f"{self.expected.title} has to mend this; there is nothing for you to publish."
        return theirs if self.expected.dmarc.target in chain else ""

    def fail(
        self, tag: str, summary: str, why: str, found: tuple[str, ...], publish: tuple[DnsRecord, ...]
    ) -> Finding:
        return Finding(Subject.DMARC, tag, Grade.FAIL, summary, why, found, publish)


def _check(place: _Place, answer: Answer) -> Finding:
    match answer:
        case Unanswered():
            return unknown(Subject.DMARC, f"The DMARC record at {place.name}", answer)
        case NoDomain(chain=chain) | NoData(chain=chain):
            return _missing(place, chain, ())
        case Records(values=values, chain=chain):
            # RFC 9989 section 4.10: other TXT records at the name are not DMARC's.
            records = [value for value in values if _DMARC.match(value)]
            meant = [value for value in values if _MEANT.match(value)]
    match records:
        case [record]:
            return _judge(place, record, chain)
        case []:
            return _invalid(place, meant[0], chain) if meant else _missing(place, chain, values)
        case _:
            return place.fail(
                "DMARC_MULTIPLE",
                f"{place.name} has {len(records)} DMARC records; only one is allowed.",
                f"Receivers ignore them all. {place.mend(chain) or 'Keep one, or put this one in their place.'}",
                tuple(records),
                place.publish(chain),
            )


def _missing(place: _Place, chain: tuple[str, ...], found: tuple[str, ...]) -> Finding:
    target = place.expected.dmarc.target
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


def _judge(place: _Place, record: str, chain: tuple[str, ...]) -> Finding:
    pairs = [part.partition("=") for part in record.split(";") if part.strip()]
    tags = {tag.strip().lower(): value.strip().lower() for tag, _, value in pairs}
    # RFC 9989 section 4.7: a missing p is p=none. RFC 6376 section 3.2, whose syntax it is: no tag may stand twice.
    policy = tags.get("p", "none")
    if len(tags) < len(pairs) or not {policy, tags.get("sp", policy), tags.get("np", policy)} <= _POLICIES:
        return _invalid(place, record, chain)
    # RFC 9989 section 4.7: t=y asks for the policy one step below.
    testing = tags.get("t", "n") == "y" and policy == "quarantine"
    if policy == "none" or testing:
        return Finding(
            Subject.DMARC,
            "DMARC_POLICY_NONE",
            Grade.WARN,
            f"The DMARC policy at {place.name} is {'in test mode (t=y), which counts as none' if testing else 'none'}.",
            "Forged mail in your name is delivered. Publish a stricter policy when your own mail passes, in place of"
            f" {'the CNAME' if chain else 'the record'}.",
            (record,),
            (DnsRecord(place.name, "TXT", _stricter(record)),),
        )
    whose = (
        "" if place.expected.dmarc.target in chain else f", by a record other than {place.expected.title}'s"
    )
    return ok(Subject.DMARC, f"The DMARC policy is {policy}{whose}.", record)


def _stricter(record: str) -> str:
    """The same record with p=quarantine, right behind the version."""
    parts = [part.strip() for part in record.split(";") if part.strip()]
    kept = [part for part in parts[1:] if part.partition("=")[0].strip().lower() not in {"p", "t"}]
    return "; ".join(["v=DMARC1", "p=quarantine", *kept])
