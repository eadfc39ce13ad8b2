"""Seals over the audit trail: each is a digest of an entry and of the seal before it.

So whoever changes, removes or slips in an entry afterwards would have to make all later seals anew; and a seal that is
known elsewhere (each export has them, and `mailwarden audit verify` prints the newest) then tells that this was done.

Entries get their seals as the last thing of the transaction that writes them, one transaction at a time: with several
replicas, too, there is one chain, in the order of the commits.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.database import before_commit, portions, serialise
from bot.storage.tables import audit, audit_seals

NOTHING_BEFORE = ""
"""What stands for the digest before the first seal."""

AT_ONCE = 1000
"""So many seals are read at once."""

_UNSEALED = "mailwarden: entries without a seal"


@dataclass(frozen=True, slots=True)
class Seal:
    """`number` counts from 1 without a gap. `entry`: the id of the audit entry. `digest`: SHA-256 in hexadecimal."""

    number: int
    entry: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal, and the digest that its entry calls for as it is now: None if the entry is not there."""

    seal: Seal
    called_for: str | None


def digest(previous: str, number: int, entry: Mapping[Any, Any]) -> str:
    """The digest of an entry (a row of the audit table) after the seal with the digest `previous`.

    It must never be made in another way: all seals that were ever made are checked with it.
    """
    at: datetime = entry["at"]
    content = [previous, number, entry["id"], at.isoformat(timespec="microseconds")]
    content += [entry[column] for column in ("actor", "act", "account", "target", "detail")]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def seal_at_the_end(session: AsyncSession, entry: RowMapping) -> None:
    """Have an entry (a row of the audit table) sealed when its transaction ends."""
    waiting: list[RowMapping] = session.info.setdefault(_UNSEALED, [])
    if not waiting:
        before_commit(session, _seal)
    waiting.append(entry)


async def newest(session: AsyncSession) -> Seal | None:
    query = select(audit_seals).order_by(audit_seals.c.number.desc()).limit(1)
    row = (await session.execute(query)).mappings().first()
    return None if row is None else Seal(**row)


async def get(session: AsyncSession, number: int) -> Seal | None:
    row = (
        (await session.execute(select(audit_seals).where(audit_seals.c.number == number))).mappings().first()
    )
    return None if row is None else Seal(**row)


async def of_entries(session: AsyncSession, entries: list[int]) -> dict[int, Seal]:
    """The seals of these entries, by entry."""
    found: dict[int, Seal] = {}
    for some in portions(entries):
        rows = await session.execute(select(audit_seals).where(audit_seals.c.entry.in_(some)))
        found |= {row["entry"]: Seal(**row) for row in rows.mappings()}
    return found


async def walk(session: AsyncSession) -> AsyncIterator[Sealed]:
    """All seals from the first one on. Each is held against the digest that is stored before it."""
    previous, last = NOTHING_BEFORE, 0
    while rows := await _after(session, last):
        for row in rows:
            seal = Seal(row["number"], row["entry"], row["digest"])
            called_for = None if row["id"] is None else digest(previous, seal.number, row)
            yield Sealed(seal, called_for)
            previous, last = seal.digest, seal.number


async def unsealed(session: AsyncSession, *, limit: int) -> list[int]:
    """The ids of entries that have no seal, at most so many."""
    query = (
        select(audit.c.id)
        .outerjoin(audit_seals, audit_seals.c.entry == audit.c.id)
        .where(audit_seals.c.number.is_(None))
        .order_by(audit.c.id)
        .limit(limit)
    )
    return list((await session.execute(query)).scalars())


async def count_unsealed(session: AsyncSession) -> int:
    query = (
        select(func.count())
        .select_from(audit.outerjoin(audit_seals, audit_seals.c.entry == audit.c.id))
        .where(audit_seals.c.number.is_(None))
    )
    return int((await session.execute(query)).scalar_one())


async def _after(session: AsyncSession, number: int) -> list[RowMapping]:
    query = (
        select(audit_seals, audit)
        .outerjoin(audit, audit.c.id == audit_seals.c.entry)
        .where(audit_seals.c.number > number)
        .order_by(audit_seals.c.number)
        .limit(AT_ONCE)
    )
    return list((await session.execute(query)).mappings())


async def _seal(session: AsyncSession) -> None:
    waiting: list[RowMapping] = session.info.pop(_UNSEALED, [])
    await serialise(session, "mailwarden: audit seals")
    last = await newest(session)
    number, previous = (0, NOTHING_BEFORE) if last is None else (last.number, last.digest)
    made = []
    for entry in waiting:
        number += 1
        previous = digest(previous, number, entry)
        made.append({"number": number, "entry": entry["id"], "digest": previous})
    for rows in portions(made):
        _ = await session.execute(insert(audit_seals), rows)
