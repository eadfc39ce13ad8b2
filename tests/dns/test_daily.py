"""When the digest is made, by whom, how often, and what it does not wait for."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy import select
from typing_extensions import override

from bot.clock import Bell, FrozenClock
from bot.dns.daily import LEASE, ROUNDS, DailyDigest, Watch
from bot.dns.digest import Digest, Name
from bot.dns.digest_json import from_json
from bot.dns.rhythm import Rhythm
from bot.model import DomainHealth, Finding, Grade, MailDomain, NoticeKind, ProviderKind, Subject
from bot.notices import NotDelivered, SlackPoster, Uploader
from bot.sandbox.dns import DnsServer
from bot.services import open_services
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    DnsSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from bot.storage import directory, domain_looks, findings, notices
from bot.storage.database import Database
from bot.storage.tables import digests
from handlers.notices import RENDERERS
from handlers.people import SlackPeople

ZURICH = ZoneInfo("Europe/Zurich")
DAY = timedelta(days=1)
DOMAIN = MailDomain("main", "acme.example")


class Kept(Watch):
    """What the database holds; `looks` are the turns of looking at what is due, each of which is through with some."""

    def __init__(self, database: Database, clock: FrozenClock, *, at_once: int = 250) -> None:
        self._database = database
        self._clock = clock
        self._at_once = at_once
        self.looks = 0
        self.fails = False

    @override
    async def run_due(self) -> None:
        self.looks += 1
        if self.fails:
            raise RuntimeError("no resolver at all")
        async with self._database.transaction() as session:
            now = self._clock.now()
            taken = await domain_looks.claim_due(session, now=now, lease_until=now + DAY, limit=self._at_once)
            for name, _ in taken:
                await domain_looks.put(session, {name: {"next_look_at": now + DAY, "lease_until": None}})

    @override
    async def latest(self) -> list[DomainHealth]:
        async with self._database.reading() as session:
            return await findings.all_of(session)

    @override
    async def history(self) -> Mapping[Name, list[Grade | None]]:
        return {("main", "acme.example"): [Grade.OK] * 30}


class Shelf(Uploader):
    """Takes files, or says why not, or never answers."""

    def __init__(self, *, error: Exception | None = None, silent: bool = False) -> None:
        self.files: list[bytes] = []
        self.asked = asyncio.Event()
        self._error = error
        self._silent = silent

    @override
    async def upload(self, name: str, content: bytes, alt_text: str) -> str:
        self.asked.set()
        self.files.append(content)
        if self._silent:
            await asyncio.Event().wait()
        if self._error is not None:
            raise self._error
        return f"F{len(self.files)}"


def daily(
    database: Database,
    clock: FrozenClock,
    *,
    worker: str = "worker",
    rhythm: Rhythm | None = None,
    uploader: Uploader | None = None,
    watch: Kept | None = None,
) -> DailyDigest:
    async def domains() -> list[MailDomain]:
        return [DOMAIN]

    return DailyDigest(
        database=database,
        clock=clock,
        health=watch or Kept(database, clock),
        domains=domains,
        bell=Bell(),
        worker=worker,
        channel="C0DIGEST",
        rhythm=rhythm or Rhythm(time(9), ZURICH),
        uploader=uploader,
    )


async def built(database: Database) -> list[Digest]:
    """All that were made, the oldest first."""
    async with database.reading() as session:
        rows = await session.execute(select(digests.c.content).order_by(digests.c.built_at))
        return [from_json(content) for content in rows.scalars()]


async def wanted(database: Database) -> list[str]:
    """The digests that the channel is to show."""
    async with database.reading() as session:
        slots = (await session.execute(select(digests.c.slot).order_by(digests.c.slot))).scalars()
        rows = [await notices.get(session, NoticeKind.DIGEST, slot) for slot in slots]
    return [row.subject for row in rows if row is not None]


async def over_days(digest: DailyDigest, clock: FrozenClock, days: float, step: timedelta) -> None:
    end = clock.now() + timedelta(days=days)
    while clock.now() < end:
        await digest.run_due()
        clock.advance(step)


async def test_nothing_is_made_up_for_on_the_first_day(database: Database, clock: FrozenClock) -> None:
    digest = daily(database, clock)
    await digest.run_due()
    await digest.run_due()
    assert await built(database) == []
    clock.advance(DAY)
    await digest.run_due()
    assert len(await built(database)) == 1


async def test_one_is_made_a_day_and_wanted_in_the_channel(database: Database, clock: FrozenClock) -> None:
    await over_days(daily(database, clock), clock, 4, timedelta(hours=5))
    assert await wanted(database) == ["2026-11-22", "2026-11-23", "2026-11-24", "2026-11-25"]


@pytest.mark.parametrize(
    ("begin", "at", "local"),
    [
        # 28 March 2027: 02:00 becomes 03:00, and there is no 02:30.
        (datetime(2027, 3, 26, 12, tzinfo=UTC), time(2, 30), ["27 02:30", "28 03:30", "29 02:30"]),
        (datetime(2027, 3, 26, 12, tzinfo=UTC), time(9), ["27 09:00", "28 09:00", "29 09:00"]),
        # 25 October 2026: 03:00 becomes 02:00, and 02:30 comes twice.
        (datetime(2026, 10, 23, 12, tzinfo=UTC), time(2, 30), ["24 02:30", "25 02:30", "26 02:30"]),
        (datetime(2026, 10, 23, 12, tzinfo=UTC), time(9), ["24 09:00", "25 09:00", "26 09:00"]),
    ],
)
async def test_when_clocks_change_there_is_one_digest_a_day_at_its_hour(
    sqlite_database: Database, begin: datetime, at: time, local: list[str]
) -> None:
    clock = FrozenClock(begin)
    digest = daily(sqlite_database, clock, rhythm=Rhythm(at, ZURICH))
    await over_days(digest, clock, 3, timedelta(minutes=30))
    made = [one.built_at.astimezone(ZURICH) for one in await built(sqlite_database)]
    assert [f"{one:%d %H:%M}" for one in made] == local
    assert [one.fold for one in made] == [0, 0, 0]


async def test_the_next_digest_is_announced_across_a_change_of_clocks() -> None:
    rhythm = Rhythm(time(9), ZURICH)
    assert rhythm.next(datetime(2027, 3, 27, 8, 0, tzinfo=UTC)) == datetime(2027, 3, 28, 7, 0, tzinfo=UTC)
    assert rhythm.next(datetime(2026, 10, 24, 7, 0, tzinfo=UTC)) == datetime(2026, 10, 25, 8, 0, tzinfo=UTC)


async def test_days_that_were_missed_are_made_up_for_with_one_digest(
    database: Database, clock: FrozenClock
) -> None:
    digest = daily(database, clock)
    await digest.run_due()
    clock.advance(3 * DAY + timedelta(hours=2))
    await digest.run_due()
    await daily(database, clock, worker="started anew").run_due()
    assert await wanted(database) == ["2026-11-24"]
    clock.advance(DAY)
    await digest.run_due()
    assert await wanted(database) == ["2026-11-24", "2026-11-25"]


async def test_two_replicas_that_wake_together_make_one_digest_and_one_picture(
    database_url: str, clock: FrozenClock
) -> None:
    shelf = Shelf()
    replicas = [Database(database_url) for _ in range(2)]
    made = [
        daily(database, clock, worker=f"replica {number}", uploader=shelf)
        for number, database in enumerate(replicas)
    ]
    await made[0].run_due()
    for _ in range(3):
        clock.advance(DAY)
        await asyncio.gather(*(one.run_due() for one in made))
    assert len(await wanted(replicas[0])) == 3
    assert len(shelf.files) == 3
    for database in replicas:
        await database.aclose()


async def test_a_crash_while_it_is_made_costs_the_picture_and_not_the_digest(
    database: Database, clock: FrozenClock
) -> None:
    shelf = Shelf(silent=True)
    first = daily(database, clock, uploader=shelf)
    await first.run_due()
    clock.advance(DAY)
    crashing = asyncio.create_task(first.run_due())
    await shelf.asked.wait()
    crashing.cancel()
    await asyncio.gather(crashing, return_exceptions=True)
    assert await wanted(database) == []
    again = Shelf()
    second = daily(database, clock, worker="started anew", uploader=again)
    await second.run_due()
    assert await wanted(database) == []
    clock.advance(LEASE)
    await second.run_due()
    await second.run_due()
    assert await wanted(database) == ["2026-11-22"]
    assert (len(shelf.files), again.files) == (1, [])
    (digest,) = await built(database)
    assert digest.picture is None


async def test_the_picture_is_uploaded_once_and_kept_with_what_it_shows(
    database: Database, clock: FrozenClock
) -> None:
    shelf = Shelf()
    await over_days(daily(database, clock, uploader=shelf), clock, 2.2, timedelta(hours=7))
    pictures = [digest.picture for digest in await built(database)]
    assert [picture.file for picture in pictures if picture is not None] == ["F1", "F2"]
    assert all("acme.example" in picture.alt_text for picture in pictures if picture is not None)
    assert all(content.startswith(b"\x89PNG") for content in shelf.files)


@pytest.mark.parametrize(
    "error", [NotDelivered("No room.", permanent=True), RuntimeError("a bug"), TimeoutError()]
)
async def test_a_picture_that_cannot_be_had_leaves_the_digest_as_it_is(
    sqlite_database: Database, clock: FrozenClock, error: Exception
) -> None:
    digest = daily(sqlite_database, clock, uploader=Shelf(error=error))
    await over_days(digest, clock, 2, DAY)
    assert await wanted(sqlite_database) == ["2026-11-22"]
    (made,) = await built(sqlite_database)
    assert made.picture is None


async def test_what_is_due_is_looked_at_before_it_is_told(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    watch = Kept(sqlite_database, clock, at_once=2)
    digest = daily(sqlite_database, clock, watch=watch)
    await digest.run_due()
    assert watch.looks == 0
    async with sqlite_database.transaction() as session:
        await domain_looks.present_only(
            session, [("main", f"d{number}.example") for number in range(5)], now=clock.now()
        )
    clock.advance(DAY)
    await digest.run_due()
    assert watch.looks == 3
    async with sqlite_database.reading() as session:
        assert not await domain_looks.has_due(session, now=clock.now())


@pytest.mark.parametrize("at_once", [0, 1])
async def test_looking_that_does_not_get_on_does_not_keep_the_digest_waiting(
    sqlite_database: Database, clock: FrozenClock, at_once: int
) -> None:
    watch = Kept(sqlite_database, clock, at_once=at_once)
    digest = daily(sqlite_database, clock, watch=watch)
    await digest.run_due()
    async with sqlite_database.transaction() as session:
        await domain_looks.present_only(
            session, [("main", f"d{number}.example") for number in range(50)], now=clock.now()
        )
    clock.advance(DAY)
    await digest.run_due()
    assert len(await wanted(sqlite_database)) == 1
    assert watch.looks == (ROUNDS if at_once else 1)


async def test_looks_that_fail_do_not_keep_the_digest_from_being_made(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    watch = Kept(sqlite_database, clock)
    watch.fails = True
    await over_days(daily(sqlite_database, clock, watch=watch), clock, 2, DAY)
    assert await wanted(sqlite_database) == ["2026-11-22"]


async def test_a_weekly_digest_comes_on_its_day_only(sqlite_database: Database, clock: FrozenClock) -> None:
    rhythm = Rhythm(time(9), ZURICH, "monday")
    await over_days(daily(sqlite_database, clock, rhythm=rhythm), clock, 22, timedelta(hours=6))
    assert await wanted(sqlite_database) == ["2026-11-23", "2026-11-30", "2026-12-07"]
    digest = (await built(sqlite_database))[0]
    assert digest.next_at == datetime(2026, 11, 30, 8, 0, tzinfo=UTC)


async def test_another_rhythm_makes_nothing_that_is_older_than_what_was_made(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    await over_days(daily(sqlite_database, clock), clock, 5, timedelta(hours=6))
    made = await wanted(sqlite_database)
    weekly = daily(sqlite_database, clock, rhythm=Rhythm(time(9), ZURICH, "tuesday"))
    await weekly.run_due()
    assert await wanted(sqlite_database) == made
    await over_days(weekly, clock, 7, timedelta(hours=6))
    assert await wanted(sqlite_database) == [*made, "2026-12-01"]


async def test_a_digest_that_is_asked_for_comes_beside_the_others(
    database: Database, clock: FrozenClock
) -> None:
    digest = daily(database, clock)
    await digest.run_due()
    clock.advance(timedelta(hours=2))
    await daily(database, clock, worker="the command line").ask()
    await digest.run_due()
    await digest.run_due()
    assert len(await wanted(database)) == 1
    clock.advance(DAY)
    await digest.run_due()
    assert await wanted(database) == ["2026-11-22", "now 2026-11-21T11:00:00"]


async def test_each_digest_tells_what_changed_since_the_last_one_that_was_made(
    sqlite_database: Database, clock: FrozenClock
) -> None:
    digest = daily(sqlite_database, clock)
    await digest.run_due()
    for finding in (
        Finding(Subject.MX, "MX_WRONG", Grade.FAIL, "Wrong."),
        Finding(Subject.MX, "MX_WRONG", Grade.FAIL, "Still wrong."),
        Finding(Subject.MX, "MX_OK", Grade.OK, "Right."),
    ):
        clock.advance(DAY)
        async with sqlite_database.transaction() as session:
            await findings.put(session, [DomainHealth("main", "acme.example", clock.now(), (finding,))])
        await digest.run_due()
    told = [
        (len(one.told), [p.news for p in one.problems], len(one.fixed))
        for one in await built(sqlite_database)
    ]
    assert told == [(1, ["new"], 0), (1, [""], 0), (0, [], 1)]


@asynccontextmanager
async def made_for(
    tmp_path: Path, clock: FrozenClock, shelf: Shelf, server: DnsServer, *, picture: bool
) -> AsyncIterator[str]:
    """A bot with these settings, a day later. Nothing of it reaches Slack or a mail system."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'mailwarden.db'}"
    database = Database(url)
    await database.migrate()
    async with database.transaction() as session:
        await directory.put_domains(session, "main", [DOMAIN])
    await database.aclose()
    nowhere = "http://127.0.0.1:9"
    settings = Settings(
        slack=SlackSettings(bot_token=SecretStr("xoxb-t"), app_token=SecretStr("xapp-t"), api_url=nowhere),
        accounts=(
            PurelyMailSettings(
                name="main", provider=ProviderKind.PURELYMAIL, api_token=SecretStr("t"), base_url=nowhere
            ),
        ),
        operators=OperatorSettings(owners=("U0OLGA",)),
        channels=ChannelSettings(deletions="C0MAILOPS", digest="C0DIGEST"),
        times=TimeSettings(timezone=ZURICH),
        database=DatabaseSettings(url=url),
        dns=DnsSettings(resolvers=(server.address,), picture=picture),
    )
    client = AsyncWebClient(base_url=nowhere)
    async with open_services(
        settings,
        clock=clock,
        people=SlackPeople(client),
        poster=SlackPoster(client),
        uploader=shelf,
        renderers=RENDERERS,
    ) as services:
        await services.digest.run_due()
        clock.advance(DAY)
        await services.digest.run_due()
        yield url


@pytest.mark.parametrize("picture", [True, False])
async def test_the_picture_can_be_left_out_in_the_configuration(
    tmp_path: Path, clock: FrozenClock, server: DnsServer, picture: bool
) -> None:
    shelf = Shelf()
    async with made_for(tmp_path, clock, shelf, server, picture=picture) as url:
        database = Database(url)
        (digest,) = await built(database)
        await database.aclose()
    assert (digest.picture is not None, len(shelf.files)) == (picture, int(picture))
