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
                    "Mail to this domain is returned to its senders.",
                    publish=(wanted,),
                )
            ]
        case Records(values=values):
            return _judge(domain, expected, values, wanted)


def _judge(domain: str, expected: Expected, values: tuple[str, ...], wanted: DnsRecord) -> list[Finding]:
    hosts = {value.split()[-1].rstrip(".") for value in values}
    # "0 ." says that the domain takes no mail at all (RFC 7505 section 3).
    if hosts & {"", "."}:
        return [
            Finding(
                Subject.MX,
                "NULL_MX",
                Grade.FAIL,
                f"{domain} publishes a null MX: it says that it takes no mail.",
                "Senders do not even try to deliver.",
                values,
                (wanted,),
            )
        ]
    others = sorted(hosts - {expected.mx_host})
    if expected.mx_host not in hosts:
        return [
            Finding(
                Subject.MX,
                "MX_WRONG",
                Grade.FAIL,
                f"The MX of {domain} is {', '.join(others)}, not {expected.mx_host}.",
                f"Mail is delivered there, and none arrives at {expected.title}.",
                values,
                (wanted,),
            )
        ]
    if others:
        return [
            Finding(
                Subject.MX,
                "MX_EXTRA",
                Grade.WARN,
                f"Beside {expected.mx_host}, {', '.join(others)} is an MX of {domain}.",
                f"Some mail is delivered there instead of to {expected.title}. Remove what is left over.",
                values,
                (wanted,),
            )
        ]
    return [ok(Subject.MX, f"Mail goes to {expected.mx_host}.", *values)]
