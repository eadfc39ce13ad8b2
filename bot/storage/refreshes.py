"""When the directory of each account was read, and what became of it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import directory_accounts


@dataclass(frozen=True, slots=True)
class AccountAge:
    """`refreshed_at`: the last complete refresh; `tried_at`: the last attempt; `last_error` of that attempt."""

    refreshed_at: datetime | None
    tried_at: datetime
    last_error: str | None

    @property
    def is_under_way(self) -> bool:
        """Whether nobody has said yet what became of the last attempt."""
        return self.last_error is None and (self.refreshed_at is None or self.refreshed_at < self.tried_at)


async def begin_refresh(
    session: AsyncSession, account: str, *, seen: AccountAge | None, now: datetime
) -> bool:
    """Note that a refresh begins. False if somebody else has begun one since the account's age was `seen`."""
    if seen is None:
        statement = (
            upsert(session, directory_accounts)
            .values(account=account, tried_at=now)
            .on_conflict_do_nothing()
            .returning(directory_accounts.c.account)
        )
        return (await session.execute(statement)).scalar() is not None
    changed = await session.execute(
        update(directory_accounts)
        .where(directory_accounts.c.account == account, directory_accounts.c.tried_at == seen.tried_at)
        .values(tried_at=now)
        .returning(directory_accounts.c.account)
    )
    return changed.scalar() is not None


async def note_refresh(
    session: AsyncSession, account: str, *, tried_at: datetime, refreshed: bool, error: str | None
) -> None:
    values = {"tried_at": tried_at, "last_error": error} | ({"refreshed_at": tried_at} if refreshed else {})
    await session.execute(
        upsert(session, directory_accounts)
        .values(account=account, **values)
        .on_conflict_do_update(index_elements=[directory_accounts.c.account], set_=values)
    )


async def ages(session: AsyncSession) -> dict[str, AccountAge]:
    rows = await session.execute(select(directory_accounts))
    return {
        row["account"]: AccountAge(row["refreshed_at"], row["tried_at"], row["last_error"])
        for row in rows.mappings()
    }
