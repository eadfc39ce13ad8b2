"""The audit trail: rows are added in the transaction of the change they record, and never edited."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.seals import seal_at_the_end
from bot.storage.tables import audit

BACKSTAGE = ("deletion_noticed", "deletion_reminded", "deletion_started", "deletion_deferred")
"""Acts that are on record for completeness, as are all that end in `_asked`: something else tells what came of them."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who (a Slack id, or `mailwarden` for what the clock did) did what to which target. `detail` holds no secret.

    `id`: None until it is stored.
    """

    at: datetime
    actor: str
    act: str
    account: str
    target: str
    detail: str
    id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries: all of these hold. `targets`: addresses or domains, under any of these names; none for all.

    A domain stands for itself and for all its addresses. `account`: of one account only. `until`: none that has a
    greater id. `acts`: only these; none for all. `effects`: leave out what only leads to something else.
    """

    targets: tuple[str, ...] = ()
    actor: str = ""
    since: datetime | None = None
    account: str = ""
    until: int | None = None
    acts: tuple[str, ...] = ()
    effects: bool = False


ALL = AuditFilter()


async def add(session: AsyncSession, entry: AuditEntry) -> None:
    statement = insert(audit).values(
        at=entry.at,
        actor=entry.actor,
        act=entry.act,
        account=entry.account,
        target=entry.target,
        detail=entry.detail,
    )
    # As the database keeps it, which is how its seal is checked.
    seal_at_the_end(session, (await session.execute(statement.returning(audit))).mappings().one())


async def newest(
    session: AsyncSession,
    *,
    limit: int,
    target: str | None = None,
    matching: AuditFilter = ALL,
    offset: int = 0,
) -> list[AuditEntry]:
    """The newest entries first, of one target or of those that match."""
    query = (
        select(audit).where(*_conditions(matching)).order_by(audit.c.id.desc()).limit(limit).offset(offset)
    )
    if target is not None:
        query = query.where(audit.c.target == target)
    return [_value(row) for row in (await session.execute(query)).mappings()]


async def count(session: AsyncSession, matching: AuditFilter = ALL) -> int:
    query = select(func.count()).select_from(audit).where(*_conditions(matching))
    return int((await session.execute(query)).scalar_one())


async def last_id(session: AsyncSession) -> int:
    """The id of the newest entry; 0 if there is none."""
    return int((await session.execute(select(func.max(audit.c.id)))).scalar() or 0)


def _conditions(matching: AuditFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if matching.targets:
        conditions.append(or_(*(_of(target) for target in matching.targets)))
    if matching.actor:
        conditions.append(audit.c.actor == matching.actor)
    if matching.since is not None:
        conditions.append(audit.c.at >= matching.since)
    if matching.account:
        conditions.append(audit.c.account == matching.account)
    if matching.until is not None:
        conditions.append(audit.c.id <= matching.until)
    if matching.acts:
        conditions.append(audit.c.act.in_(matching.acts))
    if matching.effects:
        conditions += [audit.c.act.not_in(BACKSTAGE), ~audit.c.act.endswith("_asked", autoescape=True)]
    return conditions


def _of(target: str) -> ColumnElement[bool]:
    # A routing rule is on record as "sales-*@acme.example → ben@acme.example".
    if "@" in target:
        return or_(audit.c.target == target, audit.c.target.startswith(f"{target} ", autoescape=True))
    return or_(
        audit.c.target == target,
        audit.c.target.endswith(f"@{target}", autoescape=True),
        audit.c.target.contains(f"@{target} ", autoescape=True),
    )


def _value(row: Mapping[Any, Any]) -> AuditEntry:
    return AuditEntry(
        row["at"], row["actor"], row["act"], row["account"], row["target"], row["detail"], row["id"]
    )
