"""The audit trail: rows are added in the transaction of the change they record, and never edited."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who (a Slack id, or `mailwarden` for what the clock did) did what to which target. `detail` holds no secret."""

    at: datetime
    actor: str
    act: str
    account: str
    target: str
    detail: str


async def add(session: AsyncSession, entry: AuditEntry) -> None:
    await session.execute(
        insert(audit).values(
            at=entry.at,
            actor=entry.actor,
            act=entry.act,
            account=entry.account,
            target=entry.target,
            detail=entry.detail,
        )
    )


async def newest(session: AsyncSession, *, limit: int, target: str | None = None) -> list[AuditEntry]:
    """The newest entries first, of one target or of all."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if target is not None:
        query = query.where(audit.c.target == target)
    return [_value(row) for row in (await session.execute(query)).mappings()]


def _value(row: Mapping[Any, Any]) -> AuditEntry:
    return AuditEntry(row["at"], row["actor"], row["act"], row["account"], row["target"], row["detail"])
