"""DMARC: what receivers should do with mail that fails SPF and DKIM (RFC 9989, before it RFC 7489)."""

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

POLICIES = frozenset({"none", "quarantine", "reject"})


def check_dmarc(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    """`answer`: the TXT records of `_dmarc.<domain>`, with the CNAMEs that led to them."""
    name = f"{expected.dmarc.name}.{domain}"
    wanted = (DnsRecord(name, "CNAME", expected.dmarc.target),)
    why = "Receivers are told nothing about forged mail, and trust yours less."
    match answer:
        case Unanswered():
            return [unknown(Subject.DMARC, f"The DMARC record at {name}", answer)]
        case NoDomain(dangling=target) if target is not None:
            return [
                Finding(
                    Subject.DMARC,
                    "DMARC_MISSING",
                    Grade.FAIL,
                    f"{name} points to {target}, where there is nothing.",
                    why,
                    (target,),
                    wanted,
                )
            ]
        case NoDomain() | NoData():
            records: list[str] = []
        case Records(values=values):
            # Other TXT records at the name are not DMARC's (RFC 9989 section 4.10, as RFC 7489 section 6.6.3).
            records = [value for value in values if value.replace(" ", "").lower().startswith("v=dmarc1")]
    if not records:
        return [
            Finding(
                Subject.DMARC,
                "DMARC_MISSING",
                Grade.FAIL,
                f"There is no DMARC record at {name}.",
                why,
                publish=wanted,
            )
        ]
    if len(records) > 1:
        return [
            Finding(
                Subject.DMARC,
                "DMARC_MULTIPLE",
                Grade.FAIL,
                f"{name} has {len(records)} DMARC records; only one is allowed.",
                "Receivers ignore them all. Keep one.",
                tuple(records),
                wanted,
            )
        ]
    return [_judge(name, records[0], wanted)]


def _judge(name: str, record: str, wanted: tuple[DnsRecord, ...]) -> Finding:
    parts = [part.partition("=") for part in record.split(";") if part.strip()]
    tags = {tag.strip().lower(): value.strip() for tag, _, value in parts}
    policy = tags.get("p", "none").lower()  # RFC 9989: a missing p is p=none
    if (
        any(not separator for _, separator, _ in parts)
        or policy not in POLICIES
        or parts[0][2].strip() != "DMARC1"
    ):
        return Finding(
            Subject.DMARC,
            "DMARC_INVALID",
            Grade.FAIL,
            f"The DMARC record at {name} can't be read.",
            "Receivers ignore it.",
            (record,),
            wanted,
        )
    if policy == "none":
        return Finding(
            Subject.DMARC,
            "DMARC_POLICY_NONE",
            Grade.WARN,
            f"The DMARC policy at {name} is none.",
            "Forged mail in your name is delivered. Change p= to quarantine when your own mail passes.",
            (record,),
        )
    return ok(Subject.DMARC, f"The DMARC policy is {policy}.", record)
