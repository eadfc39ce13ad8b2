"""The values all layers share. Frozen; times are aware UTC; addresses are lower case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum, auto


class ProviderKind(StrEnum):
    PURELYMAIL = "purelymail"
    MAILINABOX = "mailinabox"


class Capability(StrEnum):
    """What a provider can do. The interface offers only what the account can do."""

    TWO_FACTOR = auto()
    """2FA can be required and released."""
    TWO_FACTOR_DISABLE = auto()
    """2FA is set up by the users themselves; here it can only be taken away."""
    QUOTA = auto()
    """A mailbox has a size limit, and its use is known."""
    ADMIN_PRIVILEGE = auto()
    """A mail user may be an administrator of the mail system."""
    ARCHIVED_USERS = auto()
    """A deleted user's mailbox stays on the server, and can be given back by creating the user again."""
    DOMAINS = auto()
    """Domains are added and deleted by themselves; without it, one is there while an address of it is."""
    ROUTING_RULES = auto()


class Role(IntEnum):
    """Ordered: a higher role may do all that a lower one may."""

    VIEWER = 1
    ADMIN = 2
    OWNER = 3


class TargetKind(StrEnum):
    USER = "user"
    DOMAIN = "domain"
    ROUTING_RULE = "routing_rule"


@dataclass(frozen=True, slots=True)
class Target:
    """What a deletion is aimed at. `id` is the address, the domain name, or the provider's rule id."""

    account: str
    kind: TargetKind
    id: str


@dataclass(frozen=True, slots=True)
class Operator:
    """A Slack person who may act, as proven at the moment of this act."""

    slack_id: str
    role: Role


@dataclass(frozen=True, slots=True)
class UserDetails:
    """What a mail system tells of a mail user beside its address; None where it says nothing.

    `admin`: whether the user may administer the mail system. `quota` and `used` are bytes; a quota of 0 is no limit.
    """

    admin: bool | None = None
    quota: int | None = None
    used: int | None = None


UNTOLD = UserDetails()


@dataclass(frozen=True, slots=True)
class MailUser:
    """A mailbox login as the directory knows it. `deletion_id` is set while a deletion of it is open.

    `archived`: the login is deleted, and its mailbox is kept (Capability.ARCHIVED_USERS).
    """

    account: str
    address: str
    deletion_id: str | None = None
    archived: bool = False
    details: UserDetails = UNTOLD

    @property
    def local_part(self) -> str:
        return self.address.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class MailDomain:
    """A domain of an account. `provider_verdict` is the mail system's own DNS opinion, None if it has none."""

    account: str
    name: str
    provider_verdict: "ProviderVerdict | None" = None


@dataclass(frozen=True, slots=True)
class ProviderVerdict:
    """The four flags PurelyMail keeps (listDomains.dnsSummary); they move only on its recheck."""

    mx: bool
    spf: bool
    dkim: bool
    dmarc: bool


class DeletionState(StrEnum):
    REQUESTED = "requested"
    """On record; the grace period has not begun, because the notice is not (or no longer) confirmed."""
    HELD = "held"
    """The notice is up, and the grace period begins when another admin releases it."""
    PENDING = "pending"
    """The notice is up and the grace period runs, or has run out."""
    EXECUTING = "executing"
    """The mail system may have been asked. Too late to cancel."""
    DELETED = "deleted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DROPPED = "dropped"
    """It failed, and somebody decided that it is not tried again."""

    @property
    def is_open(self) -> bool:
        return self in OPEN_STATES


CANCELLABLE_STATES = frozenset({DeletionState.REQUESTED, DeletionState.HELD, DeletionState.PENDING})
OPEN_STATES = CANCELLABLE_STATES | {DeletionState.EXECUTING}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What identified a target, and what goes along with it, when its deletion was asked for.

    Of a domain: its `users` and `rules` (in words), which are deleted with it. Of a routing rule: its `content`. Of a
    user nothing: mail systems give a mailbox no identity beyond its address. `kept`: the mail system keeps the mailbox of
    the user, and gives it back to whoever creates the address again.
    """

    users: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    content: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """One row of the queue.

    `request_id` is shared by what was asked for at once and is announced in one notice. `execute_at` is None until Slack
    has confirmed the notice. `lease_until`: while `claimed_by` is set, when the claim lapses; else when to look next.
    `hold_id` names the mass deletion it is held with, `released_by` who ended that hold. `removals` counts the notices
    that somebody removed. `can_retry`: a failure that another try may mend. `version` counts the changes.
    """

    id: str
    request_id: str
    target: Target
    label: str
    reason: str
    requested_by: str
    requested_at: datetime
    grace: timedelta
    state: DeletionState
    notice_channel: str
    snapshot: Snapshot = Snapshot()
    notice_ts: str | None = None
    noticed_at: datetime | None = None
    execute_at: datetime | None = None
    reminded_at: datetime | None = None
    hold_id: str | None = None
    released_by: str | None = None
    removals: int = 0
    claimed_by: str | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    last_error: str | None = None
    can_retry: bool = False
    finished_at: datetime | None = None
    cancelled_by: str | None = None
    version: int = 0

    @property
    def is_held(self) -> bool:
        return self.hold_id is not None and self.released_by is None


class NoticeKind(StrEnum):
    """What a message is about. The subject id says which one."""

    DELETION = "deletion"
    """A request to delete: one target or several. Subject: the request's id."""
    REMINDER = "reminder"
    """The warning in the thread of that notice before its time comes. Subject: the request's id."""
    HOLD = "hold"
    """A mass deletion that waits for another admin. Subject: the hold's id."""
    TROUBLE = "trouble"
    """Why a request's notice can't be posted, for the fallback channel. Subject: the request's id."""
    TROUBLE_DIRECT = "trouble_direct"
    """The same for the person who asked."""
    DIGEST = "digest"
    DNS_ALERT = "dns_alert"
    """Domains that broke or are good again. Subject: the alert's id."""
    OUTAGE = "outage"
    """An account that can't be used. Subject: the outage's id."""
    OUTAGE_OVER = "outage_over"
    """The same, when it can be used again."""


class AlertKind(StrEnum):
    BAD = "bad"
    """Domains have broken, or have begun to come and go."""
    GOOD = "good"
    """Domains are good again."""
    BLIND = "blind"
    """DNS could not be asked at all."""


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
