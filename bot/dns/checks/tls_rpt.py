"""TLS-RPT: where reports go of mail that could not be delivered over TLS (RFC 8460)."""

import re

from bot.dns.checks.findings import ok, unknown
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

NAME = "_smtp._tls"
"""Relative to the domain."""

# RFC 8460 section 3: other TXT records at the name are not meant; case counts (RFC 7405).
_RECORD = re.compile(r"v=TLSRPTv1\s*(?:;|$)")
_RUA = re.compile(r"(?:mailto:[^@\s,!;]+@(?:[a-z0-9_-]+\.)+[a-z0-9-]+|https://[^\s,!;]+)", re.IGNORECASE)


def check_tls_rpt(domain: str, answer: Answer) -> list[Finding]:
    """`answer`: the TXT records of `_smtp._tls.<domain>`."""
    name = f"{NAME}.{domain}"
    match answer:
        case Unanswered():
            return [unknown(Subject.TLS_RPT, f"The TLS-RPT record at {name}", answer)]
        case NoDomain() | NoData():
            values: tuple[str, ...] = ()
        case Records(values=values):
            pass
    records = [value for value in values if _RECORD.match(value)]
    meant = [value for value in values if value.strip().lower().startswith("v=tlsrpt")]
    places = list(
        dict.fromkeys(place for record in meant for place in _places(record) if _RUA.fullmatch(place))
    )
    match records:
        case [record] if places and all(_RUA.fullmatch(place) for place in _places(record)):
            return [ok(Subject.TLS_RPT, f"Reports of failed TLS go to {', '.join(places)}.", record)]
        case [] if not meant:
            return [
                Finding(
                    Subject.TLS_RPT,
                    "TLS_RPT_ABSENT",
                    Grade.INFO,
                    f"{domain} asks for no reports of failed TLS.",
                    f"You are not told when senders can't reach your mail system over TLS. To be told, publish at {name}"
                    " the TXT record v=TLSRPTv1; rua=mailto: and an address.",
                )
            ]
        case [] | [_]:
            tag, said = "TLS_RPT_INVALID", f"The TLS-RPT record at {name} can't be read."
        case _:
            tag, said = "TLS_RPT_MULTIPLE", f"{name} has {len(records)} TLS-RPT records; only one is allowed."
    # RFC 8460 section 3: unless there is exactly one record, there is none.
    wanted = (DnsRecord(name, "TXT", f"v=TLSRPTv1; rua={','.join(places)}"),) if places else ()
    return [
        Finding(
            Subject.TLS_RPT,
            tag,
            Grade.WARN,
            said,
            "Nobody sends the reports. "
            + (
                "Put this one in place of what is there."
                if wanted
                else "It is v=TLSRPTv1; rua= and then mailto: and an address, or an https: address."
            ),
            tuple(meant),
            wanted,
        )
    ]


def _places(record: str) -> list[str]:
    # RFC 8460 section 3: rua may stand more than once.
    pairs = (part.partition("=") for part in record.split(";")[1:])
    return [place.strip() for tag, _, value in pairs if tag.strip() == "rua" for place in value.split(",")]
