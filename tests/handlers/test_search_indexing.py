from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import opens, users

CARLA = "carla.mendes@acme-tools.example"


async def the_window(ada: Screen) -> None:
    await opens(ada, "/mail-manage", CARLA)
    await ada.sees("*Search indexing:* on")
    await ada.press("Search indexing")
    await ada.sees("Search indexing for", CARLA, "is *on*")


async def test_indexing_is_switched_off_and_on_and_read_back(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.press("Switch it off")
    await ada.sees("read back from PurelyMail", "is *off*")
    assert (await users(sandbox))[CARLA]["search_indexing"] is False
    await ada.press("Switch it on")
    await ada.sees("read back from PurelyMail", "is *on*")
    assert (await users(sandbox))[CARLA]["search_indexing"] is True


async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    sandbox.purelymail.inject("modifyUser", 1, {"silent_success": True})
    await ada.press("Switch it off")
    await ada.sees("did not apply it", "should be off, and is on")
    await ada.press("Look again")
    await ada.sees("is *on*")


async def test_press_that_is_delivered_twice_switches_once(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.press("Switch it off")
    await sandbox.settled()
    await ada.sees("is *off*")
    assert len(sandbox.purelymail.effective("modifyUser")) == 1


async def test_somebody_who_lost_the_role_can_not_switch_in_an_old_window(
    sandbox: Sandbox, ada: Screen
) -> None:
    await the_window(ada)
    sandbox.server.faults.inject("users.info", 1, {"body": {"ok": False, "error": "internal_error"}})
    await ada.press("Switch it off")
    await ada.sees("Slack did not say who you are")
    assert (await users(sandbox))[CARLA]["search_indexing"] is True
