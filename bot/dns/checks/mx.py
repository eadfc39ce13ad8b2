"""MX: where mail for the domain is delivered (RFC 5321 section 5.1)."""

from bot.dns.checks.findings import ok, unknown, worst_first
from bot.dns.checks.mx_targets import check_mx_targets, is_address, owned
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Resolver, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject


async def check_mx(domain: str, expected: Expected, answer: Answer, ask: Resolver) -> list[Finding]:
    """`answer`: the MX records of the domain. `ask` is asked for the hosts that they name."""
    judged = _judge(domain, expected, answer)
    targets = await check_mx_targets(domain, expected, answer, ask)
    if any(finding.grade is not Grade.INFO for finding in targets):
        judged = [finding for finding in judged if finding.grade is not Grade.OK]
    return worst_first([*judged, *targets])


def _judge(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    wanted = DnsRecord(domain, "MX", expected.mx_host, expected.mx_priority)
    match answer:
        case Unanswered():
            return [unknown(Subject.MX, f"The MX of {domain}", answer)]
        case NoDomain() | NoData():
            return [
                Finding(
                    Subject.MX,
                    "MX_MISSING",
                    Grade.FAIL,
                    f"{domain} has no MX record.",
                    # RFC 5321 section 5.1: without an MX, senders go to the domain's own address.
                    f"Mail is not delivered to {expected.title}; senders try the domain's own address, or give up.",
                    publish=(wanted,),
                )
            ]
        case Records(values=values):
            return _judge_values(domain, expected, values, wanted)


def _judge_values(
    domain: str, expected: Expected, values: tuple[str, ...], wanted: DnsRecord
) -> list[Finding]:
    numbers = sorted(((int(number), host) for number, host in map(str.split, values)), reverse=True)
    preference = {host: number for number, host in numbers}
    # "0 ." says that the domain takes no mail at all (RFC 7505 section 3).
    if "." in preference:
        return [
            Finding(
                Subject.MX,
                "NULL_MX",
                Grade.FAIL,
                f"{domain} publishes a null MX: it says that it takes no mail."
                if len(preference) == 1
                else f"{domain} publishes a null MX, which says that it takes no mail, beside other MX.",
                "Senders don't even try to deliver. Replace it by this one."
                if len(preference) == 1
                else "Which of them counts is up to each sender; some don't even try to deliver. Put this one in place of all of them.",
                values,
                (wanted,),
            )
        ]
    # An IP address is no host that mail could go to: that is judged with the targets.
    others = sorted(host for host in preference if host != expected.mx_host and not is_address(host))
    if expected.mx_host not in preference and not others:
        return []
    if expected.mx_host not in preference:
        return [
            Finding(
                Subject.MX,
                "MX_WRONG",
                Grade.FAIL,
                f"The MX of {domain} is {owned(others)}, not {expected.mx_host}.",
                f"Senders go there, and no mail arrives at {expected.title}. Replace what is there by this one.",
                values,
                (wanted,),
            )
        ]
    if others:
        # RFC 5321 section 5.1: the lowest preference is tried first, equal ones in random order.
        first = min(preference[host] for host in others) <= preference[expected.mx_host]
        return [
            Finding(
                Subject.MX,
                "MX_EXTRA",
                Grade.FAIL if first else Grade.WARN,
                f"Beside {expected.mx_host}, {domain} also has the MX {owned(others)}.",
                (
                    f"Senders go there first, or as often, and that mail does not arrive at {expected.title}."
                    if first
                    else f"Senders go there when {expected.title} does not answer, and that mail does not arrive here."
                )
                + " Remove what is left over.",
                values,
                (wanted,),
            )
        ]
    return [ok(Subject.MX, f"Mail goes to {expected.mx_host}.", *values)]
