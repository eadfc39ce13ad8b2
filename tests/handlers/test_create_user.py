import asyncio
from pathlib import Path

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.screen import Screen, text_of
from handlers import password_fields
from handlers.domain_picker import DOMAIN_ACTION
from tests.support.held import a_domain, copied, everything_said, opens, refused, somebody, users
from tests.support.systems import MailSystem, on_either

pytestmark = on_either

STRONG = "quaint-otter-hums-at-dawn-77"


async def test_the_password_that_is_shown_is_the_one_that_works(sandbox: Sandbox, ada: Screen) -> None:
    address = f"anna@{await a_domain(sandbox)}"
    form = await opens(ada, "/mail-create", address)
    shown = copied(form, password_fields.GENERATED)
    assert (await ada.submit()).response_action == "update"
    result = await ada.sees("was created", address)
    assert copied(result, password_fields.NEW_PASSWORD) == shown
    assert (await users(sandbox))[address]["password"] == shown
    assert "submit" not in result.content


async def test_new_user_is_found_at_once(sandbox: Sandbox, ada: Screen) -> None:
    address = f"anna@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    await ada.submit()
    await ada.sees("was created")
    await ada.close()
    await opens(ada, "/mail-users", "anna@")
    await ada.sees("1 of ", address)


async def test_domain_is_picked_and_the_user_name_typed(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    form = await opens(ada, "/mail-create")
    (block,) = [block for block in form.blocks if block["block_id"] == "domain"]
    (value,) = [o["value"] for o in block["element"]["options"] if o["text"]["text"] == domain]
    await ada.fill("domain", value, action_id=DOMAIN_ACTION)
    await ada.fill("local_part", "Bea.B")
    await ada.submit()
    await ada.sees("was created", f"bea.b@{domain}")
    assert f"bea.b@{domain}" in await users(sandbox)


async def test_reroll_makes_another_password_and_keeps_what_was_typed(sandbox: Sandbox, ada: Screen) -> None:
    domain = await a_domain(sandbox)
    await opens(ada, "/mail-create", f"@{domain}")
    await ada.fill("local_part", "cleo")
    first = copied(await ada.view(), password_fields.GENERATED)
    await ada.press("Re-roll")
    form = await ada.view(lambda view: copied(view, password_fields.GENERATED) != first)
    rolled = copied(form, password_fields.GENERATED)
    await ada.submit()
    await ada.sees("was created")
    assert (await users(sandbox))[f"cleo@{domain}"]["password"] == rolled


async def test_meter_follows_the_typing_and_the_typed_password_is_set(sandbox: Sandbox, ada: Screen) -> None:
    address = f"dora@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    await ada.fill("password_mode", "type")
    await ada.sees("Strength: it is measured")
    await ada.fill("password", "dora")
    await ada.sees("too weak")
    for end in range(20, len(STRONG) + 1):
        await ada.fill("password", STRONG[:end])
    await ada.view(lambda view: "▱" not in text_of(view.content) and "too weak" not in text_of(view.content))
    await ada.submit()
    result = await ada.sees("was created")
    assert copied(result, password_fields.NEW_PASSWORD) == STRONG
    assert (await users(sandbox))[address]["password"] == STRONG


async def test_weak_password_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    address = f"emma@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    await ada.fill("password_mode", "type")
    await ada.sees("Strength")
    await ada.fill("password", "emma1")
    await refused(ada, await ada.submit(), "password", "eak. ")
    assert address not in await users(sandbox)


async def test_taken_name_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    before = await users(sandbox)
    await opens(ada, "/mail-create", await somebody(sandbox))
    await refused(ada, await ada.submit(), "local_part", "already exists")
    assert await users(sandbox) == before


@pytest.mark.parametrize("local_part", ["anna anna", "änna", "a..b", "anna@elsewhere.org", "-", "<!channel>"])
async def test_bad_user_name_is_refused_at_its_field(sandbox: Sandbox, ada: Screen, local_part: str) -> None:
    await opens(ada, "/mail-create", f"@{await a_domain(sandbox)}")
    await ada.fill("local_part", local_part)
    submitted = await ada.submit()
    assert list(submitted.errors or {}) == ["local_part"]


async def test_unknown_domain_in_the_command_is_said_and_the_rest_kept(ada: Screen) -> None:
    await opens(ada, "/mail-create", "anna@nowhere.example.net")
    form = await ada.sees("nowhere.example.net is not a domain here")
    assert form.state()["local_part"]["create_user.local_part"]["value"] == "anna"


async def test_link_that_slack_makes_of_an_address_is_understood(sandbox: Sandbox, ada: Screen) -> None:
    address = f"anna@{await a_domain(sandbox)}"
    form = await opens(ada, "/mail-create", f" <mailto:{address.upper()}|{address}> ")
    assert form.state()["local_part"]["create_user.local_part"]["value"] == "anna"
    await ada.submit()
    await ada.sees("was created")
    assert address in await users(sandbox)


async def test_form_sent_twice_creates_one_user_and_keeps_its_password_in_sight(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = f"flo@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    result = await ada.sees("was created")
    assert copied(result, password_fields.NEW_PASSWORD) == (await users(sandbox))[address]["password"]


async def test_result_is_shown_though_the_answer_to_the_form_got_lost(sandbox: Sandbox, ada: Screen) -> None:
    address = f"gil@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    sandbox.server.faults.inject("socket", 1, {"drop_response": True})
    submitting = asyncio.create_task(ada.submit())
    result = await ada.sees("was created")
    assert copied(result, password_fields.NEW_PASSWORD) == (await users(sandbox))[address]["password"]
    with pytest.raises(PersonError):  # Slack itself says that the app did not answer
        await submitting


async def test_mail_system_that_is_down_brings_the_form_back_with_what_was_typed(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = f"gina@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    mail.fails("*", {"status": 503}, times=20)
    await ada.submit()
    await ada.sees(mail.title, "Create")
    form = await ada.view(lambda view: view.content.get("submit") is not None)
    assert form.state()["local_part"]["create_user.local_part"]["value"] == "gina"
    assert address not in await users(sandbox)


async def test_success_that_is_only_claimed_is_not_believed(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = f"hana@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    mail.fails("create", {"silent_success": True})
    await ada.submit()
    await ada.sees("is not listed")
    assert address not in await users(sandbox)


async def test_slow_mail_system_is_waited_for_in_sight(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = f"ida@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    shown = copied(await ada.view(), password_fields.GENERATED)
    mail.fails("create", {"delay_seconds": 5})
    await ada.submit()
    await ada.sees("Creating", address)
    result = await ada.sees("was created", within=20)
    assert copied(result, password_fields.NEW_PASSWORD) == shown


async def test_person_who_closed_the_window_is_told_how_to_get_a_password(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = f"jana@{await a_domain(sandbox)}"
    await opens(ada, "/mail-create", address)
    mail.fails("create", {"delay_seconds": 2.5})
    await ada.submit()
    await ada.sees("Creating")
    await ada.close()
    await sandbox.settled()
    assert address in await users(sandbox)
    assert "its password could not be shown" in everything_said(sandbox)


@pytest.mark.parametrize(("name", "reason"), [("eve", "not one of them"), ("vic", "needs the role admin")])
async def test_who_may_not_create_is_told_so_and_sees_no_form(
    sandbox: Sandbox, name: str, reason: str
) -> None:
    screen = sandbox.screen(name)
    await screen.command("/mail-create", "anna")
    await screen.told(reason)
    assert screen.windows == []


async def test_guest_is_refused(sandbox: Sandbox) -> None:
    gus = sandbox.screen("gus")
    await gus.command("/mail-create", channel="general")
    await gus.told("Mailwarden", channel="general")
    assert gus.windows == []


async def test_password_is_in_no_message_and_not_in_the_database(
    sandbox: Sandbox, ada: Screen, tmp_path: Path
) -> None:
    for name, typed in (("kim", None), ("lea", STRONG)):
        await opens(ada, "/mail-create", f"{name}@{await a_domain(sandbox)}")
        if typed is not None:
            await ada.fill("password_mode", "type")
            await ada.sees("Strength")
            await ada.fill("password", typed)
        await ada.submit()
        result = await ada.sees("was created")
        password = copied(result, password_fields.NEW_PASSWORD)
        await ada.close()
        await sandbox.settled()
        assert password not in everything_said(sandbox)
        for file in (tmp_path / "data").iterdir():
            assert password.encode() not in file.read_bytes(), file


async def test_a_name_that_is_no_option_can_not_be_picked(ada: Screen) -> None:
    await opens(ada, "/mail-create")
    with pytest.raises(PersonError):
        await ada.fill("domain", "made-up.example main")
