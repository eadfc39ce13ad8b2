"""A deletion was tried, it is not clear whether it worked, and somebody removes its notice before it is tried again."""

import uuid
from datetime import timedelta

from bot.deletions.execution import LEASE
from bot.model import Deletion, DeletionState, Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.sandbox.slack.screen import Screen

ADA = Operator("U0ADA", Role.ADMIN)
ANNA = "anna.keller@acme-tools.example"
DAY = timedelta(hours=24)


async def tried(sandbox: Sandbox) -> Deletion:
    scheduled = await sandbox.bot.services.deletions.schedule(
        ADA, nonce=uuid.uuid4().hex, wanted=[Target(ACCOUNT, TargetKind.USER, ANNA)], reason="left"
    )
    sandbox.purelymail.inject("deleteUser", 1, {"status": 500})
    await later(sandbox, DAY)
    (row,) = await sandbox.bot.services.deletions.of_request(scheduled.request_id)
    assert row.state is DeletionState.EXECUTING
    return row


async def later(sandbox: Sandbox, by: timedelta) -> None:
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


async def remove_notice(sandbox: Sandbox, ben: Screen) -> None:
    (notice,) = [m for m in sandbox.slack.channels["C0MAILOPS"].messages if m.thread_ts is None]
    ben.remove(notice.ts)
    await sandbox.server.events.quiet()
    await sandbox.settled()


async def test_grace_starts_over_with_the_notice_that_is_posted_anew(sandbox: Sandbox, ben: Screen) -> None:
    row = await tried(sandbox)
    await remove_notice(sandbox, ben)
    await later(sandbox, LEASE)
    again = await sandbox.bot.services.deletions.get(row.id)
    assert again.state is DeletionState.PENDING
    assert again.noticed_at is not None
    assert again.execute_at == again.noticed_at + DAY
    assert sandbox.purelymail.effective("deleteUser") == []

    await later(sandbox, DAY - timedelta(hours=1))
    assert sandbox.purelymail.effective("deleteUser") == []
    await later(sandbox, timedelta(hours=1))
    assert sandbox.purelymail.effective("deleteUser") == [{"userName": ANNA}]


async def test_what_is_gone_by_then_was_deleted(sandbox: Sandbox, ben: Screen) -> None:
    row = await tried(sandbox)
    await remove_notice(sandbox, ben)
    del sandbox.purelymail.account.users[ANNA]
    await later(sandbox, LEASE)
    assert (await sandbox.bot.services.deletions.get(row.id)).state is DeletionState.DELETED


async def test_deletion_is_tried_again_where_its_notice_has_stayed(sandbox: Sandbox) -> None:
    _ = await tried(sandbox)
    await later(sandbox, LEASE)
    assert sandbox.purelymail.effective("deleteUser") == [{"userName": ANNA}]
