"""DKIM: the keys that mail is signed with (RFC 6376), reached through the provider's CNAMEs, or published as they are."""

from collections.abc import Mapping
from dataclasses import replace

from bot.dns.checks.dkim_key import judge_key, same_key
from bot.dns.checks.findings import ok, split, unknown, worst_first
from bot.dns.expected import Alias, Expected, Text
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_WHY = "Receivers can't verify your mail's signatures, and may refuse it or call it spam."


def check_dkim(domain: str, expected: Expected, answers: Mapping[str, Answer]) -> list[Finding]:
    """`answers`: by selector (`purelymail1._domainkey`), its TXT records with the CNAMEs that led to them."""
    judged = [_judge(domain, expected, key, answers[key.name]) for key in expected.dkim]
    findings = [finding for finding in judged if finding is not None]
    if not judged:
        return [_no_key_told(domain, expected)]
    if not findings:
        keys = f"All {len(judged)} DKIM keys of {expected.title} are"
        return [
            ok(
                Subject.DKIM,
                f"{keys if len(judged) > 1 else f'The DKIM key of {expected.title} is'} in place.",
            )
        ]
    broken = [finding for finding in findings if finding.grade is Grade.FAIL]
    if len(broken) == len(judged):
        return [replace(finding, why=f"{_WHY} {_mend(finding, expected)}".rstrip()) for finding in findings]
    # A break of one key shows only when the provider changes to it, as long as another one is good.
    signed = any(finding is None or finding.grade is Grade.WARN for finding in judged)
    why = (
        f"Mail can be signed with the other keys; once {expected.title} changes to this one, receivers will doubt it."
        if signed
        else "Whether another key is good could not be looked up."
    )
    return worst_first(
        replace(f, grade=Grade.WARN, why=f"{why} {_mend(f, expected)}".rstrip()) if f in broken else f
        for f in findings
    )


def _mend(finding: Finding, expected: Expected) -> str:
    """Who has to do something, and what beside publishing."""
    if not finding.publish:
        return f"{expected.title} has to mend this; there is nothing for you to publish."
    # RFC 1034 section 3.6.2: nothing else may stand beside a CNAME.
    instead = "Put this one in place of what is there." if finding.found else ""
    return f"{instead}{split(finding.publish[0])}".strip()


def _no_key_told(domain: str, expected: Expected) -> Finding:
    return Finding(
        Subject.DKIM,
        "DKIM_UNTOLD",
        Grade.UNKNOWN,
        f"{expected.title} has not told by which key the mail of {domain} is signed.",
        "So it can't be said whether receivers can verify it. See whether the box signs its mail.",
    )


def _judge(domain: str, expected: Expected, key: Alias | Text, answer: Answer) -> Finding | None:
    match key:
        case Alias():
            return _judge_alias(domain, expected, key, answer)
        case Text():
            return _judge_text(domain, expected, key, answer)


def _judge_text(domain: str, expected: Expected, key: Text, answer: Answer) -> Finding | None:
    wanted = (key.record(domain),)
    name = wanted[0].name
    match answer:
        case Unanswered():
            return unknown(Subject.DKIM, f"The DKIM key at {name}", answer)
        case NoDomain() | NoData():
            return _broken("DKIM_MISSING", f"There is no DKIM key at {name}.", wanted)
        case Records(values=values):
            if any(same_key(value, key.value) for value in values):
                return _judge_key(name, values, wanted, expected)
            fault = _judge_key(name, values, wanted, expected)
            other = f"The DKIM key at {name} is another than {expected.title} signs with."
            return (
                fault if fault and fault.grade is Grade.FAIL else _broken("DKIM_WRONG", other, wanted, values)
            )


def _judge_alias(domain: str, expected: Expected, alias: Alias, answer: Answer) -> Finding | None:
    wanted = (alias.record(domain),)
    name = wanted[0].name
    match answer:
        case Unanswered():
            return unknown(Subject.DKIM, f"The DKIM key at {name}", answer)
        case NoDomain(chain=()) | NoData(chain=()):
            return _broken("DKIM_MISSING", f"There is no DKIM key at {name}.", wanted)
        case NoDomain(chain=chain) | NoData(chain=chain) | Records(chain=chain) if (
            chain and alias.target not in chain
        ):
            return _broken(
                "DKIM_WRONG", f"{name} points to {chain[0]}, not to {alias.target}.", wanted, chain[:1]
            )
        case NoDomain(chain=chain) | NoData(chain=chain):
            return _broken(
                "DKIM_DANGLING",
                f"{name} points to {alias.target} as it should, but there is no key.",
                found=chain,
            )
        case Records(values=values, chain=()):
            return _judge_key(name, values, wanted, expected) or Finding(
                Subject.DKIM,
                "DKIM_COPIED",
                Grade.WARN,
                f"{name} holds a copy of the key instead of the CNAME.",
                f"It works until {expected.title} changes the key. Replace it by this one.",
                values,
                wanted,
            )
        case Records(values=values):
            return _judge_key(name, values, (), expected)


def _judge_key(
    name: str, values: tuple[str, ...], wanted: tuple[DnsRecord, ...], expected: Expected
) -> Finding | None:
    faults = [judge_key(value) for value in values]
    # RFC 6376 section 3.6.2.2: with several records, which one is taken is left open.
    if None in faults:
        return None
    fault = min(
        filter(None, faults), key=lambda fault: (fault.grade is Grade.FAIL, fault.tag == "DKIM_WRONG")
    )
    finding = Finding(
        Subject.DKIM, fault.tag, fault.grade, fault.summary.format(name=name), fault.why, values, wanted
    )
    return (
        finding
        if fault.grade is Grade.FAIL
        else replace(finding, why=f"{fault.why} {_mend(finding, expected)}")
    )


def _broken(
    tag: str,
    summary: str,
    publish: tuple[DnsRecord, ...] = (),
    found: tuple[str, ...] = (),
) -> Finding:
    return Finding(Subject.DKIM, tag, Grade.FAIL, summary, found=found, publish=publish)
