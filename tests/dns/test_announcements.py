"""What operators ask of the messages about domains: silence, and its end."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from bot.audit import Act
from bot.clock import Bell, FrozenClock
from bot.dns.announcements import Announcements, load
from bot.dns.confirmation import Turn
from bot.errors import NotFound, TooLate
from bot.model import (
    AlertKind,
    DomainHealth,
    Finding,
    Grade,
    MailDomain,
    NoticeKind,
    Operator,
    Role,
    Subject,
)
from bot.notices import want
from bot.storage import alerts, audit, findings, notices
from bot.storage.alerts import AlertItem
from bot.storage.database import Database

ADA = Operator("U0ADA", Role.ADMIN)
DAY = timedelta(hours=24)
NAMES = [("main", f"d{number:03}.example") for number in range(450)]
"""More than one statement names."""


class Domains:
    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        self.now = [MailDomain(*name) for name in names]

    async def __call__(self) -> list[MailDomain]:
        return self.now


@pytest.fixture
def domains() -> Domains:
    return Domains(NAMES)


@pytest.fixture
def announcements(database: Database, clock: FrozenClock, domains: Domains) -> Announcements:
    return Announcements(database=database, clock=clock, bell=Bell(), domains=domains)


def an_item(name: tuple[str, str], clock: FrozenClock) -> AlertItem:
    summary = f"{name[1]} has no MX record."
    return AlertItem(*name, Subject.MX, "MX_MISSING", Turn.BAD, Grade.FAIL, summary, clock.now())


async def raised(
    database: Database, clock: FrozenClock, alert_id: str, names: Sequence[tuple[str, str]]
) -> None:
    """An alert about these domains, whose message is up."""
    async with database.transaction() as session:
        await alerts.add(session, alert_id, AlertKind.BAD, now=clock.now())
        await alerts.add_items(session, alert_id, [an_item(name, clock) for name in names], now=clock.now())
        await want(session, NoticeKind.DNS_ALERT, alert_id, channel="C0DIGEST", now=clock.now())


async def wanted(database: Database, alert_id: str) -> int:
    async with database.reading() as session:
        row = await notices.get(session, NoticeKind.DNS_ALERT, alert_id)
    assert row is not None
    return row.wanted


async def test_muting_holds_for_each_domain_until_its_time(
    announcements: Announcements, clock: FrozenClock
) -> None:
    until = await announcements.mute(ADA, NAMES, length=DAY)
    assert until == clock.now() + DAY
    muted = await announcements.muted()
    assert sorted(muted) == NAMES
    assert {(mute.until, mute.by) for mute in muted.values()} == {(until, "U0ADA")}
    clock.advance(DAY)
    assert await announcements.muted() == {}


async def test_the_newest_mute_counts(announcements: Announcements, clock: FrozenClock) -> None:
    _ = await announcements.mute(ADA, NAMES[:1], length=timedelta(days=7))
    _ = await announcements.mute(Operator("U0BEN", Role.ADMIN), NAMES[:1], length=DAY)
    (mute,) = (await announcements.muted()).values()
    assert (mute.until, mute.by) == (clock.now() + DAY, "U0BEN")


async def test_muting_and_its_end_are_on_record(announcements: Announcements, database: Database) -> None:
    _ = await announcements.mute(ADA, NAMES[:2], length=DAY)
    assert await announcements.unmute(ADA, NAMES[:1]) == NAMES[:1]
    async with database.reading() as session:
        noted = await audit.newest(session, limit=10)
    assert [(entry.act, entry.target, entry.detail) for entry in noted] == [
        (Act.DNS_UNMUTED, NAMES[0][1], ""),
        (Act.DNS_MUTED, NAMES[1][1], "until 2026-11-22 09:00 UTC"),
        (Act.DNS_MUTED, NAMES[0][1], "until 2026-11-22 09:00 UTC"),
    ]
    assert {(entry.actor, entry.account) for entry in noted} == {("U0ADA", "main")}


async def test_messages_about_a_muted_domain_say_so_and_others_stay_as_they_are(
    announcements: Announcements, database: Database, clock: FrozenClock
) -> None:
    await raised(database, clock, "a" * 32, NAMES[:2])
    await raised(database, clock, "b" * 32, NAMES[1:2])
    await raised(database, clock, "c" * 32, NAMES[2:3])
    _ = await announcements.mute(ADA, NAMES[1:2], length=DAY)
    assert [await wanted(database, letter * 32) for letter in "abc"] == [2, 2, 1]
    _ = await announcements.unmute(ADA, NAMES[1:2])
    assert [await wanted(database, letter * 32) for letter in "abc"] == [3, 3, 1]


async def test_a_message_in_which_all_is_over_stays_as_it_is(
    announcements: Announcements, database: Database, clock: FrozenClock
) -> None:
    await raised(database, clock, "a" * 32, NAMES[:1])
    async with database.transaction() as session:
        _ = await alerts.end_items(session, NAMES[0], Subject.MX, "MX_MISSING", now=clock.now())
    _ = await announcements.mute(ADA, NAMES[:1], length=DAY)
    assert await wanted(database, "a" * 32) == 1


async def test_what_is_not_muted_cannot_be_unmuted(announcements: Announcements, clock: FrozenClock) -> None:
    with pytest.raises(TooLate):
        _ = await announcements.unmute(ADA, NAMES)
    _ = await announcements.mute(ADA, NAMES[:1], length=DAY)
    clock.advance(DAY)
    with pytest.raises(TooLate):
        _ = await announcements.unmute(ADA, NAMES)


async def test_only_domains_that_are_there_are_muted(announcements: Announcements, domains: Domains) -> None:
    del domains.now[1:]
    _ = await announcements.mute(ADA, NAMES[:2], length=DAY)
    assert list(await announcements.muted()) == NAMES[:1]
    with pytest.raises(NotFound, match=r"d001\.example is not a domain here any more"):
        _ = await announcements.mute(ADA, NAMES[1:2], length=DAY)
    with pytest.raises(NotFound, match="None of these"):
        _ = await announcements.mute(ADA, NAMES[1:3], length=DAY)


async def test_an_alert_is_told_with_who_muted_it_how_it_is_and_what_it_means(
    announcements: Announcements, database: Database, clock: FrozenClock
) -> None:
    await raised(database, clock, "a" * 32, NAMES[:2])
    finding = Finding(Subject.MX, "MX_MISSING", Grade.FAIL, "No MX.", "No mail arrives.")
    async with database.transaction() as session:
        await findings.put(session, [DomainHealth(*NAMES[0], clock.now(), (finding,))])
        await findings.put(session, [DomainHealth(*NAMES[5], clock.now(), (finding,))])
    _ = await announcements.mute(ADA, NAMES[:1], length=DAY)
    async with database.reading() as session:
        told = await load(session, "a" * 32)
    assert told is not None
    assert told.names == set(NAMES[:2])
    assert list(told.mutes) == NAMES[:1]
    assert told.grades == {NAMES[0]: Grade.FAIL}
    assert told.why == {told.alert.items[0]: "No mail arrives."}


async def test_an_alert_that_is_not_there_is_not_told(
    announcements: Announcements, database: Database
) -> None:
    async with database.reading() as session:
        assert await load(session, "a" * 32) is None
    with pytest.raises(NotFound):
        _ = await announcements.about("a" * 32)
