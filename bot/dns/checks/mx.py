"""MX: where mail for the domain is delivered (RFC 5321 section 5.1)."""

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject


def check_mx(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    """`answer`: the MX records of the domain."""
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
            return _judge(domain, expected, values, wanted)


def _judge(domain: str, expected: Expected, values: tuple[str, ...], wanted: DnsRecord) -> list[Finding]:
    numbers = sorted(((int(number), host) for number, host in map(str.split, values)), reverse=True)
    preference = {host: number for number, host in numbers}
    # "0 ." says that the domain takes no mail at all (RFC 7505 section 3).
    if "." in preference:
        return [
            Finding(
                Subject.MX,
                "NULL_MX",
                Grade.FAIL,
                f"{domain} publishes a null MX: it says that it takes no mail.",
                "Senders don't even try to deliver. Remove it.",
                values,
                (wanted,),
            )
        ]
    others = sorted(preference.keys() - {expected.mx_host})
    if expected.mx_host not in preference:
        return [
            Finding(
                Subject.MX,
                "MX_WRONG",
                Grade.FAIL,
                f"The MX of {domain} is {', '.join(others)}, not {expected.mx_host}.",
                f"Mail is delivered there, and none arrives at {expected.title}. Replace what is there by this one.",
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
                f"Beside {expected.mx_host}, {domain} also has the MX {', '.join(others)}.",
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
