"""The directory: filled, refreshed at its hour, kept current, and never emptied by a list that proves nothing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.directory import Directory, last_time
from bot.errors import NotFound
from bot.model import MailUser
from bot.providers.purelymail import PurelyMail
from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage.database import Database

ANNA = "anna.keller@acme-tools.example"
ZURICH = ZoneInfo("Europe/Zurich")


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[PurelyMailSimulator]:
    simulator = PurelyMailSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def directory(
    simulator: PurelyMailSimulator, database: Database, clock: FrozenClock
) -> AsyncIterator[Directory]:
    token = SecretStr(simulator.credentials["api_token"])
    client = PurelyMail("main", token=token, base_url=simulator.url)
    yield Directory(
        database=database, clock=clock, providers={"main": client}, refresh_at=time(2), zone=ZURICH
    )
    await client.aclose()


def listings(simulator: PurelyMailSimulator) -> int:
    return sum(call["operation"] == "listUser" for call in simulator.calls)


async def test_first_start_fills_it(directory: Directory, simulator: PurelyMailSimulator) -> None:
    await directory.run_due()
    page = await directory.search("")
    assert (page.matching, page.total, len(page.users)) == (60, 60, 10)
    assert [domain.name for domain in await directory.domains()] == sorted(simulator.account.domains)


async def test_it_is_refreshed_once_a_day_at_its_hour(
    directory: Directory, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    await directory.run_due()  # 10:00 in Zurich
    clock.advance(timedelta(hours=15, minutes=59))
    await directory.run_due()
    assert listings(simulator) == 1
    clock.advance(timedelta(minutes=2))  # 02:01
    await directory.run_due()
    await directory.run_due()
    assert listings(simulator) == 2


async def test_search_counts_and_puts_beginnings_first(directory: Directory) -> None:
    await directory.run_due()
    page = await directory.search("AN", limit=3)
    assert page.users[0].address == ANNA
    assert page.matching > 3
    assert page.total == 60
    assert (await directory.search("100%_")).matching == 0


async def test_user_is_found_by_address_whatever_the_case(directory: Directory) -> None:
    await directory.run_due()
    assert await directory.find(" Anna.Keller@Acme-Tools.example ") == MailUser("main", ANNA)
    with pytest.raises(NotFound):
        await directory.find("nobody@acme-tools.example")


async def test_user_deleted_elsewhere_disappears_with_the_next_refresh(
    directory: Directory, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    await directory.run_due()
    del simulator.account.users[ANNA]
    clock.advance(timedelta(minutes=1))
    await directory.refresh("main")
    with pytest.raises(NotFound):
        await directory.find(ANNA)


async def test_list_that_may_be_cut_removes_nobody(
    directory: Directory, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    await directory.run_due()
    del simulator.account.users[ANNA]
    for number in range(1000):
        address = f"a{number:04}@newshop.example"
        simulator.account.users[address] = SimulatedUser(address, "x")
    clock.advance(timedelta(minutes=1))
    await directory.refresh("main")
    assert (await directory.find(ANNA)).address == ANNA


async def test_user_the_bot_created_during_a_listing_stays(directory: Directory, clock: FrozenClock) -> None:
    """The listing was asked for before, and answered after, so it does not name the user."""
    await directory.run_due()
    clock.advance(timedelta(minutes=1))
    await directory.note_present("main", "fresh@acme-tools.example")
    clock.advance(-timedelta(seconds=30))
    await directory.refresh("main")
    assert (await directory.find("fresh@acme-tools.example")).address == "fresh@acme-tools.example"


async def test_user_the_bot_deleted_during_a_listing_stays_gone(
    directory: Directory, clock: FrozenClock
) -> None:
    await directory.run_due()
    clock.advance(timedelta(minutes=1))
    await directory.note_gone(await directory.find(ANNA))
    clock.advance(-timedelta(seconds=30))
    await directory.refresh("main")
    with pytest.raises(NotFound):
        await directory.find(ANNA)


async def test_failed_refresh_keeps_what_is_known_and_is_tried_again_soon(
    directory: Directory, simulator: PurelyMailSimulator, clock: FrozenClock
) -> None:
    await directory.run_due()
    simulator.inject("listUser", 1, {"body": "<html>down</html>"})
    clock.advance(timedelta(days=1))
    await directory.run_due()
    assert (await directory.search("")).total == 60
    assert "makes no sense" in str((await directory.ages())["main"].last_error)
    clock.advance(timedelta(minutes=6))
    await directory.run_due()
    assert (await directory.ages())["main"].last_error is None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        # An ordinary day, an hour before and a minute after.
        (datetime(2026, 11, 21, 7, 0, tzinfo=UTC), datetime(2026, 11, 20, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 21, 8, 1, tzinfo=UTC), datetime(2026, 11, 21, 8, 0, tzinfo=UTC)),
        # Around both changes of the clocks.
        (datetime(2026, 3, 29, 12, 0, tzinfo=UTC), datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        (datetime(2026, 10, 25, 12, 0, tzinfo=UTC), datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
    ],
)
def test_nine_o_clock_is_nine_on_the_wall(now: datetime, expected: datetime) -> None:
    assert last_time(time(9), ZURICH, now) == expected


def test_hour_that_is_skipped_or_repeated_comes_once_a_day() -> None:
    for first in (datetime(2026, 3, 28, tzinfo=UTC), datetime(2026, 10, 24, tzinfo=UTC)):
        moments = {
            last_time(time(2, 30), ZURICH, first + timedelta(minutes=10 * n)) for n in range(6 * 24 * 3)
        }
        assert len([moment for moment in moments if moment >= first]) == 3
