"""When each channel may be written to again, over all replicas."""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import upsert
from bot.storage.tables import paces


async def reserve(session: AsyncSession, channel: str, *, now: datetime, gap: timedelta) -> datetime:
    """Take the channel's next free moment, now at the earliest, and keep the `gap` after it free."""
    await session.execute(
        upsert(session, paces).values(channel=channel, next_at=now).on_conflict_do_nothing()
    )
    at: datetime = (
        await session.execute(select(paces.c.next_at).where(paces.c.channel == channel).with_for_update())
    ).scalar_one()
    moment = max(at, now)
    await session.execute(update(paces).where(paces.c.channel == channel).values(next_at=moment + gap))
    return moment


async def pause(session: AsyncSession, channel: str, *, until: datetime) -> None:
    """Slack has asked for silence until then."""
    statement = upsert(session, paces).values(channel=channel, next_at=until)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[paces.c.channel], set_={"next_at": until}, where=paces.c.next_at < until
        )
    )
