"""Entries of the audit trail in words, in mrkdwn."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from bot.audit import THE_CLOCK, Act
from bot.storage.audit import AuditEntry
from handlers import blocks

_PERSON = re.compile(r"[UW][A-Z0-9]{2,40}")
"""A Slack id; what mail is about is in lower case."""

_MESSAGE = re.compile(r"([A-Z0-9]{2,40}) [0-9]+\.[0-9]+")
"""The channel and the ts of a message."""

TARGET = 330
DETAIL = 300

WHAT: Mapping[str, str] = MappingProxyType(
    {
        Act.CREATE_ASKED: "asked to create {}",
        Act.CREATED: "created {}",
        Act.CREATE_FAILED: "could not create {}",
        Act.PASSWORD_ASKED: "asked for a new password of {}",
        Act.PASSWORD_SET: "set a new password of {}",
        Act.PASSWORD_FAILED: "could not set a new password of {}",
        Act.TWO_FACTOR_ASKED: "asked to change two-factor login of {}",
        Act.TWO_FACTOR_SET: "changed two-factor login of {}",
        Act.TWO_FACTOR_FAILED: "could not change two-factor login of {}",
        Act.RESTORE_ASKED: "asked to restore {}",
        Act.RESTORED: "restored {}",
        Act.RESTORE_FAILED: "could not restore {}",
        Act.QUOTA_ASKED: "asked for another quota of {}",
        Act.QUOTA_SET: "set the quota of {}",
        Act.QUOTA_FAILED: "could not set the quota of {}",
        Act.ADMIN_ASKED: "asked to change whether {} is an administrator",
        Act.ADMIN_SET: "changed whether {} is an administrator",
        Act.ADMIN_FAILED: "could not change whether {} is an administrator",
        Act.RENAME_ASKED: "asked to rename {}",
        Act.RENAMED: "renamed a mail user to {}",
        Act.RENAME_FAILED: "could not rename {}",
        Act.OPTION_ASKED: "asked to switch an option of {}",
        Act.OPTION_SET: "switched an option of {}",
        Act.OPTION_FAILED: "could not switch an option of {}",
        Act.RESET_METHOD_ASKED: "asked to change how the password of {} can be reset",
        Act.RESET_METHOD_ADDED: "added a way to reset the password of {}",
        Act.RESET_METHOD_REMOVED: "removed a way to reset the password of {}",
        Act.RESET_METHOD_FAILED: "could not change how the password of {} can be reset",
        Act.APP_PASSWORD_ASKED: "asked to make or delete an app password of {}",
        Act.APP_PASSWORD_CREATED: "made an app password of {}",
        Act.APP_PASSWORD_DELETED: "had an app password of {} deleted, by the word of the mail system",
        Act.APP_PASSWORD_FAILED: "could not make or delete an app password of {}",
        Act.DELETION_REQUESTED: "asked to delete {}",
        Act.DELETION_NOTICED: "posted the notice about deleting {}",
        Act.DELETION_NOTICE_REMOVED: "found the notice about deleting {} removed: it is posted anew",
        Act.DELETION_HELD: "caused the deletion of {} to be held",
        Act.DELETION_RELEASED: "released the held deletion of {}",
        Act.DELETION_REMINDED: "reminded of the deletion of {}",
        Act.DELETION_CANCELLED: "cancelled the deletion of {}",
        Act.DELETION_POSTPONED: "postponed the deletion of {}",
        Act.DELETION_STARTED: "began to delete {}",
        Act.DELETION_DEFERRED: "put off the deletion of {}, to try again",
        Act.DELETION_DONE: "deleted {}",
        Act.DELETION_FAILED: "could not delete {}",
        Act.DELETION_RETRIED: "had the deletion of {} tried again",
        Act.DELETION_DROPPED: "dropped the failed deletion of {}",
        Act.DNS_MUTED: "muted DNS messages about {}",
        Act.DNS_UNMUTED: "unmuted DNS messages about {}",
        Act.AUDIT_EXPORTED: "exported the audit trail",
        Act.DOMAIN_ASKED: "asked to add the domain {}",
        Act.DOMAIN_ADDED: "added the domain {}",
        Act.DOMAIN_FAILED: "could not add the domain {}",
        Act.DOMAIN_SETTINGS_ASKED: "asked to change the settings of {}",
        Act.DOMAIN_SETTINGS_SET: "changed the settings of {}",
        Act.DOMAIN_SETTINGS_FAILED: "could not change the settings of {}",
        Act.DOMAIN_RECHECKED: "had the DNS of {} looked at anew",
        Act.ROUTE_ASKED: "asked for mail to {} to go elsewhere",
        Act.ROUTE_CREATED: "had mail to {} go elsewhere",
        Act.ROUTE_FAILED: "could not have mail to {} go elsewhere",
        Act.OPERATOR_GRANTED: "changed what {} may do here",
        Act.OPERATOR_WITHDRAWN: "took the role of {} away",
        Act.BULK_STARTED: "began to create mail users from a list",
        Act.BULK_STOPPED: "stopped creating mail users from a list",
        Act.BULK_CONTINUED: "went on creating mail users from a list",
        Act.BULK_ENDED: "ended creating mail users from a list",
    }
)
"""What was done, to {} (the target), by act."""


def entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number} entries"


def who(entry: AuditEntry) -> str:
    return "Mailwarden" if entry.actor == THE_CLOCK else f"<@{entry.actor}>"


def what(entry: AuditEntry, target: str | None = None, *, several: bool = False) -> str:
    """What was done. `target`: what to call it, in mrkdwn; None for its name, and with its account where there are several."""
    if target is None:
        target = (
            f"<@{entry.target}>" if _PERSON.fullmatch(entry.target) else blocks.code(entry.target, TARGET)
        )
        if several and entry.account:
            target += f" ({blocks.escape(entry.account, 100)})"
    words = WHAT.get(entry.act)
    if words is None:
        return f"{blocks.escape(entry.act.replace('_', ' '), 80)}: {target}"
    return words.format(target)


def line(entry: AuditEntry, target: str | None = None, *, several: bool = False, detail: int = DETAIL) -> str:
    """An entry in one line: when, who, what, and the detail, cut to so many characters (0 leaves it out)."""
    told = f"{blocks.date(entry.at)}  {who(entry)} {what(entry, target, several=several)}"
    message = _MESSAGE.fullmatch(entry.detail) if entry.act == Act.DELETION_NOTICED else None
    if message is not None:
        return f"{told} in <#{message[1]}>"
    return f"{told}: {blocks.sentence(entry.detail, detail)}" if entry.detail and detail else told
