"""The wake-ups: regular ones happen by themselves, and one that fails does not keep the others from happening."""

import asyncio
import uuid
from datetime import timedelta

from bot.jobs import Jobs
from bot.model import Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox

ADA = Operator("U0ADA", Role.ADMIN)


async def test_what_became_due_happens_at_the_next_regular_wake_up(sandbox: Sandbox) -> None:
    services = sandbox.bot.services
    address = "anna.keller@acme-tools.example"
    await services.deletions.schedule(
        ADA, nonce=uuid.uuid4().hex, wanted=[Target(ACCOUNT, TargetKind.USER, address)], reason="left"
    )
    sandbox.clock.advance(timedelta(hours=24, minutes=1))
    jobs = Jobs(services, often=0.05)
    jobs.start()
    await sandbox.slack.wait_for(
        lambda: (
            any("deleted" in m.text.lower() for m in sandbox.slack.channels["C0MAILOPS"].messages[-1:])
            and address not in sandbox.purelymail.account.users
        )
    )
    await jobs.stop(patience=5)


async def test_job_that_fails_does_not_keep_the_others_from_their_work(sandbox: Sandbox) -> None:
    services = sandbox.bot.services
    sandbox.purelymail.inject("listUser", 50, {"body": "<html>not today</html>"})
    sandbox.clock.advance(timedelta(days=1, hours=3))
    await sandbox.bot.wake()
    assert (await services.directory.ages())[ACCOUNT].last_error is not None
    digests = sandbox.slack.channels["C0DIGEST"].messages
    assert len(digests) == 1


async def test_stopping_waits_for_work_under_way(sandbox: Sandbox) -> None:
    address = "anna.keller@acme-tools.example"
    await sandbox.bot.services.deletions.schedule(
        ADA, nonce=uuid.uuid4().hex, wanted=[Target(ACCOUNT, TargetKind.USER, address)], reason="left"
    )
    sandbox.clock.advance(timedelta(hours=24, minutes=1))
    sandbox.purelymail.inject("deleteUser", 1, {"delay_seconds": 0.3})
    waking = asyncio.create_task(sandbox.bot.wake())
    await sandbox.purelymail.asked("deleteUser")
    await sandbox.bot.jobs.stop(patience=10)
    await waking
    assert address not in sandbox.purelymail.account.users
