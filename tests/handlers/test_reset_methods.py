"""How a mail user gets back in without the password."""

from typing import Any

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from handlers.reset_method_form import TWO_FACTOR
from tests.support.held import everything_said, opens, users

ANNA = "anna.keller@acme-tools.example"
"""2FA is required for her, and she has two ways to reset her password."""
CARLA = "carla.mendes@acme-tools.example"


async def the_window(ada: Screen, address: str = CARLA) -> None:
    await opens(ada, "/mail-manage", address)
    await ada.sees("*Two-factor login:*")
    await ada.press("Password reset")
    await ada.sees("Resetting a forgotten password of", "Add a phone")


async def methods(sandbox: Sandbox, address: str = CARLA) -> list[dict[str, Any]]:
    held: list[dict[str, Any]] = (await users(sandbox))[address]["reset_methods"]
    return held


async def test_ways_are_listed_with_what_each_may(ada: Screen) -> None:
    await the_window(ada, ANNA)
    await ada.sees(
        "is *on, 2 ways*",
        "anna@lindenhof.example",
        "e-mail · Private",
        "+4930555123",
        "phone · may switch off two-factor login, too",
    )


async def test_email_is_added_and_read_back(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.sees("on, but no way is set up")
    await ada.press("Add an e-mail address")
    await ada.sees("Of another mailbox")
    await ada.fill("reset_target", "Carla@Elsewhere.example")
    await ada.fill("reset_description", "Private")
    await ada.submit()
    await ada.sees("read back from PurelyMail", "is *on, 1 way*", "carla@elsewhere.example")
    assert await methods(sandbox) == [
        {
            "type": "email",
            "target": "carla@elsewhere.example",
            "description": "Private",
            "allowMfaReset": False,
        }
    ]


async def test_phone_is_added_once_that_may_reset_two_factor_login_too(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.press("Add a phone")
    await ada.sees("With the country's number")
    await ada.fill("reset_target", "+49 (30) 555-1234")
    await ada.fill(TWO_FACTOR, [TWO_FACTOR])
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await ada.sees("read back from PurelyMail", "+49305551234")
    await sandbox.settled()
    await ada.sees("read back from PurelyMail", "+49305551234")
    assert len(sandbox.purelymail.effective("upsertPasswordReset")) == 1
    (method,) = await methods(sandbox)
    assert (method["type"], method["target"], method["allowMfaReset"]) == ("phone", "+49305551234", True)


async def test_target_that_can_not_be_reached_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.press("Add an e-mail address")
    await ada.sees("Of another mailbox")
    await ada.fill("reset_target", CARLA)
    submitted = await ada.submit()
    assert "Take another mailbox" in (submitted.errors or {})["reset_target"]
    assert await methods(sandbox) == []


async def test_target_that_is_there_already_keeps_the_form_as_it_was(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada, ANNA)
    await ada.press("Add an e-mail address")
    await ada.sees("Of another mailbox")
    await ada.fill("reset_target", "anna@lindenhof.example")
    await ada.submit()
    await ada.sees("is there already", "anna@lindenhof.example", "Of another mailbox")
    assert len(await methods(sandbox, ANNA)) == 2


async def test_adding_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("upsertPasswordReset", 1, {"silent_success": True})
    await the_window(ada)
    await ada.press("Add an e-mail address")
    await ada.sees("Of another mailbox")
    await ada.fill("reset_target", "carla@elsewhere.example")
    await ada.submit()
    await ada.sees("did not apply it", "is not listed")


async def test_way_is_removed_and_the_others_stay(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada, ANNA)
    await ada.press("Remove")
    window = await ada.sees("read back from PurelyMail", "is *on, 1 way*")
    assert "anna@lindenhof.example" not in text_of(window.content)
    assert [method["target"] for method in await methods(sandbox, ANNA)] == ["+4930555123"]
    await ada.press("Remove")
    await ada.sees("no way is set up", "a lost second factor could not be reset")


async def test_removal_that_is_only_claimed_is_not_believed_and_looking_again_shows_it(
    sandbox: Sandbox, ada: Screen
) -> None:
    await the_window(ada, ANNA)
    sandbox.purelymail.inject("deletePasswordReset", 1, {"silent_success": True})
    await ada.press("Remove")
    await ada.sees("is still listed", "Look again")
    await ada.press("Look again")
    await ada.sees("is *on, 2 ways*")


async def test_resetting_is_switched_off_and_on(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    await ada.press("Switch it off")
    await ada.sees("read back from PurelyMail", "is *off*")
    assert (await users(sandbox))[CARLA]["password_reset"] is False
    await ada.press("Switch it on")
    await ada.sees("read back from PurelyMail", "no way is set up")
    assert (await users(sandbox))[CARLA]["password_reset"] is True


async def test_press_that_is_delivered_twice_switches_once(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.press("Switch it off")
    await sandbox.settled()
    await ada.sees("is *off*")
    assert len(sandbox.purelymail.effective("modifyUser")) == 1


async def test_more_ways_than_a_page_holds_are_paged(sandbox: Sandbox, ada: Screen) -> None:
    held = sandbox.purelymail.account.users[CARLA].reset_methods
    held += [
        {
            "type": "email",
            "target": f"way{number}@elsewhere.example",
            "description": "",
            "allowMfaReset": True,
        }
        for number in range(23)
    ]
    await the_window(ada)
    await ada.sees("is *on, 23 ways*", "Page 1 of 3", "way9@")
    await ada.press("Next →")
    await ada.sees("Page 2 of 3", "way10@", "way19@")


async def test_person_who_closed_the_window_is_told_the_outcome(sandbox: Sandbox, ada: Screen) -> None:
    await the_window(ada)
    sandbox.purelymail.inject("modifyUser", 1, {"delay_seconds": 1})
    await ada.press("Switch it off")
    await ada.sees("is asked to switch it off")
    await ada.close()
    await sandbox.settled()
    assert f"Resetting the password of `{CARLA}` is now off" in everything_said(sandbox)
