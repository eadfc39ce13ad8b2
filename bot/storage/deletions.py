"""The rows of the deletion queue. Which step is legal is decided in bot/deletions/lifecycle.py, not here."""

from collections.abc import Collection
from dataclasses import dataclass
from dataclasses import replace as evolve
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Deletion, DeletionState, Target, TargetKind
from bot.storage.database import UtcDateTime
from bot.storage.deletion_rows import from_row, to_row
from bot.storage.tables import FINISHED, OPEN, deletions

# Spelt out as in the partial indexes, or SQLite would not use them: without bound values, and without the `= 1` that
# SQLAlchemy gives a Boolean there.
_account = deletions.c.account.concat("")
"""Not the bare column: few of the open rows are due, most are of one account, and the index to go by is that of the times."""

_open: ColumnElement[bool] = literal_column(str(OPEN))
_finished: ColumnElement[bool] = literal_column(str(FINISHED))

# Made once: SQLAlchemy takes longer to put an update of all columns together than the database to carry it out.
_REPLACE = (
    update(deletions)
    .where(deletions.c.id == bindparam("was_id"), deletions.c.version == bindparam("was_version"))
    .returning(deletions.c.id)
)


@dataclass(frozen=True, slots=True)
class Hold:
    """Deletions of one operator that wait together until somebody else releases them. `since`: of the first of them."""

    id: str
    requested_by: str
    number: int
    since: datetime


async def add(session: AsyncSession, deletion: Deletion) -> bool:
    """Write a new row. False, and nothing written, if its target already has an open deletion."""
    try:
        async with session.begin_nested():
            await session.execute(insert(deletions).values(to_row(deletion)))
    except IntegrityError:
        return False
    return True


async def get(session: AsyncSession, deletion_id: str) -> Deletion | None:
    return await _one(session, deletions.c.id == deletion_id)


async def open_for(session: AsyncSession, target: Target) -> Deletion | None:
    """The open deletion of a target, if there is one."""
    return await _one(session, and_(_open, _is(target)))


async def open_among(session: AsyncSession, targets: Collection[Target]) -> list[Deletion]:
    """The open deletions of these targets."""
    if not targets:
        return []
    query = select(deletions).where(_open, deletions.c.target_id.in_({target.id for target in targets}))
    return [row for row in await _all(session, query) if row.target in targets]


async def blocking(session: AsyncSession, target: Target) -> Deletion | None:
    """What stands in the way of creating that target: an open deletion, or a failed one that may be tried again."""
    return await _one(session, and_(_is(target), or_(_open, deletions.c.can_retry.is_(True))))


async def failed_for(session: AsyncSession, target: Target) -> list[Deletion]:
    """Failed deletions of a target that may still be tried again."""
    return await _all(session, select(deletions).where(_is(target), deletions.c.can_retry.is_(True)))


async def of_request(session: AsyncSession, request_id: str) -> tuple[Deletion, ...]:
    """What was asked for at once, in the order of the ids, so that writers lock rows in one order."""
    query = select(deletions).where(deletions.c.request_id == request_id).order_by(deletions.c.id)
    return tuple(await _all(session, query))


async def of_hold(session: AsyncSession, hold_id: str) -> tuple[Deletion, ...]:
    """What was ever held together, in the order of the ids."""
    query = select(deletions).where(deletions.c.hold_id == hold_id).order_by(deletions.c.id)
    return tuple(await _all(session, query))


async def unvouched(session: AsyncSession, operator: str, *, since: datetime) -> list[Deletion]:
    """What an operator has asked for since then, and nobody else has released."""
    query = (
        select(deletions)
        .where(
            deletions.c.requested_by == operator,
            deletions.c.requested_at > since,
            deletions.c.released_by.is_(None),
        )
        .order_by(deletions.c.id)
    )
    return await _all(session, query)


async def held_by(session: AsyncSession, operator: str) -> str | None:
    """The hold that an operator's requests are in at present."""
    hold: str | None = await session.scalar(
        select(deletions.c.hold_id)
        .where(
            _open,
            deletions.c.requested_by == operator,
            deletions.c.hold_id.is_not(None),
            deletions.c.released_by.is_(None),
        )
        .limit(1)
    )
    return hold


async def page_of_open(session: AsyncSession, *, offset: int, limit: int) -> tuple[list[Deletion], int]:
    """Open deletions, the soonest first, those that no time is set for last; and how many there are."""
    total = await session.scalar(select(func.count()).select_from(deletions).where(_open))
    rows = await _all(
        session,
        select(deletions)
        .where(_open)
        .order_by(
            deletions.c.execute_at.is_(None), deletions.c.execute_at, deletions.c.requested_at, deletions.c.id
        )
        .offset(offset)
        .limit(limit),
    )
    return rows, total or 0


