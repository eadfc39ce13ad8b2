"""Somebody else creates a mail user of the same address while a deletion of the first one is open: it is another one."""

import uuid
from datetime import timedelta

from bot.deletions.execution import LEASE
from bot.model import Deletion, DeletionState, Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.run import Sandbox

ADA = Operator("U0ADA", Role.ADMIN)
ANNA = "anna.keller@acme-tools.example"
DAY = timedelta(hours=24)
GARBAGE = {"body": "<html>maintenance</html>"}


async def scheduled(sandbox: Sandbox) -> Deletion:
    asked = await sandbox.bot.services.deletions.schedule(
        ADA, nonce=uuid.uuid4().hex, wanted=[Target(ACCOUNT, TargetKind.USER, ANNA)], reason="left"
    )
    return asked.deletions[0]


async def state_of(sandbox: Sandbox, row: Deletion) -> DeletionState:
    return (await sandbox.bot.services.deletions.get(row.id)).state


def create_anew(sandbox: Sandbox) -> None:
    sandbox.purelymail.account.users[ANNA] = SimulatedUser(ANNA, "of-another-person")


async def test_user_created_anew_outlives_the_deletion_whose_outcome_was_open(sandbox: Sandbox) -> None:
    """The answer was lost, the read-back too; then a listing has shown that the first one was gone."""
    row = await scheduled(sandbox)
    sandbox.clock.advance(DAY)
    sandbox.purelymail.inject("deleteUser", 1, {"drop_response": True})
    sandbox.purelymail.inject("listUser", 1, {})
    sandbox.purelymail.inject("listUser", 1, GARBAGE)
    await sandbox.bot.services.execution.run_due()
    assert await state_of(sandbox, row) is DeletionState.EXECUTING
    assert ANNA not in sandbox.purelymail.account.users

    await sandbox.bot.services.directory.refresh(ACCOUNT)
    create_anew(sandbox)
    sandbox.clock.advance(LEASE)
    await sandbox.bot.wake()
    assert await state_of(sandbox, row) is DeletionState.DELETED
    assert ANNA in sandbox.purelymail.account.users
    assert len(sandbox.purelymail.effective("deleteUser")) == 1


async def test_user_created_anew_is_not_deleted_though_nobody_has_ended_the_deletion_yet(
    sandbox: Sandbox,
) -> None:
    row = await scheduled(sandbox)
    del sandbox.purelymail.account.users[ANNA]
    await sandbox.bot.services.directory.refresh(ACCOUNT)
    create_anew(sandbox)
    sandbox.clock.advance(DAY)
    await sandbox.bot.services.execution.run_due()
    assert await state_of(sandbox, row) is DeletionState.FAILED
    assert sandbox.purelymail.effective("deleteUser") == []


async def test_deletion_whose_outcome_was_open_is_tried_again_while_the_user_is_there(
    sandbox: Sandbox,
) -> None:
    row = await scheduled(sandbox)
    sandbox.clock.advance(DAY)
    sandbox.purelymail.inject("deleteUser", 1, {"status": 500})
    await sandbox.bot.services.execution.run_due()
    await sandbox.bot.services.directory.refresh(ACCOUNT)
    sandbox.clock.advance(LEASE)
    await sandbox.bot.services.execution.run_due()
    assert await state_of(sandbox, row) is DeletionState.DELETED
    assert sandbox.purelymail.effective("deleteUser") == [{"userName": ANNA}]
