"""/mail and the App Home: the ways in."""

from datetime import timedelta

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Message
from tests.support.held import later, opens, somebody

JOBS = {
    "Create a user": "User name",
    "Create many": "List",
    "Set a password": "Re-roll",
    "Two-factor login": "Type a part of the address",
    "Delete users": "This deletes the mailboxes",
    "Find users": "mail users.",
    "Manage a user": "Type any part of the address.",
    "Pending deletions": "Nothing is queued",
    "Domains": "6 domains",
    "Routing": "6 routing rules.",
    "DNS health": "6 domains: ",
    "Audit trail": "Nothing is on record yet.",
    "Operators": "Owners",
}
VIEWERS = {
    "Find users",
    "Manage a user",
    "Pending deletions",
    "Domains",
    "Routing",
    "DNS health",
    "Audit trail",
    "Operators",
}


def labels(message: Message) -> list[str]:
    return [
        e["text"]["text"] for block in message.blocks if block["type"] == "actions" for e in block["elements"]
    ]


@pytest.mark.parametrize("label", JOBS)
async def test_front_door_has_a_button_to_each_job(ada: Screen, label: str) -> None:
    await ada.command("/mail", channel="general")
    door = await ada.told("What would you like to do?", channel="general")
    assert labels(door) == list(JOBS)
    await ada.press_in(door, label, channel="general")
    await ada.view()
    await ada.sees(JOBS[label])


async def test_viewer_is_offered_what_a_viewer_may_do(vic: Screen) -> None:
    await vic.command("/mail")
    assert labels(await vic.told("What would you like to do?")) == [
        label for label in JOBS if label in VIEWERS
    ]


async def test_stranger_gets_a_polite_answer(eve: Screen) -> None:
    await eve.command("/mail")
    await eve.told("you are not one of them", "<@U0OLGA>")


async def test_home_shows_what_is_pending_and_cancels_it(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await ada.home("Nothing is queued for deletion.")
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "spring cleaning")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    await ada.home(address, "in 24 hours", "spring cleaning")
    await ada.press_home("Cancel deletion")
    await ada.message("<@U0ADA> cancelled the deletion", address)
    await ada.home("Nothing is queued for deletion.")


async def test_home_opens_a_job(ada: Screen) -> None:
    await ada.home("What needs you")
    await ada.press_home("Create a user")
    await ada.view()
    await ada.sees("User name")


async def test_home_tells_how_dns_is_doing(sandbox: Sandbox, vic: Screen) -> None:
    await later(sandbox, timedelta(minutes=10))
    await vic.home("6 domains: 3 failing, 1 with warnings, 2 ok.", "Domains with DNS to mend: 4")


async def test_home_of_a_stranger_says_why_it_is_empty(eve: Screen) -> None:
    await eve.home("you are not one of them")


async def test_problem_behind_a_home_button_is_shown_in_a_window(sandbox: Sandbox, ada: Screen) -> None:
    await ada.home("What needs you")
    sandbox.server.faults.inject("users.info", 1, {"body": {"ok": False, "error": "internal_error"}})
    await sandbox.people.slack.wait_for(lambda: True)
    sandbox.clock.advance(sandbox.settings.deletions.grace)
    await ada.press_home("Create a user")
    await ada.view()
    await ada.sees("Slack did not say who you are")
