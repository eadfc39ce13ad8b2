"""What there is to know of domains and to change of them, in the sandbox."""

from datetime import timedelta

import pytest

from bot.model import ProviderVerdict
from bot.sandbox.accounts import BOX
from bot.sandbox.mail_data import SimulatedDomain
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.zones import MAIL_HOST, healthy
from bot.storage import audit
from bot.storage.database import Database
from tests.handlers.test_several_accounts import SHARED, on_a_shared_domain
from tests.support.dns_in_slack import SECOND_LOOK
from tests.support.held import later, opens
from tests.support.systems import on_a_box, on_both

ACME = "acme-tools.example"
FJORD = "fjordbooks.example"
OLD = "oldbrand.example"
SHOP = "newshop.example"


async def test_list_has_badges_and_user_counts(sandbox: Sandbox, ada: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    window = await opens(ada, "/mail-domains")
    shown = text_of(window.content)
    assert "6 domains." in shown
    assert f"✅ *{ACME}*\nMX ✅   SPF ✅   DKIM ✅   DMARC ✅\n22 mail users" in shown
    assert f"❌ *{SHOP}*\nMX ✅   SPF ✅   DKIM ❌   DMARC ❌\n6 mail users" in shown
    assert "Mail-in-a-Box" not in shown


async def test_search_follows_the_typing(ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.fill("search", "book")
    window = await ada.sees("1 of 6 domains match.", FJORD)
    assert ACME not in text_of(window.content)
    await ada.fill("search", "nothing such")
    await ada.sees("0 of 6 domains match. Search for a part of the name.")


async def test_long_list_is_paged(sandbox: Sandbox, ada: Screen) -> None:
    good = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    for number in range(20):
        name = f"brand{number:02}.example"
        sandbox.purelymail.account.domains[name] = SimulatedDomain(name, good)
    await sandbox.bot.services.directory.refresh("main")
    await opens(ada, "/mail-domains")
    await ada.sees("26 domains.", "Page 1 of 3")
    await ada.press("Next →")
    await ada.sees("Page 2 of 3", "brand10.example", "DNS never looked at so far", "0 mail users")


async def test_domain_shows_its_users_rules_settings_and_what_is_wrong_with_its_dns(ada: Screen) -> None:
    await opens(ada, "/mail-domains", FJORD)
    await ada.sees(
        "*8 mail users*, 1 routing rule",
        "DKIM",
        "purelymail2._domainkey",
        "*Account reset* is on",
        "*Symbolic subaddressing* is on",
    )
    await ada.press("All domains")
    await ada.sees("6 domains.")
    await ada.press("Manage", nth=4)
    await ada.sees("*6 mail users*", "newshop.example")


async def test_users_of_a_domain_are_one_click_away_and_can_be_managed(ada: Screen) -> None:
    await opens(ada, "/mail-domains", OLD)
    await ada.sees("*Account reset*")
    await ada.press("Mail users")
    await ada.sees("5 of 60 mail users match.", f"`paul.schmidt@{OLD}`")
    await ada.press("Manage")
    await ada.sees("Set password")


async def test_mail_system_that_does_not_answer_hides_nothing_that_is_known(
    sandbox: Sandbox, ada: Screen
) -> None:
    sandbox.purelymail.inject("*", 20, {"status": 503})
    await opens(ada, "/mail-domains", FJORD)
    await ada.sees("*8 mail users*", "What is missing here", "503")


async def test_viewer_looks_and_changes_nothing(vic: Screen) -> None:
    window = await opens(vic, "/mail-domains")
    assert "Add domain" not in text_of(window.content)
    await vic.press("Manage")
    window = await vic.sees("*Account reset* is on", "Changing something needs an admin.")
    shown = text_of(window.content)
    for forbidden in ("Delete …", "Settings …", "Recheck DNS"):
        assert forbidden not in shown


# -- records ----------------------------------------------------------------------------------------------------------


async def test_each_record_has_its_own_mark_and_gets_right_as_soon_as_it_is_published(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-domains", FJORD)
    await ada.press("Records to publish")
    shown = text_of((await ada.sees("5 of 7 records are as they should be.")).content)
    assert "▫️ *Ownership*" in shown
    assert "✅ *MX*: Mail goes to mailserver.purelymail.com." in shown
    assert shown.count("✅ *DKIM*") == 2
    assert f"❌ *DKIM*: There is no DKIM key at purelymail2._domainkey.{FJORD}" in shown
    assert (
        f"Name   purelymail2._domainkey.{FJORD}\nType   CNAME\nValue  key2.dkimroot.purelymail.com" in shown
    )
    sandbox.dns.set_records(f"purelymail2._domainkey.{FJORD}", "CNAME", ["key2.dkimroot.purelymail.com."])
    await ada.press("Check again")
    await ada.sees("6 of 7 records are as they should be.")


async def test_record_that_is_to_be_merged_is_shown_merged(ada: Screen) -> None:
    await opens(ada, "/mail-domains", "harbourclinic.example")
    await ada.press("Records to publish")
    await ada.sees(
        "❌ *SPF*: harbourclinic.example has 2 SPF records",
        "include:spf.crm.example",
        "include:_spf.purelymail.com",
    )


async def test_dns_that_does_not_answer_calls_no_record_missing(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.dns.faults[FJORD] = "servfail"
    await opens(ada, "/mail-domains", FJORD)
    await ada.press("Records to publish")
    shown = text_of((await ada.sees("DNS did not tell.")).content)
    assert "❔ *MX*" in shown
    assert "❌ *MX*" not in shown


@on_a_box
async def test_box_tells_its_own_records(sandbox: Sandbox, vic: Screen) -> None:
    await opens(vic, "/mail-domains", "oaklane.example")
    await vic.press("Records to publish")
    shown = text_of((await vic.sees("records are as they should be.")).content)
    assert "box.riverside.example" in shown
    assert "mail._domainkey.oaklane.example" in shown
    assert "Ownership" not in shown
    del sandbox


# -- settings ---------------------------------------------------------------------------------------------------------


async def switch_off_account_reset(ada: Screen) -> None:
    await opens(ada, "/mail-domains", FJORD)
    await ada.press("Settings …")
    await ada.sees("What is on")
    await ada.fill("switches", ["subaddressing"])
    await ada.submit()


async def test_settings_are_switched_and_read_back(sandbox: Sandbox, ada: Screen) -> None:
    await switch_off_account_reset(ada)
    await ada.sees("read back from PurelyMail", "*Account reset* is off", "*Symbolic subaddressing* is on")
    domain = sandbox.purelymail.account.domains[FJORD]
    assert (domain.allow_account_reset, domain.symbolic_subaddressing) == (False, True)
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        entries = await audit.newest(session, limit=2, target=FJORD)
    await database.aclose()
    assert [(one.act, one.actor, one.detail) for one in entries] == [
        ("domain_settings_set", "U0ADA", "account reset off, symbolic subaddressing on"),
        ("domain_settings_asked", "U0ADA", "account reset off, symbolic subaddressing on"),
    ]


async def test_settings_that_are_only_claimed_to_be_saved_are_not_believed(
    sandbox: Sandbox, ada: Screen
) -> None:
    sandbox.purelymail.inject("updateDomainSettings", 1, {"silent_success": True})
    await switch_off_account_reset(ada)
    await ada.sees("did not apply it", "should have account reset off", "has account reset on")
    await ada.submit()
    await ada.sees("*Account reset* is off")


async def test_answer_that_was_lost_is_settled_by_looking(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.inject("updateDomainSettings", 1, {"drop_response": True})
    await switch_off_account_reset(ada)
    await ada.sees("*Account reset* is off")


async def test_settings_of_a_domain_that_is_gone_are_not_set(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains", FJORD)
    await ada.press("Settings …")
    await ada.sees("What is on")
    del sandbox.purelymail.account.domains[FJORD]
    await ada.submit()
    await ada.sees(f"{FJORD} is not a domain of PurelyMail any more")
    assert not sandbox.purelymail.effective("updateDomainSettings")


# -- recheck, deletion ------------------------------------------------------------------------------------------------


async def test_recheck_asks_the_mail_system_and_dns(sandbox: Sandbox, ada: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    await opens(ada, "/mail-domains", OLD)
    await ada.sees("MX ❌")
    sandbox.dns.set_records(OLD, "MX", [f"10 {MAIL_HOST}."])
    await ada.press("Recheck DNS")
    window = await ada.sees("Looked at DNS just now.", "MX ✅", "*Account reset*")
    assert "says otherwise" not in text_of(window.content)
    assert sandbox.purelymail.account.domains[OLD].verdict.mx
    assert sandbox.purelymail.effective("updateDomainSettings")[-1] == {"name": OLD, "recheckDns": True}


async def test_deletion_names_what_goes_along_and_is_queued(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await opens(ada, "/mail-domains", SHOP)
    await ada.press("Delete …")
    await ada.sees("Reason", "6 mail users", "1 routing rule")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", SHOP)
    await ada.submit()
    await ada.sees("is queued")
    assert SHOP in sandbox.purelymail.account.domains
    await ben.message("wants to delete the domain", SHOP)
    await opens(ben, "/mail-domains")
    await ben.sees("pending deletion")
    await later(sandbox, timedelta(hours=24, minutes=1))
    assert SHOP not in sandbox.purelymail.account.domains


async def test_pending_deletion_is_shown_with_a_cancel_button(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await opens(ada, "/mail-domains", SHOP)
    await ada.press("Delete …")
    await ada.sees("6 mail users", "Reason")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", SHOP)
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()
    await ada.sees("*Pending deletion.*", "the shop is closed", "Cancel deletion")
    window = await opens(ben, "/mail-domains", SHOP)
    assert "Delete …" not in text_of(window.content)
    await ben.sees("*Pending deletion.*", "the shop is closed")
    await ben.press("Cancel deletion")
    await ben.sees("Cancelled", "Delete …")
    await later(sandbox, timedelta(hours=25))
    assert SHOP in sandbox.purelymail.account.domains


@on_a_box
async def test_box_says_that_a_domain_goes_with_its_addresses(vic: Screen) -> None:
    window = await opens(vic, "/mail-domains", "oaklane.example")
    await vic.sees("*3 mail users*, 1 alias besides the automatic ones", "as long as it has an address of it")
    assert "Delete …" not in text_of(window.content)
    assert "Settings …" not in text_of(window.content)


# -- several accounts -------------------------------------------------------------------------------------------------


@on_both
async def test_each_domain_is_named_with_its_account(ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.sees(
        f"*{ACME} (main)*", "(box)", "A Mail-in-a-Box has a domain as long as it has an address of it"
    )


@on_a_shared_domain
async def test_domain_on_two_accounts_is_listed_twice_and_opened_by_account(ada: Screen) -> None:
    await opens(ada, "/mail-domains", SHARED)
    await ada.sees("2 of", f"*{SHARED} (box)*\n", f"*{SHARED} (main)*\n", "1 mail user", "6 mail users")
    await ada.close()
    await opens(ada, "/mail-domains", f"{SHARED} {BOX}")
    await ada.sees(f"{SHARED} (box)", "*1 mail user*")


@pytest.mark.parametrize("typed", ["bücher.example", "xn--bcher-kva.example"])
async def test_name_in_letters_of_its_own_is_found_either_way(
    sandbox: Sandbox, ada: Screen, typed: str
) -> None:
    name = "xn--bcher-kva.example"
    good = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    sandbox.purelymail.account.domains[name] = SimulatedDomain(name, good)
    for (where, rdtype), values in healthy(name).items():
        sandbox.dns.set_records(where, rdtype, values)
    await sandbox.bot.services.directory.refresh("main")
    await opens(ada, "/mail-domains", typed)
    await ada.sees("bücher.example", f"In DNS: `{name}`")
