"""A whole domain: what goes along is named, its name is typed, and a domain that has grown meanwhile stays."""

from datetime import timedelta

from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from tests.support.held import later, opens, users

DAY = timedelta(hours=24)
DOMAIN = "newshop.example"


async def schedule(screen: Screen) -> None:
    await opens(screen, "/mail-delete", DOMAIN)
    await screen.sees("6 mail users")
    await screen.fill("reason", "the shop is closed")
    await screen.fill("name", DOMAIN)
    await screen.submit()
    await screen.sees("is queued")
    await screen.close()


async def test_notice_counts_users_and_rules_and_all_of_it_goes(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await schedule(ada)
    await ben.message("wants to delete the domain", DOMAIN, "*6 mail users*", "*1 routing rule*")
    assert DOMAIN in sandbox.purelymail.account.domains
    await later(sandbox, DAY + timedelta(minutes=1))
    assert DOMAIN not in sandbox.purelymail.account.domains
    assert not [address for address in await users(sandbox) if address.endswith(f"@{DOMAIN}")]
    await ben.message("the domain", DOMAIN, "was deleted")


async def test_another_name_than_the_domains_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", DOMAIN)
    await ada.sees("6 mail users")
    await ada.fill("reason", "the shop is closed")
    await ada.fill("name", "oldbrand.example")
    assert list((await ada.submit()).errors or {}) == ["name"]
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 0


async def test_domain_that_has_got_a_user_meanwhile_is_not_deleted_and_the_channel_is_told(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await schedule(ada)
    await later(sandbox, timedelta(hours=3))
    late = f"late.hire@{DOMAIN}"
    sandbox.purelymail.account.users[late] = SimulatedUser(late, "Some-0-password")
    await later(sandbox, DAY)
    assert DOMAIN in sandbox.purelymail.account.domains
    told = await ben.message("could not be deleted", "1 mail user that were not announced", late)
    assert "Retry" not in str(told.blocks)


async def test_domain_that_has_lost_a_user_meanwhile_is_deleted(sandbox: Sandbox, ada: Screen) -> None:
    await schedule(ada)
    del sandbox.purelymail.account.users[f"warehouse@{DOMAIN}"]
    await later(sandbox, DAY + timedelta(minutes=1))
    assert DOMAIN not in sandbox.purelymail.account.domains


async def test_mail_system_that_can_not_say_what_goes_along_queues_no_domain(
    sandbox: Sandbox, ada: Screen
) -> None:
    sandbox.purelymail.inject("*", 20, {"status": 503})
    await opens(ada, "/mail-delete", DOMAIN)
    await ada.sees("PurelyMail", "503")
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 0
