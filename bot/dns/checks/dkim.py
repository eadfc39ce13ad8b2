"""DKIM: the keys that mail is signed with (RFC 6376), reached through the provider's CNAMEs."""

import base64
import binascii
from collections.abc import Mapping

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Alias, Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject


def check_dkim(domain: str, expected: Expected, answers: Mapping[str, Answer]) -> list[Finding]:
    """`answers`: by selector (`purelymail1._domainkey`), its TXT records with the CNAMEs that led to them."""
    judged = {alias: _judge(domain, expected, alias, answers[alias.name]) for alias in expected.dkim}
    findings = [finding for finding in judged.values() if finding is not None]
    broken = [finding for finding in findings if finding.grade is Grade.FAIL]
    if broken and len(broken) < len(judged):
        # Mail is still signed with the other keys; the break shows when the provider changes to this one.
        findings = [_weaker(finding, expected) if finding in broken else finding for finding in findings]
    return findings or [ok(Subject.DKIM, f"All {len(judged)} DKIM keys of {expected.title} are in place.")]


def _judge(domain: str, expected: Expected, alias: Alias, answer: Answer) -> Finding | None:
    name = f"{alias.name}.{domain}"
    wanted = (DnsRecord(name, "CNAME", alias.target),)
    why = "Receivers can't verify your mail's signatures, and may refuse it or call it spam."
    match answer:
        case Unanswered():
            return unknown(Subject.DKIM, f"The DKIM key at {name}", answer)
        case NoDomain(dangling=target) if target is not None:
            if target != alias.target:
                return _wrong(name, target, wanted, why)
            return Finding(
                Subject.DKIM,
                "DKIM_DANGLING",
                Grade.FAIL,
                f"{name} points to {target} as it should, but there is nothing.",
                f"{expected.title} has to mend this; there is nothing for you to publish.",
                (target,),
            )
        case NoDomain() | NoData(chain=()):
            return Finding(
                Subject.DKIM,
                "DKIM_MISSING",
                Grade.FAIL,
                f"There is no DKIM key at {name}.",
                why,
                publish=wanted,
            )
        case NoData(chain=chain) | Records(chain=chain) if chain and alias.target not in chain:
            return _wrong(name, chain[0], wanted, why)
        case NoData():
            return Finding(
                Subject.DKIM,
                "DKIM_DANGLING",
                Grade.FAIL,
                f"{name} points to {alias.target} as it should, but there is no key.",
                f"{expected.title} has to mend this; there is nothing for you to publish.",
            )
        case Records(values=values, chain=chain):
            return _judge_key(name, values, copied=not chain, wanted=wanted, why=why)


def _judge_key(
    name: str, values: tuple[str, ...], *, copied: bool, wanted: tuple[DnsRecord, ...], why: str
) -> Finding | None:
    tags = _tags(values[0])
    key = tags.get("p")
    if key == "":
        # RFC 6376 section 3.6.1: an empty p= says that the key has been revoked.
        return Finding(
            Subject.DKIM,
            "DKIM_KEY_REVOKED",
            Grade.FAIL,
            f"The DKIM key at {name} is revoked.",
            why,
            values,
            wanted,
        )
    if key is None or not _is_base64(key) or tags.get("v", "DKIM1") != "DKIM1":
        return Finding(
            Subject.DKIM,
            "DKIM_WRONG",
            Grade.FAIL,
            f"What stands at {name} is not a DKIM key.",
            why,
            values,
            wanted,
        )
    if copied:
        return Finding(
            Subject.DKIM,
            "DKIM_COPIED",
            Grade.WARN,
            f"{name} holds a copy of the key instead of the CNAME.",
            "It works until the key is changed.",
            publish=wanted,
        )
    return None


def _wrong(name: str, target: str, wanted: tuple[DnsRecord, ...], why: str) -> Finding:
    return Finding(
        Subject.DKIM,
        "DKIM_WRONG",
        Grade.FAIL,
        f"{name} points to {target}, not to {wanted[0].value}.",
        why,
        (target,),
        wanted,
    )


def _weaker(finding: Finding, expected: Expected) -> Finding:
    return Finding(
        finding.subject,
        finding.tag,
        Grade.WARN,
        finding.summary,
        f"Mail is still signed with the other keys; when {expected.title} changes to this one, receivers will doubt it.",
        finding.found,
        finding.publish,
    )


def _tags(record: str) -> dict[str, str]:
    """The tag list of a key record, white space inside values removed (RFC 6376 section 3.2)."""
    pairs = (part.partition("=") for part in record.split(";") if "=" in part)
    return {name.strip(): "".join(value.split()) for name, _, value in pairs}


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
