"""What is left of prepaid accounts, and since when that has been little."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import account_credits, low_credits


@dataclass(frozen=True, slots=True)
class Credit:
    """In US dollars."""

    account: str
    amount: Decimal
    read_at: datetime


@dataclass(frozen=True, slots=True)
class LowCredit:
    """`amount` was below `threshold` when it was noticed. `over_at`: None while it lasts; an account has one such."""

    id: str
    account: str
    since: datetime
    amount: Decimal
    threshold: Decimal
    over_at: datetime | None = None


async def put(session: AsyncSession, credit: Credit) -> None:
    values = {"amount": str(credit.amount), "read_at": credit.read_at}
    await session.execute(
        upsert(session, account_credits)
        .values(account=credit.account, **values)
        .on_conflict_do_update(index_elements=[account_credits.c.account], set_=values)
    )


async def latest(session: AsyncSession) -> dict[str, Credit]:
    """By account."""
    rows = await session.execute(select(account_credits))
    return {
        row["account"]: Credit(row["account"], Decimal(row["amount"]), row["read_at"])
        for row in rows.mappings()
    }


async def begin(session: AsyncSession, low: LowCredit) -> bool:
    """Put it on record. False if another one of the account lasts already."""
    statement = (
        upsert(session, low_credits)
        .values(
            id=low.id,
            account=low.account,
            since=low.since,
            amount=str(low.amount),
            threshold=str(low.threshold),
        )
        .on_conflict_do_nothing()
        .returning(low_credits.c.id)
    )
    return (await session.execute(statement)).scalar() is not None


async def end(session: AsyncSession, low: LowCredit, *, now: datetime) -> bool:
    """It is over. False if somebody has been first."""
    changed = await session.execute(
        update(low_credits)
        .where(low_credits.c.id == low.id, low_credits.c.over_at.is_(None))
        .values(over_at=now)
        .returning(low_credits.c.id)
    )
    return changed.scalar() is not None


async def get(session: AsyncSession, low_id: str) -> LowCredit | None:
    row = (await session.execute(select(low_credits).where(low_credits.c.id == low_id))).mappings().first()
    return None if row is None else _low(row)


async def lasting(session: AsyncSession) -> dict[str, LowCredit]:
    """Those that are not over, by account."""
    rows = await session.execute(select(low_credits).where(low_credits.c.over_at.is_(None)))
    return {row["account"]: _low(row) for row in rows.mappings()}


def _low(row: RowMapping) -> LowCredit:
    return LowCredit(
        row["id"],
        row["account"],
        row["since"],
        Decimal(row["amount"]),
        Decimal(row["threshold"]),
        row["over_at"],
    )
