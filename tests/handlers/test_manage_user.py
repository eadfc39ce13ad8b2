"""Everything about one mail user in one window: what it shows, what it leads to, and what is done there."""

from bot.sandbox.accounts import BOX, Holdings
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from tests.support.held import opens, somebody, users
from tests.support.systems import MailSystem, on_a_box, on_both, on_either, the_box

ANNA = "anna.keller@acme-tools.example"
"""2FA is required for her, and she has two ways to reset her password."""
RUTH = "ruth.keel@riverside.example"


async def test_window_shows_what_the_mail_system_says(ada: Screen) -> None:
    await opens(ada, "/mail-manage", ANNA)
    await ada.sees(
        "*Two-factor login:* required",
        "*Resetting a forgotten password:* on, 2 ways",
        "*Search indexing:* on",
        "App passwords",
        "Rename …",
        "Delete …",
    )


@on_a_box
async def test_window_of_a_box_shows_and_offers_what_a_box_has(ada: Screen) -> None:
    await opens(ada, "/mail-manage", RUTH)
    window = await ada.sees("*Two-factor login:* on", "Quota", "Administrator")
    for absent in ("Search indexing", "App passwords", "Password reset", "Rename", "forgotten"):
        assert absent not in text_of(window.content)


@on_both
async def test_account_is_named_where_there_are_several(ada: Screen) -> None:
    await opens(ada, "/mail-manage", RUTH)
    await ada.sees(RUTH, f"({BOX})", "*Two-factor login:* on")


async def test_window_opens_before_a_slow_mail_system_has_answered(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("getUser", 1, {"delay_seconds": 1})
    await opens(ada, "/mail-manage", ANNA)
    await ada.sees("Reading the rest from PurelyMail", "Set password")
    await ada.sees("*Two-factor login:* required")


async def test_mail_system_that_is_down_is_said_and_the_rest_is_there(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("getUser", 10, {"status": 503})
    await opens(ada, "/mail-manage", ANNA)
    window = await ada.sees(":warning:", "Set password", ANNA)
    assert "Two-factor login:*" not in text_of(window.content)


@on_either
async def test_user_that_is_gone_is_said(sandbox: Sandbox, ada: Screen, mail: MailSystem) -> None:
    address = await somebody(sandbox)
    mail.lose(address)
    await opens(ada, "/mail-manage", address)
    await ada.sees("is not there any more")


@on_a_box
async def test_archived_user_stays_archived_when_it_is_looked_at(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    archived = next(
        address for address in the_box(holdings).mailboxes if address not in the_box(holdings).users
    )
    for _ in range(2):
        await opens(ada, "/mail-manage", archived)
        await ada.sees("*Archived.*", "Restore …")
        await sandbox.settled()
        await ada.close()


async def test_user_is_asked_for_where_none_is_named(vic: Screen) -> None:
    await opens(vic, "/mail-manage")
    await vic.choose("user", ANNA)
    await vic.submit()
    window = await vic.sees("*Two-factor login:* required", "You may look")
    assert all(block["type"] != "actions" for block in window.blocks)


async def test_unknown_user_is_said_and_another_asked_for(ada: Screen) -> None:
    await opens(ada, "/mail-manage", "nobody@nowhere.example.net")
    await ada.sees("There is no mail user nobody@nowhere.example.net", "Type a part of the address")


async def test_last_acts_are_told_the_newest_first_and_without_what_led_to_them(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-2fa", address)
    await ada.sees("is *not required*")
    await ada.press("Require 2FA")
    await ada.sees("is *required*")
    await ada.close()
    await opens(ada, "/mail-password", address)
    await ada.submit()
    await ada.sees("accepted the new password")
    await ada.close()
    await opens(ada, "/mail-manage", address)
    window = await ada.sees(
        "What was done last", "<@U0ADA> set a new password of it", "two-factor login of it"
    )
    shown = text_of(window.content)
    assert shown.index("new password of it") < shown.index("two-factor login of it")
    assert "asked" not in shown


async def test_acts_on_somebody_else_are_not_told(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-password", await somebody(sandbox, 1))
    await ada.submit()
    await ada.sees("accepted the new password")
    await ada.close()
    await opens(ada, "/mail-manage", await somebody(sandbox, 2))
    window = await ada.sees("*Two-factor login:*")
    assert "What was done last" not in text_of(window.content)


@on_either
async def test_pending_deletion_is_shown_and_cancelled_here(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "spring cleaning")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    await opens(ada, "/mail-manage", address)
    window = await ada.sees("Pending deletion.", "spring cleaning", "*Two-factor login:*")
    assert "Rename …" not in text_of(window.content)
    await ada.press("Cancel deletion")
    await ada.sees(f"Cancelled: {address} stays as it is.", "*Two-factor login:*", "Delete …")
    assert address in await users(sandbox)


async def test_what_it_leads_to_needs_no_deeper_window_than_slack_allows(ada: Screen) -> None:
    await opens(ada, "/mail-users", ANNA)
    await ada.press("Manage")
    await ada.sees("*Two-factor login:*")
    for label in ("App passwords", "Password reset", "Search indexing", "Rename …"):
        await ada.press(label)
        await ada.view(lambda view: "Manage a mail user" not in text_of(view.content))
        assert len(ada.windows) == 3
        await ada.close()
        await ada.sees("Set password", ANNA)


async def test_coming_back_shows_what_was_done_meanwhile(ada: Screen) -> None:
    await opens(ada, "/mail-manage", ANNA)
    await ada.sees("*Two-factor login:* required")
    await ada.press("Two-factor login")
    await ada.sees("is *required*")
    await ada.press("Stop requiring 2FA")
    await ada.sees("is *not required*")
    await ada.close()
    await ada.sees("*Two-factor login:* not required", "two-factor login of it")
    await ada.press("Delete …")
    await ada.sees("Everybody in the channel reads it.")
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    await ada.sees("Pending deletion.", "Cancel deletion", "left")
    await ada.press("Cancel deletion")
    await ada.sees("Cancelled:", "Rename …")
    await ada.press("Rename …")
    await ada.sees("The mailbox stays")
    await ada.fill("local_part", "anna.k")
    await ada.submit()
    await ada.sees("is now", "anna.k@")
    await ada.close()
    window = await ada.sees("anna.k@acme-tools.example", f"from {ANNA}", "two-factor login of it")
    assert window.blocks[0]["text"]["text"] == "*`anna.k@acme-tools.example`*"


async def test_coming_back_to_somebody_who_is_gone_says_so(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-manage", ANNA)
    await ada.sees("*Two-factor login:* required")
    await ada.press("Search indexing")
    await ada.sees("is *on*")
    del sandbox.purelymail.account.users[ANNA]
    # Slack tells of a closed window, and the person is not bothered with what becomes of that.
    sandbox.server.faults.inject("socket", 1, {"drop_response": True})
    await ada.close()
    await ada.sees("is not there any more")


async def test_front_door_leads_to_it(vic: Screen) -> None:
    await vic.command("/mail")
    told = await vic.told("/mail-manage")
    await vic.press_in(told, "Manage a user")
    await vic.sees("Type a part of the address")
