from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, text_of
from handlers import password_fields, user_picker
from tests.support.held import copied, everything_said, opens, refused, somebody, users
from tests.support.systems import MailSystem, on_either

pytestmark = on_either

STRONG = "quaint-otter-hums-at-dawn-77"


async def test_the_password_that_is_shown_is_the_one_that_is_set(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    form = await opens(ada, "/mail-password", address)
    shown = copied(form, password_fields.GENERATED)
    await ada.submit()
    result = await ada.sees("accepted the new password", address)
    assert copied(result, password_fields.NEW_PASSWORD) == shown
    assert (await users(sandbox))[address]["password"] == shown


async def test_user_is_picked_by_live_search_and_may_type_a_password(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-password")
    assert await ada.options(user_picker.USER, address) == [address]
    assert await ada.options(user_picker.USER, "nobody-at-all") == []
    await ada.choose(user_picker.USER, address)
    await ada.fill("password_mode", "type")
    await ada.sees("Strength")
    await ada.fill("password", STRONG)
    await ada.submit()
    await ada.sees("accepted the new password", address)
    assert (await users(sandbox))[address]["password"] == STRONG


async def test_part_of_an_address_that_fits_one_user_is_enough(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    form = await opens(ada, "/mail-password", address[:-1])
    assert form.state()["user"][user_picker.SEARCH]["selected_option"] is None
    await ada.sees("There is no mail user")


async def test_own_address_in_the_password_makes_it_weak(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-password", address)
    await ada.fill("password_mode", "type")
    await ada.sees("Strength")
    await ada.fill("password", address.partition("@")[0])
    await refused(ada, await ada.submit(), "password", "eak. ")


async def test_user_who_vanished_meanwhile_is_said_at_the_picker_and_shown_no_more(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-password", address)
    mail.lose(address)
    await refused(ada, await ada.submit(), "user", "is not there any more")
    await ada.close()
    await opens(ada, "/mail-users", address)
    await ada.sees("0 of ")


async def test_unclear_answer_is_said_as_such(sandbox: Sandbox, ada: Screen, mail: MailSystem) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-password", address)
    mail.fails("password", {"drop_response": True})
    await ada.submit()
    await ada.sees("may be in force or not")


async def test_garbage_from_the_mail_system_is_no_success(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-password", address)
    mail.fails("password", {"body": "<html>Bad gateway</html>"}, times=5)
    await ada.submit()
    form = await ada.view(lambda view: view.blocks[0]["type"] == "alert")
    assert form.state()["user"][user_picker.SEARCH]["selected_option"]["text"]["text"] == address


async def test_viewer_may_not_set_a_password(sandbox: Sandbox, vic: Screen) -> None:
    await vic.command("/mail-password", await somebody(sandbox))
    await vic.told("needs the role admin")
    assert vic.windows == []


async def test_password_is_told_nowhere_else(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-password", await somebody(sandbox))
    await ada.submit()
    result = await ada.sees("accepted the new password")
    assert copied(result, password_fields.NEW_PASSWORD) not in everything_said(sandbox)


async def test_password_is_shown_though_slack_drops_the_update(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    """The mail system is slow, so the result comes by views.update; its answer gets lost, then Slack fails once."""
    address = await somebody(sandbox)
    await opens(ada, "/mail-password", address)
    mail.fails("password", {"delay_seconds": 2})
    sandbox.server.faults.inject("views.update", 1, {"status": 503})
    sandbox.server.faults.inject("views.update", 1, {"drop_response": True})
    await ada.submit()
    await sandbox.bot.settled()
    password = (await users(sandbox))[address]["password"]
    assert password in text_of(ada.windows[-1].content)
    assert ada.windows[-1].content.get("submit") is None
