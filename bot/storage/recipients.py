"""Which addresses are mail users, as far as the directory knows: asked when mail is to be sent elsewhere."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import directory_users

_THERE = directory_users.c.gone.is_(False)


async def known_among(session: AsyncSession, addresses: Collection[str]) -> set[str]:
    """Those that are mail users, on whatever account."""
    query = select(directory_users.c.address).where(_THERE, directory_users.c.address.in_(set(addresses)))
    return set(await session.scalars(query)) if addresses else set()


async def beginning(
    session: AsyncSession, account: str, domain: str, match: str, *, leaving_out: Collection[str], limit: int
) -> tuple[list[str], int]:
    """The first mail users of a domain whose address begins with `match`, and how many there are."""
    which: ColumnElement[bool] = and_(
        _THERE,
        directory_users.c.account == account,
        directory_users.c.address.startswith(match, autoescape=True),
        directory_users.c.address.endswith(f"@{domain}", autoescape=True),
        directory_users.c.address.not_in(set(leaving_out)),
    )
    count = await session.scalar(select(func.count()).select_from(directory_users).where(which)) or 0
    query = select(directory_users.c.address).where(which).order_by(directory_users.c.address).limit(limit)
    return list(await session.scalars(query)), count
