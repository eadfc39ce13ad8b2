"""One-off work of a day (digest, refresh): any number of replicas wake up, one does it."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import slots


async def claim(
    session: AsyncSession, job: str, slot: str, *, worker: str, now: datetime, lease_until: datetime
) -> bool:
    """Take a slot that is neither done nor held by a living worker."""
    await _ensure(session, job, slot)
    changed = await session.execute(
        update(slots)
        .where(
            _is(job, slot),
            slots.c.done_at.is_(None),
            or_(slots.c.claimed_by.is_(None), slots.c.lease_until <= now),
        )
        .values(claimed_by=worker, lease_until=lease_until)
        .returning(slots.c.slot)
    )
    return changed.scalar() is not None


async def finish(session: AsyncSession, job: str, slot: str, *, now: datetime) -> None:
    await _ensure(session, job, slot)
    await session.execute(
        update(slots).where(_is(job, slot)).values(done_at=now, claimed_by=None, lease_until=None)
    )


async def known(session: AsyncSession, job: str) -> bool:
    """Whether the job has ever had a slot: False on a database's first day."""
    return (await session.scalar(select(slots.c.slot).where(slots.c.job == job).limit(1))) is not None


async def newest_done(session: AsyncSession, job: str) -> str | None:
    """The last of the job's slots, by name, that is done."""
    done: str | None = await session.scalar(
        select(func.max(slots.c.slot)).where(slots.c.job == job, slots.c.done_at.is_not(None))
    )
    return done


async def ask(session: AsyncSession, job: str, slot: str) -> None:
    """Have a slot done that nothing makes due by itself."""
    await _ensure(session, job, slot)


async def undone(session: AsyncSession, job: str) -> list[str]:
    """The job's slots that are not done, whether somebody is at them or not."""
    rows = await session.execute(
        select(slots.c.slot).where(slots.c.job == job, slots.c.done_at.is_(None)).order_by(slots.c.slot)
    )
    return list(rows.scalars())


async def _ensure(session: AsyncSession, job: str, slot: str) -> None:
    await session.execute(upsert(session, slots).values(job=job, slot=slot).on_conflict_do_nothing())


def _is(job: str, slot: str) -> ColumnElement[bool]:
    return and_(slots.c.job == job, slots.c.slot == slot)
