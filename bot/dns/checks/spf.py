"""SPF: which servers may send for the domain (RFC 7208)."""

import re

from bot.dns.checks.findings import ok, unknown
from bot.dns.checks.spf_terms import Terms, is_spf
from bot.dns.expected import Expected
from bot.dns.lookup import Answer, NoData, NoDomain, Records, Unanswered
from bot.model import DnsRecord, Finding, Grade, Subject

_OPEN = {
    "+": "allows everybody to send (+all).",
    "?": "says nothing about other senders (?all).",
    None: "does not say what to do with other senders.",
}


def check_spf(domain: str, expected: Expected, answer: Answer) -> list[Finding]:
    """`answer`: the TXT records of the domain."""
    match answer:
        case Unanswered():
            return [unknown(Subject.SPF, f"The SPF record of {domain}", answer)]
        case NoDomain() | NoData():
            records: list[str] = []
        case Records(values=values):
            records = [value for value in values if is_spf(value)]
    if not records:
        return [
            Finding(
                Subject.SPF,
                "SPF_MISSING",
                Grade.FAIL,
                f"{domain} has no SPF record.",
                "Receivers can't tell your mail from forged mail, and may refuse it or call it spam.",
                publish=(_merged(domain, [], expected),),
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
                (_merged(domain, records, expected),),
            )
        ]
    return _judge(domain, expected, records[0])


def _judge(domain: str, expected: Expected, record: str) -> list[Finding]:
    terms = Terms(record)
    wanted = (_merged(domain, [record], expected),)
    if terms.mistakes:
        # RFC 7208 section 4.6: a syntax error anywhere is a permanent error.
        return [
            Finding(
                Subject.SPF,
                "SPF_SYNTAX",
                Grade.FAIL,
                f"The SPF record of {domain} has a mistake: {', '.join(terms.mistakes)}.",
                "Receivers take that as an error and ignore the whole record. Replace it by this one, in which the mistake is left out.",
                (record,),
                wanted,
            )
        ]
    findings = []
    if not terms.allows(expected.spf_include):
        findings.append(
            Finding(
                Subject.SPF,
                "SPF_NO_PROVIDER",
                Grade.FAIL,
                f"The SPF record of {domain} does not name {expected.title}.",
                "Mail that your users send may be refused or called spam. Replace it by this one.",
                (record,),
                wanted,
            )
        )
    if terms.everybody in _OPEN and not (terms.everybody is None and terms.redirect):
        findings.append(
            Finding(
                Subject.SPF,
                "SPF_ALL_OPEN",
                Grade.FAIL if terms.everybody == "+" else Grade.WARN,
                f"The SPF record of {domain} {_OPEN[terms.everybody]}",
                "Receivers do not doubt forged mail in your name. Replace it by this one.",
                (record,),
                wanted,
            )
        )
    return findings or [ok(Subject.SPF, f"The SPF record allows {expected.title}.", record)]


def _merged(domain: str, records: list[str], expected: Expected) -> DnsRecord:
    """One record that allows the provider and whom the others allow, and ends as strictly as they agree on."""
    include = f"include:{expected.spf_include}"
    parsed = [Terms(record) for record in records]
    kept = [term for terms in parsed for term in terms.kept]
    kept = [term for term in kept if not Terms.is_include(term.lstrip("?~-"), expected.spf_include)]
    # RFC 7208 section 6.1: a redirect counts only where there is no `all`.
    redirects = [terms.redirect for terms in parsed if terms.redirect and terms.everybody is None]
    ending = "-all" if {terms.everybody for terms in parsed} == {"-"} else "~all"
    if len(records) == 1 and redirects and redirects[0].lower() != expected.spf_include:
        ending = f"redirect={redirects[0]}"
    else:
        kept += [f"include:{target}" for target in redirects if target.lower() != expected.spf_include]
    # RFC 7208 section 6.2: exp= may stand once.
    explained = [term for term in kept if re.match("exp=", term, re.IGNORECASE)]
    kept = [term for term in dict.fromkeys(kept) if term not in explained[1:] or term == explained[0]]
    return DnsRecord(domain, "TXT", " ".join(["v=spf1", include, *kept, ending]))
