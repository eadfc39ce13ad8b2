"""checkdmarc, a program by others, looks at the corpus as well: where it comes to something else, the table says who is right.

The table is tests/dns/corpus/differences.yaml. What Mailwarden says is in the corpus, and proved by test_corpus.py.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver
import pytest
import pytest_asyncio
from checkdmarc import dmarc, mta_sts, smtp, smtp_tls_reporting, spf, utils

from bot.dns.lookup import a_labels
from bot.model import Grade
from tests.support.dns_corpus import Case, cases
from tests.support.dns_served import Served, serving

Verdict = frozenset[str]

OURS = {
    "mx": {
        "MX_MISSING": "missing",
        "NULL_MX": "null",
        "MX_IP_ADDRESS": "address",
        "MX_TARGET_UNRESOLVED": "unresolved",
        "MX_TARGET_CNAME": "alias",
        "MX_UNANSWERED": "unanswered",
    },
    "spf": {
        "SPF_MISSING": "missing",
        "SPF_MULTIPLE": "multiple",
        "SPF_SYNTAX": "syntax",
        "SPF_INCLUDE_BROKEN": "broken",
        "SPF_LOOP": "loop",
        "SPF_VOID_LOOKUPS": "voids",
        "SPF_TOO_MANY_MX": "lookups",
        "SPF_PROVIDER_BROKEN": "broken",
        "SPF_UNANSWERED": "unanswered",
    },
    "dmarc": {
        "DMARC_MISSING": "missing",
        "DMARC_MULTIPLE": "multiple",
        "DMARC_INVALID": "invalid",
        "DMARC_POLICY_NONE": "none",
        "DMARC_INHERITED": "inherited",
        "DMARC_RUA_INVALID": "reports",
        "DMARC_RUA_UNAUTHORISED": "reports",
        "DMARC_UNANSWERED": "unanswered",
    },
    "tls_rpt": {
        "TLS_RPT_ABSENT": "missing",
        "TLS_RPT_INVALID": "invalid",
        "TLS_RPT_MULTIPLE": "multiple",
        "TLS_RPT_UNANSWERED": "unanswered",
    },
    "mta_sts": {"MTA_STS_ABSENT": "missing", "MTA_STS_INVALID": "invalid", "MTA_STS_MULTIPLE": "multiple"},
    "policy": {"MTA_STS_POLICY_INVALID": "invalid", "MTA_STS_MX_MISMATCH": "mismatch"},
}
"""By subject, what our tags come to in words that both can say; the others are about what checkdmarc does not judge."""

DEPENDING_ON_GRADE = {
    ("SPF_ALL_OPEN", Grade.FAIL): "open",
    ("SPF_ALL_OPEN", Grade.WARN): "neutral",
    ("SPF_TOO_MANY_LOOKUPS", Grade.FAIL): "lookups",
}


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom checkdmarc asks: the loopback server, and nobody else."""

    resolver: dns.resolver.Resolver

    @property
    def options(self) -> dict[str, Any]:
        # Some of what it asks goes past the resolver, to the name servers.
        return {"resolver": self.resolver, **self.elsewhere}

    @property
    def elsewhere(self) -> dict[str, Any]:
        return {"nameservers": self.resolver.nameservers, "timeout": self.resolver.lifetime, "retries": 0}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    # Its cache holds answers of whatever server for half an hour.
    utils.DNS_CACHE.clear()
    sys.addaudithook(_watch)
    async with serving(cases(), tmp_path_factory.mktemp("tls")) as served:
        yield served


@pytest.fixture(autouse=True)
def connections() -> Iterator[set[str]]:
    """Where sockets of this process go meanwhile."""
    _seen.clear()
    yield _seen
    assert _seen <= {"127.0.0.1", "::1"}


