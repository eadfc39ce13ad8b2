"""From /mail-delete to the end: the form, the notice, who cancels, and what the mail system holds afterwards."""

from datetime import timedelta

import pytest

from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen, readable
from bot.sandbox.slack.workspace import Message
from tests.support.held import everything_said, later, opens, somebody, users
from tests.support.systems import MailSystem, on_either

pytestmark = on_either

DAY = timedelta(hours=24)
REASON = "Anna has left <!channel> & *all*"


async def schedule(screen: Screen, address: str, reason: str = REASON) -> None:
    await opens(screen, "/mail-delete", address)
    await screen.fill("reason", reason)
    await screen.submit()
    await screen.sees("is queued", address)
    await screen.close()


async def test_form_warns_and_names_the_exact_time(sandbox: Sandbox, ada: Screen) -> None:
    form = await opens(ada, "/mail-delete", await somebody(sandbox))
    due = sandbox.clock.now() + DAY
    shown = readable_blocks(form.blocks)
    assert any(f"<!date^{int(due.timestamp()) - early}^" in shown for early in range(3))
    assert "24 hours after the notice is posted" in shown
    assert form.blocks[0]["type"] == "alert"


async def test_notice_says_who_what_why_and_when(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    await sandbox.settled()
    notice = await ben.message(address)
    told = readable(notice)
    row = (await sandbox.bot.services.deletions.open_deletions())[0][0]
    assert row.execute_at is not None
    assert "<@U0ADA> wants to delete" in told
    assert "Anna has left &lt;!channel&gt; &amp; *all*" in told
    assert f"<!date^{int(row.execute_at.timestamp())}^" in told
    assert notice.ephemeral_for is None


async def test_other_admin_cancels_on_the_notice_and_the_user_stays(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    notice = await ben.message("wants to delete", address)
    await ben.press_in(notice, "Cancel deletion")
    await ben.told(f"Cancelled: {address} stays as it is.")
    edited = await ada.message("<@U0BEN> cancelled the deletion", address)
    assert edited.ts == notice.ts
    assert "Cancel deletion" not in labels(edited)
    await later(sandbox, DAY * 2)
    assert address in await users(sandbox)


async def test_when_its_time_has_come_the_user_is_gone_and_the_notice_says_so(
    sandbox: Sandbox, ada: Screen, mail: MailSystem
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    await later(sandbox, DAY - timedelta(minutes=1))
    assert address in await users(sandbox)
    await later(sandbox, timedelta(minutes=2))
    assert address not in await users(sandbox)
    notice = await ada.message("was deleted", address)
    assert "Cancel deletion" not in labels(notice)
    await opens(ada, "/mail-users", address)
    await ada.sees(mail.deleted)


async def test_cancel_that_comes_too_late_is_told_the_truth(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    notice = await ben.message("wants to delete", address)
    stale = Message(notice.ts, notice.user, notice.text, list(notice.blocks))
    await later(sandbox, DAY * 2)
    sandbox.slack.channel("mail-ops").messages.append(
        Message("9999999999.000001", stale.user, stale.text, stale.blocks)
    )
    await ben.press_in(sandbox.slack.channel("mail-ops").messages[-1], "Cancel deletion")
    await ben.told(f"Too late: {address} has been deleted.")


async def test_second_cancel_is_told_who_was_first(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    notice = await ben.message("wants to delete", address)
    blocks = list(notice.blocks)
    await ben.press_in(notice, "Cancel deletion")
    await sandbox.settled()
    notice.blocks = blocks
    await ada.press_in(notice, "Cancel deletion")
    await ada.told("already cancelled by <@U0BEN>")


@pytest.mark.parametrize(("name", "reason"), [("vic", "needs the role admin"), ("eve", "not one of them")])
async def test_who_may_not_cancel_is_told_so_and_nothing_changes(
    sandbox: Sandbox, ada: Screen, name: str, reason: str
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    screen = sandbox.screen(name)
    await screen.press_in(await screen.message("wants to delete", address), "Cancel deletion")
    await screen.told(reason)
    await later(sandbox, DAY * 2)
    assert address not in await users(sandbox)


async def test_queued_user_can_not_be_queued_twice_and_says_by_whom(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    window = await opens(ben, "/mail-delete", address)
    await ben.sees("is already queued", "<@U0ADA>")
    assert "submit" not in window.content
    await ben.press("Cancel deletion")
    await ben.sees(f"Cancelled: {address} stays as it is.")


async def test_two_forms_for_one_user_queue_it_once(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    address = await somebody(sandbox)
    for screen in (ada, ben):
        await opens(screen, "/mail-delete", address)
        await screen.fill("reason", "spring cleaning")
    await ada.submit()
    await ben.submit()
    await ben.sees("is already queued", "<@U0ADA>")
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 1


async def test_form_sent_twice_queues_it_once(sandbox: Sandbox, ada: Screen) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "spring cleaning")
    sandbox.server.faults.inject("socket", 1, {"redeliver": True})
    await ada.submit()
    await sandbox.settled()
    assert (await sandbox.bot.services.deletions.open_deletions())[1] == 1
    posted = [m for m in sandbox.slack.channel("mail-ops").messages if "wants to delete" in m.text]
    assert len(posted) == 1


async def test_reason_of_blanks_is_refused_at_its_field(sandbox: Sandbox, ada: Screen) -> None:
    await opens(ada, "/mail-delete", await somebody(sandbox))
    await ada.fill("reason", "   ")
    assert list((await ada.submit()).errors or {}) == ["reason"]


async def test_user_is_asked_for_where_none_is_named(sandbox: Sandbox, ada: Screen, mail: MailSystem) -> None:
    address = await somebody(sandbox)
    await opens(ada, "/mail-delete")
    await ada.sees(mail.warning)
    await ada.choose("users", address)
    await ada.fill("reason", "spring cleaning")
    await ada.submit()
    await ada.sees("1 deletion queued", address)


async def test_slack_that_refuses_the_notice_holds_the_deletion_and_says_why(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    refusal = {"body": {"ok": False, "error": "not_in_channel"}}
    sandbox.server.faults.inject("chat.postMessage", 3, refusal)
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "spring cleaning")
    await ada.submit()
    await ada.sees("Slack has not taken the notice", "nothing is deleted before it is posted")
    await later(sandbox, DAY - timedelta(hours=1))
    assert address in await users(sandbox)
    await later(sandbox, timedelta(hours=2))
    await later(sandbox, timedelta(hours=2))
    assert address in await users(sandbox), "the grace period begins with the notice"
    await ada.message("wants to delete", address)
    await later(sandbox, DAY)
    assert address not in await users(sandbox)


async def test_user_whose_deletion_is_queued_is_shown_as_pending_everywhere(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    await schedule(ada, address)
    await opens(ada, "/mail-users", address)
    await ada.sees("pending deletion")
    await ada.press("Manage")
    await ada.sees("Pending deletion.", "<@U0ADA>")
    await ada.close()
    await ada.close()
    await opens(ada, "/mail-password")
    options = await sandbox.people.options(
        ada.person, ada.windows[-1].id, "user", "user_picker.search", address
    )
    assert [option["text"]["text"] for option in options] == [address]
    await ada.close()
    await ada.home("Pending deletions", address)


async def test_nothing_that_was_typed_pings_the_channel(sandbox: Sandbox, ada: Screen) -> None:
    await schedule(ada, await somebody(sandbox))
    await sandbox.settled()
    assert "<!channel>" not in everything_said(sandbox)


def labels(message: Message) -> list[str]:
    return [
        e["text"]["text"]
        for block in message.blocks
        for e in block.get("elements", [])
        if e["type"] == "button"
    ]


def readable_blocks(blocks: list[dict[str, object]]) -> str:
    return str(blocks)
