"""Too many deletions at once: all are held, the channel is told, and only an owner who has not asked can release them."""

from datetime import timedelta

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Message
from tests.support.held import later, opens, somebody, users

DAY = timedelta(hours=24)


@pytest.fixture
def olga(sandbox: Sandbox) -> Screen:
    """The owner."""
    return sandbox.screen("olga")


async def schedule(screen: Screen, addresses: list[str]) -> None:
    await opens(screen, "/mail-delete")
    await screen.fill("list", "\n".join(addresses))
    await screen.fill("reason", "spring cleaning")
    await screen.submit()
    await screen.sees("queued")
    await screen.close()


async def six(sandbox: Sandbox) -> list[str]:
    return [await somebody(sandbox, number) for number in range(6)]


async def hold(screen: Screen, number: str = "6 deletions") -> Message:
    return await screen.message("has asked for too many deletions", number, "wait until an owner other than")


async def test_more_than_the_threshold_at_once_waits_for_an_owner(
    sandbox: Sandbox, ada: Screen, ben: Screen, olga: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses)
    notice = await hold(ben)
    await ben.message("wants to delete 6 mail users", "Held")
    await later(sandbox, 10 * DAY)
    assert set(addresses) <= set(await users(sandbox))

    await ada.press_in(notice, "Release")
    await ada.told("somebody else has to release them")
    await ben.press_in(notice, "Release")
    await ben.told("Releasing these deletions needs an owner. Ask <@U0OLGA>.")
    await later(sandbox, 2 * DAY)
    assert set(addresses) <= set(await users(sandbox))

    await olga.press_in(notice, "Release")
    await olga.told("Released: 6 deletions")
    await ben.message("Released by <@U0OLGA>")
    await later(sandbox, DAY - timedelta(minutes=2))
    assert set(addresses) <= set(await users(sandbox))
    await later(sandbox, timedelta(minutes=3))
    assert not set(addresses) & set(await users(sandbox))


async def test_as_many_as_the_threshold_are_not_held(sandbox: Sandbox, ada: Screen) -> None:
    addresses = (await six(sandbox))[:5]
    await schedule(ada, addresses)
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))


async def test_one_by_one_counts_as_well_and_the_earlier_ones_are_held_too(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    addresses = await six(sandbox)
    for address in addresses:
        await schedule(ada, [address])
    await hold(ben)
    await later(sandbox, 2 * DAY)
    assert set(addresses) <= set(await users(sandbox))


async def test_an_hour_apart_is_not_at_once(sandbox: Sandbox, ada: Screen) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses[:5])
    await later(sandbox, timedelta(minutes=61))
    await schedule(ada, addresses[5:])
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))


async def test_each_operator_is_counted_alone(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses[:3])
    await schedule(ben, addresses[3:])
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))


async def test_cancelling_and_asking_anew_does_not_lower_the_count(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    first = (await six(sandbox))[0]
    for _ in range(5):
        await schedule(ada, [first])
        await ada.press_in(await ada.message("wants to delete", first), "Cancel deletion")
        await ada.told("Cancelled:")
        await sandbox.settled()
    await schedule(ada, [first])
    await hold(ben, "1 deletion")


async def test_all_that_is_held_is_cancelled_with_one_button(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses)
    await ben.press_in(await hold(ben), "Cancel all")
    await ben.told("Cancelled: 6 deletions")
    await ben.message("All were cancelled")
    await later(sandbox, 10 * DAY)
    assert set(addresses) <= set(await users(sandbox))


async def test_hold_is_released_from_the_list_too_but_not_by_who_asked_or_another_admin(
    sandbox: Sandbox, ada: Screen, ben: Screen, olga: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses)
    for admin in (ada, ben):
        window = await opens(admin, "/mail-pending")
        await admin.sees("Held")
        assert "release " not in str(window.blocks)
    window = await opens(olga, "/mail-pending")
    await olga.sees("Held")
    menu = next(block["accessory"] for block in window.blocks if "accessory" in block)
    row = next(block["block_id"] for block in window.blocks if "accessory" in block)
    await olga.pick(row, menu["options"][0]["value"])
    await olga.sees("Released: 6 deletions")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))


async def test_what_the_only_owner_asked_for_is_released_by_another_admin(
    sandbox: Sandbox, ada: Screen, olga: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(olga, addresses)
    notice = await hold(ada)
    await olga.press_in(notice, "Release")
    await olga.told("somebody else has to release them")
    shown = await ada.home("Held: 6 deletions", "Release")
    assert "home.release" in str(shown.blocks)
    await ada.press_in(notice, "Release")
    await ada.told("Released: 6 deletions")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))
