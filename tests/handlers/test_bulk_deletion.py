"""Several mail users at once: picked or pasted, one notice, a button for each and one for all."""

import asyncio
from datetime import timedelta

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable
from tests.support.held import later, opens, somebody, users
from tests.support.systems import MailSystem, on_either

DAY = timedelta(hours=24)


async def three(sandbox: Sandbox) -> list[str]:
    return [await somebody(sandbox, number) for number in range(3)]


async def schedule(screen: Screen, listed: str, reason: str = "the summer interns have left") -> None:
    await opens(screen, "/mail-delete")
    await screen.fill("list", listed)
    await screen.fill("reason", reason)
    await screen.submit()


@on_either
async def test_picked_and_pasted_users_are_queued_in_one_notice_and_deleted(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    first, second, third = await three(sandbox)
    await opens(ada, "/mail-delete")
    await ada.choose("users", first)
    await ada.choose("users", second)
    await ada.fill("list", f"Somebody <{third.upper()}>,")
    await ada.fill("reason", "the summer interns have left")
    await ada.submit()
    await ada.sees("3 deletions queued", first, second, third)
    notice = await ben.message("wants to delete 3 mail users", first, second, third, "summer interns")
    assert len([m for m in sandbox.slack.channel("mail-ops").messages if "wants to" in m.text]) == 1
    await later(sandbox, DAY + timedelta(minutes=1))
    assert not {first, second, third} & set(await users(sandbox))
    told = readable(await ben.message("3 deleted of 3"))
    assert "Cancel" not in told
    assert (await ben.message("3 deleted of 3")).ts == notice.ts


@on_either
async def test_one_of_several_is_cancelled_and_the_others_go(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    first, second, third = sorted(await three(sandbox))
    await schedule(ada, f"{first}\n{second}\n{third}")
    notice = await ben.message("wants to delete 3 mail users")
    await ben.press_in(notice, "Cancel")
    await ben.told(f"Cancelled: {first} stays as it is.")
    await ben.message("2 waiting, 1 cancelled of 3")
    await later(sandbox, DAY + timedelta(minutes=1))
    held = await users(sandbox)
    assert first in held
    assert not {second, third} & set(held)


async def test_all_of_them_are_cancelled_with_one_button(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    addresses = await three(sandbox)
    await schedule(ada, ", ".join(addresses))
    notice = await ben.message("wants to delete 3 mail users")
    await ben.press_in(notice, "Cancel all")
    await ben.told("Cancelled: 3 deletions")
    await later(sandbox, 2 * DAY)
    assert set(addresses) <= set(await users(sandbox))


@on_either
async def test_what_can_not_be_queued_is_named_and_the_rest_is_queued(
    sandbox: Sandbox, ada: Screen, ben: Screen, mail: MailSystem
) -> None:
    first, second, third = await three(sandbox)
    await opens(ben, "/mail-delete", first)
    await ben.fill("reason", "left")
    await ben.submit()
    await ben.sees("is queued")
    mail.lose(second)
    await schedule(ada, f"{first} {second} {third}")
    await ada.sees(
        "Queued: 1. Not queued: 2.",
        "already queued, by <@U0BEN>",
        "somebody else has deleted it",
        third,
        "1 deletion queued",
    )
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 2


async def test_list_with_a_mistake_queues_nothing_and_says_which(sandbox: Sandbox, ada: Screen) -> None:
    first = await somebody(sandbox)
    await opens(ada, "/mail-delete")
    await ada.fill("list", f"{first}\nnobody@acme-tools.example")
    await ada.fill("reason", "left")
    errors = (await ada.submit()).errors or {}
    assert list(errors) == ["list"]
    assert "There is no mail user nobody@acme-tools.example" in errors["list"]
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 0


async def test_nobody_picked_and_nobody_listed_is_asked_for_at_the_field(ada: Screen) -> None:
    await opens(ada, "/mail-delete")
    await ada.fill("reason", "left")
    assert list((await ada.submit()).errors or {}) == ["users"]


async def test_more_than_one_message_holds_is_refused_at_the_field(sandbox: Sandbox, ada: Screen) -> None:
    everybody = sorted(await users(sandbox))[:41]
    await opens(ada, "/mail-delete")
    await ada.fill("list", "\n".join(everybody))
    await ada.fill("reason", "all of them")
    errors = (await ada.submit()).errors or {}
    assert "These are 41 mail users; one request may have 40." in errors["list"]


async def test_several_named_after_the_command_stand_in_the_list(sandbox: Sandbox, ada: Screen) -> None:
    first, second, _ = await three(sandbox)
    await opens(ada, "/mail-delete", f"{first}, {second}")
    await ada.sees(f"{first}\n{second}")


@on_either
async def test_cancel_all_is_honest_about_what_was_too_late(
    sandbox: Sandbox, ada: Screen, ben: Screen, mail: MailSystem
) -> None:
    addresses = await three(sandbox)
    await schedule(ada, " ".join(addresses))
    notice = await ben.message("wants to delete 3 mail users")
    await sandbox.settled()
    sandbox.clock.advance(DAY + timedelta(minutes=1))
    mail.fails("delete", {"delay_seconds": 0.5})
    waking = asyncio.create_task(sandbox.bot.wake())
    await mail.asked("delete")
    await ben.press_in(notice, "Cancel all")
    await ben.told("Cancelled: 2 deletions", "Too late")
    await waking
    assert len(set(addresses) & set(await users(sandbox))) == 2
