"""A deletion that failed stays visible, with Retry and Drop; what no retry can mend has neither."""

from datetime import timedelta

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Message
from tests.support.held import later, opens, somebody, users

DAY = timedelta(hours=24)
REFUSAL = {"body": {"type": "error", "code": "x", "message": "This user is locked."}}


async def fails(sandbox: Sandbox, ada: Screen, address: str) -> Message:
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    sandbox.purelymail.inject("deleteUser", 1, REFUSAL)
    await later(sandbox, DAY + timedelta(minutes=1))
    return await ada.message("could not be deleted", address, "This user is locked.")


async def test_retry_tries_again_at_once(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    address = await somebody(sandbox)
    notice = await fails(sandbox, ada, address)
    await ben.press_in(notice, "Retry")
    await ben.told("is queued again")
    await sandbox.settled()
    assert address not in await users(sandbox)
    assert (await ben.message("was deleted", address)).ts == notice.ts


async def test_retry_of_an_old_failure_waits_a_grace_period_again(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address = await somebody(sandbox)
    notice = await fails(sandbox, ada, address)
    await later(sandbox, 3 * DAY)
    await ben.press_in(notice, "Retry")
    await ben.told("is queued again")
    await later(sandbox, DAY - timedelta(minutes=2))
    assert address in await users(sandbox)
    await ben.message("wants to delete", address)
    await later(sandbox, timedelta(minutes=3))
    assert address not in await users(sandbox)


async def test_drop_is_the_end_of_it(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    address = await somebody(sandbox)
    notice = await fails(sandbox, ada, address)
    await ben.press_in(notice, "Drop")
    await ben.told("is not tried again")
    dropped = await ben.message("<@U0BEN> dropped the failed deletion", "This user is locked.")
    assert "Retry" not in str(dropped.blocks)
    await later(sandbox, 10 * DAY)
    assert address in await users(sandbox)


async def test_address_is_not_created_anew_while_its_deletion_can_be_tried_again(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    notice = await fails(sandbox, ada, address)
    del sandbox.purelymail.account.users[address]
    await opens(ada, "/mail-create", address)
    await ada.submit()
    await ada.sees("can still be tried again: drop it first")
    await ada.close()
    await ada.press_in(notice, "Drop")
    await ada.told("is not tried again")
    await opens(ada, "/mail-create", address)
    await ada.submit()
    await ada.sees(address, "Password")
    assert address in await users(sandbox)


async def test_asking_anew_takes_the_place_of_the_failure(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await fails(sandbox, ada, address)
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "really left")
    await ada.submit()
    await ada.sees("is queued")
    await ada.message("dropped the failed deletion", address)


async def test_history_tells_the_ends_and_retries_from_there(
    sandbox: Sandbox, ada: Screen, vic: Screen
) -> None:
    address = await somebody(sandbox)
    await fails(sandbox, ada, address)
    window = await opens(vic, "/mail-pending", "history")
    await vic.sees("1 deletion ended", address, "This user is locked.")
    assert all("accessory" not in block for block in window.blocks)
    window = await opens(ada, "/mail-pending")
    await ada.press("What has ended")
    await ada.sees(address, "This user is locked.")
    menu = next(block for block in ada.windows[-1].blocks if "accessory" in block)
    await ada.pick(menu["block_id"], menu["accessory"]["options"][0]["value"])
    await ada.sees("is queued again")
    await sandbox.settled()
    assert address not in await users(sandbox)


@pytest.mark.parametrize("operation", ["listUser", "deleteUser"])
async def test_mail_system_that_stays_down_is_given_up_on_and_can_be_cancelled_meanwhile(
    sandbox: Sandbox, ada: Screen, operation: str
) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("is queued")
    sandbox.purelymail.inject(operation, 200, {"status": 503})
    await later(sandbox, DAY + timedelta(minutes=1))
    for _ in range(12):
        await later(sandbox, timedelta(minutes=31))
    await ada.message("could not be deleted", "Given up after 8 attempts")
    assert address in await users(sandbox)
