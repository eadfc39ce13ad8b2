import asyncio

from bot.sandbox.accounts import Holdings
from bot.sandbox.mailinabox.made_up import LOGIN
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import everything_said, opens, users
from tests.support.systems import on_a_box, on_both, the_box

RUTH = "ruth.keel@riverside.example"
"""An administrator."""
TOM = "tom.barge@riverside.example"
GIVE = "POST /mail/users/privileges/add"
TAKE = "POST /mail/users/privileges/remove"


@on_a_box
async def test_privilege_is_given_and_taken_and_read_back_in_the_same_window(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-admin", TOM)
    window = await ada.sees("is *no administrator* of Mail-in-a-Box", TOM)
    await ada.press("Make it an administrator")
    assert (await ada.sees("is *an administrator*", "read back from Mail-in-a-Box")).id == window.id
    assert (await users(sandbox))[TOM]["privileges"] == ["admin"]
    await ada.press("Take the privilege")
    await ada.sees("is *no administrator*", "read back from Mail-in-a-Box")
    assert (await users(sandbox))[TOM]["privileges"] == []


@on_a_box
async def test_new_administrator_is_shown_as_one_at_once(ada: Screen) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    await ada.press("Make it an administrator")
    await ada.sees("read back")
    await ada.close()
    await opens(ada, "/mail-users", TOM)
    await ada.sees("administrator · ")


@on_a_box
async def test_the_bots_own_login_keeps_the_privilege(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-admin", LOGIN)
    await ada.sees("is *an administrator*")
    await ada.press("Take the privilege")
    await ada.sees(f"{LOGIN} stays an administrator", "Mailwarden itself signs in")
    assert (await users(sandbox))[LOGIN]["privileges"] == ["admin"]
    assert sandbox.box.effective(TAKE) == []


@on_a_box
async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    sandbox.box.inject(GIVE, 1, {"silent_success": True})
    await ada.press("Make it an administrator")
    await ada.sees("did not apply it", "should be an administrator, and is no administrator")
    await ada.press("Look again")
    await ada.sees("is *no administrator*")


@on_a_box
async def test_error_after_which_it_is_done_is_settled_by_looking(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    sandbox.box.inject(GIVE, 1, {"status": 500, "after_effect": True})
    await ada.press("Make it an administrator")
    await ada.sees("is *an administrator*", "read back")


@on_a_box
async def test_press_that_is_delivered_twice_is_carried_out_once(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.press("Make it an administrator")
    await sandbox.settled()
    await ada.sees("is *an administrator*")
    assert len(sandbox.box.effective(GIVE)) == 1


@on_a_box
async def test_box_that_is_down_is_said_with_a_way_to_look_again(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.box.inject("*", 20, {"status": 503})
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("Look again", TOM)


@on_a_box
async def test_person_who_closed_the_window_is_told_the_outcome(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    sandbox.box.inject(GIVE, 1, {"delay_seconds": 1})
    await ada.press("Make it an administrator")
    await ada.sees("is asked to give")
    await ada.close()
    await sandbox.settled()
    assert f"`{TOM}` is now an administrator" in everything_said(sandbox)


@on_a_box
async def test_somebody_who_lost_the_role_can_not_press_in_an_old_window(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("no administrator")
    sandbox.server.faults.inject("users.info", 1, {"body": {"ok": False, "error": "internal_error"}})
    await ada.press("Make it an administrator")
    await ada.sees("Slack did not say who you are")
    assert sandbox.box.effective(GIVE) == []


async def test_purelymail_has_no_administrators(ada: Screen) -> None:
    await ada.command("/mail-admin")
    await ada.told("know no administrators")


@on_both
async def test_user_of_another_account_is_not_offered(sandbox: Sandbox, ada: Screen) -> None:
    other = sorted(await users(sandbox))[10]
    await opens(ada, "/mail-admin")
    assert await ada.options("user", other) == []
    await ada.choose("user", TOM)
    await ada.submit()
    await ada.sees("is *no administrator*", TOM)


@on_a_box
async def test_two_people_who_take_it_from_each_other_leave_an_administrator(
    sandbox: Sandbox, ada: Screen, ben: Screen, holdings: Holdings
) -> None:
    box = the_box(holdings)
    box.users[TOM].privileges = ["admin"]
    for screen, address in ((ada, TOM), (ben, RUTH)):
        await opens(screen, "/mail-admin", address)
        await screen.sees("is *an administrator*")
    await asyncio.gather(ada.press("Take the privilege"), ben.press("Take the privilege"))
    for screen in (ada, ben):
        await screen.sees("is *no administrator*", "read back")
    assert [one.address for one in box.users.values() if "admin" in one.privileges] == [LOGIN]
    await sandbox.settled()
