import pytest

from bot.model import Capability
from bot.providers.opening import open_provider
from bot.sandbox.accounts import BOX, Holdings
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from bot.storage import audit
from bot.storage.database import Database
from bot.users import Users
from tests.support.held import opens, users
from tests.support.systems import on_a_box, on_an_old_box, on_both, the_box

RUTH = "ruth.keel@riverside.example"
OFFICE = "office@riverside.example"
SET = "POST /mail/users/quota"


@on_a_box
async def test_quota_is_shown_with_its_use_and_set_in_human_units(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-quota", RUTH)
    form = await ada.sees("Use: 1.2 GB of 5 GB, 24 %", "5 GB")
    assert form.state()["quota"]["mailbox_fields.quota"]["value"] == "5 GB"
    await ada.fill("quota", "1.5 gb")
    await ada.submit()
    await ada.sees("is now *1536 MB*", "read back from Mail-in-a-Box", "1.2 GB of 1536 MB, 80 %")
    assert (await users(sandbox))[RUTH]["quota"] == "1536M"
    await ada.close()
    await opens(ada, "/mail-users", RUTH)
    await ada.sees("1.2 GB of 1536 MB, 80 %")


@on_a_box
async def test_limit_is_taken_away_by_none(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "none")
    await ada.submit()
    await ada.sees("is now *no limit*")
    assert (await users(sandbox))[RUTH]["quota"] == "0"


@on_a_box
async def test_mailbox_that_is_fuller_than_its_new_quota_is_pointed_out(
    sandbox: Sandbox, ada: Screen
) -> None:
    await opens(ada, "/mail-quota", OFFICE)
    await ada.fill("quota", "5 GB")
    await ada.submit()
    await ada.sees("is now *5 GB*", "new mail is refused")
    assert (await users(sandbox))[OFFICE]["quota"] == "5G"


@on_a_box
@pytest.mark.parametrize("typed", ["lots", "5", "0.3 GB", "5 PB", " "])
async def test_what_is_no_size_is_refused_at_the_field(sandbox: Sandbox, ada: Screen, typed: str) -> None:
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", typed)
    submitted = await ada.submit()
    assert list(submitted.errors or {}) == ["quota"]
    assert (await users(sandbox))[RUTH]["quota"] == "5G"


@on_a_box
async def test_user_is_asked_for_where_none_is_named(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-quota")
    await ada.choose("user", RUTH)
    await ada.submit()
    await ada.sees("1.2 GB of 5 GB, 24 %")
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("is now *2 GB*")
    assert (await users(sandbox))[RUTH]["quota"] == "2G"


@on_a_box
async def test_error_after_which_the_quota_is_there_is_settled_by_looking(
    ada: Screen, holdings: Holdings
) -> None:
    the_box(holdings).recalculation_fails = True
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("is now *2 GB*", "read back")


@on_a_box
async def test_error_after_which_it_is_not_is_told_and_the_form_stays(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.box.inject(SET, 1, {"status": 500})
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("did not apply it", "should be 2 GB, and is 5 GB")
    form = await ada.view(lambda view: view.content.get("submit") is not None)
    assert form.state()["quota"]["mailbox_fields.quota"]["value"] == "2 GB"
    await ada.submit()
    await ada.sees("is now *2 GB*")


@on_a_box
async def test_success_that_is_only_claimed_is_not_believed(sandbox: Sandbox, ada: Screen) -> None:
    sandbox.box.inject(SET, 1, {"silent_success": True})
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("did not apply it", "should be 2 GB, and is 5 GB")


@on_a_box
async def test_form_sent_twice_sets_the_quota_once(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "2 GB")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    await ada.sees("is now *2 GB*")
    assert len(sandbox.box.effective(SET)) == 1


@on_a_box
async def test_what_was_asked_and_what_came_of_it_is_on_record(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-quota", RUTH)
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("is now *2 GB*")
    database = Database(sandbox.settings.database.url)
    async with database.reading() as session:
        entries = await audit.newest(session, limit=2, target=RUTH)
    await database.aclose()
    assert [(one.act, one.actor, one.detail) for one in entries] == [
        ("quota_set", "U0ADA", "2 GB"),
        ("quota_asked", "U0ADA", "2 GB"),
    ]


@on_a_box
async def test_user_that_is_gone_meanwhile_is_said(ada: Screen, holdings: Holdings) -> None:
    await opens(ada, "/mail-quota", RUTH)
    del the_box(holdings).users[RUTH]
    await ada.fill("quota", "2 GB")
    await ada.submit()
    await ada.sees("is not there any more")


@on_an_old_box
async def test_box_without_quotas_offers_none(ada: Screen) -> None:
    await ada.command("/mail-quota", RUTH)
    await ada.told("None of the mail systems here has quotas")
    await opens(ada, "/mail-users", RUTH)
    await ada.press("Manage")
    window = await ada.sees("Set password", "Administrator")
    assert "Quota" not in text_of(window.content)


async def test_purelymail_offers_none(ada: Screen) -> None:
    await ada.command("/mail-quota")
    await ada.told("None of the mail systems here has quotas")


@on_both
async def test_users_without_a_quota_to_set_are_not_offered(sandbox: Sandbox, ada: Screen) -> None:
    other = sorted(await users(sandbox))[10]
    await opens(ada, "/mail-quota")
    assert await ada.options("user", other) == []
    assert await ada.options("user", RUTH) == [f"{RUTH} (box)"]
    await ada.close()
    await ada.command("/mail-quota", other)
    await ada.told("PurelyMail has no quotas")


@on_a_box
async def test_quotas_are_known_after_a_restart_before_the_box_has_said_anything(sandbox: Sandbox) -> None:
    fresh = open_provider(sandbox.settings.accounts[0])
    assert Capability.QUOTA not in fresh.capabilities
    services = sandbox.bot.services
    database = Database(sandbox.settings.database.url)
    users_ = Users(
        database=database, clock=services.clock, directory=services.directory, providers={BOX: fresh}
    )
    assert Capability.QUOTA in await users_.offers(BOX)
    await fresh.aclose()
    await database.aclose()
