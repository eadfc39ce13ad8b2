"""What there is of routing rules and aliases, and deleting them through the queue."""

import uuid
from datetime import timedelta

import pytest

from bot.errors import Protected
from bot.model import Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT, BOX, Holdings
from bot.sandbox.mail_data import SimulatedAccount, sandbox_account
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from tests.support.held import later, opens
from tests.support.systems import on_a_box, on_both, the_box

DAY = timedelta(hours=24)
ADA = Operator("U0ADA", Role.ADMIN)
TEAM = "`team@acme-tools.example` → `sales@acme-tools.example`, `support@acme-tools.example`"
SALES = "sales@millbakery.example"


def no_rules() -> Holdings:
    held = sandbox_account()
    held.rules.clear()
    return {ACCOUNT: held}


def many_rules() -> Holdings:
    held = sandbox_account()
    template = held.rules[4001]
    held.rules = {n: {**template, "id": n, "matchUser": f"list-{n}"} for n in range(1, 26)}
    return {ACCOUNT: held}


async def schedule(screen: Screen, search: str) -> None:
    await opens(screen, "/mail-routes", search)
    await screen.sees("Delete …")
    await screen.press("Delete …")
    await screen.sees("This deletes the routing rule")
    await screen.fill("reason", "nobody reads it")
    await screen.submit()
    await screen.sees("is queued", "Cancel")


# -- looking ----------------------------------------------------------------------------------------------------


async def test_rules_are_listed_by_domain_with_what_they_do(ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    window = await ada.sees("6 routing rules.", "*acme-tools.example*", TEAM, "New rule …")
    shown = text_of(window.content)
    assert "`*@newshop.example` → `hello@newshop.example`   _mail users left out_" in shown
    assert "`*@oldbrand.example` → `archive@oldbrand.example`" in shown
    assert shown.count("*acme-tools.example*") == 1
    domains = ["acme-tools", "fjordbooks", "lindenhof", "newshop", "oldbrand"]
    places = [shown.index(f"*{domain}.example*") for domain in domains]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("text", "found"),
    [("team", "team@acme-tools.example"), ("rezeption", "silent.booking@lindenhof.example")],
)
async def test_search_follows_the_typing_and_looks_at_targets_too(ada: Screen, text: str, found: str) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("6 routing rules.")
    await ada.fill("search", text)
    window = await ada.sees(f"1 of 6 routing rules match “{text}”.", f"`{found}`")
    assert "*oldbrand.example*" not in text_of(window.content)


async def test_search_that_finds_nothing_says_so(ada: Screen) -> None:
    await opens(ada, "/mail-routes", "no-such-rule")
    await ada.sees("0 of 6 routing rules match “no-such-rule”.")