_seen: set[str] = set()


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"} and isinstance(arguments[1], tuple):
        _seen.add(arguments[1][0])
    elif event == "socket.getaddrinfo" and arguments[0] is not None:
        _seen.add(arguments[0])


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
@pytest.mark.asyncio(loop_scope="module")
async def test_checkdmarc_agrees_or_the_table_says_why_not(
    served: Served, case: Case, connections: set[str]
) -> None:
    host, _, port = served.server.address.rpartition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver(host, int(port))]
    resolver.timeout, resolver.lifetime = (0.3, 0.5) if case.is_silent else (3.0, 8.0)
    theirs = await asyncio.to_thread(_theirs, case, Asking(resolver))
    ours = _ours(case)
    told = {
        subject: (_words(theirs[subject]), _words(ours[subject]))
        for subject in theirs
        if not _agree(theirs[subject], ours[subject])
    }
    assert told == {
        subject: (row["checkdmarc"], row["mailwarden"]) for subject, row in case.differences.items()
    }
    assert connections == {"127.0.0.1"}


def test_every_difference_is_of_a_zone_and_has_a_reason() -> None:
    named = {case.name: case.differences for case in cases() if case.differences}
    for name, rows in named.items():
        for subject, row in rows.items():
            assert set(row) == {"checkdmarc", "mailwarden", "right", "why"}, (name, subject)
            assert row["right"] in {"checkdmarc", "mailwarden", "both"}
            assert "RFC" in row["why"]


def _agree(theirs: Verdict, ours: Verdict) -> bool:
    """It stops at the first permanent error; we name them all."""
    return theirs == ours or bool(theirs and theirs < ours)


def _words(verdict: Verdict) -> str:
    return " ".join(sorted(verdict)) or "good"


def _ours(case: Case) -> dict[str, Verdict]:
    if "DOMAIN_GONE" in case.said:
        return dict.fromkeys(OURS, frozenset({"missing"}))
    found = {
        subject: frozenset(
            word
            for tag, grade in case.expected
            if (
                word := words.get(tag) or (DEPENDING_ON_GRADE.get((tag, grade)) if subject == "spf" else None)
            )
        )
        for subject, words in OURS.items()
    }
    # With a policy, that is what was not answered.
    if "MTA_STS_UNANSWERED" in case.said and case.policy is None:
        found["mta_sts"] = frozenset({"unanswered"})
    return found


def _theirs(case: Case, asking: Asking) -> dict[str, Verdict]:
    domain = a_labels(case.domain)
    subjects: dict[str, Callable[[str, Asking], Verdict]] = {
        "mx": _mx,
        "spf": _spf,
        "dmarc": _dmarc,
        "tls_rpt": _tls_rpt,
        "mta_sts": _mta_sts,
    }
    found = {subject: check(domain, asking) for subject, check in subjects.items()}
    if case.policy is not None and (case.policy.status, case.policy.media, case.policy.certificate) == (
        200,
        "text/plain",
        "good",
    ):
        found["policy"] = _policy(case.policy.text, domain, asking)
    return found


def _mx(domain: str, asking: Asking) -> Verdict:
    try:
        records = utils.get_mx_record_set(domain, **asking.options)
        hosts = smtp.get_mx_hosts(domain, **asking.options)
    except utils.DNSExceptionNXDOMAIN:
        return frozenset({"missing"})
    except utils.DNSException:
        return frozenset({"unanswered"})
    if records["null_mx"]:
        return frozenset({"null"})
    if records["record_count"] == 0:
        return frozenset({"missing"})
    warnings = " ".join([*records["warnings"], *hosts["warnings"]])
    said = {
        "advertises a null MX": "null",
        "points at the IP address": "address",
        "is a CNAME alias": "alias",
        "does not have any A or AAAA": "unresolved",
        "does not exist": "unresolved",
    }
    return frozenset(word for text, word in said.items() if text in warnings)


