"""Who was made an operator beside those that the configuration names, and every change of that."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Grant, OperatorChange, Role
from bot.storage.database import upsert
from bot.storage.tables import operator_changes, operators


async def get(session: AsyncSession, slack_id: str) -> Grant | None:
    row = (
        (await session.execute(select(operators).where(operators.c.slack_id == slack_id)))
        .mappings()
        .one_or_none()
    )
    return None if row is None else _grant(row)


async def page(session: AsyncSession, *, offset: int, limit: int) -> tuple[list[Grant], int]:
    """The highest role first, then in the order in which they were made; and how many there are in all."""
    rows = await session.execute(
        select(operators)
        .order_by(operators.c.role.desc(), operators.c.granted_at, operators.c.slack_id)
        .offset(offset)
        .limit(limit)
    )
    total = await session.scalar(select(func.count()).select_from(operators))
    return [_grant(row) for row in rows.mappings()], total or 0


async def count(session: AsyncSession, role: Role, *, but: str) -> int:
    """How many have exactly that role, apart from one."""
    found = await session.scalar(
        select(func.count())
        .select_from(operators)
        .where(operators.c.role == int(role), operators.c.slack_id != but)
    )
    return found or 0


async def with_role(session: AsyncSession, role: Role) -> list[str]:
    """Who has exactly that role, the longest first."""
    found = await session.scalars(
        select(operators.c.slack_id)
        .where(operators.c.role == int(role))
        .order_by(operators.c.granted_at, operators.c.slack_id)
    )
    return list(found)


async def put(session: AsyncSession, grant: Grant) -> None:
    values = {"role": int(grant.role), "granted_by": grant.granted_by, "granted_at": grant.granted_at}
    await session.execute(
        upsert(session, operators)
        .values(slack_id=grant.slack_id, **values)
        .on_conflict_do_update(index_elements=[operators.c.slack_id], set_=values)
    )


async def remove(session: AsyncSession, slack_id: str) -> None:
    await session.execute(delete(operators).where(operators.c.slack_id == slack_id))


async def add_change(session: AsyncSession, change: OperatorChange) -> None:
    await session.execute(
        insert(operator_changes).values(
            id=change.id,
            at=change.at,
            by=change.by,
            slack_id=change.slack_id,
            before=_number(change.before),
            after=_number(change.after),
        )
    )


async def change(session: AsyncSession, change_id: str) -> OperatorChange | None:
    row = (
        (await session.execute(select(operator_changes).where(operator_changes.c.id == change_id)))
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    return OperatorChange(
        row["id"], row["at"], row["by"], row["slack_id"], _role(row["before"]), _role(row["after"])
    )


def _grant(row: Mapping[Any, Any]) -> Grant:
    return Grant(row["slack_id"], Role(row["role"]), row["granted_by"], row["granted_at"])


def _number(role: Role | None) -> int | None:
    return None if role is None else int(role)


def _role(number: int | None) -> Role | None:
    return None if number is None else Role(number)
