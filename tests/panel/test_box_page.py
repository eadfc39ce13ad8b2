"""Each thing that the pages of a Mail-in-a-Box do with mail users and aliases, done in Slack, and seen in the box afterwards."""

from datetime import timedelta

from bot.sandbox.accounts import Holdings
from bot.sandbox.mailinabox.made_up import LOGIN
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import copied, later, opens
from tests.support.panel import BOX_PAGE, replaces
from tests.support.systems import on_a_box, the_box

RUTH, TOM = "ruth.keel@riverside.example", "tom.barge@riverside.example"
PIET = "piet.locks@riverside.example"
BAKERY = "millbakery.example"
GB = 1 << 30
DAY = timedelta(hours=24)


@on_a_box
@replaces(BOX_PAGE, "Users by domain, with quota and use; who is archived", "`/mail-users [text]`")
async def test_users_are_listed_with_quota_and_use(ada: Screen) -> None:
    await opens(ada, "/mail-users", "riverside")
    await ada.sees(f"`{RUTH}`", "administrator · 1.2 GB of 5 GB, 24 %", f"`{PIET}`   :file_cabinet: archived")


@on_a_box
@replaces(BOX_PAGE, "Add a user, with a quota, perhaps as an administrator", "`/mail-create`")
async def test_user_is_added_with_a_quota_and_as_an_administrator(ada: Screen, holdings: Holdings) -> None:
    address = f"nora.bran@{BAKERY}"
    form = await opens(ada, "/mail-create", address)
    password = copied(form, "generated_password")
    await ada.fill("quota", "3 GB")
    await ada.fill("admin", ["admin"])
    await ada.submit()
    await ada.sees("was created", password)
    made = the_box(holdings).users[address]
    assert (made.password, made.quota, made.privileges) == (password, "3G", ["admin"])


@on_a_box
@replaces(BOX_PAGE, "Set a password", "`/mail-password [user]`")
async def test_password_is_set(ada: Screen, holdings: Holdings) -> None:
    password = copied(await opens(ada, "/mail-password", TOM), "generated_password")
    await ada.submit()
    await ada.sees(password)
    assert the_box(holdings).users[TOM].password == password


@on_a_box
@replaces(BOX_PAGE, "Set a quota", "`/mail-quota [user]`")
async def test_quota_is_set(ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-quota", TOM)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("is now *2 GB*")
    assert the_box(holdings).users[TOM].quota == "2G"


@on_a_box
@replaces(BOX_PAGE, "Make somebody an administrator, or no longer", "`/mail-admin [user]`")
async def test_administrator_is_made_and_no_longer_is(ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-admin", TOM)
    await ada.sees("Make it an administrator")
    await ada.press("Make it an administrator")
    await ada.sees("read back from Mail-in-a-Box")
    assert the_box(holdings).users[TOM].privileges == ["admin"]
    await ada.press("Take the privilege")
    await ada.sees("Make it an administrator", "read back from Mail-in-a-Box")
    assert the_box(holdings).users[TOM].privileges == []


@on_a_box
@replaces(BOX_PAGE, "Archive a user", "`/mail-delete [user ... or domain]`, a day later")
async def test_user_is_archived_a_day_later(sandbox: Sandbox, ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-delete", TOM)
    await ada.sees("The mailbox stays on the server")
    await ada.fill("reason", "left us")
    await ada.submit()
    await ada.sees("is queued")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert TOM not in the_box(holdings).users
    assert TOM in the_box(holdings).mailboxes


@on_a_box
@replaces(BOX_PAGE, "Keep oneself from being archived or demoted", "Refused, and said why")
async def test_login_that_is_needed_is_neither_archived_nor_demoted(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    await opens(ada, "/mail-delete", LOGIN)
    await ada.fill("reason", "no longer needed")
    await ada.submit()
    await ada.sees("Mailwarden itself signs in")
    await ada.close()
    await opens(ada, "/mail-admin", LOGIN)
    await ada.sees("Take the privilege")
    await ada.press("Take the privilege")
    await ada.sees(f"{LOGIN} stays an administrator")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert the_box(holdings).users[LOGIN].privileges == ["admin"]


@on_a_box
@replaces(BOX_PAGE, "Bring an archived user back", "`/mail-restore [user]`")
async def test_archived_user_comes_back_with_the_mail(ada: Screen, holdings: Holdings) -> None:
    before = the_box(holdings).mailboxes[PIET].used
    password = copied(await opens(ada, "/mail-restore", PIET), "generated_password")
    await ada.submit()
    await ada.sees("is a mail user of Mail-in-a-Box again", password)
    assert the_box(holdings).users[PIET].password == password
    assert the_box(holdings).mailboxes[PIET].used == before


@on_a_box
@replaces(BOX_PAGE, "Switch two-factor login off for who has lost it", "`/mail-2fa [user]`")
async def test_two_factor_login_is_switched_off(ada: Screen, holdings: Holdings) -> None:
    assert the_box(holdings).users[RUTH].factors
    await opens(ada, "/mail-2fa", RUTH)
    await ada.sees("Switch 2FA off")
    await ada.press("Switch 2FA off")
    await ada.sees("read back from Mail-in-a-Box")
    assert not the_box(holdings).users[RUTH].factors


@on_a_box
@replaces(BOX_PAGE, "Aliases: see them, with the automatic ones", "`/mail-routes [text]`")
async def test_aliases_are_seen(ada: Screen, holdings: Holdings) -> None:
    assert f"sales@{BAKERY}" in the_box(holdings).aliases
    await opens(ada, "/mail-routes", BAKERY)
    await ada.sees(f"`sales@{BAKERY}` → `orders@{BAKERY}`", f"`postmaster@{BAKERY}`", "_automatic_")


@on_a_box
@replaces(BOX_PAGE, "Aliases: add one, or a catch-all", "`/mail-routes`: *New rule*")
async def test_alias_and_catch_all_are_made(ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("New rule …")
    await ada.press("New rule …")
    await ada.sees("Which addresses")
    await ada.fill("domain", f"{BAKERY} box")
    await ada.fill("match", "hello")
    await ada.choose("users", f"orders@{BAKERY}")
    await ada.submit()
    await ada.sees(f"Mail to `hello@{BAKERY}` goes to `orders@{BAKERY}`.")
    await ada.submit()
    await ada.sees("read back from Mail-in-a-Box")
    assert the_box(holdings).aliases[f"hello@{BAKERY}"].forwards_to == [f"orders@{BAKERY}"]
    await ada.close()
    await ada.sees(f"`hello@{BAKERY}`")
    await ada.press("New rule …")
    await ada.sees("Which addresses")
    await ada.fill("domain", f"{BAKERY} box")
    await ada.fill("kind", "catch_all")
    await ada.choose("users", f"orders@{BAKERY}")
    await ada.submit()
    await ada.sees(f"Mail to `*@{BAKERY}` goes to `orders@{BAKERY}`.", "that is no mail user")
    await ada.submit()
    await ada.sees("read back from Mail-in-a-Box")
    assert the_box(holdings).aliases[f"@{BAKERY}"].forwards_to == [f"orders@{BAKERY}"]


@on_a_box
@replaces(BOX_PAGE, "Aliases: remove one", "`/mail-routes`: *Delete*, a day later")
async def test_alias_is_removed_a_day_later(sandbox: Sandbox, ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-routes", f"sales@{BAKERY}")
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("This deletes the routing rule")
    await ada.fill("reason", "nobody reads it")
    await ada.submit()
    await ada.sees("is queued")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert f"sales@{BAKERY}" not in the_box(holdings).aliases
