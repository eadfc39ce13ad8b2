"""Each thing that PurelyManage's panel does, done in Slack, and seen in what the mail account really holds afterwards."""

from datetime import timedelta

from pydantic import SecretStr

from bot.doctor import examine
from bot.sandbox.mail_data import OWNERSHIP_CODE, SimulatedUser
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from bot.sandbox.zones import ADDABLE, MAIL_HOST
from bot.settings import ChannelSettings
from tests.support.dns_in_slack import SECOND_LOOK
from tests.support.held import copied, later, opens, refused
from tests.support.panel import PURELYMANAGE, replaces

ANNA = "anna.keller@acme-tools.example"
HANA = "hana.sato@acme-tools.example"
ACME, FJORD, OLD, SHOP = "acme-tools.example", "fjordbooks.example", "oldbrand.example", "newshop.example"
DAY = timedelta(hours=24)
TYPED = "Zorn-7-Kiesel-Wolke"


def user(sandbox: Sandbox, address: str) -> SimulatedUser:
    return sandbox.purelymail.account.users[address]


@replaces(PURELYMANAGE, "Set it up: the first owner, the key to the account", "`mailwarden doctor`")
@replaces(PURELYMANAGE, "Send a test message, to see that warnings arrive", "`mailwarden doctor`")
async def test_doctor_says_what_a_set_up_lacks(sandbox: Sandbox) -> None:
    settings = sandbox.settings
    assert [str(check) async for check in examine(settings) if not check.passed] == []
    account = settings.accounts[0].model_copy(update={"api_token": SecretStr("no-such-token")})
    operators = settings.operators.model_copy(update={"owners": ("U0NOBODY",)})
    lacking = settings.model_copy(
        update={
            "accounts": (account,),
            "operators": operators,
            "channels": ChannelSettings(deletions="C0NOWHERE", digest=settings.channels.digest),
        }
    )
    told = "\n".join([str(check) async for check in examine(lacking) if not check.passed])
    assert "channels.deletions: Slack knows no channel C0NOWHERE" in told
    assert "Slack does not know U0NOBODY" in told
    assert "account main: " in told
    assert "no-such-token" not in told


