"""The rows of the outbox: for each subject, which revision its channel should show and which one it shows."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import NoticeKind
from bot.storage.database import upsert
from bot.storage.tables import notices


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """`ts` is None until Slack confirmed the message; `posted` is the revision the channel shows.

    `post_key` goes with every post of a message, so that it is recognised if the answer was lost: then `seen_channel` and
    `seen_ts` say where Slack has told us that it stands.
    """

    kind: NoticeKind
    subject: str
    channel: str
    wanted: int
    posted: int
    ts: str | None
    attempts: int
    claimed_by: str | None
    last_error: str | None
    post_key: str | None
    seen_channel: str | None
    seen_ts: str | None


_undelivered = notices.c.wanted > notices.c.posted


async def want(session: AsyncSession, kind: NoticeKind, subject: str, channel: str, now: datetime) -> None:
    """Ask for (another) delivery: a new row at revision 1, or one revision more. Tried at once."""
    await session.execute(
        upsert(session, notices)
        .values(
            kind=kind.value, subject=subject, channel=channel, wanted=1, posted=0, attempts=0, next_try_at=now
        )
        .on_conflict_do_update(
            index_elements=[notices.c.kind, notices.c.subject],
            set_={"wanted": notices.c.wanted + 1, "attempts": 0, "next_try_at": now},
        )
    )


async def want_again(
    session: AsyncSession, kinds: Collection[NoticeKind], subject: str, now: datetime
) -> None:
    """Ask for one revision more of each notice that was asked for before; otherwise nothing."""
    await session.execute(
        update(notices)
        .where(notices.c.kind.in_([kind.value for kind in kinds]), notices.c.subject == subject)
        .values(wanted=notices.c.wanted + 1, attempts=0, next_try_at=now)
    )


async def get(session: AsyncSession, kind: NoticeKind, subject: str) -> NoticeRow | None:
    row = (await session.execute(select(notices).where(_is(kind, subject)))).mappings().first()
    return None if row is None else _value(row)


async def at(session: AsyncSession, channel: str, ts: str) -> NoticeRow | None:
    """The notice that this message is."""
    query = select(notices).where(notices.c.ts == ts, notices.c.channel == channel)
    row = (await session.execute(query)).mappings().first()
    return None if row is None else _value(row)


async def next_due(session: AsyncSession, now: datetime) -> NoticeRow | None:
    """The longest waiting undelivered notice that may be tried now."""
    query = (
        select(notices)
        .where(_undelivered, notices.c.next_try_at <= now, _unheld(now), _certain(now))
        .order_by(notices.c.next_try_at, notices.c.kind, notices.c.subject)
        .limit(1)
    )
    row = (await session.execute(query)).mappings().first()
    return None if row is None else _value(row)


async def claim(
    session: AsyncSession,
    kind: NoticeKind,
    subject: str,
    *,
    worker: str,
    now: datetime,
    lease_until: datetime,
    open_for: timedelta,
) -> NoticeRow | None:
    """Take an undelivered notice, unless somebody else holds it. None if there is nothing to take.

    Should nothing more be heard of this claim, a message that was to be posted under it may be there: it is not posted
    again before `open_for` after the claim has lapsed.
    """
    unposted = notices.c.ts.is_(None)
    changed = await session.execute(
        update(notices)
        .where(_is(kind, subject), _undelivered, _unheld(now), _certain(now))
        .values(
            claimed_by=f"{worker}/{uuid.uuid4().hex[:8]}",
            lease_until=lease_until,
            attempts=notices.c.attempts + 1,
            post_key=case(
                (and_(unposted, notices.c.post_key.is_(None)), uuid.uuid4().hex), else_=notices.c.post_key
            ),
            open_until=case((unposted, lease_until + open_for), else_=None),
        )
        .returning(notices)
    )
    row = changed.mappings().first()
    return None if row is None else _value(row)


async def delivered(session: AsyncSession, claimed: NoticeRow, *, channel: str, ts: str | None) -> bool:
    """The channel now shows `claimed.wanted`. False if the claim was lost meanwhile."""
    return await _settle(
        session,
        claimed,
        {
            "posted": claimed.wanted,
            "channel": channel,
            "ts": ts,
            "attempts": 0,
            "last_error": None,
            **_NOTHING_OPEN,
        },
    )


async def adopted(session: AsyncSession, claimed: NoticeRow) -> bool:
    """The message whose answer was lost is the notice; it is yet to be brought up to date."""
    return await _settle(
        session,
        claimed,
        {"channel": claimed.seen_channel, "ts": claimed.seen_ts, "attempts": 0, **_NOTHING_OPEN},
    )


async def removed(
    session: AsyncSession, kind: NoticeKind, subject: str, *, ts: str, again: bool, now: datetime
) -> bool:
    """Somebody has removed the message. `again`: it is posted anew. False if it is another one by now."""
    changed = await session.execute(
        update(notices)
        .where(_is(kind, subject), notices.c.ts == ts)
        .values(
            ts=None,
            wanted=notices.c.wanted + (1 if again else 0),
            posted=notices.c.posted if again else notices.c.wanted,
            attempts=0,
            next_try_at=now,
            claimed_by=None,
            lease_until=None,
            **_NOTHING_OPEN,
        )
        .returning(notices.c.subject)
    )
    return changed.scalar() is not None


async def lock(session: AsyncSession, kind: NoticeKind, subject: str) -> None:
    """Let nobody else change the notice before this transaction has ended."""
    _ = await session.execute(select(notices.c.subject).where(_is(kind, subject)).with_for_update())


async def detach(session: AsyncSession, kind: NoticeKind, subject: str) -> None:
    """Leave the message as it is: the next time that the notice is wanted it is posted anew."""
    await session.execute(
        update(notices)
        .where(_is(kind, subject))
        .values(ts=None, posted=notices.c.wanted, claimed_by=None, lease_until=None, **_NOTHING_OPEN)
    )


async def seen(
    session: AsyncSession, kind: NoticeKind, subject: str, *, key: str, channel: str, ts: str, now: datetime
) -> bool:
    """Slack tells that a message stands there, posted under this key. False if that is no news."""
    changed = await session.execute(
        update(notices)
        .where(
            _is(kind, subject), notices.c.ts.is_(None), notices.c.post_key == key, notices.c.seen_ts.is_(None)
        )
        .values(seen_channel=channel, seen_ts=ts, next_try_at=now)
        .returning(notices.c.subject)
    )
    return changed.scalar() is not None


async def deferred(
    session: AsyncSession, claimed: NoticeRow, *, until: datetime, error: str, open_until: datetime | None
) -> bool:
    """Slack did not take it: try again at `until`. False if the claim was lost meanwhile.

    `open_until`: Slack may have taken it all the same.
    """
    return await _settle(
        session,
        claimed,
        {
            # What Slack has told of meanwhile is taken up at once.
            "next_try_at": case((notices.c.seen_ts.is_not(None), notices.c.next_try_at), else_=until),
            "last_error": error,
            "open_until": open_until,
        },
    )


async def put_off(session: AsyncSession, kind: NoticeKind, subject: str, *, until: datetime) -> None:
    """Its channel is busy: do not try before `until`."""
    await session.execute(update(notices).where(_is(kind, subject)).values(next_try_at=until))


_NOTHING_OPEN = {"post_key": None, "open_until": None, "seen_channel": None, "seen_ts": None}


async def _settle(session: AsyncSession, claimed: NoticeRow, values: dict[str, Any]) -> bool:
    changed = await session.execute(
        update(notices)
        .where(
            _is(claimed.kind, claimed.subject),
            notices.c.claimed_by == claimed.claimed_by,
        )
        .values({"claimed_by": None, "lease_until": None, **values})
        .returning(notices.c.subject)
    )
    return changed.scalar() is not None


def _is(kind: NoticeKind, subject: str) -> ColumnElement[bool]:
    return and_(notices.c.kind == kind.value, notices.c.subject == subject)


def _unheld(now: datetime) -> ColumnElement[bool]:
    return or_(notices.c.claimed_by.is_(None), notices.c.lease_until <= now)


def _certain(now: datetime) -> ColumnElement[bool]:
    """No message of which we know nothing yet may stand there."""
    return or_(notices.c.open_until.is_(None), notices.c.open_until <= now, notices.c.seen_ts.is_not(None))


def _value(row: Mapping[Any, Any]) -> NoticeRow:
    return NoticeRow(
        kind=NoticeKind(row["kind"]),
        subject=row["subject"],
        channel=row["channel"],
        wanted=row["wanted"],
        posted=row["posted"],
        ts=row["ts"],
        attempts=row["attempts"],
        claimed_by=row["claimed_by"],
        last_error=row["last_error"],
        post_key=row["post_key"],
        seen_channel=row["seen_channel"],
        seen_ts=row["seen_ts"],
    )
