"""What must be true in the end, judged by what the mail system and Slack have really seen."""

import json
import re
import socket
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from bot.audit import Act
from bot.model import Deletion, DeletionState, NoticeKind
from bot.notices import Rendered
from bot.sandbox.slack.workspace import Message
from bot.storage import audit, deletions
from bot.storage.database import Database
from bot.storage.tables import notices
from handlers.deletion_notices import render_hold, render_reminder, render_request
from tests.faults.world import World
from tests.support.worker import FALLBACK

HISTORY = {
    DeletionState.DELETED: re.compile(
        r"requested (held )?noticed (released )?(notice_removed noticed )?(reminded )?(postponed )*"
        r"(started (started |deferred )*failed retried )?(deferred )*started (started |deferred )*done"
    ),
    DeletionState.CANCELLED: re.compile(r"requested noticed cancelled"),
}
"""What the audit trail says of one target."""


async def untruths(world: World, ends: frozenset[DeletionState]) -> list[str]:
    """What is not as it must be; `ends` are the states that a deletion may have ended in."""
    database = Database(world.database)
    async with database.reading() as session:
        queue, _ = await deletions.page_of_open(session, offset=0, limit=10)
        rows = [*queue, *(await deletions.page_of_finished(session, offset=0, limit=10))[0]]
        entries = list(reversed(await audit.newest(session, limit=100)))
        outbox = (await session.execute(select(notices))).mappings().all()
    await database.aclose()
    problems = list(_rows(world, rows, ends))
    for row in rows:
        problems += _deed(world, row)
        acts = [entry.act.removeprefix("deletion_") for entry in entries if entry.target == row.target.id]
        history = HISTORY.get(row.state)
        if history is None or history.fullmatch(" ".join(acts)) is None:
            problems.append(f"{row.label} is {row.state}, and on record is: {acts}")
    reminded = any(entry.act == Act.DELETION_REMINDED for entry in entries)
    problems += _shown(world, rows, reminded=reminded)
    problems += [
        f"a notice is not up to date, or claimed for ever: {notice}"
        for notice in outbox
        if notice["wanted"] > notice["posted"] or notice["claimed_by"] is not None
    ]
    return problems


def _rows(world: World, rows: Sequence[Deletion], ends: frozenset[DeletionState]) -> Iterator[str]:
    if sorted(row.target.id for row in rows) != sorted(world.targets):
        yield f"deletions of {[row.target.id for row in rows]} are on record"
    if len({row.request_id for row in rows}) > 1:
        yield "they are several requests"
    for row in rows:
        if row.state not in ends:
            yield f"{row.label} is {row.state}: {row.last_error}"
        if row.claimed_by is not None or row.lease_until is not None:
            yield f"{row.label} is claimed for ever, by {row.claimed_by}"
    others = {body["userName"] for body in world.mail.effective("deleteUser")} - set(world.targets)
    if others:
        yield f"nobody has asked for the deletion of {others}"


def _deed(world: World, row: Deletion) -> Iterator[str]:
    """Deleted once, never early; or never."""
    calls = [
        call
        for call in world.mail.calls
        if call["operation"] == "deleteUser" and call["body"]["userName"] == row.target.id
    ]
    effects = [call for call in calls if call["effect"]]
    if row.state is DeletionState.CANCELLED:
        if calls:
            yield f"{row.label} was cancelled, and the mail system was asked {len(calls)} times to delete it"
        return
    if len(effects) != 1 or calls[-1] is not effects[0]:
        yield f"{row.label}: of the calls {[call['effect'] for call in calls]} only the last may have an effect"
    if (row.target.id in world.mail.account.users) is (row.state is DeletionState.DELETED):
        yield f"{row.label} is {row.state}, which is not so"
    for call in calls:
        at = datetime.fromisoformat(call["at"])
        if row.noticed_at is None or at < row.noticed_at + row.grace:
            yield f"{row.label} was to be deleted at {at}, though it was only announced at {row.noticed_at}"
        if row.notice_ts is None or at < datetime.fromtimestamp(float(row.notice_ts), UTC) + row.grace:
            yield f"{row.label} was to be deleted at {at}, though its notice is {row.notice_ts}"


def _shown(world: World, rows: Sequence[Deletion], *, reminded: bool) -> Iterator[str]:
    """One message each, which says what the rows say, with no button left."""
    request = tuple(sorted(rows, key=lambda row: row.id))
    now = world.clock.now()
    holds = {row.hold_id for row in request if row.hold_id is not None}
    due: dict[NoticeKind, list[Rendered | None]] = {
        NoticeKind.DELETION: [render_request(request, now)],
        NoticeKind.REMINDER: [render_reminder(request, now)] if reminded else [],
        NoticeKind.HOLD: [render_hold(request, now) for _ in holds],
    }
    for kind, rendered in due.items():
        said = [one.text for one in rendered if one is not None]
        shown = [message.text for message in labelled(world, kind)]
        if said != shown:
            yield f"of {kind} messages there should be {said}, and there are {shown}"
    for message in world.messages:
        if buttons(message):
            yield f"there are still buttons on {message.text!r}"
    if "chat.delete" in world.slack.calls:
        yield "a message was posted a second time, and had to be taken away again"
    if elsewhere := [one.text for one in world.slack.workspace.channels[FALLBACK].messages]:
        yield f"trouble was reported: {elsewhere}"


def labelled(world: World, kind: NoticeKind) -> list[Message]:
    """The messages in the channel that are of this kind."""
    return [
        one
        for one in world.messages
        if one.metadata is not None and one.metadata["event_payload"]["kind"] == kind.value
    ]


def buttons(message: Message) -> list[dict[str, Any]]:
    found = [element for block in message.blocks for element in block.get("elements", [])]
    found += [block["accessory"] for block in message.blocks if "accessory" in block]
    return [element for element in found if "action_id" in element]


async def fingerprint(world: World) -> str:
    """Equal for worlds that nobody can tell apart but by their random ids."""
    messages = [
        (channel.id, one.ts, one.text, one.thread_ts, one.metadata, one.is_tombstone, buttons(one))
        for channel in world.slack.workspace.channels.values()
        for one in channel.messages
    ]
    whole = [
        await world.engine.rows(world.database),
        messages,
        world.mail.calls,
        sorted(world.mail.account.users),
    ]
    text = json.dumps([*whole, world.clock.now()], default=str)
    text = re.sub(rf"{re.escape(socket.gethostname())}:\d+(/\w+)?", "a worker", text)
    text = re.sub(r'"block_id": "[^"]*", ', "", text)
    seen: dict[str, int] = {}
    return re.sub(r"[0-9a-f]{32}", lambda id_: f"#{seen.setdefault(id_[0], len(seen))}", text)
