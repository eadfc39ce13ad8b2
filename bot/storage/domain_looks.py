"""When each domain was looked at, when it is next, and what is believed of it; the grade of each of its days."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Grade
from bot.storage.database import portions, upsert
from bot.storage.tables import day_grades, domain_looks, mutes

Name = tuple[str, str]
"""(account, domain)"""

_NEVER: Mapping[str, Any] = {
    "standing": 0,
    "tries": 0,
    "unanswered": 0,
    "was_good": False,
    "states": [],
    "asked_times": 0,
    "asked_about": [],
}
_RANK = {Grade.OK.value: 0, Grade.UNKNOWN.value: 1, Grade.WARN.value: 2, Grade.FAIL.value: 3}


async def present_only(session: AsyncSession, present: Collection[Name], *, now: datetime) -> None:
    """Have exactly these domains: new ones are due at once, what is believed of others is forgotten."""
    rows = await session.execute(select(domain_looks.c.account, domain_looks.c.domain))
    known = {(account, domain) for account, domain in rows}
    for names in portions(sorted(set(present) - known)):
        _ = await session.execute(
            upsert(session, domain_looks)
            .values([{"account": a, "domain": d, "next_look_at": now, **_NEVER} for a, d in names])
            .on_conflict_do_nothing()
        )
    for names in portions(sorted(known - set(present))):
        for table in (domain_looks, mutes):
            _ = await session.execute(delete(table).where(tuple_(table.c.account, table.c.domain).in_(names)))


async def claim_due(
    session: AsyncSession, *, now: datetime, lease_until: datetime, limit: int
) -> list[tuple[Name, datetime | None]]:
    """Take domains that are due and nobody is looking at, the most pressing first.

    Returns them with when they were last looked at wholly. Others leave them alone until `lease_until`.
    """
    due = await session.execute(
        select(domain_looks.c.account, domain_looks.c.domain, domain_looks.c.wholly_at)
        .where(
            domain_looks.c.next_look_at <= now,
            or_(domain_looks.c.lease_until.is_(None), domain_looks.c.lease_until <= now),
        )
        .order_by(domain_looks.c.standing, domain_looks.c.next_look_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken: list[tuple[Name, datetime | None]] = [((row[0], row[1]), row[2]) for row in due]
    for names in portions([name for name, _ in taken]):
        _ = await session.execute(
            update(domain_looks)
            .where(tuple_(domain_looks.c.account, domain_looks.c.domain).in_(names))
            .values(lease_until=lease_until)
        )
    return taken


async def states(session: AsyncSession) -> dict[Name, list[dict[str, Any]]]:
    """By domain, what is believed of it, as it is kept."""
    rows = await session.execute(select(domain_looks.c.account, domain_looks.c.domain, domain_looks.c.states))
    return {(account, domain): kept for account, domain, kept in rows}


async def number_due(session: AsyncSession, *, now: datetime) -> int:
    """How many domains are to be looked at now, or are being looked at."""
    count = select(func.count()).select_from(domain_looks).where(domain_looks.c.next_look_at <= now)
    return await session.scalar(count) or 0


async def has_due(session: AsyncSession, *, now: datetime) -> bool:
    due = select(domain_looks.c.domain).where(domain_looks.c.next_look_at <= now).limit(1)
    return await session.scalar(due) is not None


async def locked(session: AsyncSession, names: Collection[Name]) -> dict[Name, Mapping[str, Any]]:
    """The rows of these domains, as far as there are any; nobody else changes them until the transaction ends."""
    rows: dict[Name, Mapping[str, Any]] = {}
    for portion in portions(sorted(names)):
        found = await session.execute(
            select(domain_looks)
            .where(tuple_(domain_looks.c.account, domain_looks.c.domain).in_(portion))
            .order_by(domain_looks.c.account, domain_looks.c.domain)
            .with_for_update()
        )
        rows |= {(row["account"], row["domain"]): dict(row) for row in found.mappings()}
    return rows


async def put(session: AsyncSession, rows: Mapping[Name, Mapping[str, Any]]) -> None:
    """Replace the columns that each of these rows has: all the same ones."""
    if not rows:
        return
    columns = next(iter(rows.values())).keys()
    statement = upsert(session, domain_looks)
    _ = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[domain_looks.c.account, domain_looks.c.domain],
            set_={column: statement.excluded[column] for column in columns},
        ),
        [
            {"account": account, "domain": domain, **_NEVER, **values}
            for (account, domain), values in sorted(rows.items())
        ],
    )


async def hurry(session: AsyncSession, names: Collection[Name], *, now: datetime) -> None:
    """Have them looked at as soon as somebody wakes up."""
    for portion in portions(sorted(names)):
        _ = await session.execute(
            update(domain_looks)
            .where(
                tuple_(domain_looks.c.account, domain_looks.c.domain).in_(portion),
                domain_looks.c.next_look_at > now,
            )
            .values(next_look_at=now)
        )


async def next_looks(session: AsyncSession) -> dict[Name, datetime]:
    """By domain, when it is looked at next."""
    rows = await session.execute(
        select(domain_looks.c.account, domain_looks.c.domain, domain_looks.c.next_look_at)
    )
    return {(account, domain): at for account, domain, at in rows}


async def next_look(session: AsyncSession, name: Name) -> datetime | None:
    """When one domain is looked at next."""
    at: datetime | None = await session.scalar(select(domain_looks.c.next_look_at).where(_is(name)))
    return at


async def recent_questions(session: AsyncSession, account: str, *, since: datetime) -> int:
    """Of how many domains the mail system was asked to look since then."""
    count = await session.scalar(
        select(func.count()).where(domain_looks.c.account == account, domain_looks.c.asked_at > since)
    )
    return count or 0


async def newest_look(session: AsyncSession) -> datetime | None:
    """When any domain was last looked at."""
    newest: datetime | None = await session.scalar(select(func.max(domain_looks.c.looked_at)))
    return newest


# -- the grade of each day ------------------------------------------------------------------------------------


async def note_grades(session: AsyncSession, rows: Collection[tuple[Name, str, Grade]]) -> None:
    """The grade of a day (an ISO date) is the worst that it has seen."""
    if not rows:
        return
    statement = upsert(session, day_grades)
    _ = await session.execute(
        statement.on_conflict_do_update(
            index_elements=[day_grades.c.account, day_grades.c.domain, day_grades.c.day],
            set_={"grade": statement.excluded.grade},
            where=case(_RANK, value=day_grades.c.grade) < case(_RANK, value=statement.excluded.grade),
        ),
        [
            {"account": account, "domain": domain, "day": day, "grade": grade.value}
            for (account, domain), day, grade in sorted(rows)
        ],
    )


async def grades(
    session: AsyncSession, *, since: str, name: Name | None = None
) -> dict[Name, dict[str, Grade]]:
    """By domain and day (ISO dates), from `since` on; of one domain, or of all."""
    query = select(day_grades).where(day_grades.c.day >= since)
    if name is not None:
        query = query.where(day_grades.c.account == name[0], day_grades.c.domain == name[1])
    found: dict[Name, dict[str, Grade]] = {}
    for row in (await session.execute(query)).mappings():
        found.setdefault((row["account"], row["domain"]), {})[row["day"]] = Grade(row["grade"])
    return found


async def forget_grades(session: AsyncSession, *, before: str) -> None:
    _ = await session.execute(delete(day_grades).where(day_grades.c.day < before))


def _is(name: Name) -> ColumnElement[bool]:
    return and_(domain_looks.c.account == name[0], domain_looks.c.domain == name[1])
