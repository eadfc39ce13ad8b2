"""What the outbox knows of a kind of notice: where its content comes from, and what follows from its fate."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.notices.slack import Rendered

Renderer = Callable[[Any, datetime], Rendered | None]
"""(the subject's present value, now) -> the message, or None where there is nothing to say (any more)."""

Loader = Callable[[AsyncSession, str], Awaitable[Any]]
"""(session, subject id) -> the subject's present value, None if there is none."""

Posted = Callable[[AsyncSession, str, str, str, datetime], Awaitable[None]]
"""(session, subject id, channel, ts, confirmed at): called in the transaction that records a post."""

Removed = Callable[[AsyncSession, str, datetime, bool], Awaitable[bool]]
"""(session, subject id, now, whether it had something yet to say) -> whether it is to be posted anew.

Called in the transaction that records that somebody has removed the message.
"""

Stuck = Callable[[AsyncSession, str, datetime], Awaitable[None]]
"""(session, subject id, now): called in the transaction that records a vain attempt."""


async def _no_effect(_session: AsyncSession, _subject: str, _channel: str, _ts: str, _at: datetime) -> None:
    return None


async def _if_unsaid(_session: AsyncSession, _subject: str, _now: datetime, unsaid: bool) -> bool:
    return unsaid


async def _only_waits(_session: AsyncSession, _subject: str, _now: datetime) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Course:
    """`stuck`: Slack does not take it, and waiting alone may not help."""

    load: Loader
    render: Renderer
    posted: Posted = _no_effect
    removed: Removed = _if_unsaid
    stuck: Stuck = _only_waits
