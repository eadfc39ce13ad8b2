"""The rows of the deletion queue. Which step is legal is decided in bot/deletions/lifecycle.py, not here."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import OPEN_STATES, Deletion, DeletionState, Target, TargetKind
from bot.storage.tables import deletions

_open = deletions.c.state.in_(sorted(OPEN_STATES))


async def add(session: AsyncSession, deletion: Deletion) -> bool:
    """Write a new row. False, and nothing written, if its target already has an open deletion."""
    try:
        async with session.begin_nested():
            await session.execute(insert(deletions).values(_row(deletion)))
    except IntegrityError:
        return False
    return True


async def get(session: AsyncSession, deletion_id: str) -> Deletion | None:
    return await _one(session, deletions.c.id == deletion_id)


async def open_for(session: AsyncSession, target: Target) -> Deletion | None:
    """The open deletion of a target, if there is one."""
    return await _one(
        session,
        and_(
            _open,
            deletions.c.account == target.account,
            deletions.c.kind == target.kind.value,
            deletions.c.target_id == target.id,
        ),
    )


async def page_of_open(session: AsyncSession, *, offset: int, limit: int) -> tuple[list[Deletion], int]:
    """Open deletions, the soonest first, those without a confirmed notice last; and how many there are."""
    total = await session.scalar(select(func.count()).select_from(deletions).where(_open))
    rows = await session.execute(
        select(deletions)
        .where(_open)
        .order_by(
            deletions.c.execute_at.is_(None), deletions.c.execute_at, deletions.c.requested_at, deletions.c.id
        )
        .offset(offset)
        .limit(limit)
    )
    return [_value(row) for row in rows.mappings()], total or 0


async def next_due(session: AsyncSession, now: datetime) -> Deletion | None:
    """The longest due row that nobody holds: its time has come, or its holder's lease has run out."""
    query = (
        select(deletions)
        .where(
            _open,
            or_(
                and_(deletions.c.state == DeletionState.PENDING.value, deletions.c.execute_at <= now),
                and_(deletions.c.state == DeletionState.EXECUTING.value, deletions.c.lease_until <= now),
            ),
        )
        .order_by(deletions.c.execute_at, deletions.c.id)
        .limit(1)
        .with_for_update(
            skip_locked=True
        )  # SQLite has no row locks and leaves this out; `replace` decides there
    )
    row = (await session.execute(query)).mappings().first()
    return None if row is None else _value(row)


async def replace(session: AsyncSession, before: Deletion, after: Deletion) -> bool:
    """Compare and set: write `after` if the row still stands as in `before`. False if somebody was first."""
    changed = await session.execute(
        update(deletions)
        .where(
            deletions.c.id == before.id,
            deletions.c.state == before.state.value,
            deletions.c.attempts == before.attempts,
            deletions.c.claimed_by.is_(None)
            if before.claimed_by is None
            else deletions.c.claimed_by == before.claimed_by,
        )
        .values(_row(after))
        .returning(deletions.c.id)
    )
    return changed.scalar() is not None


async def _one(session: AsyncSession, where: ColumnElement[bool]) -> Deletion | None:
    row = (await session.execute(select(deletions).where(where))).mappings().first()
    return None if row is None else _value(row)


def _row(deletion: Deletion) -> dict[str, Any]:
    return {
        "id": deletion.id,
        "account": deletion.target.account,
        "kind": deletion.target.kind.value,
        "target_id": deletion.target.id,
        "label": deletion.label,
        "reason": deletion.reason,
        "requested_by": deletion.requested_by,
        "requested_at": deletion.requested_at,
        "grace_seconds": int(deletion.grace.total_seconds()),
        "state": deletion.state.value,
        "notice_channel": deletion.notice_channel,
        "notice_ts": deletion.notice_ts,
        "noticed_at": deletion.noticed_at,
        "execute_at": deletion.execute_at,
        "claimed_by": deletion.claimed_by,
        "lease_until": deletion.lease_until,
        "attempts": deletion.attempts,
        "last_error": deletion.last_error,
        "finished_at": deletion.finished_at,
        "cancelled_by": deletion.cancelled_by,
    }


def _value(row: Mapping[Any, Any]) -> Deletion:
    return Deletion(
        id=row["id"],
        target=Target(row["account"], TargetKind(row["kind"]), row["target_id"]),
        label=row["label"],
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        grace=timedelta(seconds=row["grace_seconds"]),
        state=DeletionState(row["state"]),
        notice_channel=row["notice_channel"],
        notice_ts=row["notice_ts"],
        noticed_at=row["noticed_at"],
        execute_at=row["execute_at"],
        claimed_by=row["claimed_by"],
        lease_until=row["lease_until"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        finished_at=row["finished_at"],
        cancelled_by=row["cancelled_by"],
    )
