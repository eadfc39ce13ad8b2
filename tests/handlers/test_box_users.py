"""What is particular to the mail users of a box; what they share with others is in the file of each command."""

import pytest

from bot.sandbox.accounts import Holdings
from bot.sandbox.mailinabox.made_up import LOGIN, PASSWORD
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from handlers import password_fields
from handlers.domain_picker import DOMAIN_ACTION
from tests.support.held import copied, opens, refused, users
from tests.support.systems import on_a_box, on_an_old_box, on_both, the_box

RUTH = "ruth.keel@riverside.example"
"""An administrator with a quota of 5 GB, and 2FA."""
TOM = "tom.barge@riverside.example"
NEW = "nina.weir@riverside.example"
ADD = "POST /mail/users/add"
DISABLE = "POST /mfa/disable"


@on_a_box
async def test_user_is_created_with_a_quota_and_the_privilege(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", NEW)
    await ada.fill("quota", "5 GB")
    await ada.fill("admin", ["admin"])
    await ada.submit()
    await ada.sees("was created", "It has: administrator · quota 5 GB")
    held = (await users(sandbox))[NEW]
    assert (held["quota"], held["privileges"]) == ("5G", ["admin"])
    await ada.close()
    await opens(ada, "/mail-users", NEW)
    await ada.sees("administrator · quota 5 GB")


@on_a_box
async def test_user_is_created_with_neither_where_neither_is_asked_for(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", NEW)
    await ada.submit()
    await ada.sees("was created", "It has: no limit")
    held = (await users(sandbox))[NEW]
    assert (held["quota"], held["privileges"]) == ("0", [])


@on_a_box
async def test_quota_that_is_no_size_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", NEW)
    await ada.fill("quota", "5")
    submitted = await ada.submit()
    assert list(submitted.errors or {}) == ["quota"]
    assert NEW not in await users(sandbox)


@on_a_box
async def test_error_after_which_the_user_is_there_is_settled_by_looking(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    the_box(holdings).recalculation_fails = True
    form = await opens(ada, "/mail-create", NEW)
    shown = copied(form, password_fields.GENERATED)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("was created", "quota 2 GB")
    assert (await users(sandbox))[NEW]["password"] == shown


@on_a_box
async def test_address_of_an_alias_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", "sales@millbakery.example")
    await refused(ada, await ada.submit(), "local_part", "is an alias on the box")
    assert sandbox.box.effective(ADD) == []


@on_a_box
async def test_refusal_of_the_box_is_told_in_its_own_words(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-create", "webmaster@riverside.example")
    await ada.submit()
    await ada.sees("frequently used for domain control validation")
    assert "webmaster@riverside.example" not in await users(sandbox)


@on_both
async def test_form_has_the_fields_of_the_domains_mail_system(sandbox: Sandbox, ada: Screen) -> None:
    domain = min(address.partition("@")[2] for address in await users(sandbox))
    form = await opens(ada, "/mail-create", f"nina.weir@{domain}")
    assert "Quota" not in text_of(form.content)
    await ada.fill("domain", "riverside.example box", action_id=DOMAIN_ACTION)
    form = await ada.sees("Quota", "Administrator of the mail system")
    assert form.state()["local_part"]["create_user.local_part"]["value"] == "nina.weir"
    await ada.fill("quota", "1 GB")
    await ada.submit()
    await ada.sees("was created at Mail-in-a-Box", NEW)
    assert NEW in {user["address"] for user in (await sandbox.box.snapshot())["users"]}


@on_both
async def test_fields_go_again_with_the_domain(sandbox: Sandbox, ada: Screen) -> None:
    domain = min(address.partition("@")[2] for address in await users(sandbox))
    await opens(ada, "/mail-create", NEW)
    await ada.fill("quota", "1 GB")
    await ada.fill("admin", ["admin"])
    await ada.fill("domain", f"{domain} main", action_id=DOMAIN_ACTION)
    await ada.view(lambda view: "Quota" not in text_of(view.content))
    await ada.submit()
    await ada.sees("was created at PurelyMail")
    assert f"nina.weir@{domain}" in await users(sandbox)


@on_an_old_box
async def test_box_without_quotas_asks_for_none(sandbox: Sandbox, ada: Screen) -> None:
    form = await opens(ada, "/mail-create", NEW)
    assert "Quota" not in text_of(form.content)
    await ada.fill("admin", ["admin"])
    await ada.submit()
    await ada.sees("was created", "It has: administrator")
    assert (await users(sandbox))[NEW]["privileges"] == ["admin"]


@on_a_box
async def test_privilege_that_did_not_come_is_told_beside_the_password(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    """Such a box would be a later one that reads another field: the mailbox is there, and its password must be shown."""
    the_box(holdings).aliases.clear()
    form = await opens(ada, "/mail-create", NEW)
    shown = copied(form, password_fields.GENERATED)
    await ada.fill("admin", ["admin"])
    sandbox.box.inject("GET /mail/users/privileges", 1, {"status": 200, "body": ""})
    await ada.submit()
    result = await ada.sees("It is not an administrator, though it was to be one", "was created")
    assert copied(result, password_fields.NEW_PASSWORD) == shown


@on_a_box
async def test_search_shows_use_and_who_administers(ada: Screen) -> None:
    await opens(ada, "/mail-users", "riverside")
    await ada.sees("administrator · 1.2 GB of 5 GB, 24 %", "7.3 GB, no limit", "quota 500 MB")


@on_a_box
async def test_window_of_a_user_offers_what_a_box_can_do(ada: Screen) -> None:
    await opens(ada, "/mail-users", RUTH)
    await ada.press("Manage")
    await ada.sees(
        "Administrator · 1.2 GB of 5 GB, 24 %",
        "Use as of",
        "Set password",
        "Quota",
        "Administrator",
        "Two-factor login",
        "Delete …",
    )
    await ada.press("Quota")
    await ada.sees("Use: 1.2 GB of 5 GB, 24 %")
    await ada.close()
    await ada.press("Administrator")
    await ada.sees("is *an administrator*")


@on_a_box
async def test_viewer_sees_use_and_no_buttons(vic: Screen) -> None:
    await opens(vic, "/mail-users", RUTH)
    await vic.press("Manage")
    window = await vic.sees("1.2 GB of 5 GB, 24 %", "You may look")
    assert "Set password" not in text_of(window.content)


async def test_window_of_a_purelymail_user_offers_nothing_of_a_box(ada: Screen) -> None:
    await opens(ada, "/mail-users")
    await ada.press("Manage")
    window = await ada.sees("Set password", "Two-factor login", "Delete …")
    for absent in ("Quota", "Administrator", "no limit", "Restore"):
        assert absent not in text_of(window.content)


@on_a_box
async def test_second_factor_is_switched_off_and_read_back(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-2fa", RUTH)
    await ada.sees("is *on*", "Users switch it on themselves")
    await ada.press("Switch 2FA off")
    window = await ada.sees("is *off*", "read back from Mail-in-a-Box")
    assert "Require" not in text_of(window.content)
    assert (await users(sandbox))[RUTH]["two_factor"] is False


@on_a_box
async def test_second_factor_that_stays_is_not_said_to_be_off(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-2fa", RUTH)
    await ada.sees("is *on*")
    sandbox.box.inject(DISABLE, 1, {"silent_success": True})
    await ada.press("Switch 2FA off")
    await ada.sees("did not apply it")
    assert (await users(sandbox))[RUTH]["two_factor"] is True


@on_a_box
async def test_user_without_a_second_factor_is_offered_nothing(ada: Screen) -> None:
    await opens(ada, "/mail-2fa", TOM)
    window = await ada.sees("is *off*")
    assert "Switch" not in [word for word in text_of(window.content).split("\n") if word == "Switch 2FA off"]


@on_a_box
async def test_the_bots_own_password_is_not_changed(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-password", LOGIN)
    await ada.submit()
    await ada.sees("a new password would lock it out")
    assert (await users(sandbox))[LOGIN]["password"] == PASSWORD


@on_a_box
async def test_the_bots_own_login_is_not_deleted(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", LOGIN)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("Mailwarden itself signs in")
    assert LOGIN in await users(sandbox)


@on_a_box
async def test_domain_is_not_deleted_by_itself(ada: Screen) -> None:
    await opens(ada, "/mail-delete", "oaklane.example")
    await ada.sees("can't be deleted by itself", "Delete its mail users instead")


@pytest.mark.parametrize("command", ["/mail-quota", "/mail-admin", "/mail-restore"])
@on_a_box
async def test_viewer_is_refused(vic: Screen, command: str) -> None:
    await vic.command(command, RUTH)
    await vic.told("needs the role admin")


@on_a_box
async def test_front_door_leads_to_what_a_box_can_do(ada: Screen) -> None:
    await ada.command("/mail")
    told = await ada.told("/mail-quota", "/mail-admin", "/mail-restore", "Restore a user")
    await ada.press_in(told, "Quota")
    await ada.sees("Type a part of the address")


async def test_front_door_hides_what_purelymail_can_not_do(ada: Screen) -> None:
    await ada.command("/mail")
    told = await ada.told("/mail-2fa")
    for absent in ("/mail-quota", "/mail-admin", "/mail-restore", "Restore a user"):
        assert absent not in f"{told.text}{told.blocks}"