@replaces(PURELYMANAGE, "Numbers of users and domains, and what is pending", "The Home tab, and `/mail`")
async def test_home_begins_with_what_needs_somebody(sandbox: Sandbox, ada: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    await ada.home("6 domains: 3 failing", "Nothing is queued for deletion.")
    await ada.command("/mail")
    await ada.told("What would you like to do?")
    await opens(ada, "/mail-users")
    await ada.sees(f"{len(sandbox.purelymail.account.users)} mail users.")


@replaces(
    PURELYMANAGE, "Credit of the account, with a warning", "The Home tab, and once in the digest's channel"
)
async def test_credit_that_runs_out_is_shown_and_told(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.purelymail.account.credit = "1.2049"
    await later(sandbox, DAY)
    await ada.message("$1.20 of credit left", channel="mail-digest")
    await ada.home("*$1.20* of credit is left")


@replaces(PURELYMANAGE, "Find a user while typing", "`/mail-users [text]`")
@replaces(PURELYMANAGE, "The list of users, kept, and read anew each night", "The same, at `times.refresh`")
async def test_search_follows_the_typing_and_the_list_is_read_anew_each_night(
    sandbox: Sandbox, ada: Screen
) -> None:
    users = sandbox.purelymail.account.users
    await opens(ada, "/mail-users")
    await ada.fill("search", "hana.s")
    window = await ada.sees(f"1 of {len(users)} mail users match.", HANA)
    assert ANNA not in text_of(window.content)
    users[f"hana.second@{ACME}"] = SimulatedUser(f"hana.second@{ACME}", "made-elsewhere-9")
    await later(sandbox, DAY)
    await ada.fill("search", "hana.")
    await ada.sees(f"2 of {len(users)} mail users match.", f"hana.second@{ACME}")


@replaces(PURELYMANAGE, "Add a user, with a generated password or a typed one", "`/mail-create`")
async def test_user_is_added_with_the_password_that_is_shown_or_was_typed(
    sandbox: Sandbox, ada: Screen
) -> None:
    form = await opens(ada, "/mail-create", f"mara.lindt@{ACME}")
    password = copied(form, "generated_password")
    await ada.submit()
    await ada.sees("was created", password)
    assert user(sandbox, f"mara.lindt@{ACME}").password == password
    await ada.close()
    await opens(ada, "/mail-create", f"nils.berg@{ACME}")
    await ada.fill("password_mode", "type")
    await ada.sees("Strength: it is measured")
    await ada.fill("password", "nils.berg")
    await refused(ada, await ada.submit(), "password", "Very weak")
    await ada.fill("password", TYPED)
    await ada.submit()
    await ada.sees("was created")
    assert user(sandbox, f"nils.berg@{ACME}").password == TYPED


@replaces(PURELYMANAGE, "Many users at once, from CSV", "`/mail-bulk-create`")
async def test_many_users_are_made_from_a_list(sandbox: Sandbox, ada: Screen) -> None:
    wanted = [f"{name}@{ACME}" for name in ("una", "vito", "wanda")]
    await opens(ada, "/mail-bulk-create")
    await ada.fill("list", "\n".join(["address", *wanted]))
    await ada.submit()
    await ada.sees("3 mail users", *wanted)
    await ada.submit()
    shown = text_of((await ada.sees("3 of 3 mail users are created.")).content)
    for address in wanted:
        assert f"{address},{user(sandbox, address).password}" in shown


@replaces(PURELYMANAGE, "Set a new password", "`/mail-password [user]`")
async def test_new_password_is_the_one_that_is_shown(sandbox: Sandbox, ada: Screen) -> None:
    form = await opens(ada, "/mail-password", HANA)
    password = copied(form, "generated_password")
    await ada.submit()
    await ada.sees(password)
    assert user(sandbox, HANA).password == password


@replaces(PURELYMANAGE, "Require two-factor login, or no longer", "`/mail-2fa [user]`")
async def test_two_factor_login_is_required(sandbox: Sandbox, ada: Screen) -> None:
    assert not user(sandbox, HANA).two_factor
    await opens(ada, "/mail-2fa", HANA)
    await ada.sees("not required")
    await ada.press("Require 2FA")
    await ada.sees("read back from PurelyMail")
    assert user(sandbox, HANA).two_factor


@replaces(PURELYMANAGE, "App passwords (given up there)", "`/mail-manage [user]`: *App passwords*")
async def test_app_password_is_made_and_deleted(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-manage", HANA)
    await ada.sees("Two-factor login")
    await ada.press("App passwords")
    await ada.sees("Make one")
    await ada.press("Make one")
    await ada.sees("What it is for")
    await ada.submit()
    shown = copied(await ada.sees("made this app password"), "new_app_password")
    assert user(sandbox, HANA).app_passwords == [shown]
    await ada.close()
    await ada.press("App passwords")
    await ada.sees("Delete one …")
    await ada.press("Delete one …")
    await ada.sees("The app password to delete")
    await ada.fill("app_password", shown)
    await ada.submit()
    await ada.sees("accepted the deletion of the app password")
    assert user(sandbox, HANA).app_passwords == []


@replaces(PURELYMANAGE, "Delete a user, a day later", "`/mail-delete [user ... or domain]`")
async def test_user_is_deleted_a_day_later(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    await opens(ada, "/mail-delete", HANA)
    await ada.fill("reason", "left us")
    await ada.submit()
    await ada.sees("is queued")
    await ben.message("wants to delete the mail user", HANA)
    await later(sandbox, DAY - timedelta(minutes=5))
    assert HANA in sandbox.purelymail.account.users
    await later(sandbox, timedelta(minutes=6))
    assert HANA not in sandbox.purelymail.account.users


@replaces(PURELYMANAGE, "Pending deletions, with the time left and Cancel", "`/mail-pending`")
async def test_any_admin_cancels_what_is_pending(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    await opens(ada, "/mail-delete", HANA)
    await ada.fill("reason", "left us")
    await ada.submit()
    await ada.sees("is queued")
    await opens(ben, "/mail-pending")
    await ben.sees(HANA, "in 24 hours")
    await ben.press("Cancel deletion")
    await ben.sees("stays as it is")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert HANA in sandbox.purelymail.account.users


@replaces(PURELYMANAGE, "Domains, with badges for MX, SPF, DKIM and DMARC", "`/mail-domains [text]`")
@replaces(PURELYMANAGE, "How many users each domain has", "`/mail-domains [text]`")
async def test_domains_have_badges_and_numbers_of_users(sandbox: Sandbox, ada: Screen) -> None:
    await later(sandbox, SECOND_LOOK)
    await opens(ada, "/mail-domains")
    await ada.sees("6 domains.", f"✅ *{ACME}*", "MX ✅   SPF ✅   DKIM ✅   DMARC ✅\n22 mail users")


@replaces(PURELYMANAGE, "Add a domain, proven by its ownership record", "`/mail-domains`: *Add domain*")
async def test_domain_is_added_with_its_ownership_record(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains")
    await ada.press("Add domain")
    await ada.sees(OWNERSHIP_CODE)
    await ada.fill("domain", ADDABLE)
    await ada.submit()
    await ada.sees(f"{ADDABLE} was added, and PurelyMail lists it.")
    assert ADDABLE in sandbox.purelymail.account.domains


@replaces(
    PURELYMANAGE, "The records that fail, to copy", "`/mail-domains`: *Records to publish*, or `/mail-dns`"
)
async def test_failing_record_is_there_to_copy(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains", FJORD)
    await ada.press("Records to publish")
    await ada.sees(
        "❌ *DKIM*",
        f"Name   purelymail2._domainkey.{FJORD}\nType   CNAME\nValue  key2.dkimroot.purelymail.com",
    )
    sandbox.dns.set_records(f"purelymail2._domainkey.{FJORD}", "CNAME", ["key2.dkimroot.purelymail.com."])
    await ada.press("Check again")
    window = await ada.sees("6 of 7 records are as they should be.")
    assert "❌" not in text_of(window.content)


@replaces(PURELYMANAGE, "Check a domain's DNS again", "`/mail-domains`: *Recheck DNS*")
async def test_dns_is_checked_again_at_once(sandbox: Sandbox, ada: Screen) -> None:
    assert not sandbox.purelymail.account.domains[OLD].verdict.mx
    await later(sandbox, SECOND_LOOK)
    await opens(ada, "/mail-domains", OLD)
    await ada.sees("MX ❌")
    sandbox.dns.set_records(OLD, "MX", [f"10 {MAIL_HOST}."])
    await ada.press("Recheck DNS")
    await ada.sees("Looked at DNS just now.", "MX ✅")
    assert sandbox.purelymail.account.domains[OLD].verdict.mx


@replaces(PURELYMANAGE, "Delete a domain with its users, a day later", "`/mail-domains`: *Delete*")
async def test_domain_is_deleted_with_its_users_a_day_later(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-domains", SHOP)
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("Reason", "6 mail users", "1 routing rule")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", SHOP)
    await ada.submit()
    await ada.sees("is queued")
    assert SHOP in sandbox.purelymail.account.domains
    await later(sandbox, DAY + timedelta(minutes=1))
    assert SHOP not in sandbox.purelymail.account.domains
    assert not [address for address in sandbox.purelymail.account.users if address.endswith(f"@{SHOP}")]


@replaces(PURELYMANAGE, "Routing rules: see them", "`/mail-routes [text]`")
async def test_routing_rules_are_seen(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    window = await ada.sees(f"{len(sandbox.purelymail.account.rules)} routing rules.")
    shown = text_of(window.content)
    for rule in sandbox.purelymail.account.rules.values():
        pattern = f"{rule['matchUser']}{'*' if rule['prefix'] else ''}@{rule['domainName']}"
        assert f"`{pattern}` → {', '.join(f'`{to}`' for to in rule['targetAddresses'])}" in shown


@replaces(PURELYMANAGE, "Routing rules: make one", "`/mail-routes`: *New rule*")
async def test_routing_rule_is_made(sandbox: Sandbox, ada: Screen) -> None:
    before = set(sandbox.purelymail.account.rules)
    await opens(ada, "/mail-routes")
    await ada.sees("New rule …")
    await ada.press("New rule …")
    await ada.sees("Which addresses")
    await ada.fill("domain", f"{ACME} main")
    await ada.fill("kind", "prefix")
    await ada.fill("match", "jobs-")
    await ada.choose("users", HANA)
    await ada.submit()
    await ada.sees(f"Mail to `jobs-*@{ACME}` goes to `{HANA}`.")
    await ada.submit()
    await ada.sees("read back from PurelyMail")
    (new,) = set(sandbox.purelymail.account.rules) - before
    assert sandbox.purelymail.account.rules[new] == {
        "id": new,
        "domainName": ACME,
        "prefix": True,
        "matchUser": "jobs-",
        "targetAddresses": [HANA],
        "catchall": False,
    }


@replaces(PURELYMANAGE, "Routing rules: delete one, a day later", "`/mail-routes`: *Delete*")
async def test_routing_rule_is_deleted_a_day_later(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes", "team@")
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("This deletes the routing rule")
    await ada.fill("reason", "nobody reads it")
    await ada.submit()
    await ada.sees("is queued")
    assert 4001 in sandbox.purelymail.account.rules
    await later(sandbox, DAY + timedelta(minutes=1))
    assert 4001 not in sandbox.purelymail.account.rules


@replaces(
    PURELYMANAGE, "Audit log, by action, date and target", "`/mail-audit [user, domain or @operator] [since]`"
)
async def test_what_was_done_is_found_by_whom_it_was_done_to_and_when_and_what(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-2fa", HANA)
    await ada.sees("not required")
    await ada.press("Require 2FA")
    await ada.sees("read back from PurelyMail")
    await ada.close()
    await opens(ada, "/mail-audit", f"{HANA} 24h")
    await ada.sees("<@U0ADA>", HANA)
    await ada.fill("kind", "password")
    await ada.sees("No entry")
    await ada.close()
    await later(sandbox, 2 * DAY)
    await opens(ada, "/mail-audit", f"{HANA} 24h")
    await ada.sees("No entry")
    assert user(sandbox, HANA).two_factor


@replaces(PURELYMANAGE, "The owner adds and removes administrators", "`/mail-operators`")
async def test_owner_makes_an_admin_who_may_act_at_once_and_then_no_more(
    sandbox: Sandbox, vic: Screen
) -> None:
    olga = sandbox.screen("olga")
    await opens(olga, "/mail-operators")
    await olga.fill("person", vic.person.id)
    await olga.fill("role", "ADMIN")
    await olga.submit()
    await olga.sees("Done, and the channel is told.")
    await opens(vic, "/mail-2fa", HANA)
    await vic.sees("not required")
    await vic.press("Require 2FA")
    await vic.sees("read back from PurelyMail")
    assert user(sandbox, HANA).two_factor
    await olga.press("All operators")
    await olga.sees(f"<@{vic.person.id}>: *admin*")
    await olga.pick(f"operator_{vic.person.id}", f"remove {vic.person.id}")
    await olga.sees("is now a viewer")
    await vic.press("Stop requiring 2FA")
    await vic.sees("You may look, and change nothing")
    assert user(sandbox, HANA).two_factor
