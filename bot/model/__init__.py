"""The values all layers share. Frozen; times are aware UTC; addresses are lower case."""

from bot.model.bulk import Line, LineState, Run, RunState
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
    "Line",
    "LineState",
    "MailDomain",
    "MailUser",
    "NoticeKind",
    "Operator",
    "OperatorChange",
    "ProviderKind",
    "ProviderVerdict",
    "Role",
    "Run",
    "RunState",
    "Snapshot",
    "Subject",
    "Target",
    "TargetKind",
    "UserDetails",
]
