"""Another address for a mail user."""

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from handlers.domain_picker import MANY
from handlers.rename_user import DOMAIN_ACTION
from tests.support.held import opens, refused, users

CARLA = "carla.mendes@acme-tools.example"
OTTER = "carla.otter@lindenhof.example"
SALES = "sales@acme-tools.example"


async def the_form(ada: Screen, address: str = CARLA) -> None:
    await opens(ada, "/mail-manage", address)
    await ada.sees("*Two-factor login:*")
    await ada.press("Rename …")
    await ada.sees("The mailbox stays")


async def to(ada: Screen, address: str) -> None:
    local_part, _, domain = address.partition("@")
    await ada.fill("local_part", local_part)
    await ada.fill("domain", f"{domain} main")


async def test_user_is_renamed_and_both_addresses_read_back(sandbox: Sandbox, ada: Screen) -> None:
    before = (await users(sandbox))[CARLA]
    await the_form(ada)
    await to(ada, OTTER)
    await ada.submit()
    await ada.sees(CARLA, "is now", OTTER, "the new address is listed, and the old one is not")
    held = await users(sandbox)
    assert CARLA not in held
    assert held[OTTER]["password"] == before["password"]
    await ada.close()
    await ada.close()
    await opens(ada, "/mail-manage", OTTER)
    await ada.sees("*Two-factor login:*", "renamed a mail user to it", f"from {CARLA}")
    await ada.close()
    await opens(ada, "/mail-users", CARLA)
    await ada.sees("0 of ")


async def test_form_is_filled_with_the_address_as_it_is_and_refuses_one_that_is_taken_at_its_field(
    sandbox: Sandbox, ada: Screen
) -> None:
    await the_form(ada)
    state = ada.windows[-1].state()
    assert state["local_part"]["rename_user.local_part"]["value"] == "carla.mendes"
    assert state["domain"][DOMAIN_ACTION]["selected_option"]["value"] == "acme-tools.example main"
    await refused(ada, await ada.submit(), "local_part", "its address already")
    await to(ada, SALES)
    await refused(ada, await ada.submit(), "local_part", "already exists")
    assert CARLA in await users(sandbox)


async def queue(ada: Screen, address: str) -> None:
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("is queued")
    await ada.close()


async def test_user_whose_deletion_is_queued_is_not_renamed(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    """The form was open when somebody else asked for the deletion."""
    await the_form(ada)
    await queue(ben, CARLA)
    await to(ada, OTTER)
    await ada.submit()
    await ada.sees(f"The deletion of {CARLA} is queued", "cancel the deletion first")
    held = await users(sandbox)
    assert CARLA in held
    assert OTTER not in held


async def test_address_whose_deletion_is_queued_is_not_taken(sandbox: Sandbox, ada: Screen) -> None:
    await queue(ada, SALES)
    await the_form(ada)
    await to(ada, SALES)
    await refused(ada, await ada.submit(), "local_part", "is queued: cancel the deletion first")
    assert CARLA in await users(sandbox)


async def test_rules_that_still_send_to_the_old_address_are_named(ada: Screen) -> None:
    await the_form(ada, SALES)
    await to(ada, "vertrieb@acme-tools.example")
    await ada.submit()
    await ada.sees("still send mail to the old address", f"team@acme-tools.example → {SALES}", "/mail-routes")


async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await to(ada, OTTER)
    sandbox.purelymail.inject("modifyUser", 1, {"silent_success": True})
    await ada.submit()
    await ada.sees("was not renamed")
    form = await ada.view(lambda view: view.content.get("submit") is not None)
    assert form.state()["local_part"]["rename_user.local_part"]["value"] == "carla.otter"
    await ada.submit()
    await ada.sees("is now", OTTER)


async def test_form_sent_twice_renames_once(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await to(ada, OTTER)
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    await ada.sees("is now", OTTER)
    assert len(sandbox.purelymail.effective("modifyUser")) == 1


async def test_more_domains_than_a_list_holds_are_searched(sandbox: Sandbox, ada: Screen) -> None:
    domains = sandbox.purelymail.account.domains
    one = domains["acme-tools.example"]
    for number in range(MANY):
        domains[f"d{number}.example"] = type(one)(f"d{number}.example", one.verdict)
    await sandbox.bot.services.directory.refresh("main")
    await the_form(ada)
    assert await ada.options("domain", "d99") == ["d99.example"]
    await ada.choose("domain", "d99")
    await ada.submit()
    await ada.sees("is now", "carla.mendes@d99.example")


async def test_somebody_who_lost_the_role_can_not_send_an_old_form(sandbox: Sandbox, ada: Screen) -> None:
    await the_form(ada)
    await to(ada, OTTER)
    sandbox.server.faults.inject("users.info", 1, {"body": {"ok": False, "error": "internal_error"}})
    await ada.submit()
    await ada.sees("Slack did not say who you are")
    assert CARLA in await users(sandbox)
