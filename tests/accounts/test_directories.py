"""The directory of several accounts and several replicas: each account by itself, each listing asked for once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import time, timedelta

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.directory import OLD, RETRY, UNDER_WAY, Directory
from bot.errors import NotFound
from bot.providers.purelymail import PurelyMail
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.storage import refreshes
from bot.storage.database import Database
from tests.test_directory import ANNA, ZURICH, listings

Simulators = dict[str, PurelyMailSimulator]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def simulators(clock: FrozenClock, stack: AsyncExitStack) -> Simulators:
    """Two accounts that hold the same."""
    made = {name: PurelyMailSimulator(clock=clock) for name in ("north", "south")}
    for simulator in made.values():
        await simulator.start()
        stack.push_async_callback(simulator.stop)
    return made


@pytest.fixture
def replicas(
    simulators: Simulators, database: Database, clock: FrozenClock, stack: AsyncExitStack
) -> list[Directory]:
    def replica() -> Directory:
        providers = {
            name: PurelyMail(
                name, token=SecretStr(simulator.credentials["api_token"]), base_url=simulator.url
            )
            for name, simulator in simulators.items()
        }
        for provider in providers.values():
            stack.push_async_callback(provider.aclose)
        return Directory(database=database, clock=clock, providers=providers, refresh_at=time(2), zone=ZURICH)

    return [replica(), replica()]


async def test_account_that_fails_from_the_start_leaves_the_other_one_to_be_filled(
    simulators: Simulators, replicas: list[Directory]
) -> None:
    simulators["south"].inject("*", 100, {"status": 401, "body": "no"})
    await replicas[0].run_due()
    assert (await replicas[0].search("", accounts=["north"])).total == 60
    assert (await replicas[0].search("", accounts=["south"])).total == 0
    (stale,) = await replicas[0].stale()
    assert (stale.account, stale.as_of, stale.since) == ("south", None, None)
    assert stale.error is not None


async def test_of_several_replicas_one_asks_for_a_listing(
    simulators: Simulators, replicas: list[Directory], clock: FrozenClock
) -> None:
    for night in (1, 2, 3):
        await asyncio.gather(*(replica.run_due() for replica in replicas * 3))
        assert {name: listings(simulator) for name, simulator in simulators.items()} == {
            "north": night,
            "south": night,
        }
        clock.advance(timedelta(days=1))


async def test_refresh_that_was_begun_and_never_ended_is_begun_again(
    simulators: Simulators, replicas: list[Directory], database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:  # and its replica was killed then
        assert await refreshes.begin_refresh(session, "north", seen=None, now=clock.now())
        assert not await refreshes.begin_refresh(session, "north", seen=None, now=clock.now())
    await replicas[1].run_due()
    assert listings(simulators["north"]) == 0
    clock.advance(UNDER_WAY)
    await replicas[1].run_due()
    assert listings(simulators["north"]) == 1


async def test_failed_refresh_is_tried_again_after_a_while_and_then_counts_as_fresh(
    simulators: Simulators, replicas: list[Directory], clock: FrozenClock
) -> None:
    await replicas[0].run_due()
    clock.advance(timedelta(days=1))
    simulators["south"].inject("listUser", 1, {"body": "<html>down</html>"})
    await replicas[0].run_due()
    assert [one.account for one in await replicas[0].stale()] == ["south"]
    await replicas[1].run_due()
    assert listings(simulators["south"]) == 2
    clock.advance(RETRY)
    await replicas[1].run_due()
    assert listings(simulators["south"]) == 3
    assert await replicas[0].stale() == []


async def test_what_nobody_has_read_for_longer_than_a_day_is_old(
    replicas: list[Directory], clock: FrozenClock
) -> None:
    await replicas[0].run_due()
    clock.advance(OLD)
    assert await replicas[0].stale() == []
    clock.advance(timedelta(minutes=1))
    assert [(one.account, one.error) for one in await replicas[0].stale()] == [
        ("north", None),
        ("south", None),
    ]


async def test_account_that_is_hurried_is_read_at_the_next_wake_up_and_once(
    simulators: Simulators, replicas: list[Directory], clock: FrozenClock
) -> None:
    await replicas[0].run_due()
    clock.advance(timedelta(minutes=1))
    replicas[0].hurry("north")
    await replicas[0].run_due()
    await replicas[0].run_due()
    assert (listings(simulators["north"]), listings(simulators["south"])) == (2, 1)


async def test_what_two_accounts_have_is_nobody_s_guess(replicas: list[Directory]) -> None:
    await replicas[0].run_due()
    shared = await replicas[0].shared_domains()
    assert shared["newshop.example"] == ["north", "south"]
    with pytest.raises(NotFound, match="of the accounts north and south"):
        await replicas[0].domain("newshop.example")
    assert (await replicas[0].domain("newshop.example", account="south")).account == "south"
    with pytest.raises(NotFound, match="There is no domain"):
        await replicas[0].domain("nowhere.example")
    with pytest.raises(NotFound, match="exists on the accounts north and south"):
        await replicas[0].find(ANNA)
    assert (await replicas[0].find(ANNA, account="south")).account == "south"
