"""The promises of the queue, each tried against what the mail system and the channel really hold."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.errors import AlreadySubmitted, DeletionOpen, NotFound, TooLate
from bot.model import Deletion, DeletionState, Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import readable
from bot.sandbox.slack.workspace import Message
from bot.storage import audit
from bot.storage.database import Database
from bot.storage.tables import deletions as table

ADA = Operator("U0ADA", Role.ADMIN)
BEN = Operator("U0BEN", Role.ADMIN)
ANNA = "anna.keller@acme-tools.example"
DAY = timedelta(hours=24)


async def schedule(sandbox: Sandbox, address: str = ANNA, *, nonce: str | None = None) -> Deletion:
    scheduled = await sandbox.bot.services.deletions.schedule(
        ADA,
        nonce=nonce or uuid.uuid4().hex,
        wanted=[Target(ACCOUNT, TargetKind.USER, address)],
        reason="left the company",
    )
    return scheduled.deletions[0]


async def later(sandbox: Sandbox, by: timedelta) -> None:
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


def notices(sandbox: Sandbox) -> list[Message]:
    return [m for m in sandbox.slack.channels["C0MAILOPS"].messages if m.ephemeral_for is None]


def deleted(sandbox: Sandbox) -> list[str]:
    return [body["userName"] for body in sandbox.purelymail.effective("deleteUser")]


async def state_of(sandbox: Sandbox, deletion: Deletion) -> Deletion:
    return await sandbox.bot.services.deletions.get(deletion.id)


# -- seen before done -------------------------------------------------------------------------------------------


async def test_grace_begins_when_slack_has_confirmed_the_notice(sandbox: Sandbox) -> None:
    sandbox.server.faults.inject("chat.postMessage", 1, {"body": {"ok": False, "error": "internal_error"}})
    asked = await schedule(sandbox)
    assert asked.state is DeletionState.REQUESTED
    assert asked.execute_at is None

    await later(sandbox, timedelta(hours=5))
    noticed = await state_of(sandbox, asked)
    assert noticed.state is DeletionState.PENDING
    assert noticed.noticed_at is not None
    assert noticed.noticed_at - noticed.requested_at >= timedelta(hours=5)
    assert noticed.execute_at == noticed.noticed_at + DAY

    await later(sandbox, DAY - timedelta(minutes=1))
    assert deleted(sandbox) == []
    await later(sandbox, timedelta(minutes=2))
    assert deleted(sandbox) == [ANNA]


async def test_nothing_is_deleted_however_long_slack_takes_no_notice(sandbox: Sandbox) -> None:
    sandbox.server.faults.inject("chat.postMessage", 1000, {"body": {"ok": False, "error": "is_archived"}})
    asked = await schedule(sandbox)
    for _ in range(10):
        await later(sandbox, 3 * DAY)
    assert (await state_of(sandbox, asked)).state is DeletionState.REQUESTED
    assert deleted(sandbox) == []
    problem = await sandbox.bot.services.deletions.problem(asked.request_id)
    assert problem is not None
    assert "archived" in problem


async def test_mail_system_that_is_down_keeps_nobody_from_queueing(sandbox: Sandbox) -> None:
    sandbox.purelymail.inject("*", 10, {"status": 503})
    assert (await schedule(sandbox)).state is DeletionState.PENDING


async def test_user_who_is_gone_already_is_not_queued(sandbox: Sandbox) -> None:
    del sandbox.purelymail.account.users[ANNA]
    with pytest.raises(NotFound, match="not there any more"):
        await schedule(sandbox)
    assert notices(sandbox) == []


# -- cancel wins ------------------------------------------------------------------------------------------------


async def test_cancelled_deletion_never_reaches_the_mail_system(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    await sandbox.bot.services.deletions.cancel(BEN, queued.id)
    await later(sandbox, 10 * DAY)
    assert [call for call in sandbox.purelymail.calls if call["operation"] == "deleteUser"] == []


async def test_cancel_and_execution_race_and_exactly_one_wins(sandbox: Sandbox) -> None:
    services = sandbox.bot.services
    victims = sorted(sandbox.purelymail.account.users)[:12]
    queued = [await schedule(sandbox, address) for address in victims]
    sandbox.clock.advance(DAY + timedelta(minutes=1))

    async def cancel(deletion: Deletion) -> str | None:
        try:
            return (await services.deletions.cancel(BEN, deletion.id)).target.id
        except TooLate:
            return None

    cancelled, _ = await asyncio.gather(
        asyncio.gather(*(cancel(deletion) for deletion in reversed(queued))), sandbox.bot.wake()
    )
    spared = {address for address in cancelled if address}
    assert spared | set(deleted(sandbox)) == set(victims)
    assert spared & set(deleted(sandbox)) == set()
    assert len(deleted(sandbox)) == len(set(deleted(sandbox)))


@pytest.mark.parametrize("call", ["listUser", "chat.getPermalink"])
async def test_cancel_counts_until_the_very_call_that_deletes(sandbox: Sandbox, call: str) -> None:
    """A worker has the deletion in its hands, and looks at the mail system and the channel for a last time."""
    asked = await schedule(sandbox)
    by_mail = call == "listUser"
    (sandbox.purelymail if by_mail else sandbox.server.faults).inject(call, 1, {"delay_seconds": 1})
    sandbox.purelymail.calls.clear()
    sandbox.server.calls.clear()
    sandbox.clock.advance(DAY + timedelta(seconds=1))
    executing = asyncio.create_task(sandbox.bot.services.execution.run_due())
    await (sandbox.purelymail if by_mail else sandbox.server).asked(call)
    cancelled = await sandbox.bot.services.deletions.cancel(BEN, asked.id)
    await executing
    assert cancelled.state is DeletionState.CANCELLED
    assert (await state_of(sandbox, asked)) == cancelled
    assert deleted(sandbox) == []


async def test_second_cancel_is_told_who_was_first(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    await sandbox.bot.services.deletions.cancel(BEN, queued.id)
    with pytest.raises(TooLate, match="<@U0BEN>"):
        await sandbox.bot.services.deletions.cancel(ADA, queued.id)


async def test_unknown_deletion_can_not_be_cancelled(sandbox: Sandbox) -> None:
    with pytest.raises(NotFound):
        await sandbox.bot.services.deletions.cancel(ADA, "nonsense")


# -- once -------------------------------------------------------------------------------------------------------


async def test_lost_answer_is_read_back_and_not_repeated(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    sandbox.purelymail.inject("deleteUser", 1, {"drop_response": True})
    await later(sandbox, DAY + timedelta(minutes=1))
    assert (await state_of(sandbox, queued)).state is DeletionState.DELETED
    assert [c["operation"] for c in sandbox.purelymail.calls].count("deleteUser") == 1


async def test_failure_that_changed_nothing_is_tried_again_later(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    sandbox.purelymail.inject("deleteUser", 1, {"status": 503})
    await later(sandbox, DAY + timedelta(minutes=1))
    waiting = await state_of(sandbox, queued)
    assert waiting.state is DeletionState.EXECUTING
    assert deleted(sandbox) == []
    await later(sandbox, timedelta(hours=1))
    assert (await state_of(sandbox, queued)).state is DeletionState.DELETED
    assert deleted(sandbox) == [ANNA]


async def test_success_without_effect_ends_as_failed_and_says_so(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    sandbox.purelymail.inject("deleteUser", 1, {"silent_success": True})
    await later(sandbox, DAY + timedelta(minutes=1))
    failed = await state_of(sandbox, queued)
    assert failed.state is DeletionState.FAILED
    assert failed.last_error == f"PurelyMail reported success, but {ANNA} is still listed."
    assert failed.last_error in readable(notices(sandbox)[-1])
    assert ANNA in sandbox.purelymail.account.users


async def test_refusal_ends_as_failed_in_the_mail_systems_own_words(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    refusal = {"type": "error", "code": "x", "message": "This user is locked."}
    sandbox.purelymail.inject("deleteUser", 1, {"body": refusal})
    await later(sandbox, DAY + timedelta(minutes=1))
    failed = await state_of(sandbox, queued)
    assert failed.state is DeletionState.FAILED
    assert failed.last_error == "PurelyMail refused: This user is locked."


async def test_mail_system_that_stays_down_is_given_up_on_and_nothing_is_claimed(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    sandbox.purelymail.inject("*", 1000, {"status": 429, "headers": {"Retry-After": "60"}})
    await later(sandbox, DAY + timedelta(minutes=1))
    for _ in range(12):
        await later(sandbox, timedelta(hours=1))
    failed = await state_of(sandbox, queued)
    assert failed.state is DeletionState.FAILED
    assert "Given up after 8 attempts" in str(failed.last_error)
    assert deleted(sandbox) == []


async def test_user_who_vanished_meanwhile_is_not_reported_as_deleted_by_us(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    del sandbox.purelymail.account.users[ANNA]
    sandbox.clock.advance(DAY + timedelta(minutes=1))
    await sandbox.bot.services.execution.run_due()
    ended = await state_of(sandbox, queued)
    assert ended.state is DeletionState.FAILED
    assert not ended.can_retry
    assert "already gone" in str(ended.last_error)
    assert deleted(sandbox) == []


async def test_abandoned_claim_is_taken_over_and_read_back_first(
    sandbox: Sandbox, database: Database
) -> None:
    """A worker was killed after the mail system had deleted the user, and before it could say so."""
    queued = await schedule(sandbox)
    sandbox.clock.advance(DAY + timedelta(minutes=1))
    async with database.transaction() as session:
        await session.execute(
            table.update().values(
                state="executing", attempts=1, claimed_by="killed", lease_until=sandbox.clock.now()
            )
        )
    del sandbox.purelymail.account.users[ANNA]
    await later(sandbox, timedelta(minutes=1))
    assert (await state_of(sandbox, queued)).state is DeletionState.DELETED
    assert [c for c in sandbox.purelymail.calls if c["operation"] == "deleteUser"] == []


# -- one open deletion per target -------------------------------------------------------------------------------


async def test_racing_requests_leave_one_open_deletion(sandbox: Sandbox) -> None:
    outcomes = await asyncio.gather(*(schedule(sandbox) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(outcome, Deletion) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, DeletionOpen) for outcome in outcomes) == 7
    assert len(notices(sandbox)) == 1


async def test_form_that_is_sent_twice_schedules_once(sandbox: Sandbox) -> None:
    await schedule(sandbox, nonce="one-form")
    with pytest.raises(AlreadySubmitted):
        await schedule(sandbox, nonce="one-form")


async def test_user_can_be_queued_again_after_a_cancel(sandbox: Sandbox) -> None:
    first = await schedule(sandbox)
    await sandbox.bot.services.deletions.cancel(BEN, first.id)
    second = await schedule(sandbox)
    assert second.id != first.id
    assert second.state is DeletionState.PENDING


# -- the channel ends up true, and everything is on record ------------------------------------------------------


async def test_outcome_reaches_the_channel_though_slack_was_down_meanwhile(sandbox: Sandbox) -> None:
    await schedule(sandbox)
    sandbox.clock.advance(DAY + timedelta(minutes=1))
    sandbox.purelymail.inject("deleteUser", 1, {"delay_seconds": 0.2})
    waking = asyncio.create_task(sandbox.bot.wake())
    await sandbox.purelymail.asked("deleteUser")
    sandbox.server.faults.inject("chat.update", 5, {"status": 503})
    await waking
    assert deleted(sandbox) == [ANNA]
    assert "wants to delete" in notices(sandbox)[0].text
    for _ in range(10):
        await later(sandbox, timedelta(minutes=10))
    (notice,) = notices(sandbox)
    assert "was deleted" in notice.text
    assert not any(block["type"] == "actions" for block in notice.blocks)


async def test_notice_that_was_removed_by_hand_is_posted_anew_with_the_outcome(sandbox: Sandbox) -> None:
    queued = await schedule(sandbox)
    sandbox.slack.channels["C0MAILOPS"].messages.clear()
    await sandbox.bot.services.deletions.cancel(BEN, queued.id)
    await later(sandbox, timedelta(minutes=1))
    (notice,) = notices(sandbox)
    assert "cancelled" in notice.text.lower()
    assert (await state_of(sandbox, queued)).notice_ts == notice.ts


async def test_deletion_cancelled_before_its_notice_is_never_announced_as_pending(sandbox: Sandbox) -> None:
    sandbox.server.faults.inject("chat.postMessage", 1, {"status": 503})
    asked = await schedule(sandbox)
    await sandbox.bot.services.deletions.cancel(ADA, asked.id)
    await later(sandbox, DAY)
    assert not any(block["type"] == "actions" for notice in notices(sandbox) for block in notice.blocks)
    assert deleted(sandbox) == []


async def test_every_step_is_on_record_in_order(sandbox: Sandbox, database: Database) -> None:
    await schedule(sandbox)
    await later(sandbox, DAY + timedelta(minutes=1))
    async with database.reading() as session:
        entries = await audit.newest(session, limit=20, target=ANNA)
        states = list(await session.scalars(select(table.c.state)))
    assert states == ["deleted"]
    assert [(entry.act, entry.actor) for entry in reversed(entries)] == [
        ("deletion_requested", "U0ADA"),
        ("deletion_noticed", "mailwarden"),
        ("deletion_started", "mailwarden"),
        ("deletion_done", "mailwarden"),
    ]
