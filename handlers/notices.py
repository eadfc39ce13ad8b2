"""How notices look in their channels: a deletion in each of its states, and the daily digest.

Made from the row as it stands when the message is sent. `text` says the same to notifications and screen readers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slack_sdk.models.blocks import Block

from bot.dns.digest import Digest
from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, NoticeKind
from bot.notices import Rendered, Renderer
from handlers import blocks
from handlers.digest import digest_message
from handlers.pending_deletions import CANCEL_ON_NOTICE, cancel_button


def render_deletion(deletion: Deletion, now: datetime) -> Rendered:
    """Who, what, why, when; the Cancel button as long as it can help."""
    what = f"the mail user {blocks.code(deletion.label)} ({blocks.escape(deletion.target.account, 100)})"
    head, state = _story(deletion, what, now)
    why = f"*Reason*   {blocks.escape(deletion.reason, 1500)}"
    parts: list[Block] = [blocks.section(head), blocks.section(why), blocks.section(state)]
    if deletion.state in CANCELLABLE_STATES:
        parts.append(blocks.actions(cancel_button(deletion, CANCEL_ON_NOTICE)))
    else:
        asked = f"Asked for by <@{deletion.requested_by}> {blocks.date(deletion.requested_at)}"
        parts.append(blocks.context(asked))
    return Rendered(text=f"{head}\n{why}\n{state}", blocks=parts)


def render_digest(content: dict[str, Any], _now: datetime) -> Rendered:
    return digest_message(Digest.from_json(content))


RENDERERS: Mapping[NoticeKind, Renderer] = {
    NoticeKind.DELETION: render_deletion,
    NoticeKind.DIGEST: render_digest,
}


def _story(deletion: Deletion, what: str, now: datetime) -> tuple[str, str]:
    """The headline, and what comes of it or came of it. In mrkdwn."""
    at = now if deletion.finished_at is None else deletion.finished_at
    match deletion.state:
        case DeletionState.REQUESTED | DeletionState.PENDING:
            # A first post names the time it begins to be true at: the grace period starts when it is confirmed.
            due = deletion.execute_at or now + deletion.grace
            return (
                f":wastebasket: <@{deletion.requested_by}> wants to delete {what}.",
                f"*When*   {blocks.date(due)}, for good, with all its mail. Until then any admin can cancel it.",
            )
        case DeletionState.EXECUTING:
            told = f":wastebasket: {what} is being deleted."
            if deletion.last_error is None:
                return told, "It is too late to cancel."
            return (
                told,
                f"It did not work yet and is tried again: {blocks.escape(deletion.last_error, 1000)}",
            )
        case DeletionState.DELETED:
            return f":white_check_mark: {what} was deleted.", f"*Done*   {blocks.date(at)}"
        case DeletionState.CANCELLED:
            return (
                f":no_entry_sign: <@{deletion.cancelled_by}> cancelled the deletion of {what}.",
                f"*Cancelled*   {blocks.date(at)}. The user and all its mail stay as they are.",
            )
        case DeletionState.FAILED:
            return (
                f":warning: {what} could not be deleted.",
                f"*Why*   {blocks.escape(deletion.last_error or 'No reason is known.', 1500)}\nGiven up {blocks.date(at)}. To try once more: /mail-delete.",
            )
