"""The window of one mail user: what is known of it, what can be done with it, and what was done last."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.model import CANCELLABLE_STATES, Capability, Deletion, MailUser
from bot.providers.base import UserState
from bot.storage.audit import AuditEntry
from handlers import (
    audit_words,
    blocks,
    mailbox_fields,
    reset_window,
    search_indexing,
    two_factor,
    user_picker,
)
from handlers.deletion_buttons import cancel_button
from handlers.deletion_words import when
from handlers.payloads import pack

VIEW = "manage_user"
PASSWORD = "manage_user.password"  # noqa: S105 - the name of a button
TWO_FACTOR = "manage_user.two_factor"
APP_PASSWORDS = "manage_user.app_passwords"
RESET_METHODS = "manage_user.reset_methods"
INDEXING = "manage_user.indexing"
QUOTA = "manage_user.quota"
ADMIN = "manage_user.admin"
RENAME = "manage_user.rename"
RESTORE = "manage_user.restore"
DELETE = "manage_user.delete"
CANCEL = "manage_user.cancel"

TITLE = "Manage a mail user"

DETAIL = 120
"""Characters of an act's detail."""


@dataclass(frozen=True, slots=True)
class Live:
    """What the mail system itself tells. `state` is None while it is asked, or where it did not answer; `note` says which."""

    state: UserState | None = None
    note: str = ""


def window(
    user: MailUser,
    deletion: Deletion | None,
    *,
    now: datetime,
    may_change: bool,
    offered: Collection[Capability],
    several: bool = False,
    top: Sequence[Block] = (),
    as_of: datetime | None = None,
    live: Live | None = None,
    acts: Sequence[AuditEntry] = (),
) -> View:
    """`offered`: what the account can do. `as_of`: when its users were last listed. `acts`: on the user, the newest first."""
    parts = [*top, blocks.section(f"*{user_picker.name(user.account, user.address, several=several)}*")]
    if user.archived:
        parts.append(
            blocks.section("*Archived.* The user is deleted, and its mailbox is kept on the server.")
        )
    parts += _facts(user, as_of)
    if live is not None and not user.archived:
        parts += _live(live, offered)
    if deletion is not None:
        asked = f"<@{deletion.requested_by}>: {blocks.escape(deletion.reason, 300)}"
        parts.append(blocks.section(f"*Pending deletion.* {when(deletion, now)}\n{asked}"))
    if may_change:
        buttons = _buttons(user, deletion, offered)
        parts += [blocks.actions(*buttons)] if buttons else []
    else:
        parts.append(blocks.context("You may look. Changing something needs an admin."))
    if acts:
        parts.append(blocks.context("*What was done last*"))
        parts += [blocks.context(audit_words.line(act, "it", detail=DETAIL)) for act in acts]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=VIEW,
        metadata=pack(account=user.account, address=user.address),
        tells=True,
    )


def _facts(user: MailUser, as_of: datetime | None) -> list[Block]:
    """What the directory knows."""
    facts = mailbox_fields.facts(user.details)
    if facts is None:
        return []
    if user.archived:
        return [blocks.words(f"Before that: {facts}")]
    parts: list[Block] = [blocks.words(facts[0].upper() + facts[1:])]
    if as_of is not None and user.details.used is not None:
        parts.append(blocks.context(f"Use as of {blocks.date(as_of)}."))
    return parts


def _live(live: Live, offered: Collection[Capability]) -> list[Block]:
    lines = [] if live.state is None else _state_lines(live.state, offered)
    parts: list[Block] = [blocks.section("\n".join(lines))] if lines else []
    if live.note:
        parts.append(blocks.context(blocks.sentence(live.note, 1000)))
    return parts


def _state_lines(state: UserState, offered: Collection[Capability]) -> list[str]:
    lines = []
    if two_factor.CAPABILITIES & set(offered):
        lines.append(f"*Two-factor login:* {two_factor.word(state, offered)}")
    if Capability.PASSWORD_RESET in offered:
        lines.append(f"*Resetting a forgotten password:* {reset_window.word(state)}")
    if Capability.SEARCH_INDEXING in offered:
        lines.append(f"*Search indexing:* {search_indexing.word(state)}")
    return lines


def _buttons(
    user: MailUser, deletion: Deletion | None, offered: Collection[Capability]
) -> list[ButtonElement]:
    target = user_picker.reference(user.account, user.address)
    if user.archived:
        buttons = [blocks.button("Restore …", RESTORE, value=target)]
    else:
        buttons = [blocks.button(label, action, value=target) for label, action in _jobs(user, offered)]
        if deletion is None:
            if Capability.RENAME in offered:
                buttons.append(blocks.button("Rename …", RENAME, value=target))
            buttons.append(blocks.button("Delete …", DELETE, value=target, style="danger"))
    if deletion is not None and deletion.state in CANCELLABLE_STATES:
        buttons.append(cancel_button(deletion, CANCEL))
    return buttons


def _jobs(user: MailUser, offered: Collection[Capability]) -> list[tuple[str, str]]:
    """What the account can do with somebody who is there."""
    able = set(offered)
    jobs = (
        ("Set password", PASSWORD, True),
        ("Two-factor login", TWO_FACTOR, bool(two_factor.CAPABILITIES & able)),
        ("App passwords", APP_PASSWORDS, Capability.APP_PASSWORDS in able),
        ("Password reset", RESET_METHODS, Capability.PASSWORD_RESET in able),
        ("Search indexing", INDEXING, Capability.SEARCH_INDEXING in able),
        ("Quota", QUOTA, mailbox_fields.offers_quota(offered, user)),
        ("Administrator", ADMIN, Capability.ADMIN_PRIVILEGE in able),
    )
    return [(label, action) for label, action, possible in jobs if possible]
