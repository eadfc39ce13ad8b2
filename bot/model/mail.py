"""Accounts, what is in them, and who looks after it."""

from dataclasses import dataclass
from datetime import datetime
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
    RENAME = auto()
    """A mail user may get another address, and keeps its mailbox."""
    SEARCH_INDEXING = auto()
    """Whether mailboxes are indexed for searching can be set."""
    PASSWORD_RESET = auto()
    """Users may reset a forgotten password themselves, by e-mail or phone, as is set here."""
    APP_PASSWORDS = auto()
    """A mail user may have further passwords, one for each program."""
    ARCHIVED_USERS = auto()
    """A deleted user's mailbox stays on the server, and can be given back by creating the user again."""
    DOMAINS = auto()
    """Domains are added and deleted by themselves; without it, one is there while an address of it is."""
    DOMAIN_SETTINGS = auto()
    """A domain has switches: recovery of the account by its DNS, and subaddresses."""
    CREDIT = auto()
    """The account is prepaid, and tells how much is left."""
    ROUTING_RULES = auto()
    """Mail to any addresses of a domain can be sent elsewhere, by rules that are numbered."""
    ALIASES = auto()
    """The same for one address, or for all of a domain that are no mail users'; a rule is known by its address."""


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
class Grant:
    """A role that an owner gave somebody in Slack."""

    slack_id: str
    role: Role
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class OperatorChange:
    """What an owner made of somebody: the role before and after, the configuration included; None for no operator."""

    id: str
    at: datetime
    by: str
    slack_id: str
    before: Role | None
    after: Role | None


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
