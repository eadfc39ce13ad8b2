"""What a box can do with a mailbox, where the bot signs in with the box's own key and any administrator may be the last."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.clock import FrozenClock
from bot.creation import Wanted
from bot.deletions import keepsakes
from bot.errors import AlreadySubmitted, NotFound, Protected, ProviderUnavailable, WriteNotApplied
from bot.mailboxes import Mailboxes
from bot.model import MailUser, Operator, Role, Target, TargetKind, UserDetails
from bot.providers.mailinabox import MailInABox
from bot.quotas import GB
from bot.sandbox.mailinabox import MailInABoxSimulator
from bot.sandbox.mailinabox.made_up import API_KEY, LOGIN
from bot.storage import audit, directory
from bot.storage.database import Database

ADA = Operator("U0ADA", Role.ADMIN)
BEN = Operator("U0BEN", Role.ADMIN)
RUTH = "ruth.keel@riverside.example"
"""An administrator, as is LOGIN."""
TOM = "tom.barge@riverside.example"
SET_QUOTA = "POST /mail/users/quota"
TAKE = "POST /mail/users/privileges/remove"


@pytest.fixture
async def simulator(clock: FrozenClock) -> AsyncIterator[MailInABoxSimulator]:
    simulator = MailInABoxSimulator(clock=clock)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def box(simulator: MailInABoxSimulator) -> AsyncIterator[MailInABox]:
    box = MailInABox("box", base_url=simulator.url, password=SecretStr(API_KEY), timeout=5, jitter=lambda: 0)
    yield box
    await box.aclose()


@pytest.fixture
def mailboxes(database: Database, clock: FrozenClock, box: MailInABox) -> Mailboxes:
    return Mailboxes(database=database, clock=clock, providers={"box": box})


def administrators(simulator: MailInABoxSimulator) -> set[str]:
    return {user.address for user in simulator.box.users.values() if "admin" in user.privileges}


async def demote(mailboxes: Mailboxes, address: str, operator: Operator = ADA) -> None:
    await mailboxes.set_admin(operator, nonce=f"take {address}", account="box", address=address, admin=False)


async def test_last_administrator_keeps_the_privilege(
    mailboxes: Mailboxes, simulator: MailInABoxSimulator, database: Database
) -> None:
    await demote(mailboxes, RUTH)
    with pytest.raises(Protected, match=f"{LOGIN} stays an administrator. {LOGIN} is the last"):
        await demote(mailboxes, LOGIN)
    assert administrators(simulator) == {LOGIN}
    assert len(simulator.effective(TAKE)) == 1
    async with database.reading() as session:
        (noted, _) = await audit.newest(session, limit=2, target=LOGIN)
    assert noted.act == "admin_failed"


async def test_two_who_take_it_from_the_last_two_at_once_leave_one(
    mailboxes: Mailboxes, simulator: MailInABoxSimulator
) -> None:
    """Each of them sees the other's administrator before the first one is gone."""
    outcomes = await asyncio.gather(
        demote(mailboxes, RUTH), demote(mailboxes, LOGIN, BEN), return_exceptions=True
    )
    assert administrators(simulator)
    assert any(isinstance(outcome, (Protected, WriteNotApplied)) for outcome in outcomes)


async def test_a_write_that_is_refused_may_be_tried_again_with_the_same_form(
    mailboxes: Mailboxes, simulator: MailInABoxSimulator
) -> None:
    simulator.inject(SET_QUOTA, 1, {"silent_success": True})
    with pytest.raises(WriteNotApplied) as caught:
        await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=2 * GB)
    assert (caught.value.expected, caught.value.found) == ("2 GB", "1 GB")
    await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=2 * GB)
    with pytest.raises(AlreadySubmitted, match="is now 2 GB"):
        await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=3 * GB)
    assert simulator.box.users[TOM].quota == "2G"


async def test_a_write_that_stays_open_is_not_repeated_and_says_so(
    mailboxes: Mailboxes, simulator: MailInABoxSimulator
) -> None:
    simulator.inject(SET_QUOTA, 1, {"drop_response": True})
    simulator.inject("GET /mail/users/quota", 1, {"status": 200, "body": {"email": TOM, "quota": "1G"}})
    for _ in range(10):
        simulator.inject("GET /mail/users/quota", 1, {"status": 503})
    with pytest.raises(ProviderUnavailable) as caught:
        await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=2 * GB)
    assert caught.value.unclear
    simulator.mend()
    with pytest.raises(AlreadySubmitted):
        await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=2 * GB)
    assert len(simulator.effective(SET_QUOTA)) == 1


async def test_user_who_is_not_there_is_forgotten(mailboxes: Mailboxes, database: Database) -> None:
    with pytest.raises(NotFound):
        await mailboxes.set_quota(ADA, nonce="n", account="box", address="nobody@riverside.example", quota=GB)
    async with database.reading() as session:
        assert await directory.find(session, "nobody@riverside.example") == []


async def test_setting_a_quota_leaves_what_else_is_known(
    mailboxes: Mailboxes, database: Database, clock: FrozenClock
) -> None:
    async with database.transaction() as session:
        await directory.put_user(
            session, "box", TOM, now=clock.now(), gone=False, details=UserDetails(used=5, quota=GB)
        )
    await mailboxes.set_quota(ADA, nonce="n", account="box", address=TOM, quota=2 * GB)
    async with database.reading() as session:
        (known,) = await directory.find(session, TOM)
    assert known == MailUser("box", TOM, details=UserDetails(admin=False, quota=2 * GB, used=5))


async def test_what_a_user_had_is_noted_before_its_deletion_and_kept_for_who_restores_it(
    simulator: MailInABoxSimulator, box: MailInABox, database: Database, clock: FrozenClock
) -> None:
    await keepsakes.note(database, clock, box, Target("box", TargetKind.USER, RUTH))
    async with database.transaction() as session:
        await directory.put_user(session, "box", RUTH, now=clock.now(), gone=True, archived=True)
    async with database.reading() as session:
        (known,) = await directory.find(session, RUTH, archived=True)
    assert known.details == UserDetails(admin=True, quota=5 * GB)
    assert simulator.box.users[RUTH].quota == "5G"


async def test_what_can_not_be_noted_keeps_no_deletion_from_happening(
    simulator: MailInABoxSimulator, box: MailInABox, database: Database, clock: FrozenClock
) -> None:
    simulator.inject("*", 20, {"status": 503})
    await keepsakes.note(database, clock, box, Target("box", TargetKind.USER, RUTH))
    async with database.reading() as session:
        assert await directory.find(session, RUTH) == []


def test_password_of_a_user_to_be_is_in_no_repr() -> None:
    assert "s3cret" not in repr(Wanted(TOM, "s3cret"))
