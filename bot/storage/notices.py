"""The rows of the outbox: for each subject, which revision its channel should show and which one it shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import NoticeKind
from bot.storage.database import upsert
from bot.storage.tables import notices


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """`ts` is None until Slack confirmed the message; `posted` is the revision the channel shows."""

    kind: NoticeKind
    subject: str
    channel: str
    wanted: int
    posted: int
    ts: str | None
    attempts: int
    claimed_by: str | None
    last_error: str | None


_undelivered = notices.c.wanted > notices.c.posted


async def want(session: AsyncSession, kind: NoticeKind, subject: str, channel: str, now: datetime) -> None:
    """Ask for (another) delivery: a new row at revision 1, or one revision more. Tried at once."""
    await session.execute(
        upsert(session, notices)
        .values(
            kind=kind.value, subject=subject, channel=channel, wanted=1, posted=0, attempts=0, next_try_at=now
        )
        .on_conflict_do_update(
            index_elements=[notices.c.kind, notices.c.subject],
            set_={"wanted": notices.c.wanted + 1, "attempts": 0, "next_try_at": now},
        )
    )


async def get(session: AsyncSession, kind: NoticeKind, subject: str) -> NoticeRow | None:
    row = (await session.execute(select(notices).where(_is(kind, subject)))).mappings().first()
    return None if row is None else _value(row)


async def next_due(session: AsyncSession, now: datetime) -> NoticeRow | None:
    """The longest waiting undelivered notice that nobody holds."""
    row = (
        (
            await session.execute(
                select(notices)
                .where(_undelivered, notices.c.next_try_at <= now, _unheld(now))
                .order_by(notices.c.next_try_at, notices.c.kind, notices.c.subject)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
        )
        .mappings()
        .first()
    )
    return None if row is None else _value(row)


async def claim(
    session: AsyncSession,
    kind: NoticeKind,
    subject: str,
    *,
    worker: str,
    now: datetime,
    lease_until: datetime,
) -> NoticeRow | None:
    """Take an undelivered notice, unless somebody else holds it. None if there is nothing to take."""
    row = (
        (
            await session.execute(
                update(notices)
                .where(_is(kind, subject), _undelivered, _unheld(now))
                .values(claimed_by=worker, lease_until=lease_until, attempts=notices.c.attempts + 1)
                .returning(notices)
            )
        )
        .mappings()
        .first()
    )
    return None if row is None else _value(row)


async def delivered(session: AsyncSession, claimed: NoticeRow, *, channel: str, ts: str | None) -> bool:
    """The channel now shows `claimed.wanted`. False if the claim was lost meanwhile."""
    return await _settle(
        session,
        claimed,
        {"posted": claimed.wanted, "channel": channel, "ts": ts, "attempts": 0, "last_error": None},
    )


async def deferred(session: AsyncSession, claimed: NoticeRow, *, until: datetime, error: str) -> bool:
    """Slack did not take it: try again at `until`. False if the claim was lost meanwhile."""
    return await _settle(session, claimed, {"next_try_at": until, "last_error": error})


async def _settle(session: AsyncSession, claimed: NoticeRow, values: dict[str, Any]) -> bool:
    changed = await session.execute(
        update(notices)
        .where(_is(claimed.kind, claimed.subject), notices.c.claimed_by == claimed.claimed_by)
        .values(claimed_by=None, lease_until=None, **values)
        .returning(notices.c.subject)
    )
    return changed.scalar() is not None


def _is(kind: NoticeKind, subject: str) -> ColumnElement[bool]:
    return and_(notices.c.kind == kind.value, notices.c.subject == subject)


def _unheld(now: datetime) -> ColumnElement[bool]:
    return or_(notices.c.claimed_by.is_(None), notices.c.lease_until <= now)


def _value(row: Mapping[Any, Any]) -> NoticeRow:
    return NoticeRow(
        kind=NoticeKind(row["kind"]),
        subject=row["subject"],
        channel=row["channel"],
        wanted=row["wanted"],
        posted=row["posted"],
        ts=row["ts"],
        attempts=row["attempts"],
        claimed_by=row["claimed_by"],
        last_error=row["last_error"],
    )
