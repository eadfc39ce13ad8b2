"""Asking for a message, inside the transaction of the change that it is about. No Slack here."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import NoticeKind
from bot.storage import notices


async def want(session: AsyncSession, kind: NoticeKind, subject: str, *, channel: str, now: datetime) -> None:
    """Have `channel` show the present state of a subject.

    Commits or fails with the caller's change. A burst of changes becomes one edit, because a message is rendered from
    the row as it stands when it is sent. The channel of a subject is the one of its first notice.
    """
    await notices.want(session, kind, subject, channel, now)


async def want_again(session: AsyncSession, *kinds: NoticeKind, subject: str, now: datetime) -> None:
    """The same for messages that were asked for before; nothing for those that never were."""
    await notices.want_again(session, kinds, subject, now)
