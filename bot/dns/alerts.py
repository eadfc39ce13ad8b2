"""Tells the channel, once, that domains broke or are good again; many at a time in one message."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from bot.dns.confirmation import Turn
from bot.dns.judgement import Judged, Told
from bot.model import AlertKind, Grade, NoticeKind, Subject
from bot.notices import want, want_again
from bot.storage import alerts
from bot.storage.alerts import AlertItem, Group

MANY = 3
"""So many domains with one fault are one cause, and one message."""

TOGETHER = timedelta(hours=1)
"""A message about many takes in more of the same for so long after the last of them."""

LATELY = timedelta(hours=24)
"""What was over longer ago is another matter."""

GOOD_AGAIN = "GOOD_AGAIN"


async def tell(session: AsyncSession, judged: Iterable[Judged], *, channel: str, now: datetime) -> None:
    """Have the channel told of what has changed, in the transaction that records it.

    Nothing is told of a domain that has never been good, since somebody is setting it up, nor of a muted one. What is
    good again is noted in every message that told of it.
    """
    muted = await alerts.muted(session, now=now)
    bad: list[AlertItem] = []
    good: list[AlertItem] = []
    over: set[str] = set()
    for one in judged:
        name = (one.health.account, one.health.domain)
        for told in one.told:
            if not _is_failing(told):
                over.update(await alerts.end_items(session, name, told.key.subject, told.key.tag, now=now))
        if name not in muted:
            bad += [_item(one, told) for told in one.told if one.was_good and _is_news(told)]
            failed = any(_was_failing(told) for told in one.told)
            if one.is_good and (failed or one.was_suspected):
                # Also what was over earlier, while something else was suspected.
                ended = await alerts.ended(session, name, since=now - LATELY)
                good += [_good_item(one, now)] if failed or ended else []
                over.update(ended)
    for alert_id in sorted(over):
        await want_again(session, NoticeKind.DNS_ALERT, subject=alert_id, now=now)
    await _raise_bad(session, bad, channel=channel, now=now)
    if good:
        await _raise(session, AlertKind.GOOD, good, tag=GOOD_AGAIN, channel=channel, now=now)


async def _raise_bad(
    session: AsyncSession, items: Sequence[AlertItem], *, channel: str, now: datetime
) -> None:
    domains = Counter(tag for tag, *_ in {(item.tag, item.account, item.domain) for item in items})
    rest: list[AlertItem] = []
    for tag, number in sorted(domains.items()):
        same = [item for item in items if item.tag == tag]
        known = await alerts.group(session, AlertKind.BAD, tag=tag, since=now - TOGETHER)
        if number >= MANY or (known is not None and known.size >= MANY):
            await _raise(session, AlertKind.BAD, same, tag=tag, channel=channel, now=now)
        else:
            rest += same
    if rest:
        await _raise(session, AlertKind.BAD, rest, tag=None, channel=channel, now=now)


async def _raise(
    session: AsyncSession,
    kind: AlertKind,
    items: Sequence[AlertItem],
    *,
    tag: str | None,
    channel: str,
    now: datetime,
) -> None:
    """A new message, or more in one that nobody has seen yet, or that is about many with that tag already.

    Slack tells nobody of an edit; so what people have read is added to only where they know that many are concerned.
    """
    known = await alerts.group(session, kind, tag=tag, since=now - TOGETHER)
    if known is not None and _takes_in(known, one_cause=tag is not None):
        alert_id = known.id
    else:
        alert_id = uuid4().hex
        await alerts.add(session, alert_id, kind, now=now)
    await alerts.add_items(session, alert_id, items, now=now)
    await want(session, NoticeKind.DNS_ALERT, alert_id, channel=channel, now=now)


def _takes_in(known: Group, *, one_cause: bool) -> bool:
    """Whether a message is added to: one about many only by its own cause, another one only until it is read."""
    if known.size >= MANY:
        return one_cause
    return not known.told


async def tell_blind(session: AsyncSession, since: datetime, *, channel: str, now: datetime) -> None:
    """Have the channel told, once, that DNS could not be asked since then."""
    if await alerts.open_blind(session) is None:
        alert_id = uuid4().hex
        await alerts.add(session, alert_id, AlertKind.BLIND, now=since)
        await want(session, NoticeKind.DNS_ALERT, alert_id, channel=channel, now=now)


async def tell_seeing(session: AsyncSession, *, now: datetime) -> bool:
    """Have that message say that it is over. Returns whether there was one."""
    alert = await alerts.open_blind(session)
    if alert is None:
        return False
    await alerts.end(session, alert.id, now=now)
    await want_again(session, NoticeKind.DNS_ALERT, subject=alert.id, now=now)
    return True


def _is_failing(told: Told) -> bool:
    return told.change.after is Grade.FAIL or told.change.turn is Turn.FLAPPING


def _was_failing(told: Told) -> bool:
    return told.change.before is Grade.FAIL and not _is_failing(told)


def _is_news(told: Told) -> bool:
    match told.change.turn:
        case Turn.BAD | Turn.GRADE:
            return told.change.after is Grade.FAIL
        case Turn.FLAPPING:
            return Grade.FAIL in {told.change.before, told.change.after}
        case Turn.STEADY:
            return told.change.after is Grade.FAIL
        case Turn.BETTER:
            return False


def _item(one: Judged, told: Told) -> AlertItem:
    return AlertItem(
        one.health.account,
        one.health.domain,
        told.key.subject,
        told.key.tag,
        told.change.turn,
        told.change.after,
        "" if told.finding is None else told.finding.summary,
        told.change.since,
    )


def _good_item(one: Judged, now: datetime) -> AlertItem:
    return AlertItem(
        one.health.account, one.health.domain, Subject.DOMAIN, GOOD_AGAIN, Turn.BETTER, Grade.OK, "", now
    )
