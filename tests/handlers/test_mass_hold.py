"""Too many deletions at once: all are held, the channel is told, and only somebody else can release them."""

from datetime import timedelta

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Message
from tests.support.held import later, opens, somebody, users

DAY = timedelta(hours=24)


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
    return await screen.message("has asked for too many deletions", number, "another")


async def test_more_than_the_threshold_at_once_waits_for_another_admin(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses)
    notice = await hold(ben)
    await ben.message("wants to delete 6 mail users", "Held")
    await later(sandbox, 10 * DAY)
    assert set(addresses) <= set(await users(sandbox))

    await ada.press_in(notice, "Release")
    await ada.told("another admin has to release them")
    await later(sandbox, 2 * DAY)
    assert set(addresses) <= set(await users(sandbox))

    await ben.press_in(notice, "Release")
    await ben.told("Released: 6 deletions")
    await ben.message("Released by <@U0BEN>")
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


async def test_hold_is_released_from_the_list_too_but_not_by_who_asked(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    addresses = await six(sandbox)
    await schedule(ada, addresses)
    window = await opens(ada, "/mail-pending")
    await ada.sees("Held")
    assert "release " not in str(window.blocks)
    window = await opens(ben, "/mail-pending")
    await ben.sees("Held")
    menu = next(block["accessory"] for block in window.blocks if "accessory" in block)
    row = next(block["block_id"] for block in window.blocks if "accessory" in block)
    await ben.pick(row, menu["options"][0]["value"])
    await ben.sees("Released: 6 deletions")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not set(addresses) & set(await users(sandbox))