@pytest.mark.parametrize("made_up", [no_rules], ids=["none"], indirect=True)
async def test_where_there_are_no_rules_that_is_said(ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("There are no routing rules yet.", "New rule …")


@pytest.mark.parametrize("made_up", [many_rules], ids=["many"], indirect=True)
async def test_many_rules_have_pages(ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("25 routing rules.", "Page 1 of 3", "`list-1@acme-tools.example`")
    await ada.press("Next →")
    await ada.sees("Page 2 of 3")
    await ada.press("Next →")
    window = await ada.sees("Page 3 of 3", "`list-9@acme-tools.example`")
    assert text_of(window.content).count("Delete …") == 5


async def test_typing_does_not_ask_the_mail_system_at_every_key(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("6 routing rules.")
    for text in ("o", "or", "ord", "order"):
        await ada.fill("search", text)
        await ada.sees(f"“{text}”")
    assert len(sandbox.purelymail.effective("listRoutingRules")) == 1


async def test_viewer_may_look_and_is_offered_nothing_else(vic: Screen) -> None:
    await opens(vic, "/mail-routes")
    window = await vic.sees("6 routing rules.", TEAM)
    assert "Delete …" not in text_of(window.content)
    assert "New rule …" not in text_of(window.content)


async def test_who_is_no_operator_sees_no_rules(eve: Screen) -> None:
    await eve.command("/mail-routes")
    assert eve.windows == []


@on_both
async def test_account_that_can_not_be_read_is_named_and_the_other_one_shown(
    sandbox: Sandbox, ada: Screen
) -> None:
    sandbox.purelymail.inject("listRoutingRules", 9, {"status": 503})
    await opens(ada, "/mail-routes")
    await ada.sees(
        "The account *main* could not be read",
        "What it has is not shown.",
        f"`{SALES}`",
        "millbakery.example (box)",
    )


async def test_rules_that_are_known_are_shown_with_their_age_where_they_can_not_be_read_anew(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-routes")
    await ada.sees("6 routing rules.")
    await ada.close()
    sandbox.purelymail.inject("listRoutingRules", 9, {"status": 503})
    await opens(ada, "/mail-routes")
    await ada.sees("The mail system could not be read", "What is shown of it is from", TEAM)


# -- aliases of a box -------------------------------------------------------------------------------------------


@on_a_box
async def test_aliases_are_shown_and_automatic_ones_only_when_searched_for(ada: Screen) -> None:
    await opens(ada, "/mail-routes")
    window = await ada.sees("3 aliases.", f"`{SALES}` → `orders@millbakery.example`", "are left out")
    assert "postmaster@" not in text_of(window.content)
    await ada.fill("search", "postmaster@oaklane")
    window = await ada.sees(
        " aliases match “postmaster@oaklane”", "`postmaster@oaklane.example`", "_automatic_"
    )
    assert "Delete …" not in text_of(window.content)


@on_a_box
async def test_alias_is_deleted_when_its_time_has_come_and_not_before(
    sandbox: Sandbox, ada: Screen, ben: Screen, holdings: Holdings
) -> None:
    await schedule(ada, SALES)
    await ben.message(
        "wants to delete the routing rule", f"{SALES} → orders@millbakery.example", "nobody reads it"
    )
    await later(sandbox, DAY - timedelta(minutes=1))
    assert SALES in the_box(holdings).aliases
    await later(sandbox, timedelta(minutes=2))
    assert SALES not in the_box(holdings).aliases
    await ben.message("was deleted")


@on_a_box
async def test_alias_that_goes_elsewhere_meanwhile_stays(
    sandbox: Sandbox, ada: Screen, ben: Screen, holdings: Holdings
) -> None:
    await schedule(ada, SALES)
    the_box(holdings).aliases[SALES].forwards_to = ["finn.rye@millbakery.example"]
    await later(sandbox, DAY + timedelta(minutes=1))
    assert SALES in the_box(holdings).aliases
    await ben.message("was changed after this deletion was announced")


@on_a_box
async def test_alias_in_whose_place_an_automatic_one_comes_counts_as_deleted(
    sandbox: Sandbox, ada: Screen, ben: Screen, holdings: Holdings
) -> None:
    mine = "admin@millbakery.example"
    box = the_box(holdings)
    box.aliases[mine] = type(box.aliases[SALES])(mine, ["ruth.keel@riverside.example"])
    await schedule(ada, mine)
    await later(sandbox, DAY + timedelta(minutes=1))
    assert mine not in box.aliases
    listed = {
        rule.id: rule.automatic for rule in await sandbox.bot.services.providers[BOX].list_routing_rules()
    }
    assert listed[mine] is True
    await ben.message("was deleted")


@on_a_box
async def test_automatic_alias_is_never_queued(sandbox: Sandbox) -> None:
    target = Target(BOX, TargetKind.ROUTING_RULE, "postmaster@oaklane.example")
    with pytest.raises(Protected, match="by itself"):
        await sandbox.bot.services.deletions.schedule(
            ADA, nonce=uuid.uuid4().hex, wanted=[target], reason="x"
        )
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 0


# -- deleting ---------------------------------------------------------------------------------------------------


async def test_rule_is_deleted_through_the_queue_under_its_own_name(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await schedule(ada, "team@")
    await ben.message(
        "wants to delete the routing rule", "team@acme-tools.example → sales@acme-tools.example"
    )
    assert sandbox.purelymail.effective("deleteRoutingRule") == []
    await later(sandbox, DAY + timedelta(minutes=1))
    assert sandbox.purelymail.effective("deleteRoutingRule") == [{"routingRuleId": 4001}]
    assert 4001 not in sandbox.purelymail.account.rules


async def test_rule_that_is_queued_says_so_in_the_list_and_can_be_cancelled_there(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    await schedule(ada, "team@")
    await ada.close()
    await ada.sees("1 of 6 routing rules match “team@”.", "Pending …")
    await opens(ben, "/mail-routes", "team@")
    await ben.sees("Pending …")
    await ben.press("Pending …")
    await ben.sees("is already queued for deletion", "nobody reads it")
    await ben.press("Cancel deletion")
    await ben.sees("stays as it is")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert 4001 in sandbox.purelymail.account.rules


async def test_rule_that_is_gone_meanwhile_is_not_queued(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes", "team@")
    await ada.sees("Delete …")
    del sandbox.purelymail.account.rules[4001]
    await ada.press("Delete …")
    await ada.sees("is not there any more")
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 0


async def test_form_without_a_reason_keeps_the_name_of_the_rule(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-routes", "team@")
    await ada.sees("Delete …")
    await ada.press("Delete …")
    await ada.sees("This deletes the routing rule", "*What*   `team@acme-tools.example → ")
    sandbox.purelymail.inject("listRoutingRules", 9, {"status": 503})
    await ada.fill("reason", "nobody reads it")
    await ada.submit()
    window = await ada.sees("503")
    assert "*What*   `team@acme-tools.example → " in text_of(window.content)


def test_sandbox_has_rules_of_all_kinds() -> None:
    held = sandbox_account()
    assert isinstance(held, SimulatedAccount)
    kinds = {(rule["prefix"], rule["matchUser"] == "", rule["catchall"]) for rule in held.rules.values()}
    assert kinds == {
        (False, False, False),
        (True, False, False),
        (True, True, True),
        (True, True, False),
    }
