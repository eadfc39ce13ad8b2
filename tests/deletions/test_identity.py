"""The target is the same one: what has gone, changed or come back meanwhile is never deleted in its place."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from bot.errors import DeletionOpen
from bot.model import Deletion, DeletionState, Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.mail_data import SimulatedUser
from bot.sandbox.run import Sandbox

ADA = Operator("U0ADA", Role.ADMIN)
BEN = Operator("U0BEN", Role.ADMIN)
ANNA = "anna.keller@acme-tools.example"
RULE = Target(ACCOUNT, TargetKind.ROUTING_RULE, "4001")
DAY = timedelta(hours=24)


async def ask(sandbox: Sandbox, target: Target, operator: Operator = ADA) -> Deletion:
    scheduled = await sandbox.bot.services.deletions.schedule(
        operator, nonce=uuid.uuid4().hex, wanted=[target], reason="left"
    )
    return scheduled.deletions[0]


async def later(sandbox: Sandbox, by: timedelta) -> None:
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


async def end(sandbox: Sandbox, row: Deletion) -> Deletion:
    return await sandbox.bot.services.deletions.get(row.id)


def notice(sandbox: Sandbox) -> str:
    return sandbox.slack.channels["C0MAILOPS"].messages[0].text


async def test_routing_rule_is_named_in_plain_words_and_deleted(sandbox: Sandbox) -> None:
    queued = await ask(sandbox, RULE)
    assert "the routing rule `team@acme-tools.example" in notice(sandbox)
    await later(sandbox, DAY + timedelta(minutes=1))
    assert (await end(sandbox, queued)).state is DeletionState.DELETED
    assert 4001 not in sandbox.purelymail.account.rules


async def test_rule_whose_content_has_changed_is_not_deleted(sandbox: Sandbox) -> None:
    queued = await ask(sandbox, RULE)
    sandbox.purelymail.account.rules[4001]["targetAddresses"] = ["ceo@acme-tools.example"]
    await later(sandbox, DAY + timedelta(minutes=1))
    ended = await end(sandbox, queued)
    assert (ended.state, ended.can_retry) == (DeletionState.FAILED, False)
    assert "was changed after this deletion was announced" in notice(sandbox)
    assert 4001 in sandbox.purelymail.account.rules


async def test_rule_that_is_gone_is_said_to_be_gone(sandbox: Sandbox) -> None:
    queued = await ask(sandbox, RULE)
    del sandbox.purelymail.account.rules[4001]
    await later(sandbox, DAY + timedelta(minutes=1))
    assert (await end(sandbox, queued)).state is DeletionState.FAILED
    assert "already gone" in notice(sandbox)
    assert sandbox.purelymail.effective("deleteRoutingRule") == []


async def test_user_who_was_gone_in_between_and_is_back_is_another_one(sandbox: Sandbox) -> None:
    """Somebody deletes the mailbox by other means, and creates one of that name for somebody else."""
    queued = await ask(sandbox, Target(ACCOUNT, TargetKind.USER, ANNA))
    gone = sandbox.purelymail.account.users.pop(ANNA)
    await sandbox.bot.services.directory.refresh(ACCOUNT)
    await later(sandbox, timedelta(minutes=1))
    assert "deleted by somebody else meanwhile" in notice(sandbox)
    sandbox.purelymail.account.users[ANNA] = SimulatedUser(ANNA, gone.password)
    await later(sandbox, 3 * DAY)
    assert (await end(sandbox, queued)).state is DeletionState.FAILED
    assert ANNA in sandbox.purelymail.account.users


@pytest.mark.parametrize("held", [False, True])
async def test_address_whose_deletion_is_open_is_not_created_anew(sandbox: Sandbox, held: bool) -> None:
    queued = await ask(sandbox, Target(ACCOUNT, TargetKind.USER, ANNA))
    if held:
        for name in ("ben.osei", "carla.mendes", "dmitri.volkov", "emre.yilmaz", "fatima.haddad"):
            await ask(sandbox, Target(ACCOUNT, TargetKind.USER, f"{name}@acme-tools.example"))
        assert (await end(sandbox, queued)).state is DeletionState.HELD
    del sandbox.purelymail.account.users[ANNA]
    with pytest.raises(DeletionOpen, match="cancel the deletion first"):
        await sandbox.bot.services.users.create(
            BEN, nonce=uuid.uuid4().hex, account=ACCOUNT, address=ANNA, password="Gravel-Otter-Piano-82"
        )
    assert ANNA not in sandbox.purelymail.account.users


async def test_requests_that_race_are_counted_together(sandbox: Sandbox) -> None:
    """Each of them alone stays under the threshold."""
    addresses = sorted(sandbox.purelymail.account.users)[:8]
    await asyncio.gather(*(ask(sandbox, Target(ACCOUNT, TargetKind.USER, address)) for address in addresses))
    rows, _ = await sandbox.bot.services.deletions.open_deletions()
    assert [row.state for row in rows] == [DeletionState.HELD] * 8
    assert len({row.hold_id for row in rows}) == 1
    await later(sandbox, 3 * DAY)
    assert sandbox.purelymail.effective("deleteUser") == []


async def test_failure_can_not_be_retried_beside_a_newer_request(sandbox: Sandbox) -> None:
    queued = await ask(sandbox, RULE)
    refusal = {"body": {"type": "error", "code": "x", "message": "No."}}
    sandbox.purelymail.inject("deleteRoutingRule", 1, refusal)
    await later(sandbox, DAY + timedelta(minutes=1))
    newer = await ask(sandbox, RULE)
    outcomes = await asyncio.gather(
        sandbox.bot.services.deletions.retry(BEN, queued.id), return_exceptions=True
    )
    assert isinstance(outcomes[0], Exception)
    assert (await end(sandbox, queued)).state is DeletionState.DROPPED
    assert (await end(sandbox, newer)).state is DeletionState.PENDING
