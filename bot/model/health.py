"""What was seen of a domain's DNS."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.mail import ProviderVerdict


class Grade(StrEnum):
    """How bad a finding is, by what happens to mail."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Subject(StrEnum):
    """What a DNS finding is about, in the order they are shown."""

    DOMAIN = "domain"
    MX = "mx"
    SPF = "spf"
    DKIM = "dkim"
    DMARC = "dmarc"
    OWNERSHIP = "ownership"
    MTA_STS = "mta_sts"
    TLS_RPT = "tls_rpt"
    DNSSEC = "dnssec"
    NAMESERVERS = "nameservers"
    ADDRESSES = "addresses"
    """From here on: of a mail system that is a host of one's own."""
    REVERSE = "reverse"
    TLSA = "tlsa"
    AUTOCONFIG = "autoconfig"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record to publish. `name` and, for MX and CNAME, the host in `value` are absolute, without the final dot."""

    name: str
    type: str
    value: str
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation. `tag` is stable (MX_MISSING, SPF_MULTIPLE ...); sentences may change.

    `summary` says what is, `why` what it means for mail ("" if nothing), `publish` the records that mend it. `since`: when
    what is bad was first seen. `confirmed`: it was seen twice, or is nothing that has to be; of what could not be looked
    up: for so long, or never, that it has to be said.
    """

    subject: Subject
    tag: str
    grade: Grade
    summary: str
    why: str = ""
    found: tuple[str, ...] = ()
    publish: tuple[DnsRecord, ...] = ()
    since: datetime | None = None
    confirmed: bool = True

    @property
    def shown(self) -> Grade:
        """What may be said of it now: nothing is called bad that was seen only once."""
        if self.confirmed:
            return self.grade
        return Grade.OK if self.grade is Grade.UNKNOWN else Grade.UNKNOWN


@dataclass(frozen=True, slots=True)
class DomainHealth:
    """All findings of one domain, worst first within their subject, at least one for each subject looked at."""

    account: str
    domain: str
    checked_at: datetime
    findings: tuple[Finding, ...]
    provider_verdict: ProviderVerdict | None = None
    next_look_at: datetime | None = None

    @property
    def grade(self) -> Grade:
        """The worst of the findings, as far as they are confirmed; UNKNOWN only where nothing is worse than ok or info."""
        for grade in (Grade.FAIL, Grade.WARN, Grade.UNKNOWN):
            if any(finding.shown is grade for finding in self.findings):
                return grade
        return Grade.OK

    def of(self, subject: Subject) -> Grade:
        """The worst grade of one subject; OK where it has no finding."""
        order = (Grade.FAIL, Grade.WARN, Grade.UNKNOWN, Grade.INFO)
        grades = {finding.shown for finding in self.findings if finding.subject is subject}
        return next((grade for grade in order if grade in grades), Grade.OK)
