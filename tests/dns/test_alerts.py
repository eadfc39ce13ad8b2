"""Telling the channel: once, many in one message, and nothing into what people have read already."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.clock import FrozenClock
from bot.dns.alerts import MANY, TOGETHER, tell
from bot.dns.confirmation import Change, Key, Turn
from bot.dns.judgement import Judged, Told
from bot.dns.kept import Kept
from bot.model import AlertKind, DomainHealth, Finding, Grade, Subject
from bot.storage import alerts
from bot.storage.alerts import Alert
from bot.storage.database import Database
from bot.storage.tables import alerts as table
from bot.storage.tables import notices
from tests.support.dns_watch import CHANNEL

GOOD, WEAK, BAD = Grade.OK, Grade.WARN, Grade.FAIL


class Channel:
    """What the channel is told, and read."""

    def __init__(self, database: Database, clock: FrozenClock) -> None:
        self.database = database
        self.clock = clock

    def turned(
        self,
        domain: str,
        turn: Turn,
        before: Grade,
        after: Grade,
        *,
        tag: str = "MX_MISSING",
        was_good: bool = True,
        is_good: bool | None = None,
    ) -> Judged:
        now = self.clock.now()
        finding = Finding(Subject.MX, tag, after, f"{domain} has no MX record.")
        return Judged(
            kept=Kept(),
            health=DomainHealth("main", domain, now, (finding,)),
            told=(
                Told(
                    Key(Subject.MX, tag),
                    Change(turn, before, after, now, now),
                    None if after is GOOD else finding,
                ),
            ),
            next_look_at=now,
            was_good=was_good,
            is_good=after is not BAD if is_good is None else is_good,
        )

    def broke(self, domain: str, tag: str = "MX_MISSING") -> Judged:
        return self.turned(domain, Turn.BAD, GOOD, BAD, tag=tag)

    def mended(self, domain: str, tag: str = "MX_MISSING") -> Judged:
        return self.turned(domain, Turn.BETTER, BAD, GOOD, tag=tag)

    async def tell(self, *judged: Judged) -> None:
        async with self.database.transaction() as session:
            await tell(session, judged, channel=CHANNEL, now=self.clock.now())

    async def read(self) -> None:
        """Slack has the messages now."""
        async with self.database.transaction() as session:
            _ = await session.execute(update(notices).values(ts="1.0"))

    async def alerts(self) -> list[Alert]:
        async with self.database.reading() as session:
            ids = list(await session.scalars(select(table.c.id).order_by(table.c.raised_at, table.c.kind)))
            found = [await alerts.get(session, alert_id) for alert_id in ids]
        return [alert for alert in found if alert is not None]

    async def said(self) -> list[tuple[AlertKind, Sequence[str]]]:
        return [(alert.kind, sorted({item.domain for item in alert.items})) for alert in await self.alerts()]

    async def edits(self) -> int:
        async with self.database.reading() as session:
            return sum(await session.scalars(select(notices.c.wanted)))


def channel(database: Database, clock: FrozenClock) -> Channel:
    return Channel(database, clock)


async def test_domain_that_breaks_is_told_of_with_what_broke(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    (alert,) = await it.alerts()
    (item,) = alert.items
    assert (alert.kind, item.domain, item.tag, item.grade) == (
        AlertKind.BAD,
        "a.example",
        "MX_MISSING",
        BAD,
    )
    assert item.summary == "a.example has no MX record."
    assert item.since == clock.now()


async def test_several_faults_seen_at_once_are_one_message(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"), it.broke("a.example", "SPF_MISSING"), it.broke("b.example", "X"))
    assert await it.said() == [(AlertKind.BAD, ["a.example", "b.example"])]


async def test_a_fault_that_many_have_is_one_message_of_its_own_and_takes_in_the_rest(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    many = [f"{number}.example" for number in range(500)]
    await it.tell(*(it.broke(domain) for domain in many[:MANY]), it.broke("other.example", "SPF_MISSING"))
    await it.read()
    for start in range(MANY, 500, 100):
        clock.advance(TOGETHER / 2)
        await it.tell(*(it.broke(domain) for domain in many[start : start + 100]))
    assert sorted((kind, len(domains)) for kind, domains in await it.said()) == [
        (AlertKind.BAD, 1),
        (AlertKind.BAD, 500),
    ]


async def test_what_people_have_read_about_one_domain_is_not_added_to(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    await it.read()
    await it.tell(it.broke("b.example"))
    assert await it.said() == [(AlertKind.BAD, ["a.example"]), (AlertKind.BAD, ["b.example"])]


async def test_what_nobody_has_read_yet_is_added_to(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    await it.tell(it.broke("b.example", "SPF_MISSING"))
    assert await it.said() == [(AlertKind.BAD, ["a.example", "b.example"])]


async def test_much_later_it_is_another_matter(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(*(it.broke(f"{number}.example") for number in range(MANY)))
    await it.read()
    clock.advance(TOGETHER)
    await it.tell(it.broke("late.example"))
    assert (AlertKind.BAD, ["late.example"]) in await it.said()


async def test_good_again_is_told_and_noted_in_the_message_that_told_of_it(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    await it.read()
    clock.advance(timedelta(hours=5))
    before = await it.edits()
    await it.tell(it.mended("a.example"))
    bad, good = await it.alerts()
    assert (bad.items[0].over_at, good.kind, good.items[0].domain) == (
        clock.now(),
        AlertKind.GOOD,
        "a.example",
    )
    assert await it.edits() == before + 2


async def test_domain_that_still_fails_elsewhere_is_not_called_good(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"), it.broke("a.example", "SPF_MISSING"))
    await it.tell(it.turned("a.example", Turn.BETTER, BAD, GOOD, is_good=False))
    assert [kind for kind, _ in await it.said()] == [AlertKind.BAD]


@pytest.mark.parametrize("waited", [timedelta(minutes=10), timedelta(days=2)])
async def test_domain_that_was_suspected_of_more_is_called_good_when_that_is_cleared_up_soon(
    database: Database, clock: FrozenClock, waited: timedelta
) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    await it.tell(it.turned("a.example", Turn.BETTER, BAD, GOOD, is_good=False))
    await it.read()
    clock.advance(waited)
    cleared = replace(it.mended("a.example"), told=(), was_suspected=True)
    for _ in range(2):
        await it.tell(cleared)
        await it.read()
        clock.advance(timedelta(minutes=10))
    soon = waited < timedelta(days=1)
    assert [kind for kind, _ in await it.said()] == [AlertKind.BAD, *([AlertKind.GOOD] if soon else [])]


async def test_suspicion_that_was_never_told_needs_no_end(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(replace(it.mended("a.example"), told=(), was_suspected=True))
    assert await it.said() == []


async def test_breaking_again_is_told_again(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    for turn in (it.broke, it.mended, it.broke):
        await it.tell(turn("a.example"))
        await it.read()
        clock.advance(timedelta(hours=2))
    assert [kind for kind, _ in await it.said()] == [AlertKind.BAD, AlertKind.GOOD, AlertKind.BAD]


async def test_what_only_weakens_is_left_to_the_digest(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(it.turned("a.example", Turn.BAD, GOOD, WEAK))
    await it.tell(it.turned("a.example", Turn.BETTER, WEAK, GOOD))
    assert await it.said() == []


async def test_what_comes_and_goes_is_told_so(database: Database, clock: FrozenClock) -> None:
    it = channel(database, clock)
    await it.tell(it.turned("a.example", Turn.FLAPPING, BAD, GOOD))
    (alert,) = await it.alerts()
    assert (alert.kind, alert.items[0].turn) == (AlertKind.BAD, Turn.FLAPPING)


async def test_domain_that_was_never_good_alarms_nobody_until_it_is(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    await it.tell(it.turned("new.example", Turn.BAD, GOOD, BAD, was_good=False))
    assert await it.said() == []
    await it.tell(it.turned("new.example", Turn.BETTER, BAD, GOOD, was_good=False))
    assert await it.said() == [(AlertKind.GOOD, ["new.example"])]


async def test_muted_domain_is_silent_for_so_long_and_no_longer(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    async with database.transaction() as session:
        until = clock.now() + timedelta(hours=24)
        await alerts.mute(session, [("main", "a.example")], until=until, by="U0ADA")
    await it.tell(it.broke("a.example"), it.broke("b.example"))
    await it.tell(it.mended("a.example"))
    assert await it.said() == [(AlertKind.BAD, ["b.example"])]
    await it.read()
    clock.advance(timedelta(hours=24))
    await it.tell(it.broke("a.example"))
    assert (AlertKind.BAD, ["a.example"]) in await it.said()


async def test_good_again_is_noted_though_the_domain_is_muted_meanwhile(
    database: Database, clock: FrozenClock
) -> None:
    it = channel(database, clock)
    await it.tell(it.broke("a.example"))
    async with database.transaction() as session:
        until = clock.now() + timedelta(hours=24)
        await alerts.mute(session, [("main", "a.example")], until=until, by="U0ADA")
    await it.tell(it.mended("a.example"))
    (alert,) = await it.alerts()
    assert alert.items[0].over_at == clock.now()
