"""Two PurelyMail accounts and a box, 3,000 users, one of the three failing throughout: the others do not notice."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ProviderError
from bot.model import DeletionState, Operator, ProviderVerdict, Role, Target, TargetKind, UserDetails
from bot.sandbox.accounts import Holdings
from bot.sandbox.mail_data import SimulatedAccount, SimulatedDomain, SimulatedUser
from bot.sandbox.mailinabox import BoxUser, Mailbox, SimulatedBox
from bot.sandbox.mailinabox.made_up import LOGIN, PASSWORD
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.workspace import Message
from bot.services import Services
from tests.conftest import NOW

ADA = Operator("U0ADA", Role.ADMIN)
SIZES = {"north": 950, "south": 950, "box": 1100}
DELETE = {"north": "deleteUser", "south": "deleteUser", "box": "POST /mail/users/remove"}
FAULTS: dict[str, dict[str, Any]] = {
    "north": {"status": 503},
    "south": {"body": "<html>down for maintenance</html>"},
    "box": {"status": 500},
}
SECRET = "correct-horse-Battery-17"
GB = 1024**3


def address(account: str, number: int) -> str:
    return f"u{number:04}@{account}-{number % 4}.example"


def purelymail(name: str) -> SimulatedAccount:
    good = ProviderVerdict(mx=True, spf=True, dkim=True, dmarc=True)
    addresses = [address(name, number) for number in range(SIZES[name])]
    domains = sorted({one.partition("@")[2] for one in addresses})
    return SimulatedAccount(
        users={one: SimulatedUser(one, SECRET) for one in addresses},
        domains={domain: SimulatedDomain(domain, good) for domain in domains},
    )


def box() -> SimulatedBox:
    addresses = [address("box", number) for number in range(SIZES["box"] - 1)]
    return SimulatedBox(
        hostname="box.riverside.example",
        ip="192.0.2.10",
        users={
            LOGIN: BoxUser(LOGIN, PASSWORD, privileges=["admin"]),
            **{one: BoxUser(one, SECRET, quota="5G") for one in addresses},
        },
        api_key="5b" * 16,
        mailboxes={"gone@box-0.example": Mailbox(GB), addresses[0]: Mailbox(GB, 5 * GB)},
    )


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    accounts: Holdings = {"north": purelymail("north"), "south": purelymail("south"), "box": box()}
    async with open_sandbox(
        tmp_path / "data", page=False, gap=timedelta(0), start=NOW, accounts=accounts
    ) as sandbox:
        yield sandbox


@pytest.fixture
def services(sandbox: Sandbox) -> Services:
    return sandbox.bot.services


async def later(sandbox: Sandbox, by: timedelta) -> None:
    sandbox.clock.advance(by)
    await sandbox.bot.wake()


async def known(services: Services, account: str) -> int:
    return (await services.directory.search("", limit=1, accounts=[account])).total


async def work(services: Services, account: str) -> None:
    """What operators do all day. Raises OperatorError."""
    fresh, old = f"fresh@{account}-1.example", address(account, 5)
    _ = await services.users.create(
        ADA, nonce=uuid.uuid4().hex, account=account, address=fresh, password=SECRET
    )
    _ = await services.users.reset_password(
        ADA, nonce=uuid.uuid4().hex, account=account, address=old, password=SECRET
    )
    _ = await services.users.state(ADA, account=account, address=old)
    assert (await services.directory.find(fresh)).account == account


async def schedule(services: Services) -> dict[str, str]:
    """A deletion on each account, in one request; its ids by account."""
    wanted = [Target(account, TargetKind.USER, address(account, 9)) for account in SIZES]
    scheduled = await services.deletions.schedule(ADA, nonce=uuid.uuid4().hex, wanted=wanted, reason="left")
    assert scheduled.refused == ()
    return {row.target.account: row.id for row in scheduled.deletions}


async def refreshed_since(services: Services, account: str, moment: datetime) -> bool:
    at = (await services.directory.ages())[account].refreshed_at
    return at is not None and at >= moment


def about_outages(sandbox: Sandbox) -> list[Message]:
    return [m for m in sandbox.slack.channels["C0DIGEST"].messages if " be used " in m.text]


async def test_all_users_of_all_accounts_are_known(sandbox: Sandbox, services: Services) -> None:
    assert {account: await known(services, account) for account in SIZES} == SIZES
    page = await services.directory.search("", archived=None)
    assert (page.total, page.matching, page.archived) == (3000, 3001, 1)
    first = await services.directory.find(address("box", 0))
    assert first.details == UserDetails(admin=False, quota=5 * GB, used=first.details.used)
    assert first.details.used is not None
    assert abs(first.details.used - GB) < GB / 10
    assert await services.directory.stale() == []
    del sandbox


@pytest.mark.timeout(240)
@pytest.mark.parametrize("failing", sorted(SIZES))
async def test_one_account_that_fails_throughout_changes_nothing_for_the_others(
    sandbox: Sandbox, services: Services, failing: str
) -> None:
    others = [account for account in SIZES if account != failing]
    queued = await schedule(services)
    sandbox.accounts[failing].inject("*", 100_000, FAULTS[failing])

    # The whole day through: people at work, the night's refresh, the deletions that fall due, the digest.
    for account in others:
        await work(services, account)
    with pytest.raises(ProviderError):
        await work(services, failing)
    for _ in range(14):
        await later(sandbox, timedelta(hours=2))
    for _ in range(4):
        await later(sandbox, timedelta(minutes=3))
    for account in others:
        held = await services.deletions.get(queued[account])
        assert held.state is DeletionState.DELETED
        assert len(sandbox.accounts[account].effective(DELETE[account])) == 1
        assert await known(services, account) == SIZES[account]  # one is gone, one is new
        assert (await services.directory.ages())[account].last_error is None
    unfinished = await services.deletions.get(queued[failing])
    assert unfinished.state is not DeletionState.DELETED
    assert sandbox.accounts[failing].effective(DELETE[failing]) == []

    # What is known of the failing one is still there, and is said to be old.
    assert await known(services, failing) == SIZES[failing]
    (stale,) = await services.directory.stale()
    assert stale.account == failing
    assert stale.since is not None
    assert stale.as_of is not None
    assert stale.as_of < sandbox.clock.now() - timedelta(hours=24)
    (told,) = about_outages(sandbox)
    assert f"*{failing}* can't be used since" in told.text

    # And when it is back, that is told once, and it catches up.
    sandbox.accounts[failing].mend()
    for _ in range(3):
        await later(sandbox, timedelta(minutes=6))
    first, second = about_outages(sandbox)
    assert f"*{failing}* could not be used from" in first.text
    assert f"*{failing}* can be used again since" in second.text
    await work(services, failing)
    assert await services.directory.stale() == []


@pytest.mark.parametrize("hanging", ["north", "box"])
async def test_account_that_hangs_keeps_no_other_one_waiting(
    sandbox: Sandbox, services: Services, hanging: str
) -> None:
    queued = await schedule(services)
    simulator = sandbox.accounts[hanging]
    sandbox.clock.advance(timedelta(hours=24, minutes=1))
    moment = sandbox.clock.now()
    simulator.inject("*", 100, {"delay_seconds": 15})
    deleting = asyncio.create_task(services.execution.run_due())
    refreshing = asyncio.create_task(services.directory.run_due())
    try:
        for account in SIZES:
            if account == hanging:
                continue
            await sandbox.accounts[account].asked(DELETE[account])
            while (await services.deletions.get(queued[account])).state is not DeletionState.DELETED:
                pass
            while not await refreshed_since(services, account, moment):
                pass
        assert not deleting.done()
        assert not refreshing.done()
    finally:
        for task in (deleting, refreshing):
            task.cancel()
        _ = await asyncio.gather(deleting, refreshing, return_exceptions=True)
