from datetime import timedelta

from bot.sandbox.accounts import Holdings
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from handlers import password_fields
from tests.support.held import copied, everything_said, later, opens, refused, users
from tests.support.systems import on_a_box, on_both, the_box

RUTH = "ruth.keel@riverside.example"
"""An administrator with a quota of 5 GB, and a mailbox."""
PIET = "piet.locks@riverside.example"
"""Archived from the start."""
ADD = "POST /mail/users/add"
DAY = timedelta(days=1, minutes=1)


async def deleted(sandbox: Sandbox, screen: Screen, address: str) -> None:
    await opens(screen, "/mail-delete", address)
    await screen.fill("reason", "left")
    await screen.submit()
    await screen.sees("is queued")
    await screen.close()
    await later(sandbox, DAY)
    await sandbox.settled()


@on_a_box
async def test_mailbox_comes_back_with_a_new_password(sandbox: Sandbox, ada: Screen) -> None:
    form = await opens(ada, "/mail-restore", PIET)
    assert "all its mail comes back" in text_of(form.content)
    shown = copied(form, password_fields.GENERATED)
    await ada.submit()
    result = await ada.sees("is a mail user of Mail-in-a-Box again", PIET)
    assert copied(result, password_fields.NEW_PASSWORD) == shown
    held = (await users(sandbox))[PIET]
    assert (held["password"], held["privileges"], held["quota"]) == (shown, [], "0")
    assert held["used"]
    await ada.close()
    await opens(ada, "/mail-users", PIET)
    assert "archived" not in text_of((await ada.sees(PIET)).content)


@on_a_box
async def test_what_the_user_had_is_remembered_and_offered(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    # Changed on the box itself, after the directory was read: it is looked at right before the deletion.
    the_box(holdings).users[RUTH].quota = "7G"
    await deleted(sandbox, ada, RUTH)
    assert RUTH not in await users(sandbox)
    form = await opens(ada, "/mail-restore", RUTH)
    assert "Before it was deleted: administrator" in text_of(form.content)
    assert form.state()["quota"]["mailbox_fields.quota"]["value"] == "7 GB"
    await ada.sees("as it was before")
    await ada.fill("admin", ["admin"])
    await ada.submit()
    await ada.sees("again", "It has: administrator · ", "7 GB")
    held = (await users(sandbox))[RUTH]
    assert (held["privileges"], held["quota"]) == (["admin"], "7G")


@on_a_box
async def test_privilege_is_not_given_back_unasked(sandbox: Sandbox, ada: Screen) -> None:
    await deleted(sandbox, ada, RUTH)
    await opens(ada, "/mail-restore", RUTH)
    await ada.submit()
    await ada.sees("is a mail user of Mail-in-a-Box again")
    held = (await users(sandbox))[RUTH]
    assert (held["privileges"], held["quota"]) == ([], "5G")


@on_a_box
async def test_deletion_says_that_the_mail_stays(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", RUTH)
    await ada.sees("The mailbox stays on the server", "/mail-restore gives it back")
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.message("wants to delete", RUTH, "its mail stays on the server, for /mail-restore")
    await later(sandbox, DAY)
    await ada.message("was deleted", RUTH, "its mail stays on the server")
    assert "for good" not in everything_said(sandbox)


async def test_deletion_for_good_says_so(sandbox: Sandbox, ada: Screen) -> None:
    address = sorted(await users(sandbox))[10]
    await opens(ada, "/mail-delete", address)
    await ada.sees("There is no way back")
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.message("wants to delete", address, "for good, with all its mail")


@on_both
async def test_several_are_told_apart_by_what_stays(sandbox: Sandbox, ada: Screen) -> None:
    other = sorted(await users(sandbox))[10]
    await opens(ada, "/mail-delete", f"{RUTH} {other}")
    await ada.sees("There is no way back", "Only Mail-in-a-Box keeps the mailboxes")
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.message("for good, with all their mail; only that of 1 stays on the server")


@on_a_box
async def test_restored_user_is_picked_from_those_whose_mailbox_is_kept(ada: Screen) -> None:
    await opens(ada, "/mail-restore")
    assert await ada.options("user", "riverside") == [PIET]
    await ada.choose("user", "piet")
    await ada.submit()
    await ada.sees("all its mail comes back", PIET)


@on_a_box
async def test_archived_users_are_managed_as_such(ada: Screen) -> None:
    await opens(ada, "/mail-users", PIET)
    await ada.sees(PIET, "archived")
    await ada.press("Manage")
    window = await ada.sees("*Archived.*", "Restore …")
    assert "Set password" not in text_of(window.content)
    await ada.press("Restore …")
    await ada.sees("all its mail comes back")


@on_a_box
async def test_new_user_is_not_given_the_mail_of_a_deleted_one_unawares(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-create", PIET)
    await refused(ada, await ada.submit(), "local_part", "a new user would get the old mail")
    assert PIET not in await users(sandbox)
    assert sandbox.box.effective(ADD) == []


@on_a_box
async def test_mailbox_that_was_removed_meanwhile_is_said(ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-restore", PIET)
    del the_box(holdings).mailboxes[PIET]
    await ada.submit()
    await ada.sees(f"keeps no mailbox of {PIET}")


@on_a_box
async def test_user_that_somebody_else_has_restored_is_left_alone(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await opens(ada, "/mail-restore", PIET)
    await opens(ben, "/mail-restore", PIET)
    await ben.submit()
    await ben.sees("again")
    before = (await users(sandbox))[PIET]["password"]
    await ada.submit()
    await ada.sees("somebody else was first")
    assert (await users(sandbox))[PIET]["password"] == before


@on_a_box
async def test_error_after_which_it_is_restored_is_settled_by_looking(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    the_box(holdings).recalculation_fails = True
    form = await opens(ada, "/mail-restore", PIET)
    shown = copied(form, password_fields.GENERATED)
    await ada.submit()
    await ada.sees("is a mail user of Mail-in-a-Box again")
    assert (await users(sandbox))[PIET]["password"] == shown


@on_a_box
async def test_last_user_of_a_domain_comes_back_with_its_domain(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    box = the_box(holdings)
    for address in [one for one in box.users if one.endswith("@oaklane.example")]:
        del box.users[address]
    for address in [one for one in box.aliases if one.endswith("@oaklane.example")]:
        del box.aliases[address]
    await sandbox.bot.services.directory.refresh("box")
    assert "oaklane.example" not in {one.name for one in await sandbox.bot.services.directory.domains()}
    await opens(ada, "/mail-restore", "old.office@oaklane.example")
    await ada.submit()
    await ada.sees("is a mail user of Mail-in-a-Box again")
    assert "old.office@oaklane.example" in await users(sandbox)


async def test_purelymail_keeps_no_mailboxes(ada: Screen) -> None:
    await ada.command("/mail-restore")
    await ada.told("keeps the mailboxes of deleted users")
