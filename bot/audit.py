"""Who did what: one entry per act, written by the transaction that records its effect."""

from datetime import datetime
from enum import StrEnum, auto

from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage import audit as rows

THE_CLOCK = "mailwarden"
"""The actor of what the bot does by itself when its time has come."""


class Act(StrEnum):
    CREATE_ASKED = auto()
    CREATED = auto()
    CREATE_FAILED = auto()
    PASSWORD_ASKED = auto()
    PASSWORD_SET = auto()
    PASSWORD_FAILED = auto()
    TWO_FACTOR_ASKED = auto()
    TWO_FACTOR_SET = auto()
    TWO_FACTOR_FAILED = auto()
    RESTORE_ASKED = auto()
    RESTORED = auto()
    RESTORE_FAILED = auto()
    QUOTA_ASKED = auto()
    QUOTA_SET = auto()
    QUOTA_FAILED = auto()
    ADMIN_ASKED = auto()
    ADMIN_SET = auto()
    ADMIN_FAILED = auto()
    DOMAIN_ASKED = auto()
    DOMAIN_ADDED = auto()
    DOMAIN_FAILED = auto()
    DOMAIN_SETTINGS_ASKED = auto()
    DOMAIN_SETTINGS_SET = auto()
    DOMAIN_SETTINGS_FAILED = auto()
    DOMAIN_RECHECKED = auto()
    RENAME_ASKED = auto()
    RENAMED = auto()
    RENAME_FAILED = auto()
    OPTION_ASKED = auto()
    OPTION_SET = auto()
    OPTION_FAILED = auto()
    RESET_METHOD_ASKED = auto()
    RESET_METHOD_ADDED = auto()
    RESET_METHOD_REMOVED = auto()
    RESET_METHOD_FAILED = auto()
    APP_PASSWORD_ASKED = auto()
    APP_PASSWORD_CREATED = auto()
    APP_PASSWORD_DELETED = auto()
    APP_PASSWORD_FAILED = auto()
    ROUTE_ASKED = auto()
    ROUTE_CREATED = auto()
    ROUTE_FAILED = auto()
    DELETION_REQUESTED = auto()
    DELETION_NOTICED = auto()
    DELETION_NOTICE_REMOVED = auto()
    DELETION_HELD = auto()
    DELETION_RELEASED = auto()
    DELETION_REMINDED = auto()
    DELETION_CANCELLED = auto()
    DELETION_POSTPONED = auto()
    DELETION_STARTED = auto()
    DELETION_DEFERRED = auto()
    DELETION_DONE = auto()
    DELETION_FAILED = auto()
    DELETION_RETRIED = auto()
    DELETION_DROPPED = auto()
    OPERATOR_GRANTED = auto()
    OPERATOR_WITHDRAWN = auto()
    BULK_STARTED = auto()
    BULK_STOPPED = auto()
    BULK_CONTINUED = auto()
    BULK_ENDED = auto()
    DNS_MUTED = auto()
    DNS_UNMUTED = auto()
    AUDIT_EXPORTED = auto()


async def record(
    session: AsyncSession, *, at: datetime, actor: str, act: Act, account: str, target: str, detail: str = ""
) -> None:
    """Add an entry. `detail` is for people and never holds a secret."""
    await rows.add(session, rows.AuditEntry(at, actor, act.value, account, target, detail))
