from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import opens, users
from tests.support.systems import on_either


async def queue(sandbox: Sandbox, ada: Screen, number: int) -> list[str]:
    """Queue the deletion of `number` users, one after the other."""
    addresses = sorted(await users(sandbox))[5 : 5 + number]
    for address in addresses:
        await opens(ada, "/mail-delete", address)
        await ada.fill("reason", f"reason for {address}")
        await ada.submit()
        await ada.sees("is queued")
        await ada.close()
    return addresses


async def test_empty_queue_says_so(vic: Screen) -> None:
    await opens(vic, "/mail-pending")
    await vic.sees("Nothing is queued for deletion.")


@on_either
async def test_entry_says_who_why_and_when_and_can_be_cancelled(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    first, second = await queue(sandbox, ada, 2)
    await opens(ben, "/mail-pending")
    await ben.sees(
        "2 deletions are queued", first, second, "<@U0ADA>", f"reason for {first}", "Will be deleted <!date^"
    )
    await ben.press("Cancel deletion")
    await ben.sees(f"Cancelled: {first} stays as it is.", "1 deletion is queued", second)
    await ben.message("<@U0BEN> cancelled the deletion", first)


async def test_queue_has_pages(sandbox: Sandbox, ada: Screen) -> None:
    addresses = await queue(sandbox, ada, 11)
    await opens(ada, "/mail-pending")
    await ada.sees("11 deletions", addresses[0], "Page 1 of 2")
    await ada.press("Next →")
    await ada.sees(addresses[10], "Page 2 of 2")
    await ada.press("Cancel deletion")
    await ada.sees("Cancelled:", "10 deletions", addresses[0])


@on_either
async def test_viewer_sees_the_queue_without_buttons(sandbox: Sandbox, ada: Screen, vic: Screen) -> None:
    (address,) = await queue(sandbox, ada, 1)
    window = await opens(vic, "/mail-pending")
    await vic.sees(address)
    assert all("accessory" not in block for block in window.blocks)


@on_either
async def test_cancel_of_what_somebody_else_has_cancelled_is_told_in_the_window(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await queue(sandbox, ada, 1)
    await opens(ada, "/mail-pending")
    await opens(ben, "/mail-pending")
    await ben.press("Cancel deletion")
    await ben.sees("Cancelled:")
    await ada.press("Cancel deletion")
    await ada.sees("already cancelled by <@U0BEN>", "Nothing is queued")
