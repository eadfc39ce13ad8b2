"""The values all layers share. Frozen; times are aware UTC; addresses are lower case."""

from bot.model.deletions import CANCELLABLE_STATES, OPEN_STATES, Deletion, DeletionState, Snapshot
from bot.model.health import DnsRecord, DomainHealth, Finding, Grade, Subject
from bot.model.mail import (
    UNTOLD,
    Capability,
    Grant,
    MailDomain,
    MailUser,
    Operator,
    OperatorChange,
    ProviderKind,
    ProviderVerdict,
    Role,
    Target,
    TargetKind,
    UserDetails,
)
from bot.model.notices import AlertKind, NoticeKind

__all__ = [
    "CANCELLABLE_STATES",
    "OPEN_STATES",
    "UNTOLD",
    "AlertKind",
    "Capability",
    "Deletion",
    "DeletionState",
    "DnsRecord",
    "DomainHealth",
    "Finding",
    "Grade",
    "Grant",
    "MailDomain",
    "MailUser",
    "NoticeKind",
    "Operator",
    "OperatorChange",
    "ProviderKind",
    "ProviderVerdict",
    "Role",
    "Snapshot",
    "Subject",
    "Target",
    "TargetKind",
    "UserDetails",
]
