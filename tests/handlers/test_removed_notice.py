"""Somebody removes a notice: it is back at once, loudly, and the time begins anew. Also its reminder, and trouble."""

from datetime import timedelta

import pytest

from bot.model import DeletionState
from bot.notices import Label
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import Message
from tests.support.held import channels, later, opens, somebody, users

DAY = timedelta(hours=24)


async def schedule(sandbox: Sandbox, screen: Screen) -> tuple[str, Message]:
    address = await somebody(sandbox)
    await opens(screen, "/mail-delete", address)
    await screen.fill("reason", "left")
    await screen.submit()
    await screen.sees("is queued")
    await screen.close()
    await sandbox.settled()
    return address, await screen.message("wants to delete", address)


async def test_removed_notice_is_posted_anew_at_once_and_the_grace_period_starts_over(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address, notice = await schedule(sandbox, ada)
    await later(sandbox, timedelta(hours=20))
    ben.remove(notice.ts)
    again = await ada.message("<!here>", "was removed", "wants to delete", address)
    assert again.ts != notice.ts
    await later(sandbox, timedelta(hours=20))
    assert address in await users(sandbox)
    await ada.press_in(again, "Cancel deletion")
    await ada.told("Cancelled:")


@pytest.mark.parametrize("answered", [False, True])
async def test_notice_whose_removal_slack_never_told_of_is_missed_before_anything_is_deleted(
    sandbox: Sandbox, ada: Screen, ben: Screen, answered: bool
) -> None:
    """A removed message with answers below it leaves a trace that Slack still knows a link to."""
    address, notice = await schedule(sandbox, ada)
    if answered:
        sandbox.slack.post(sandbox.slack.channel("mail-ops"), user="U0BEN", text="hm", thread_ts=notice.ts)
    sandbox.server.faults.inject("events", 1, {"silent_success": True})
    ben.remove(notice.ts)
    await later(sandbox, DAY + timedelta(minutes=1))
    assert address in await users(sandbox)
    await ada.message("<!here>", "was removed", address)
    await later(sandbox, DAY - timedelta(minutes=2))
    assert address in await users(sandbox)
    await later(sandbox, timedelta(minutes=4))
    assert address not in await users(sandbox)


async def test_notice_that_slack_can_not_prove_keeps_the_deletion_waiting_and_cancellable(
    sandbox: Sandbox, ada: Screen
) -> None:
    address, notice = await schedule(sandbox, ada)
    sandbox.server.faults.inject("chat.getPermalink", 100, {"status": 503})
    await later(sandbox, DAY + timedelta(minutes=1))
    for _ in range(5):
        await later(sandbox, timedelta(hours=1))
    assert address in await users(sandbox)
    await ada.press_in(notice, "Cancel deletion")
    await ada.told("Cancelled:")


async def test_old_notice_that_is_tidied_away_stays_away(sandbox: Sandbox, ada: Screen, ben: Screen) -> None:
    _, notice = await schedule(sandbox, ada)
    await ben.press_in(notice, "Cancel deletion")
    await ben.message("<@U0BEN> cancelled the deletion")
    await sandbox.settled()
    ben.remove(notice.ts)
    await sandbox.server.events.quiet()
    await later(sandbox, DAY)
    assert [m for m in sandbox.slack.channel("mail-ops").messages if m.ephemeral_for is None] == []


async def test_thread_is_warned_an_hour_before_and_the_warning_has_the_button(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    address, notice = await schedule(sandbox, ada)
    await later(sandbox, DAY - timedelta(minutes=62))
    assert not [m for m in sandbox.slack.channel("mail-ops").messages if m.thread_ts]
    await later(sandbox, timedelta(minutes=3))
    warning = await ben.message("will be deleted", address, "last chance")
    assert warning.thread_ts == notice.ts
    await ben.press_in(warning, "Cancel deletion")
    await ben.told("Cancelled:")
    await ben.message("This warning is over", "Cancelled by <@U0BEN>")
    await later(sandbox, DAY)
    assert address in await users(sandbox)


async def test_warning_of_a_removed_notice_ends_though_slack_is_down_until_the_deletion_is_cancelled(
    sandbox: Sandbox, ada: Screen, ben: Screen
) -> None:
    _, notice = await schedule(sandbox, ada)
    await later(sandbox, DAY - timedelta(minutes=30))
    warning = await ada.message("last chance")
    for method in ("chat.update", "chat.postMessage"):
        sandbox.server.faults.inject(method, 1, {"status": 503})
    ben.remove(notice.ts)
    await sandbox.server.events.quiet()
    await sandbox.settled()
    await ben.press_in(warning, "Cancel deletion")
    await ben.told("Cancelled:")
    await later(sandbox, timedelta(hours=1))
    ended = await ada.message("This warning is over", "Cancelled by <@U0BEN>")
    assert ended.ts == warning.ts


async def test_warning_ends_with_the_outcome(sandbox: Sandbox, ada: Screen) -> None:
    await schedule(sandbox, ada)
    await later(sandbox, DAY - timedelta(minutes=30))
    await ada.message("last chance")
    await later(sandbox, timedelta(minutes=31))
    await ada.message("This warning is over", "Deleted")


async def test_notice_that_slack_does_not_take_is_told_to_the_fallback_channel_and_the_person(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    sandbox.slack.channels["C0MAILOPS"].archived = True
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("Slack has not taken the notice", "archived")
    await later(sandbox, DAY + timedelta(minutes=1))
    assert address in await users(sandbox)
    trouble = await ada.message("can't be shown in <#C0MAILOPS>", "archived", channel="mail-digest")
    direct = [m for c in channels(sandbox) if c.is_im for m in c.messages if "can't be shown" in m.text]
    assert len(direct) == 1

    sandbox.slack.channels["C0MAILOPS"].archived = False
    await later(sandbox, timedelta(minutes=6))
    await ada.message("wants to delete", address)
    mended = await ada.message("no longer held up", channel="mail-digest")
    assert mended.ts == trouble.ts
    await later(sandbox, DAY - timedelta(minutes=10))
    assert address in await users(sandbox)
    await later(sandbox, timedelta(minutes=12))
    assert address not in await users(sandbox)


async def test_answer_that_is_lost_after_slack_has_posted_leaves_one_notice(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    sandbox.server.faults.inject("chat.postMessage", 1, {"drop_response": True})
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("The deletion of", address)
    await sandbox.server.events.quiet()
    await sandbox.settled()
    (row,), _ = await sandbox.bot.services.deletions.open_deletions()
    (notice,) = [m for m in sandbox.slack.channel("mail-ops").messages if address in m.text]
    assert (row.state, row.notice_ts) == (DeletionState.PENDING, notice.ts)
    await later(sandbox, timedelta(hours=1))
    assert len([m for m in sandbox.slack.channel("mail-ops").messages if address in m.text]) == 1


async def test_message_that_slack_tells_of_too_late_is_taken_away_again(
    sandbox: Sandbox, ada: Screen
) -> None:
    address = await somebody(sandbox)
    sandbox.server.faults.inject("events", 1, {"silent_success": True})
    sandbox.server.faults.inject("chat.postMessage", 1, {"drop_response": True})
    await opens(ada, "/mail-delete", address)
    await ada.fill("reason", "left")
    await ada.submit()
    await ada.sees("Slack has not taken the notice")
    (lost,) = [m for m in sandbox.slack.channel("mail-ops").messages if address in m.text]
    await later(sandbox, timedelta(minutes=5))
    first, second = [m for m in sandbox.slack.channel("mail-ops").messages if address in m.text]
    assert first.ts == lost.ts
    payload = (lost.metadata or {})["event_payload"]
    await sandbox.bot.services.delivery.heard_of("C0MAILOPS", lost.ts, Label(**payload))
    assert [m.ts for m in sandbox.slack.channel("mail-ops").messages if address in m.text] == [second.ts]