def _spf(domain: str, asking: Asking) -> Verdict:
    try:
        record = spf.query_spf_record(domain, **asking.options)["record"]
    except spf.SPFRecordNotFound:
        return frozenset({"missing"})
    except spf.MultipleSPFRTXTRecords:
        return frozenset({"multiple"})
    try:
        parsed = spf.parse_spf_record(record, domain, **asking.options)
    except spf.SPFTooManyDNSLookups:
        return frozenset({"lookups"})
    except spf.SPFTooManyVoidDNSLookups:
        return frozenset({"voids"})
    except (spf.SPFIncludeLoop, spf.SPFRedirectLoop):
        return frozenset({"loop"})
    except (spf.SPFRecordNotFound, spf.MultipleSPFRTXTRecords):
        return frozenset({"broken"})
    except spf.SPFSyntaxError:
        return frozenset({"syntax"})
    return frozenset({"pass": {"open"}, "neutral": {"neutral"}}.get(str(parsed["parsed"]["all"]), set()))


def _dmarc(domain: str, asking: Asking) -> Verdict:
    try:
        query = dmarc.query_dmarc_record(domain, ignore_unrelated_records=True, **asking.options)
    except dmarc.DMARCRecordNotFound:
        return frozenset({"missing"})
    except dmarc.MultipleDMARCRecords:
        return frozenset({"multiple"})
    except dmarc.DMARCRecordStartsWithWhitespace:
        return frozenset({"invalid"})
    except dmarc.DMARCError as error:
        # It has no class of its own for a question that was not answered.
        if type(error) is not dmarc.DMARCError:
            raise
        return frozenset({"unanswered"})
    try:
        parsed = dmarc.parse_dmarc_record(query["record"], query["location"], **asking.options)
    except dmarc.InvalidDMARCReportURI:
        return frozenset({"reports"})
    except dmarc.DMARCSyntaxError:
        return frozenset({"invalid"})
    inherited = query["location"] != domain
    policy = parsed["tags"]["sp" if inherited else "p"]["value"]
    abroad = any("does not indicate" in warning for warning in parsed["warnings"])
    return frozenset(
        {"none"} if policy == "none" else {"inherited"} if inherited else {"reports"} if abroad else set()
    )


def _tls_rpt(domain: str, asking: Asking) -> Verdict:
    try:
        record = smtp_tls_reporting.query_smtp_tls_reporting_record(domain, **asking.options)["record"]
        _ = smtp_tls_reporting.parse_smtp_tls_reporting_record(record)
    except smtp_tls_reporting.SMTPTLSReportingRecordNotFound:
        return frozenset({"missing"})
    except smtp_tls_reporting.MultipleSMTPTLSReportingRecords:
        return frozenset({"multiple"})
    except smtp_tls_reporting.SMTPTLSReportingError:
        return frozenset({"invalid"})
    return frozenset()


def _mta_sts(domain: str, asking: Asking) -> Verdict:
    try:
        record = mta_sts.query_mta_sts_record(domain, **asking.options)["record"]
        _ = mta_sts.parse_mta_sts_record(record)
    except (mta_sts.MTASTSRecordNotFound, mta_sts.SPFRecordFoundWhereMTASTSRecordShouldBe):
        return frozenset({"missing"})
    except mta_sts.MultipleMTASTSRecords:
        return frozenset({"multiple"})
    except mta_sts.MTASTSError:
        return frozenset({"invalid"})
    return frozenset()


def _policy(text: str, domain: str, asking: Asking) -> Verdict:
    try:
        policy = mta_sts.parse_mta_sts_policy(text)["policy"]
    except mta_sts.MTASTSPolicySyntaxError:
        return frozenset({"invalid"})
    if policy["mode"] == "none":
        return frozenset()
    hosts = [host["hostname"] for host in utils.get_mx_records(domain, **asking.options)]
    matched = all(mta_sts.mx_in_mta_sts_patterns(host, policy["mx"]) for host in hosts)
    return frozenset() if matched else frozenset({"mismatch"})
