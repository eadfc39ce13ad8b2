"""Outages: since when an account's mail system can't be used, who has seen that, and when it was over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, RowMapping, and_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import outages


@dataclass(frozen=True, slots=True)
class Outage:
    """`seen_by`: the worker that saw it last, at `seen_at`. `over_at`: None while it lasts; an account has one such."""

    id: str
    account: str
    since: datetime
    error: str
    seen_by: str
    seen_at: datetime
    over_at: datetime | None = None


async def begin(session: AsyncSession, outage: Outage) -> bool:
    """Put it on record. False if another one of the account lasts already."""
    statement = (
        upsert(session, outages)
        .values(
            id=outage.id,
            account=outage.account,
            since=outage.since,
            error=outage.error,
            seen_by=outage.seen_by,
            seen_at=outage.seen_at,
        )
        .on_conflict_do_nothing()
        .returning(outages.c.id)
    )
    return (await session.execute(statement)).scalar() is not None


async def see(session: AsyncSession, outage: Outage, *, worker: str, error: str, now: datetime) -> None:
    """It lasts, as `worker` sees; nothing happens if somebody has been first."""
    _ = await session.execute(
        update(outages).where(_unchanged(outage)).values(seen_by=worker, seen_at=now, error=error)
    )


async def end(session: AsyncSession, outage: Outage, *, now: datetime) -> bool:
    """It is over. False if somebody has been first."""
    changed = await session.execute(
        update(outages).where(_unchanged(outage)).values(over_at=now).returning(outages.c.id)
    )
    return changed.scalar() is not None


async def get(session: AsyncSession, outage_id: str) -> Outage | None:
    row = (await session.execute(select(outages).where(outages.c.id == outage_id))).mappings().first()
    return None if row is None else _outage(row)


async def lasting(session: AsyncSession) -> dict[str, Outage]:
    """Those that are not over, by account."""
    rows = await session.execute(select(outages).where(outages.c.over_at.is_(None)))
    return {row["account"]: _outage(row) for row in rows.mappings()}


def _unchanged(outage: Outage) -> ColumnElement[bool]:
    return and_(outages.c.id == outage.id, outages.c.seen_at == outage.seen_at, outages.c.over_at.is_(None))


def _outage(row: RowMapping) -> Outage:
    return Outage(**row)