async def holds(session: AsyncSession, *, limit: int) -> tuple[list[Hold], int]:
    """What is held, the oldest first; and how many deletions that are in all."""
    held = (_open, deletions.c.hold_id.is_not(None), deletions.c.released_by.is_(None))
    since = func.min(deletions.c.requested_at, type_=UtcDateTime)
    rows = await session.execute(
        select(deletions.c.hold_id, deletions.c.requested_by, func.count(), since)
        .where(*held)
        .group_by(deletions.c.hold_id, deletions.c.requested_by)
        .order_by(since)
        .limit(limit)
    )
    total = await session.scalar(select(func.count()).select_from(deletions).where(*held))
    return [Hold(*row) for row in rows], total or 0


async def page_of_finished(session: AsyncSession, *, offset: int, limit: int) -> tuple[list[Deletion], int]:
    """Ended deletions, the newest end first; and how many there are."""
    total = await session.scalar(select(func.count()).select_from(deletions).where(_finished))
    rows = await _all(
        session,
        select(deletions)
        .where(_finished)
        .order_by(deletions.c.finished_at.desc(), deletions.c.id.desc())
        .offset(offset)
        .limit(limit),
    )
    return rows, total or 0


async def open_users(session: AsyncSession) -> list[Deletion]:
    """Open deletions of mail users."""
    query = (
        select(deletions)
        .where(_open, deletions.c.kind == TargetKind.USER.value)
        .order_by(deletions.c.execute_at, deletions.c.id)
    )
    return await _all(session, query)


async def due_accounts(session: AsyncSession, now: datetime) -> list[str]:
    """The accounts of which something is due, by name."""
    return sorted(await session.scalars(select(_account).where(_due(now)).distinct()))


async def next_due(session: AsyncSession, now: datetime, *, account: str) -> Deletion | None:
    """The longest due row of an account."""
    query = (
        select(deletions)
        .where(_due(now), _account == account)
        .order_by(deletions.c.execute_at, deletions.c.id)
        .limit(1)
        # SQLite has no row locks and leaves this out: a writer is alone there.
        .with_for_update(skip_locked=True)
    )
    return await _one_of(session, query)


async def next_to_remind(session: AsyncSession, *, now: datetime, before: timedelta) -> Deletion | None:
    """A pending row whose time comes within `before`, and that was not warned of yet."""
    query = (
        select(deletions)
        .where(
            _open,
            deletions.c.state == DeletionState.PENDING.value,
            deletions.c.execute_at > now,
            deletions.c.execute_at <= now + before,
            deletions.c.reminded_at.is_(None),
        )
        .order_by(deletions.c.execute_at, deletions.c.id)
        .limit(1)
    )
    return await _one_of(session, query)


async def replace(session: AsyncSession, before: Deletion, after: Deletion) -> Deletion | None:
    """Compare and set: write `after` if the row still stands as in `before`. None if somebody was first.

    Raises OpenAlready where the row would be open again and its target has another open deletion.
    """
    changed = evolve(after, version=before.version + 1)
    values = {**to_row(changed), "was_id": before.id, "was_version": before.version}
    if before.state.is_open or not after.state.is_open:
        written = await session.execute(_REPLACE, values)
    else:
        try:
            async with session.begin_nested():
                written = await session.execute(_REPLACE, values)
        except IntegrityError:
            raise OpenAlready from None
    return changed if written.scalar() is not None else None


class OpenAlready(Exception):
    """The target has an open deletion; no second one can be."""


def _due(now: datetime) -> ColumnElement[bool]:
    """Its time has come, or its holder's claim has lapsed, and nobody holds it."""
    return and_(
        _open,
        or_(
            and_(deletions.c.state == DeletionState.PENDING.value, deletions.c.execute_at <= now),
            deletions.c.state == DeletionState.EXECUTING.value,
        ),
        or_(deletions.c.lease_until.is_(None), deletions.c.lease_until <= now),
    )


async def _one(session: AsyncSession, where: ColumnElement[bool]) -> Deletion | None:
    return await _one_of(session, select(deletions).where(where).limit(1))


async def _one_of(session: AsyncSession, query: Select[Any]) -> Deletion | None:
    row = (await session.execute(query)).mappings().first()
    return None if row is None else from_row(row)


async def _all(session: AsyncSession, query: Select[Any]) -> list[Deletion]:
    return [from_row(row) for row in (await session.execute(query)).mappings()]


def _is(target: Target) -> ColumnElement[bool]:
    return and_(
        deletions.c.target_id == target.id,
        deletions.c.account == target.account,
        deletions.c.kind == target.kind.value,
    )
