from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import everything_said, opens, somebody, users


async def someone_without(sandbox: Sandbox) -> str:
    held = await users(sandbox)
    return next(address for address in sorted(held)[5:] if not held[address]["two_factor"])


async def test_state_is_read_toggled_and_read_back_in_the_same_window(sandbox: Sandbox, ada: Screen) -> None:
    address = await someone_without(sandbox)
    await opens(ada, "/mail-2fa", address)
    window = await ada.sees("is *not required*", address)
    await ada.press("Require 2FA")
    assert (await ada.sees("is *required*", "read back from PurelyMail")).id == window.id
    assert (await users(sandbox))[address]["two_factor"] is True
    await ada.press("Stop requiring 2FA")
    await ada.sees("is *not required*", "read back from PurelyMail")
    assert (await users(sandbox))[address]["two_factor"] is False


async def test_user_is_asked_for_where_none_is_named(sandbox: Sandbox, ada: Screen) -> None:
    address = await someone_without(sandbox)
    await opens(ada, "/mail-2fa")
    await ada.choose("user", address)
    await ada.submit()
    await ada.sees("is *not required*", address)


async def test_unknown_user_is_said_and_another_asked_for(ada: Screen) -> None:
    await opens(ada, "/mail-2fa", "nobody@nowhere.example.net")
    await ada.sees("There is no mail user nobody@nowhere.example.net", "Type a part of the address")


async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    address = await someone_without(sandbox)
    await opens(ada, "/mail-2fa", address)
    await ada.sees("is *not required*")
    sandbox.purelymail.inject("modifyUser", 1, {"silent_success": True})
    await ada.press("Require 2FA")
    await ada.sees("did not apply it", address)
    await ada.press("Look again")
    await ada.sees("is *not required*")
    assert (await users(sandbox))[address]["two_factor"] is False


async def test_purelymail_down_is_said_in_the_window_with_a_way_to_look_again(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await someone_without(sandbox)
    sandbox.purelymail.inject("getUser", 10, {"status": 503})
    await opens(ada, "/mail-2fa", address)
    await ada.sees("Look again", address)


async def test_window_opens_before_a_slow_purelymail_has_answered(sandbox: Sandbox, ada: Screen) -> None:
    address = await someone_without(sandbox)
    sandbox.purelymail.inject("getUser", 1, {"delay_seconds": 1})
    await opens(ada, "/mail-2fa", address)
    await ada.sees("Reading the state from PurelyMail")
    await ada.sees("is *not required*")


async def test_person_who_closed_the_window_is_told_the_outcome(sandbox: Sandbox, ada: Screen) -> None:
    address = await someone_without(sandbox)
    await opens(ada, "/mail-2fa", address)
    await ada.sees("is *not required*")
    sandbox.purelymail.inject("modifyUser", 1, {"delay_seconds": 1})
    await ada.press("Require 2FA")
    await ada.sees("is asked to require")
    await ada.close()
    await sandbox.settled()
    assert f"2FA for `{address}` is now required" in everything_said(sandbox)


async def test_somebody_who_lost_the_role_can_not_toggle_in_an_old_window(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-2fa", address)
    await ada.sees("is *not required*")
    before = await users(sandbox)
    sandbox.server.faults.inject("users.info", 1, {"body": {"ok": False, "error": "internal_error"}})
    await ada.press("Require 2FA")
    await ada.sees("Slack did not say who you are")
    assert await users(sandbox) == before
