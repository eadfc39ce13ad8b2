"""Shortcuts: the mail users of a message, and two that are at hand everywhere."""

from typing import Any

import pytest

from bot.sandbox.accounts import Holdings, both_kinds
from bot.sandbox.mailinabox import BoxUser
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.slack.workspace import Message
from handlers.shortcuts import SHOWN, addresses_in
from tests.support.held import a_domain, somebody
from tests.support.systems import on_either, the_box

MANAGE = "Manage mail user…"


def say(sandbox: Sandbox, text: str, **more: Any) -> Message:
    channel = sandbox.slack.channels["C0MAILOPS"]
    return sandbox.slack.post(channel, user="U0BEN", text=text, **more)


@on_either
async def test_address_in_a_message_leads_to_its_user(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    message = say(sandbox, f"Can somebody help &lt;<mailto:{address}|{address}>&gt; with the password?")
    await ada.shortcut_on(message, MANAGE)
    await ada.sees(f"`{address}`", "Set password", "Delete …")


async def test_several_addresses_are_sorted_into_here_free_and_elsewhere(
    sandbox: Sandbox, ada: Screen
) -> None:
    first, second, domain = await somebody(sandbox), await somebody(sandbox, 1), await a_domain(sandbox)
    message = say(sandbox, f"{first}, {second.upper()}; new: una@{domain}, from carl@elsewhere.example.")
    await ada.shortcut_on(message, MANAGE)
    await ada.sees(
        f"`{first}`", f"`{second}`", f"`una@{domain}`: nobody has this address", "carl@elsewhere.example"
    )
    await ada.press("Manage", nth=1)
    await ada.sees(f"`{second}`", "Set password")


async def test_free_address_is_created_from_there(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    await ada.shortcut_on(say(sandbox, f"una@{domain} starts on Monday"), MANAGE)
    await ada.sees("nobody has this address")
    await ada.press("Create …")
    await ada.sees("User name", "una")
    await ada.submit()
    await ada.sees("was created", f"una@{domain}")


async def test_viewer_sees_the_users_and_creates_none(sandbox: Sandbox, vic: Screen) -> None:
    domain = await a_domain(sandbox)
    await vic.shortcut_on(say(sandbox, f"una@{domain} starts on Monday"), MANAGE)
    await vic.sees("nobody has this address")
    with pytest.raises(PersonError):
        await vic.press("Create …")


async def test_message_without_an_address_leads_to_the_search(sandbox: Sandbox, ada: Screen) -> None:
    await ada.shortcut_on(say(sandbox, "Lunch @ noon? me@home"), MANAGE)
    await ada.sees("There is no mail address in this message", "mail users.")
    await ada.fill("search", "anna")
    await ada.sees("match")


def shared() -> Holdings:
    held = both_kinds()
    address = "hello@newshop.example"
    the_box(held).users[address] = BoxUser(address, "a-password-of-before-9")
    return held


@pytest.mark.parametrize("made_up", [shared], ids=["shared"], indirect=True)
async def test_address_on_two_accounts_is_shown_with_both(sandbox: Sandbox, ada: Screen) -> None:
    await ada.shortcut_on(say(sandbox, "hello@newshop.example anna.keller@acme-tools.example"), MANAGE)
    view = await ada.sees("`hello@newshop.example`", "(box)", "(main)")
    assert "anna.keller@acme-tools.example" in text_of(view.content)


async def test_create_and_pending_are_at_hand_everywhere(ada: Screen) -> None:
    await ada.shortcut("Create a mail user")
    await ada.sees("User name")
    await ada.close()
    await ada.shortcut("Pending mail deletions")
    await ada.sees("Nothing is queued for deletion.")


async def test_who_is_no_operator_is_told_so_in_private(sandbox: Sandbox, eve: Screen) -> None:
    await eve.shortcut("Create a mail user")
    await sandbox.bot.settled()
    await eve.message("you are not one of them", channel="D0EVE")
    message = say(sandbox, await somebody(sandbox))
    await eve.shortcut_on(message, MANAGE)
    await eve.told("you are not one of them")
    assert not eve.windows


async def test_viewer_may_not_create_with_the_shortcut_either(sandbox: Sandbox, vic: Screen) -> None:
    await vic.shortcut("Create a mail user")
    await sandbox.bot.settled()
    await vic.message("You may look, and change nothing", channel="D0VIC")
    assert not vic.windows


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({"text": "anna@x.example, ANNA@x.example and ben@x.example."}, ["anna@x.example", "ben@x.example"]),
        ({"text": "<mailto:anna@x.example|write to her>"}, ["anna@x.example"]),
        ({"text": "a &lt;anna@x.example&gt; b"}, ["anna@x.example"]),
        ({"text": "@anna or anna@localhost or a@@x.example"}, []),
        ({"text": "anna.@x.example"}, []),
        ({"text": "(anna@x.example)"}, ["anna@x.example"]),
        (
            {"text": "anna@Bücher.example, ben@xn--bcher-kva.example"},
            ["anna@xn--bcher-kva.example", "ben@xn--bcher-kva.example"],
        ),
        ({"text": "jörg@x.example"}, []),
        ({"text": "(anna@x.example谢谢)"}, ["anna@x.example"]),
        (
            {"text": "", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a@x.example"}}]},
            ["a@x.example"],
        ),
        (
            {
                "blocks": [
                    {
                        "type": "rich_text",
                        "elements": [
                            {
                                "type": "rich_text_section",
                                "elements": [{"type": "link", "url": "mailto:anna@x.example", "text": "her"}],
                            }
                        ],
                    }
                ]
            },
            ["anna@x.example"],
        ),
        (
            {"attachments": [{"fallback": "from ben@x.example", "fields": [{"value": "to carl@x.example"}]}]},
            ["ben@x.example", "carl@x.example"],
        ),
        ({"text": None, "blocks": None, "attachments": "x"}, []),
        (None, []),
    ],
)
def test_addresses_are_found_wherever_a_message_has_them(message: Any, found: list[str]) -> None:
    assert addresses_in(message) == found


def test_very_long_and_deep_messages_are_read_in_part() -> None:
    text = " ".join(f"u{number}@x.example" for number in range(1000))
    assert len(addresses_in({"text": text})) == SHOWN
    deep: Any = {"text": "a@x.example"}
    for _ in range(10_000):
        deep = {"elements": [deep]}
    assert addresses_in(deep) == []
    assert addresses_in({"text": "a" * 100_000 + "@" + "b." * 50_000}) == []
