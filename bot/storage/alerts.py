"""Alerts about domains, what each of them is about, and which domains somebody has muted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import AlertKind, Grade, NoticeKind, Subject
from bot.storage.database import portions, upsert
from bot.storage.tables import alert_items, alerts, mutes, notices

Name = tuple[str, str]
"""(account, domain)"""


@dataclass(frozen=True, slots=True)
class AlertItem:
    """What is told of one domain. `turn`: as in bot.dns.confirmation. `over_at`: when it was good again."""

    account: str
    domain: str
    subject: Subject
    tag: str
    turn: str
    grade: Grade
    summary: str
    since: datetime
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """One message. `over_at`: of a BLIND one, when DNS could be asked again."""

    id: str
    kind: AlertKind
    raised_at: datetime
    items: tuple[AlertItem, ...] = ()
    over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """Nothing is told of a domain until then. `by`: who wants it so."""

    until: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Group:
    """An alert that still takes in more of the same. `told`: whether Slack has its message already."""

    id: str
    size: int
    told: bool


async def add(session: AsyncSession, alert_id: str, kind: AlertKind, *, now: datetime) -> None:
    _ = await session.execute(
        insert(alerts).values(id=alert_id, kind=kind.value, raised_at=now, added_at=now)
    )


async def add_items(
    session: AsyncSession, alert_id: str, items: Sequence[AlertItem], *, now: datetime
) -> None:
    """Have the alert tell of these, too. What it tells of already is told anew."""
    for item in items:
        values = {
            "turn": item.turn,
            "grade": item.grade.value,
            "summary": item.summary,
            "since": item.since,
            "over_at": None,
        }
        _ = await session.execute(
            upsert(session, alert_items)
            .values(
                alert_id=alert_id,
                account=item.account,
                domain=item.domain,
                subject=item.subject.value,
                tag=item.tag,
                **values,
            )
            .on_conflict_do_update(index_elements=list(alert_items.primary_key), set_=values)
        )
    _ = await session.execute(update(alerts).where(alerts.c.id == alert_id).values(added_at=now))


async def group(session: AsyncSession, kind: AlertKind, *, tag: str | None, since: datetime) -> Group | None:
    """The newest alert of a kind, about that tag (None for any), that was added to after `since`."""
    size = select(func.count()).where(alert_items.c.alert_id == alerts.c.id).scalar_subquery()
    told = (
        select(notices.c.ts)
        .where(notices.c.kind == NoticeKind.DNS_ALERT.value, notices.c.subject == alerts.c.id)
        .scalar_subquery()
    )
    query = (
        select(alerts.c.id, size, told)
        .where(alerts.c.kind == kind.value, alerts.c.added_at > since)
        .order_by(alerts.c.added_at.desc())
        .limit(1)
    )
    if tag is not None:
        others = select(alert_items.c.tag).where(
            alert_items.c.alert_id == alerts.c.id, alert_items.c.tag != tag
        )
        query = query.where(~others.exists())
    row = (await session.execute(query)).one_or_none()
    return None if row is None else Group(row[0], row[1], row[2] is not None)


async def end_items(
    session: AsyncSession, name: Name, subject: Subject, tag: str, *, now: datetime
) -> list[str]:
    """Note that this is good again. Returns the alerts that tell of it."""
    ended = await session.execute(
        update(alert_items)
        .where(
            tuple_(alert_items.c.account, alert_items.c.domain).in_([name]),
            alert_items.c.subject == subject.value,
            alert_items.c.tag == tag,
            alert_items.c.over_at.is_(None),
        )
        .values(over_at=now)
        .returning(alert_items.c.alert_id)
    )
    return sorted(set(ended.scalars()))


async def ended(session: AsyncSession, name: Name, *, since: datetime) -> list[str]:
    """The BAD alerts in which something about a domain is over after `since`, and after it was last told to be good."""
    is_domain = tuple_(alert_items.c.account, alert_items.c.domain).in_([name])
    kind = select(alerts.c.kind).where(alerts.c.id == alert_items.c.alert_id).scalar_subquery()
    good: datetime | None = await session.scalar(
        select(func.max(alert_items.c.since)).where(is_domain, kind == AlertKind.GOOD.value)
    )
    rows = await session.execute(
        select(alert_items.c.alert_id)
        .where(
            is_domain,
            kind == AlertKind.BAD.value,
            alert_items.c.over_at > (since if good is None else max(good, since)),
        )
        .distinct()
    )
    return sorted(rows.scalars())


async def open_blind(session: AsyncSession) -> Alert | None:
    """That DNS can't be asked, if it was told and is not over."""
    row = (
        (
            await session.execute(
                select(alerts)
                .where(alerts.c.kind == AlertKind.BLIND.value, alerts.c.over_at.is_(None))
                .limit(1)
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Alert(row["id"], AlertKind.BLIND, row["raised_at"])


async def end(session: AsyncSession, alert_id: str, *, now: datetime) -> None:
    _ = await session.execute(update(alerts).where(alerts.c.id == alert_id).values(over_at=now))


async def get(session: AsyncSession, alert_id: str) -> Alert | None:
    """An alert with all that it tells of, by domain."""
    row = (await session.execute(select(alerts).where(alerts.c.id == alert_id))).mappings().one_or_none()
    if row is None:
        return None
    items = await session.execute(
        select(alert_items)
        .where(alert_items.c.alert_id == alert_id)
        .order_by(alert_items.c.domain, alert_items.c.account, alert_items.c.tag)
    )
    return Alert(
        row["id"],
        AlertKind(row["kind"]),
        row["raised_at"],
        tuple(
            AlertItem(
                item["account"],
                item["domain"],
                Subject(item["subject"]),
                item["tag"],
                item["turn"],
                Grade(item["grade"]),
                item["summary"],
                item["since"],
                item["over_at"],
            )
            for item in items.mappings()
        ),
        row["over_at"],
    )


# -- mutes ----------------------------------------------------------------------------------------------------


async def mute(session: AsyncSession, names: Collection[Name], *, until: datetime, by: str) -> None:
    for account, domain in sorted(names):
        values = {"until": until, "muted_by": by}
        _ = await session.execute(
            upsert(session, mutes)
            .values(account=account, domain=domain, **values)
            .on_conflict_do_update(index_elements=list(mutes.primary_key), set_=values)
        )


async def muted(session: AsyncSession, *, now: datetime) -> Mapping[Name, datetime]:
    """By domain, until when it is muted."""
    rows = await session.execute(
        select(mutes.c.account, mutes.c.domain, mutes.c.until).where(mutes.c.until > now)
    )
    return {(account, domain): until for account, domain, until in rows}


async def unmute(session: AsyncSession, names: Collection[Name]) -> list[Name]:
    """Returns those that were muted, or had been."""
    ended: list[Name] = []
    for portion in portions(sorted(names)):
        rows = await session.execute(
            delete(mutes)
            .where(tuple_(mutes.c.account, mutes.c.domain).in_(portion))
            .returning(mutes.c.account, mutes.c.domain)
        )
        ended += [(account, domain) for account, domain in rows]
    return sorted(ended)


async def mutes_of(session: AsyncSession, names: Collection[Name] | None = None) -> dict[Name, Mute]:
    """The newest mute of each of these domains, or of all; it may have run out."""
    query = select(mutes.c.account, mutes.c.domain, mutes.c.until, mutes.c.muted_by)
    rows = await session.execute(query)
    return {
        (account, domain): Mute(until, by)
        for account, domain, until, by in rows
        if names is None or (account, domain) in names
    }


async def telling_of(session: AsyncSession, names: Collection[Name]) -> list[str]:
    """The alerts that tell of something about these domains that is not over."""
    found: set[str] = set()
    for portion in portions(sorted(names)):
        rows = await session.execute(
            select(alert_items.c.alert_id)
            .where(
                tuple_(alert_items.c.account, alert_items.c.domain).in_(portion),
                alert_items.c.over_at.is_(None),
            )
            .distinct()
        )
        found |= set(rows.scalars())
    return sorted(found)
