"""Adding a domain: with its ownership record on PurelyMail, with its first mail user on a box."""

from typing import Any

from bot.sandbox.accounts import Holdings
from bot.sandbox.mail_data import OWNERSHIP_CODE
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.people import Submitted
from bot.sandbox.slack.screen import Screen
from bot.sandbox.zones import ADDABLE, SPF
from bot.storage import audit
from bot.storage.database import Database
from tests.support.held import copied, opens, refused, users
from tests.support.systems import on_a_box, on_both, the_box

BARE = "bare.example"
BREAD = "bread.example"
REFUSED = {
    "type": "error",
    "code": "dnsCheck",
    "message": f"DNS ownership checks did not pass for {ADDABLE}.",
}


async def the_form(screen: Screen) -> None:
    await opens(screen, "/mail-domains")
    await screen.press("Add domain")
    await screen.sees("publish this record")


async def add(screen: Screen, name: str) -> Submitted:
    await screen.fill("domain", name)
    return await screen.submit()


async def close_all(screen: Screen) -> None:
    while screen.windows:
        await screen.close()


async def acts(sandbox: Sandbox, target: str) -> list[tuple[str, str]]:
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        entries = await audit.newest(session, limit=10, target=target)
    await database.aclose()
    return [(one.act, one.actor) for one in entries]


def added(sandbox: Sandbox) -> list[dict[str, Any]]:
    return sandbox.purelymail.effective("addDomain")


# -- on PurelyMail ----------------------------------------------------------------------------------------------------


