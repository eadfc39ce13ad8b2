"""What a form for one deletion ends with: how the deletion stands."""

from collections.abc import Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.model import CANCELLABLE_STATES, Deletion, DeletionState, TargetKind
from handlers import blocks
from handlers.deletion_buttons import cancel_button
from handlers.deletion_words import when
from handlers.payloads import pack

CANCEL = "schedule_deletion.cancel"
VIEW = "schedule_deletion.queued"


CLOSED = {kind: f"{VIEW}.{kind.value}" for kind in TargetKind}
"""The callback_ids of the windows about what kind of deletion."""


def queued(
    deletion: Deletion, now: datetime, *, first: bool, undelivered: str | None = None, place: str = ""
) -> View:
    """What is on the queue now. `first`: by this very form. `undelivered`: why the notice is not posted yet.

    `place`: see handlers/place.py.
    """
    parts: list[Block] = []
    who = blocks.code(deletion.label)
    if not first:
        parts.append(blocks.warning(f"{blocks.cut(deletion.label, 120)} is already queued for deletion."))
    if deletion.state is DeletionState.REQUESTED:
        why = "" if undelivered is None else f" {blocks.sentence(undelivered, 500)}"
        parts.append(
            blocks.section(
                f"The deletion of {who} is on record, but Slack has not taken the notice for <#{deletion.notice_channel}> yet."
                f"{why} It is tried again and again, and nothing is deleted before it is posted."
            )
        )
    elif first:
        parts.append(
            blocks.section(
                f"The deletion of {who} is queued. The notice is in <#{deletion.notice_channel}>, with a button to cancel."
            )
        )
    parts.append(blocks.section(when(deletion, now)))
    asked = f"Asked for by <@{deletion.requested_by}> {blocks.date(deletion.requested_at)}"
    parts.append(blocks.context(f"{asked}: {blocks.escape(deletion.reason, 1000)}"))
    if deletion.state in CANCELLABLE_STATES:
        parts.append(blocks.actions(cancel_button(deletion, CANCEL)))
    return ended("Deletion queued", parts, deletion, close="Done", place=place)


def ended(
    title: str, parts: Sequence[Block], deletion: Deletion, *, close: str = "Close", place: str = ""
) -> View:
    target = deletion.target
    name = "address" if target.kind is TargetKind.USER else "id"
    return blocks.modal(
        title,
        parts,
        callback_id=CLOSED[target.kind],
        close=close,
        metadata=pack(account=target.account, place=place, **{name: target.id}),
        tells=True,
    )
