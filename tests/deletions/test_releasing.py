"""Who releases what is held: an owner who has not asked for it; another admin only where nobody else is an owner."""

import contextlib
import uuid
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.clock import FrozenClock
from bot.deletions import Vouching
from bot.errors import NotAllowed, TooLate
from bot.model import DeletionState, Grant, Operator, Role, Target, TargetKind
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.run import Sandbox
from bot.settings import OperatorSettings
from bot.storage import operators
from bot.storage.database import Database
from tests.test_access import TEAM, Workspace
from tests.test_operators import opened

OLGA, BEN = Operator("U0OLGA", Role.OWNER), Operator("U0BEN", Role.ADMIN)
ADA, VIC = Operator("U0ADA", Role.ADMIN), Operator("U0VIC", Role.VIEWER)
ONE_OWNER = OperatorSettings(owners=("U0OLGA",), admins=("U0ADA", "U0BEN"), viewers=("U0VIC",))
NO_OWNER = OperatorSettings(admins=("U0ADA", "U0BEN"))


@pytest.fixture
def people() -> Workspace:
    return Workspace()


async def held(sandbox: Sandbox, by: Operator) -> str:
    """Six deletions that one operator has asked for."""
    users = sorted(sandbox.purelymail.account.users)[10:16]
    services = sandbox.bot.services
    wanted = [Target(ACCOUNT, TargetKind.USER, address) for address in users]
    made = await services.deletions.schedule(by, nonce=uuid.uuid4().hex, wanted=wanted, reason="spring")
    hold_id = made.deletions[0].hold_id
    assert hold_id is not None
    return hold_id


async def test_admins_ask_and_only_the_owner_releases(sandbox: Sandbox) -> None:
    deletions = sandbox.bot.services.deletions
    hold_id = await held(sandbox, ADA)
    for operator, why in (
        (ADA, "somebody else"),
        (BEN, "needs an owner. Ask <@U0OLGA>"),
        (VIC, "needs an owner"),
    ):
        with pytest.raises(NotAllowed, match=why):
            _ = await deletions.release(operator, hold_id)
    rows, _ = await deletions.open_deletions()
    assert {row.state for row in rows} == {DeletionState.HELD}
    ended = await deletions.release(OLGA, hold_id)
    assert {(row.state, row.released_by) for row in ended.done} == {(DeletionState.PENDING, "U0OLGA")}
    with pytest.raises(TooLate, match="Nothing is held"):
        _ = await deletions.release(BEN, hold_id)


async def test_owner_does_not_release_their_own_but_one_who_was_added_in_slack_does(sandbox: Sandbox) -> None:
    services = sandbox.bot.services
    _ = await services.operators.grant(OLGA, nonce="n", slack_id="U0BEN", team_id=TEAM, role=Role.OWNER)
    hold_id = await held(sandbox, OLGA)
    with pytest.raises(NotAllowed, match="somebody else"):
        _ = await services.deletions.release(OLGA, hold_id)
    with pytest.raises(NotAllowed, match="Ask <@U0BEN>"):
        _ = await services.deletions.release(ADA, hold_id)
    _ = await services.deletions.release(Operator("U0BEN", Role.OWNER), hold_id)
    assert (await services.deletions.holds())[1] == 0


async def allowed(vouching: Vouching, operator: Operator, requested_by: str) -> bool:
    try:
        await vouching.require(operator, requested_by)
    except NotAllowed:
        assert await vouching.may(operator, [requested_by]) == set()
        return False
    assert await vouching.may(operator, [requested_by, operator.slack_id]) == {requested_by}
    return True


@pytest.mark.parametrize(
    ("settings", "requested_by", "may"),
    [
        (ONE_OWNER, "U0ADA", {"U0OLGA"}),
        (ONE_OWNER, "U0OLGA", {"U0ADA", "U0BEN"}),
        (ONE_OWNER, "U0GONE", {"U0OLGA"}),
        (NO_OWNER, "U0ADA", {"U0BEN"}),
        (OperatorSettings(owners=("U0OLGA", "U0ADA"), admins=("U0BEN",)), "U0OLGA", {"U0ADA"}),
        (OperatorSettings(owners=("S0ADMINS",), admins=("U0ADA",)), "U0ADA", {"U0BEN"}),
        (OperatorSettings(owners=("S0ADMINS", "U0OLGA"), admins=("U0ADA",)), "U0OLGA", {"U0BEN"}),
        (OperatorSettings(owners=("S0ADMINS",), admins=("U0ADA",)), "U0BEN", {"U0ADA"}),
    ],
)
async def test_an_owner_other_than_who_asked_releases_and_an_admin_only_where_there_is_none(
    clock: FrozenClock,
    people: Workspace,
    sqlite_database: Database,
    settings: OperatorSettings,
    requested_by: str,
    may: set[str],
) -> None:
    access, _ = opened(sqlite_database, clock, people, settings)
    found = set()
    for slack_id in ("U0OLGA", "U0ADA", "U0BEN"):
        with contextlib.suppress(NotAllowed):
            operator = await access.authorise(slack_id, team_id=TEAM, need=Role.ADMIN, fresh=True)
            if await allowed(Vouching(access), operator, requested_by):
                found.add(slack_id)
    assert found == may


@pytest.mark.parametrize("flag", ["is_bot", "is_guest", "is_deleted", "is_stranger"])
async def test_owner_who_could_not_act_keeps_nothing_held_for_ever(
    clock: FrozenClock, people: Workspace, database: Database, flag: str
) -> None:
    people.persons["U0BEN"] = replace(people.persons["U0BEN"], **{flag: True})  # type: ignore[arg-type]  # every one of them is a bool
    access, _ = opened(database, clock, people, ONE_OWNER)
    async with database.transaction() as session:
        await operators.put(session, Grant("U0BEN", Role.OWNER, "U0OLGA", clock.now()))
    assert await allowed(Vouching(access), ADA, "U0OLGA")
    people.persons["U0BEN"] = replace(people.persons["U0BEN"], **{flag: False})  # type: ignore[arg-type]  # the same
    clock.advance(timedelta(seconds=61))
    assert not await allowed(Vouching(access), ADA, "U0OLGA")


async def test_while_slack_cant_say_who_is_an_owner_no_admin_releases(
    clock: FrozenClock, people: Workspace, sqlite_database: Database
) -> None:
    people.reachable = False
    for settings in (ONE_OWNER, OperatorSettings(owners=("S0ADMINS",), admins=("U0ADA",))):
        access, _ = opened(sqlite_database, clock, people, settings)
        with pytest.raises(NotAllowed, match="whether there is another owner"):
            await Vouching(access).require(ADA, "U0VIC")
