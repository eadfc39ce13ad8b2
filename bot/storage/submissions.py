"""Which forms have been sent: a modal carries a nonce, and only its first submission does the work."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import submissions


@dataclass(frozen=True, slots=True)
class Submission:
    """`outcome` is a sentence for the operator once the work is done, None while it runs."""

    nonce: str
    operator: str
    at: datetime
    outcome: str | None


async def begin(session: AsyncSession, nonce: str, *, operator: str, now: datetime) -> Submission | None:
    """Claim a nonce. None if it is now ours, else the submission that was first."""
    try:
        async with session.begin_nested():
            await session.execute(insert(submissions).values(nonce=nonce, operator=operator, at=now))
    except IntegrityError:
        row = (
            (await session.execute(select(submissions).where(submissions.c.nonce == nonce))).mappings().one()
        )
        return Submission(**row)
    return None


async def get(session: AsyncSession, nonce: str) -> Submission | None:
    """None for a form that was never worked on, or came to nothing."""
    row = (
        (await session.execute(select(submissions).where(submissions.c.nonce == nonce)))
        .mappings()
        .one_or_none()
    )
    return None if row is None else Submission(**row)


async def finish(session: AsyncSession, nonce: str, outcome: str) -> None:
    await session.execute(update(submissions).where(submissions.c.nonce == nonce).values(outcome=outcome))


async def release(session: AsyncSession, nonce: str) -> None:
    """Nothing was done: the same form may be sent again."""
    await session.execute(delete(submissions).where(submissions.c.nonce == nonce))
