"""Several accounts at once: what is where is always said, nothing is guessed, and what is old is marked as old."""

from datetime import timedelta

import pytest

from bot.sandbox.accounts import ACCOUNT, BOX, Holdings, both_kinds
from bot.sandbox.mailinabox import BoxUser
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from handlers.domain_picker import DOMAIN_ACTION
from tests.support.held import later, opens
from tests.support.systems import on_both, the_box

SHARED = "newshop.example"
"""Of the PurelyMail account, and now of the box as well."""


def sharing() -> Holdings:
    held = both_kinds()
    address = f"hello@{SHARED}"
    the_box(held).users[address] = BoxUser(address, "a-password-of-before-9")
    return held


on_a_shared_domain = pytest.mark.parametrize("made_up", [sharing], ids=["shared"], indirect=True)


@on_both
async def test_search_names_the_account_of_each_user_and_shows_archived_ones_last(
    sandbox: Sandbox, vic: Screen
) -> None:
    await opens(vic, "/mail-users", "riverside")
    await vic.sees(
        "5 of 71 mail users match. 1 archived one matches, too.",
        "`ruth.keel@riverside.example` (box)",
        ":file_cabinet: archived",
    )
    await vic.fill("search", "anna")
    await vic.sees("`anna.keller@acme-tools.example` (main)")
    del sandbox


@on_both
async def test_domains_are_offered_by_account(sandbox: Sandbox, ada: Screen) -> None:
    form = await opens(ada, "/mail-create")
    (element,) = [block["element"] for block in form.blocks if block.get("block_id") == "domain"]
    offered = {
        group["label"]["text"]: {option["text"]["text"] for option in group["options"]}
        for group in element["option_groups"]
    }
    assert list(offered) == [BOX, ACCOUNT]
    assert "riverside.example (box)" in offered[BOX]
    assert "acme-tools.example (main)" in offered[ACCOUNT]
    del sandbox


@on_a_shared_domain
async def test_domain_on_two_accounts_is_reported_and_not_guessed(sandbox: Sandbox, ada: Screen) -> None:
    await ada.home("`newshop.example` is a domain of the accounts *box* and *main*")
    await opens(ada, "/mail-create", f"new@{SHARED}")
    await ada.sees(f"{SHARED} is a domain of the accounts box and main.")
    (element,) = [
        block["element"] for block in (await ada.view()).blocks if block.get("block_id") == "domain"
    ]
    assert element.get("initial_option") is None
    await ada.close()
    await opens(ada, "/mail-delete", SHARED)
    await ada.sees(f"{SHARED} is a domain of the accounts box and main: say which one.")
    await ada.close()
    await opens(ada, "/mail-delete", f"{SHARED} {ACCOUNT}")
    await ada.sees("This deletes the domain")
    await ada.close()
    await opens(ada, "/mail-password", f"hello@{SHARED}")
    await ada.sees(f"hello@{SHARED} exists on the accounts box and main: pick it from the list.")
    del sandbox


@on_a_shared_domain
async def test_user_is_created_on_the_account_that_was_picked(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", f"new@{SHARED}")
    await ada.fill("domain", f"{SHARED} {ACCOUNT}", action_id=DOMAIN_ACTION)
    await ada.submit()
    await ada.sees("was created at PurelyMail")
    assert f"new@{SHARED}" in sandbox.purelymail.account.users
    assert f"new@{SHARED}" not in sandbox.box.box.users


@on_both
async def test_what_is_old_is_marked_with_its_age_and_only_that(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-users")
    fresh = await ada.sees("mail users.")
    assert "What is shown of it" not in str(fresh.content)
    await ada.close()
    sandbox.box.inject("*", 1000, {"status": 500})
    for _ in range(3):
        await later(sandbox, timedelta(hours=9))
    for _ in range(4):
        await later(sandbox, timedelta(minutes=3))
    stale = "The account *box* can't be used since"
    await opens(ada, "/mail-users")
    await ada.sees(stale, "What is shown of it is from")
    await ada.close()
    await ada.home(stale)
    await opens(ada, "/mail-create")
    await ada.sees(stale)
    await ada.close()
    await opens(ada, "/mail-users", "anna.keller")
    await ada.press("Manage")
    managed = await ada.sees("Manage a mail user")
    assert stale not in str(managed.content)
    await ada.message(stale, "Other accounts go on as ever", channel="mail-digest")
    sandbox.box.mend()
    for _ in range(3):
        await later(sandbox, timedelta(minutes=6))
    await ada.message("The account *box* can be used again since", channel="mail-digest")
    await ada.close()
    await ada.close()
    await opens(ada, "/mail-users", "riverside")
    well = await ada.sees("mail users match.")
    assert "What is shown of it" not in str(well.content)
