"""/mail-operators: who may use Mailwarden, and what owners change about it."""

from datetime import timedelta

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.screen import Screen
from tests.support.held import opens


@pytest.fixture
def olga(sandbox: Sandbox) -> Screen:
    """An owner."""
    return sandbox.screen("olga")


async def add(screen: Screen, person: str, role: str) -> None:
    await screen.fill("person", person)
    await screen.fill("role", role)
    assert (await screen.submit()).response_action == "update"


async def test_owner_adds_an_admin_who_may_act_at_once_and_the_channel_is_told(
    sandbox: Sandbox, olga: Screen, eve: Screen
) -> None:
    await eve.command("/mail-create")
    await eve.told("you are not one of them")
    await opens(olga, "/mail-operators")
    await olga.sees("<@U0OLGA>", "<@U0ADA>", "Nobody.")
    await add(olga, "U0EVE", "ADMIN")
    await olga.sees("<@U0EVE> is now an admin")
    told = await olga.message("<@U0OLGA> has made <@U0EVE> *admin* of Mailwarden")
    assert "<@U0EVE>" in told.text
    await opens(eve, "/mail-create")
    await eve.sees("User name")
    del sandbox


async def test_role_is_changed_and_taken_away_from_the_list(olga: Screen, eve: Screen) -> None:
    await opens(olga, "/mail-operators")
    await add(olga, "U0EVE", "ADMIN")
    await olga.sees("is now an admin")
    await olga.press("All operators")
    await olga.sees("<@U0EVE>: *admin*")
    await opens(eve, "/mail-create", "una@acme-tools.example")
    await olga.pick("operator_U0EVE", "VIEWER U0EVE")
    await olga.sees("<@U0EVE> is now a viewer", "<@U0EVE>: *viewer*")
    await eve.submit()
    await eve.sees("You may look, and change nothing")
    await olga.pick("operator_U0EVE", "remove U0EVE")
    await olga.sees("<@U0EVE> is no operator any more", "Nobody.")
    await olga.message("<@U0OLGA> has taken <@U0EVE> from the operators")
    await eve.command("/mail-users")
    await eve.told("you are not one of them")


async def test_others_see_the_list_and_have_nothing_to_change_it_with(
    olga: Screen, ada: Screen, vic: Screen
) -> None:
    await opens(olga, "/mail-operators")
    await add(olga, "U0EVE", "ADMIN")
    for screen in (ada, vic):
        view = await opens(screen, "/mail-operators")
        await screen.sees("<@U0EVE>: *admin*", "Changing who is an operator needs an owner.")
        assert "submit" not in view.content
        assert not any(block["type"] == "input" for block in view.blocks)
        with pytest.raises(PersonError):
            await screen.pick("operator_U0EVE", "VIEWER U0EVE")


async def test_owner_who_has_lost_the_role_meanwhile_changes_nothing(olga: Screen, sandbox: Sandbox) -> None:
    await opens(olga, "/mail-operators")
    await add(olga, "U0BEN", "OWNER")
    ben = sandbox.screen("ben")
    await opens(ben, "/mail-operators")
    await olga.press("All operators")
    await olga.sees("<@U0BEN>: *owner*")
    await olga.pick("operator_U0BEN", "remove U0BEN")
    await olga.sees("is now an admin")
    await ben.fill("person", "U0EVE")
    await ben.fill("role", "OWNER")
    await ben.submit()
    await ben.sees("this needs the role owner")
    assert (await sandbox.bot.services.operators.roster()).total == 0


async def test_who_cant_be_added_is_said_at_the_field(olga: Screen) -> None:
    await opens(olga, "/mail-operators")
    for person, why in (("U0GUS", "Guest accounts"), ("U0OLGA", "by the configuration")):
        await olga.fill("person", person)
        submitted = await olga.submit()
        assert list(submitted.errors or {}) == ["person"]
        await olga.sees(why)


async def test_form_that_arrives_twice_adds_once(olga: Screen, sandbox: Sandbox) -> None:
    await opens(olga, "/mail-operators")
    await olga.fill("person", "U0EVE")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await olga.submit()
    await sandbox.settled()
    assert (await sandbox.bot.services.operators.roster()).total == 1
    changes = [m for m in sandbox.slack.channel("mail-ops").messages if "of Mailwarden" in m.text]
    assert len(changes) == 1


async def test_change_is_told_in_the_end_though_slack_was_down(olga: Screen, sandbox: Sandbox) -> None:
    sandbox.server.faults.inject("chat.postMessage", 2, {"status": 503})
    await opens(olga, "/mail-operators")
    await add(olga, "U0EVE", "VIEWER")
    await olga.sees("is now a viewer")
    for _ in range(4):
        sandbox.clock.advance(timedelta(minutes=5))
        await sandbox.bot.wake()
    await olga.message("<@U0OLGA> has made <@U0EVE> *viewer*")
