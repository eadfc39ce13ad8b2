"""Who has opened the Home tab, and what it shows them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import home_tabs


@dataclass(frozen=True, slots=True)
class HomeTab:
    """`team`: the workspace of the bot. `shown`: a fingerprint of what it shows since `shown_at`."""

    person: str
    team: str
    opened_at: datetime
    shown_at: datetime
    shown: str


async def put(session: AsyncSession, tab: HomeTab, *, opened: bool) -> None:
    """Note what a tab shows. Without `opened`, the time when it was opened stays, if one is known."""
    values = {"team": tab.team, "shown_at": tab.shown_at, "shown": tab.shown}
    if opened:
        values["opened_at"] = tab.opened_at
    await session.execute(
        upsert(session, home_tabs)
        .values(person=tab.person, **{"opened_at": tab.opened_at, **values})
        .on_conflict_do_update(index_elements=[home_tabs.c.person], set_=values)
    )


async def opened_since(session: AsyncSession, moment: datetime) -> list[HomeTab]:
    rows = await session.execute(
        select(home_tabs).where(home_tabs.c.opened_at >= moment).order_by(home_tabs.c.person)
    )
    return [HomeTab(**row) for row in rows.mappings()]


async def forget(session: AsyncSession, person: str) -> None:
    _ = await session.execute(delete(home_tabs).where(home_tabs.c.person == person))