async def test_domain_is_added_and_what_to_publish_for_it_is_shown(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await ada.sees(OWNERSHIP_CODE, "Check DNS")
    await add(ada, f" {ADDABLE.upper()}. ")
    await ada.sees(
        f"{ADDABLE} was added, and PurelyMail lists it.",
        "✅ *Ownership*",
        f"❌ *MX*: {ADDABLE} has no MX record.",
        "Value  mailserver.purelymail.com",
        "1 of 7 records are as they should be.",
    )
    assert ADDABLE in sandbox.purelymail.account.domains
    sandbox.dns.set_records(ADDABLE, "MX", ["10 mailserver.purelymail.com."])
    await ada.press("Check again")
    await ada.sees("✅ *MX*", "2 of 7 records")
    assert await acts(sandbox, ADDABLE) == [("domain_added", "U0ADA"), ("domain_asked", "U0ADA")]
    await ada.close()
    await ada.sees("7 domains.", ADDABLE)
    await close_all(ada)
    await opens(ada, "/mail-create", f"anna@{ADDABLE}")
    await ada.submit()
    await ada.sees("was created at PurelyMail")


async def test_record_is_looked_up_on_request_before_anything_is_added(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.dns.set_records(BARE, "TXT", [SPF])
    await the_form(ada)
    await ada.fill("domain", BARE)
    await ada.press("Check DNS")
    await ada.sees(f"❌ {BARE} has no ownership record.", f"Name   {BARE}\n")
    sandbox.dns.set_records(BARE, "TXT", [SPF, OWNERSHIP_CODE])
    await ada.press("Check DNS")
    await ada.sees(f"✅ {BARE} has this account's ownership record.")
    await ada.submit()
    await ada.sees(f"{BARE} was added")


async def test_purelymail_is_not_asked_before_the_record_is_there(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.dns.set_records(BARE, "TXT", [SPF])
    await the_form(ada)
    await refused(ada, await add(ada, BARE), "domain", f"{BARE} has no ownership record.")
    sandbox.dns.set_records(BARE, "TXT", ["purelymail_ownership_proof=somebody-elses"])
    await refused(ada, await add(ada, BARE), "domain", "that of another account")
    await refused(ada, await add(ada, "no-such-name.example"), "domain", "does not exist in DNS")
    assert not [call for call in sandbox.purelymail.calls if call["operation"] == "addDomain"]
    sandbox.dns.set_records(BARE, "TXT", [OWNERSHIP_CODE])
    await add(ada, BARE)
    await ada.sees(f"{BARE} was added")


async def test_refusal_is_told_with_what_dns_shows(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("addDomain", 1, {"body": REFUSED})
    await the_form(ada)
    await add(ada, ADDABLE)
    await ada.sees("DNS ownership checks did not pass", "DNS shows the ownership record", OWNERSHIP_CODE)
    await ada.submit()
    await ada.sees(f"{ADDABLE} was added")


async def test_dns_that_does_not_answer_leaves_it_to_the_mail_system(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.dns.faults[ADDABLE] = "servfail"
    sandbox.purelymail.inject("addDomain", 1, {"body": REFUSED})
    await the_form(ada)
    await add(ada, ADDABLE)
    await ada.sees("did not pass", f"The ownership record of {ADDABLE} could not be looked up")
    await ada.submit()
    await ada.sees(f"{ADDABLE} was added", "DNS did not tell.")


async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("addDomain", 1, {"silent_success": True})
    await the_form(ada)
    await add(ada, ADDABLE)
    await ada.sees("PurelyMail reported success", "is not listed. Nothing was added.")
    assert ADDABLE not in sandbox.purelymail.account.domains


async def test_answer_that_was_lost_is_settled_by_looking(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("addDomain", 1, {"drop_response": True})
    await the_form(ada)
    await add(ada, ADDABLE)
    await ada.sees(f"{ADDABLE} was added, and PurelyMail lists it.")


async def test_form_sent_twice_adds_once(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await ada.fill("domain", ADDABLE)
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    await ada.sees(f"{ADDABLE} was added")
    assert len([call for call in sandbox.purelymail.calls if call["operation"] == "addDomain"]) == 1


async def test_what_is_no_domain_is_refused_at_the_field(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    for typed in ("anna@bare.example", "localhost", "192.0.2.1", "a b.example", "-x.example", "x..example"):
        assert list((await add(ada, typed)).errors or {}) == ["domain"], typed
    assert not [call for call in sandbox.purelymail.calls if call["operation"] == "addDomain"]


async def test_name_in_letters_of_its_own_is_added_as_dns_has_it(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.dns.set_records("xn--bcher-kva.example", "TXT", [OWNERSHIP_CODE])
    await the_form(ada)
    await add(ada, "Bücher.example")
    await ada.sees("bücher.example was added")
    assert "xn--bcher-kva.example" in sandbox.purelymail.account.domains


async def test_domain_that_is_there_is_not_added_again(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await add(ada, "acme-tools.example")
    await ada.sees("acme-tools.example is a domain of main already.")
    assert not added(sandbox)


async def test_domain_whose_deletion_is_queued_is_not_added_again(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", "newshop.example")
    await ada.sees("6 mail users")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", "newshop.example")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    del sandbox.purelymail.account.domains["newshop.example"]
    sandbox.dns.set_records("newshop.example", "TXT", [OWNERSHIP_CODE])
    await the_form(ada)
    await add(ada, "newshop.example")
    await ada.sees("The deletion of newshop.example is queued: cancel the deletion first.")
    assert not added(sandbox)


async def test_ownership_record_that_comes_late_fills_the_window(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("getOwnershipCode", 1, {"delay_seconds": 600})
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("Asking PurelyMail for the ownership record")
    sandbox.purelymail.mend()
    await ada.sees(OWNERSHIP_CODE)


async def test_ownership_record_that_does_not_come_is_told(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    sandbox.purelymail.inject("*", 20, {"body": "<html>nonsense</html>"})
    await ada.press("Add domain")
    await ada.sees("makes no sense")


# -- on a box ---------------------------------------------------------------------------------------------------------


async def the_first_user(screen: Screen, domain: str, local_part: str) -> Submitted:
    await screen.fill("domain", domain)
    await screen.fill("local_part", local_part)
    return await screen.submit()


@on_a_box
async def test_domain_of_a_box_is_added_with_its_first_user(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("as soon as it has an address of it", "Quota", "Privileges")
    await ada.fill("quota", "2 GB")
    await the_first_user(ada, BREAD, "finn")
    window = await ada.sees(f"{BREAD} is there with its first mail user, at Mail-in-a-Box.")
    held = (await users(sandbox))[f"finn@{BREAD}"]
    assert held["password"] == copied(window, "new_password")
    assert held["quota"] == "2G"
    assert await acts(sandbox, BREAD) == [("domain_added", "U0ADA")]
    assert await acts(sandbox, f"finn@{BREAD}") == [("created", "U0ADA"), ("create_asked", "U0ADA")]
    await ada.press("Records to publish")
    await ada.sees("❌ *MX*", "Value  box.riverside.example")
    await ada.close()
    await ada.close()
    await ada.sees("5 domains.", BREAD)
    await close_all(ada)
    await opens(ada, "/mail-create", f"greta@{BREAD}")
    await ada.submit()
    await ada.sees("was created at Mail-in-a-Box")


@on_a_box
async def test_domain_that_the_box_has_is_left_to_the_other_form(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("as soon as it has an address of it")
    submitted = await the_first_user(ada, "oaklane.example", "finn")
    await refused(ada, submitted, "domain", "create the user with /mail-create")
    submitted = await the_first_user(ada, "oaklane", "finn")
    await refused(ada, submitted, "domain", "no name of a domain")
    submitted = await the_first_user(ada, BREAD, "finn müller")
    await refused(ada, submitted, "local_part", "Use a-z, 0-9")
    assert not sandbox.box.effective("POST /mail/users/add")


@on_a_box
async def test_first_user_is_not_made_twice_by_a_form_sent_twice(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("as soon as it has an address of it")
    await ada.fill("domain", BREAD)
    await ada.fill("local_part", "finn")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    await ada.sees(f"{BREAD} is there")
    assert len(sandbox.box.effective("POST /mail/users/add")) == 1


@on_a_box
async def test_box_that_does_not_list_the_new_domain_is_told_and_the_password_shown(
    sandbox: Sandbox, ada: Screen, holdings: Holdings
) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("as soon as it has an address of it")
    sandbox.box.inject("GET /mail/domains", 20, {"status": 500})
    await the_first_user(ada, BREAD, "finn")
    window = await ada.sees(f"{BREAD} is there")
    assert copied(window, "new_password") == (await users(sandbox))[f"finn@{BREAD}"]["password"]
    assert f"finn@{BREAD}" in the_box(holdings).users


# -- both -------------------------------------------------------------------------------------------------------------


@on_both
async def test_account_is_asked_for_where_there_are_several(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees("To which account?", "main (PurelyMail)", "box (Mail-in-a-Box)")
    await ada.fill("account", "box")
    await ada.submit()
    await ada.sees("To the account *box*", "first mail user")
    await ada.close()
    await ada.press("Add domain")
    await ada.sees("To which account?")
    await ada.fill("account", "main")
    await ada.submit()
    await ada.sees("To the account *main* (PurelyMail)", OWNERSHIP_CODE)
    await add(ada, ADDABLE)
    await ada.sees(f"{ADDABLE} was added, and PurelyMail lists it.")
    assert added(sandbox)
