"""Bulk creation below Slack: each mail user once, and every password known, wherever the bot dies."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.access import Access
from bot.bulk import Bulk, Progress
from bot.clock import Bell
from bot.directory import Directory
from bot.errors import NotFound, TooLate
from bot.model import LineState, Operator, Role, Run, RunState
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.storage import audit
from bot.storage import bulk as rows
from bot.storage.database import Database
from bot.users import Users
from tests.deletions.histories.inline import InlineDialect
from tests.deletions.histories.killing import Killed
from tests.faults.stepping import Point, Stepped
from tests.support.held import a_domain, later, users
from tests.test_access import Workspace

ADA = Operator("U0ADA", Role.ADMIN)


class Window:
    """What one person has before them: the passwords that were last shown for each address."""

    def __init__(self) -> None:
        self.passwords: dict[str, str] = {}
        self.shown: list[Progress] = []
        self.closes_after: int | None = None

    async def __call__(self, progress: Progress) -> bool:
        if self.closes_after is not None and len(self.shown) >= self.closes_after:
            return False
        self.shown.append(progress)
        for line in progress.run.lines:
            if line.number in progress.passwords:
                self.passwords[line.address] = progress.passwords[line.number]
        return True


@pytest.fixture
def bulk(sandbox: Sandbox) -> Bulk:
    return sandbox.bot.services.bulk


async def drafted(sandbox: Sandbox, names: Sequence[str]) -> tuple[str, list[str]]:
    """A list that was looked through: its id, and the addresses in it."""
    domain = await a_domain(sandbox)
    addresses = [f"{name}@{domain}" for name in names]
    run = await sandbox.bot.services.bulk.draft(ADA, "\n".join(addresses))
    assert [line.state for line in run.lines] == [LineState.WAITING] * len(names)
    return run.id, addresses


async def has_exactly(sandbox: Sandbox, addresses: Sequence[str], window: Window) -> None:
    """Each was created once, and logs in with the password that was shown last."""
    held = await users(sandbox)
    assert {address: held[address]["password"] for address in addresses} == {
        address: window.passwords[address] for address in addresses
    }
    created = [
        f"{call['userName']}@{call['domainName']}" for call in sandbox.purelymail.effective("createUser")
    ]
    assert sorted(address for address in created if address in addresses) == sorted(addresses)


async def test_all_are_created_and_their_passwords_shown(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "vito", "wanda"])
    window = Window()
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert (run.state, run.count(LineState.CREATED)) == (RunState.ENDED, 3)
    assert window.shown[0].run.count(LineState.CREATED) == 1, "the first one is shown at once"
    await has_exactly(sandbox, addresses, window)
    assert all(line.handed for line in (await bulk.get(ADA, run_id)).lines)
    assert await bulk.unfinished(ADA) is None


@pytest.mark.timeout(300)  # for machines that are busy with something else
async def test_wherever_the_bot_dies_nobody_is_created_twice_and_every_password_is_known(
    sandbox: Sandbox, bulk: Bulk
) -> None:
    """Killed at one suspension after the other, in steps that fall on other ones each time."""
    run_id, _ = await drafted(sandbox, ["xa", "xb", "xc"])
    async with killable(sandbox) as other:
        last = await killed(other, run_id, Window(), at=0)
    for number, at in enumerate(range(1, last, max(1, last // 12))):
        run_id, addresses = await drafted(sandbox, [f"k{number}a", f"k{number}b", f"k{number}c"])
        window = Window()
        async with killable(sandbox) as other:
            _ = await killed(other, run_id, window, at=at)
        await later(sandbox, timedelta(minutes=6))
        stopped = await bulk.get(ADA, run_id)
        assert stopped.state is RunState.PAUSED, at
        run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
        assert (run.state, run.count(LineState.CREATED)) == (RunState.ENDED, 3), at
        await has_exactly(sandbox, addresses, window)


@asynccontextmanager
async def killable(sandbox: Sandbox) -> AsyncIterator[Bulk]:
    """Another bot on the same database, with connections of its own: they end with it."""
    services, clock = sandbox.bot.services, sandbox.clock
    database = Database(sandbox.settings.database.url.replace("aiosqlite", InlineDialect.driver))
    directory = Directory(
        database=database, clock=clock, providers=services.providers, refresh_at=time(2), zone=ZoneInfo("UTC")
    )
    users = Users(database=database, clock=clock, directory=directory, providers=services.providers)
    access = Access(sandbox.settings.operators, Workspace(), clock, database)
    yield Bulk(
        database=database,
        clock=clock,
        bell=Bell(),
        access=access,
        directory=directory,
        users=users,
        providers=services.providers,
    )
    await database.aclose()


async def killed(bulk: Bulk, run_id: str, window: Window, *, at: int) -> int:
    """Carry a run out, and kill it when it suspends for the n-th time (0: never). How often it did."""
    points: list[Point] = []
    work = await bulk.begin(ADA, run_id)

    async def run() -> object:
        return await Killed(_stepped(bulk.carry_out(work, window), points), at=at)

    with contextlib.suppress(asyncio.CancelledError):
        _ = await asyncio.create_task(run())
    return len(points) // 2


async def _stepped(work: Coroutine[Any, Any, Run], points: list[Point]) -> Run:
    return await Stepped(work, points.append)


async def test_run_that_lost_its_claim_creates_nobody_any_more(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "vito"])
    old = await bulk.begin(ADA, run_id)
    with pytest.raises(TooLate):
        _ = await bulk.begin(ADA, run_id)
    sandbox.clock.advance(timedelta(minutes=6))
    new, window = await bulk.begin(ADA, run_id), Window()
    _ = await bulk.carry_out(new, window)
    with pytest.raises(TooLate, match="gone on with this list"):
        _ = await bulk.carry_out(old, Window())
    await has_exactly(sandbox, addresses, window)


async def test_closed_window_stops_it_and_unseen_passwords_are_replaced(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "vito", "wanda"])
    window = Window()
    window.closes_after = 1
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert run.state is RunState.PAUSED
    assert list(window.passwords) == addresses[:1]
    first = window.passwords[addresses[0]]
    window.closes_after = None
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert run.state is RunState.ENDED
    await has_exactly(sandbox, addresses, window)
    assert window.passwords[addresses[0]] == first, "what was seen stays"


async def test_mail_system_that_is_down_stops_it_and_fails_no_line(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "vito"])
    sandbox.purelymail.inject("createUser", 1, {"status": 503})
    window = Window()
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert run.state is RunState.PAUSED
    assert run.why
    assert run.count(LineState.FAILED) == 0
    await later(sandbox, timedelta(minutes=10))
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert run.state is RunState.ENDED
    await has_exactly(sandbox, addresses, window)


async def test_whom_somebody_else_has_created_meanwhile_keeps_their_password(
    sandbox: Sandbox, bulk: Bulk
) -> None:
    """Two lines that were being created when it stopped: one was asked for with an unclear end, one not yet."""
    run_id, (una, vito, wanda) = await drafted(sandbox, ["una", "vito", "wanda"])
    sandbox.purelymail.inject("createUser", 1, {"status": 503})
    window = Window()
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    async with bulk._database.transaction() as session:
        await rows.put(session, run_id, replace(run.lines[1], state=LineState.CREATING, nonce="n" * 32))
    await later(sandbox, timedelta(minutes=10))
    ben, password = Operator("U0BEN", Role.ADMIN), "a-Long-passw0rd-of-bens"
    for address in (una, vito):
        _ = await sandbox.bot.services.users.create(
            ben, nonce=f"by hand {address}", account=ACCOUNT, address=address, password=password
        )
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert [line.state for line in run.lines] == [LineState.FAILED, LineState.FAILED, LineState.CREATED]
    assert "Somebody else has created it meanwhile" in run.lines[0].told
    assert "already exists" in run.lines[1].told
    held = await users(sandbox)
    assert {held[una]["password"], held[vito]["password"]} == {password}
    assert list(window.passwords) == [wanda]


async def test_what_fails_for_one_fails_for_one(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "refused", "silent", "vito"])
    window = Window()
    run = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    assert run.state is RunState.ENDED
    assert [line.state for line in run.lines] == [
        LineState.CREATED,
        LineState.FAILED,
        LineState.FAILED,
        LineState.CREATED,
    ]
    assert "asks to be refused" in run.lines[1].told
    assert "is not listed" in run.lines[2].told
    await has_exactly(sandbox, [addresses[0], addresses[3]], window)


async def test_who_is_no_admin_any_more_creates_nobody_further(sandbox: Sandbox, bulk: Bulk) -> None:
    services = sandbox.bot.services
    olga, eve = Operator("U0OLGA", Role.OWNER), Operator("U0EVE", Role.ADMIN)
    team = "T0SANDBOX"
    _ = await services.operators.grant(olga, nonce="n", slack_id="U0EVE", team_id=team, role=Role.ADMIN)
    domain = await a_domain(sandbox)
    draft = await bulk.draft(eve, f"una@{domain}\nvito@{domain}")
    window = Window()

    async def show(progress: Progress) -> bool:
        if not window.shown:
            _ = await services.operators.withdraw(olga, nonce="m", slack_id="U0EVE")
        return await window(progress)

    run = await bulk.carry_out(await bulk.begin(eve, draft.id), show)
    assert (run.state, run.why) == (RunState.PAUSED, "You are not an admin of Mailwarden any more.")
    assert f"vito@{domain}" not in await users(sandbox)


async def test_bot_that_is_stopped_finishes_the_one_under_way_and_no_other(
    sandbox: Sandbox, bulk: Bulk
) -> None:
    run_id, addresses = await drafted(sandbox, ["una", "vito"])
    window = Window()

    async def show(progress: Progress) -> bool:
        bulk.stop()
        return await window(progress)

    run = await bulk.carry_out(await bulk.begin(ADA, run_id), show)
    assert (run.state, run.count(LineState.CREATED)) == (RunState.PAUSED, 1)
    assert list(window.passwords) == addresses[:1]


async def test_lists_of_others_are_nobodys_business(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, _ = await drafted(sandbox, ["una"])
    ben = Operator("U0BEN", Role.ADMIN)
    for look in (bulk.get, bulk.begin, bulk.drop):
        with pytest.raises(NotFound):
            _ = await look(ben, run_id)
    assert await bulk.unfinished(ben) is None


async def test_dropped_list_can_not_be_gone_on_with(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, _ = await drafted(sandbox, ["una"])
    _ = await bulk.drop(ADA, run_id)
    with pytest.raises(TooLate):
        _ = await bulk.begin(ADA, run_id)
    assert not sandbox.purelymail.effective("createUser")


async def test_list_that_nobody_began_with_is_forgotten_after_a_day(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, _ = await drafted(sandbox, ["una"])
    await later(sandbox, timedelta(hours=23))
    assert await bulk.get(ADA, run_id)
    await later(sandbox, timedelta(hours=2))
    with pytest.raises(NotFound):
        _ = await bulk.get(ADA, run_id)


async def test_passwords_are_in_no_table(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, _ = await drafted(sandbox, ["una", "vito"])
    window = Window()
    _ = await bulk.carry_out(await bulk.begin(ADA, run_id), window)
    path = sandbox.settings.database.url.partition(":///")[2]
    content = b"".join(file.read_bytes() for file in Path(path).parent.glob("mailwarden.db*"))
    assert b"una@" in content
    for password in window.passwords.values():
        assert password.encode() not in content
    assert all(
        password not in repr(shown) for shown in window.shown for password in window.passwords.values()
    )


async def test_what_was_done_is_on_record_for_the_list_and_for_each(sandbox: Sandbox, bulk: Bulk) -> None:
    run_id, addresses = await drafted(sandbox, ["una"])
    _ = await bulk.carry_out(await bulk.begin(ADA, run_id), Window())
    async with sandbox.bot.services.bulk._database.reading() as session:
        entries = await audit.newest(session, limit=10)
    acts = {(entry.act, entry.actor, entry.target) for entry in entries}
    assert ("bulk_started", "U0ADA", "a list of mail users") in acts
    assert ("created", "U0ADA", addresses[0]) in acts
    assert ("bulk_ended", "U0ADA", "a list of mail users") in acts
