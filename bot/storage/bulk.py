"""Bulk creations: runs and their lines. Who is at a run has its claim, and writes nothing without it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import Line, LineState, Run, RunState
from bot.storage.database import portions
from bot.storage.tables import bulk_lines, bulk_runs

_UNFINISHED = [RunState.RUNNING.value, RunState.PAUSED.value]


async def add(session: AsyncSession, run: Run) -> None:
    await session.execute(
        insert(bulk_runs).values(
            id=run.id, operator=run.operator, at=run.at, state=run.state.value, header=run.header
        )
    )
    for portion in portions(run.lines):
        await session.execute(
            insert(bulk_lines),
            [
                {
                    "run_id": run.id,
                    "number": line.number,
                    "source": line.source,
                    "account": line.account,
                    "address": line.address,
                    "admin": line.admin,
                    "quota": line.quota,
                    "state": line.state.value,
                    "told": line.told,
                    "nonce": line.nonce,
                    "handed": line.handed,
                }
                for line in portion
            ],
        )


async def get(session: AsyncSession, run_id: str) -> Run | None:
    row = (await session.execute(select(bulk_runs).where(bulk_runs.c.id == run_id))).mappings().one_or_none()
    return None if row is None else await _run(session, row)


async def unfinished(session: AsyncSession, operator: str) -> Run | None:
    """The newest run of somebody that was begun and has not come to its end."""
    query = (
        select(bulk_runs)
        .where(bulk_runs.c.operator == operator, bulk_runs.c.state.in_(_UNFINISHED))
        .order_by(bulk_runs.c.at.desc(), bulk_runs.c.id)
        .limit(1)
    )
    row = (await session.execute(query)).mappings().one_or_none()
    return None if row is None else await _run(session, row)


async def claim(
    session: AsyncSession, run_id: str, claimed: str, *, now: datetime, lease_until: datetime
) -> bool:
    """Begin a run, or go on with it. False where somebody is at it, or it is over."""
    return await _changed(
        session,
        and_(
            bulk_runs.c.id == run_id,
            or_(
                bulk_runs.c.state.in_([RunState.DRAFT.value, RunState.PAUSED.value]),
                and_(bulk_runs.c.state == RunState.RUNNING.value, bulk_runs.c.lease_until <= now),
            ),
        ),
        state=RunState.RUNNING.value,
        claim=claimed,
        lease_until=lease_until,
        why=None,
    )


async def hold(session: AsyncSession, run_id: str, claimed: str, *, lease_until: datetime) -> bool:
    """Whether the claim still counts; if so, for longer. Nobody else gets at the run before the transaction is over."""
    return await _changed(session, _held(run_id, claimed), lease_until=lease_until)


async def settle(
    session: AsyncSession, run_id: str, claimed: str, state: RunState, *, why: str | None = None
) -> bool:
    """Give the claim up, with what has come of it. False if it does not count any more."""
    return await _changed(
        session, _held(run_id, claimed), state=state.value, why=why, claim=None, lease_until=None
    )


async def drop(session: AsyncSession, run_id: str) -> bool:
    """Give up on a run that nobody is at."""
    there = and_(
        bulk_runs.c.id == run_id,
        bulk_runs.c.state.in_([RunState.DRAFT.value, RunState.PAUSED.value]),
    )
    return await _changed(session, there, state=RunState.DROPPED.value)


async def lapsed(session: AsyncSession, now: datetime) -> list[str]:
    """The runs that somebody was at who is not there any more."""
    rows = await session.execute(
        select(bulk_runs.c.id).where(
            bulk_runs.c.state == RunState.RUNNING.value, bulk_runs.c.lease_until <= now
        )
    )
    return list(rows.scalars())


async def pause_lapsed(session: AsyncSession, run_id: str, *, now: datetime, why: str) -> bool:
    there = and_(
        bulk_runs.c.id == run_id,
        bulk_runs.c.state == RunState.RUNNING.value,
        bulk_runs.c.lease_until <= now,
    )
    return await _changed(session, there, state=RunState.PAUSED.value, why=why, claim=None, lease_until=None)


async def old_drafts(session: AsyncSession, *, before: datetime) -> list[str]:
    """The lists from before that time that nobody began with."""
    rows = await session.execute(
        select(bulk_runs.c.id).where(bulk_runs.c.state == RunState.DRAFT.value, bulk_runs.c.at < before)
    )
    return list(rows.scalars())


async def forget_draft(session: AsyncSession, run_id: str) -> None:
    """Nothing, if it was begun meanwhile."""
    gone = await session.execute(
        delete(bulk_runs)
        .where(bulk_runs.c.id == run_id, bulk_runs.c.state == RunState.DRAFT.value)
        .returning(bulk_runs.c.id)
    )
    if gone.scalar() is not None:
        await session.execute(delete(bulk_lines).where(bulk_lines.c.run_id == run_id))


async def put(session: AsyncSession, run_id: str, line: Line) -> None:
    """What has come of a line, by whoever holds the run."""
    await session.execute(
        update(bulk_lines)
        .where(bulk_lines.c.run_id == run_id, bulk_lines.c.number == line.number)
        .values(state=line.state.value, told=line.told, nonce=line.nonce, handed=line.handed)
    )


async def hand(session: AsyncSession, run_id: str, numbers: Iterable[int]) -> None:
    """These users' passwords were shown."""
    for portion in portions(sorted(numbers)):
        await session.execute(
            update(bulk_lines)
            .where(bulk_lines.c.run_id == run_id, bulk_lines.c.number.in_(portion))
            .values(handed=True)
        )


async def _changed(session: AsyncSession, where: ColumnElement[bool], **values: Any) -> bool:
    found = await session.execute(update(bulk_runs).where(where).values(**values).returning(bulk_runs.c.id))
    return found.scalar() is not None


def _held(run_id: str, claimed: str) -> ColumnElement[bool]:
    return and_(
        bulk_runs.c.id == run_id,
        bulk_runs.c.state == RunState.RUNNING.value,
        bulk_runs.c.claim == claimed,
    )


async def _run(session: AsyncSession, row: Mapping[Any, Any]) -> Run:
    found = await session.execute(
        select(bulk_lines).where(bulk_lines.c.run_id == row["id"]).order_by(bulk_lines.c.number)
    )
    lines: Sequence[Line] = [
        Line(
            line["number"],
            line["source"],
            line["account"],
            line["address"],
            line["admin"],
            line["quota"],
            LineState(line["state"]),
            line["told"],
            line["nonce"],
            line["handed"],
        )
        for line in found.mappings()
    ]
    return Run(
        row["id"],
        row["operator"],
        row["at"],
        RunState(row["state"]),
        row["why"],
        row["lease_until"],
        lines,
        row["header"],
    )
