"""SPF: which servers may send for the domain (RFC 7208)."""

import re

from bot.dns.checks.findings import ok, unknown
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_MECHANISM = re.compile(
    r"[+\-?~]?(?:all|include:\S+|exists:\S+|(?:a|mx)(?::[^/\s]+)?(?:/\d{1,3})?(?://\d{1,3})?|ptr(?::\S+)?"
    r"|ip4:[\d.]+(?:/\d{1,2})?|ip6:[\da-f:.]+(?:/\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER = re.compile(r"[a-z][a-z0-9._-]*=\S*", re.IGNORECASE)


def check_spf(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    """`answer`: the TXT records of the domain."""
    match answer:
        case Unanswered():
            return [unknown(Subject.SPF, f"The SPF record of {domain}", answer)]
        case NoDomain() | NoData():
            records: list[str] = []
        case Records(values=values):
            # RFC 7208 section 4.5: exactly "v=spf1", then a space or the end.
            records = [value for value in values if re.match(r"v=spf1( |$)", value, re.IGNORECASE)]
    if not records:
        return [
            Finding(
                Subject.SPF,
                "SPF_MISSING",
                Grade.FAIL,
                f"{domain} has no SPF record.",
                "Receivers can't tell your mail from forged mail, and may refuse it or call it spam.",
                publish=(_record(domain, f"v=spf1 {_include(expected)} ~all"),),
            )
        ]
    if len(records) > 1:
        # RFC 7208 section 4.5: more than one record is a permanent error.
        return [
            Finding(
                Subject.SPF,
                "SPF_MULTIPLE",
                Grade.FAIL,
                f"{domain} has {len(records)} SPF records; only one is allowed.",
                "Receivers take that as an error and ignore them all. Replace them by this one.",
                tuple(records),
                (_record(domain, _merged(records, expected)),),
            )
        ]
    return _judge(domain, expected, records[0])


def _judge(domain: str, expected: Expected, record: str) -> list[Finding]:
    terms = record.split()[1:]
    wrong = [term for term in terms if not (_MECHANISM.fullmatch(term) or _MODIFIER.fullmatch(term))]
    if wrong:
        # RFC 7208 section 4.6: a syntax error anywhere is a permanent error.
        good = " ".join(["v=spf1", *(term for term in terms if term not in wrong)])
        return [
            Finding(
                Subject.SPF,
                "SPF_SYNTAX",
                Grade.FAIL,
                f"The SPF record of {domain} has a mistake: {', '.join(wrong)}.",
                "Receivers take that as an error and ignore the whole record.",
                (record,),
                (_record(domain, _merged([good], expected)),),
            )
        ]
    findings = []
    if not _allows(terms, expected):
        findings.append(
            Finding(
                Subject.SPF,
                "SPF_NO_PROVIDER",
                Grade.FAIL,
                f"The SPF record of {domain} does not allow {expected.title}.",
                "Mail that your users send may be refused or called spam.",
                (record,),
                (_record(domain, _merged([record], expected)),),
            )
        )
    last = _all_of(terms)
    if (
        last == "+"
        or (last is None and not any(term.lower().startswith("redirect=") for term in terms))
        or last == "?"
    ):
        open_to_all = last == "+"
        findings.append(
            Finding(
                Subject.SPF,
                "SPF_ALL_OPEN",
                Grade.FAIL if open_to_all else Grade.WARN,
                f"The SPF record of {domain} "
                + (
                    "allows everybody to send (+all)."
                    if open_to_all
                    else "does not say what to do with other senders."
                ),
                "Forged mail passes as yours. End the record with ~all.",
                (record,),
                (_record(domain, _merged([record], expected)),),
            )
        )
    return findings or [ok(Subject.SPF, f"The SPF record allows {expected.title}.", record)]


def _allows(terms: list[str], expected: Expected) -> bool:
    """Whether the provider's include stands before an `all`, after which nothing counts (RFC 7208 section 5.1)."""
    for term in terms:
        bare = term.lower().lstrip("+")
        if bare == _include(expected):
            return True
        if bare.lstrip("-~?") == "all":
            return False
    return False


def _all_of(terms: list[str]) -> str | None:
    """The qualifier of `all`, "+" if it has none; None without an `all`."""
    for term in terms:
        if term.lower().lstrip("+-~?") == "all":
            return term[0] if term[0] in "+-~?" else "+"
    return None


def _merged(records: list[str], expected: Expected) -> str:
    """One record that keeps what the others allow, allows the provider, and ends in `all` as strictly as they did."""
    terms = [term for record in records for term in record.split()[1:]]
    qualifiers = {qualifier for record in records if (qualifier := _all_of(record.split()[1:]))}
    ending = "-all" if "-" in qualifiers and len(records) == 1 else "~all"
    redirects = [term for term in terms if term.lower().startswith("redirect=")]
    kept = [
        term
        for term in terms
        if term.lower().lstrip("+-~?") != "all"
        and term not in redirects
        and term.lower().lstrip("+") != _include(expected)
    ]
    tail = redirects[:1] if redirects and not qualifiers else [ending]
    return " ".join(["v=spf1", _include(expected), *dict.fromkeys(kept), *tail])


def _include(expected: Expected) -> str:
    return f"include:{expected.spf_include}"


def _record(domain: str, value: str) -> DnsRecord:
    return DnsRecord(domain, "TXT", value)
