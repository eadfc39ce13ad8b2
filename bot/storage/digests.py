"""Digests as built, so that a message lost on its way can be rendered again."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import digests


async def add(session: AsyncSession, slot: str, *, built_at: datetime, content: dict[str, Any]) -> None:
    await session.execute(insert(digests).values(slot=slot, built_at=built_at, content=content))


async def get(session: AsyncSession, slot: str) -> dict[str, Any] | None:
    """The content of the digest of a slot."""
    content: dict[str, Any] | None = await session.scalar(
        select(digests.c.content).where(digests.c.slot == slot)
    )
    return content


async def newest(session: AsyncSession) -> dict[str, Any] | None:
    """The content of the digest that was made last."""
    content: dict[str, Any] | None = await session.scalar(
        select(digests.c.content).order_by(digests.c.built_at.desc()).limit(1)
    )
    return content


async def replace(session: AsyncSession, slot: str, content: dict[str, Any]) -> None:
    """Put another content in the place of the one that a slot has."""
    await session.execute(update(digests).where(digests.c.slot == slot).values(content=content))
