"""Operators that owners add in Slack, beside those of the configuration."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.access import Access
from bot.clock import Bell, FrozenClock
from bot.errors import AlreadySubmitted, InvalidInput, NotAllowed, NotFound, Protected
from bot.model import NoticeKind, Operator, Role
from bot.operators import Operators, told
from bot.settings import OperatorSettings
from bot.storage import audit, notices
from bot.storage.database import Database
from tests.test_access import TEAM, Workspace

SETTINGS = OperatorSettings(owners=("U0OLGA",), admins=("U0ADA", "S0ADMINS"), viewers=("U0VIC",))
OLGA = Operator("U0OLGA", Role.OWNER)


@pytest.fixture
def people() -> Workspace:
    return Workspace()


def opened(
    database: Database, clock: FrozenClock, people: Workspace, settings: OperatorSettings = SETTINGS
) -> tuple[Access, Operators]:
    access = Access(settings, people, clock, database)
    return access, Operators(
        database=database, clock=clock, bell=Bell(), access=access, settings=settings, channel="C0MAILOPS"
    )


async def role_of(access: Access, slack_id: str) -> Role | None:
    try:
        return (await access.authorise(slack_id, team_id=TEAM, need=Role.VIEWER, fresh=True)).role
    except NotAllowed:
        return None


async def grant(operators: Operators, by: Operator, slack_id: str, role: Role, nonce: str = "") -> None:
    nonce = nonce or f"{by.slack_id} {slack_id} {role}"
    _ = await operators.grant(by, nonce=nonce, slack_id=slack_id, team_id=TEAM, role=role)


async def test_role_that_was_given_counts_at_the_very_next_act_and_so_does_taking_it_away(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    assert await role_of(access, "U0EVE") is None
    await grant(operators, OLGA, "U0EVE", Role.ADMIN)
    assert await role_of(access, "U0EVE") is Role.ADMIN
    assert await access.stands("U0EVE", need=Role.ADMIN) is True
    await grant(operators, OLGA, "U0EVE", Role.VIEWER)
    assert await role_of(access, "U0EVE") is Role.VIEWER
    assert await access.stands("U0EVE", need=Role.ADMIN) is False
    change = await operators.withdraw(OLGA, nonce="n", slack_id="U0EVE")
    assert (change.before, change.after) == (Role.VIEWER, None)
    assert await role_of(access, "U0EVE") is None


async def test_higher_of_two_roles_counts_and_taking_the_given_one_away_leaves_the_configured(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0VIC", Role.ADMIN)
    assert await role_of(access, "U0VIC") is Role.ADMIN
    change = await operators.withdraw(OLGA, nonce="n", slack_id="U0VIC")
    assert (change.before, change.after) == (Role.ADMIN, Role.VIEWER)
    assert await role_of(access, "U0VIC") is Role.VIEWER


@pytest.mark.parametrize(
    ("slack_id", "role"),
    [("U0OLGA", Role.OWNER), ("U0OLGA", Role.VIEWER), ("U0ADA", Role.ADMIN), ("U0BEN", Role.VIEWER)],
)
async def test_what_the_configuration_gives_is_neither_given_again_nor_lowered(
    database: Database, clock: FrozenClock, people: Workspace, slack_id: str, role: Role
) -> None:
    access, operators = opened(database, clock, people)
    before = await role_of(access, slack_id)
    with pytest.raises(InvalidInput, match="by the configuration"):
        await grant(operators, OLGA, slack_id, role)
    assert await role_of(access, slack_id) is before


async def test_owner_of_the_configuration_cant_be_taken_away(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    with pytest.raises(NotFound, match="an owner by the configuration, and that is changed there"):
        _ = await operators.withdraw(OLGA, nonce="n", slack_id="U0OLGA")
    assert await role_of(access, "U0OLGA") is Role.OWNER


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
async def test_nobody_below_an_owner_changes_operators_whatever_the_turn_says(
    database: Database, clock: FrozenClock, people: Workspace, role: Role
) -> None:
    access, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0EVE", role)
    with pytest.raises(NotAllowed, match="Only an owner"):
        await grant(operators, Operator("U0EVE", Role.OWNER), "U0VIC", Role.ADMIN)
    assert await role_of(access, "U0VIC") is Role.VIEWER


async def test_owner_who_was_added_adds_others_until_that_is_taken_away(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0BEN", Role.OWNER)
    ben = await access.authorise("U0BEN", team_id=TEAM, need=Role.OWNER, fresh=True)
    await grant(operators, ben, "U0EVE", Role.VIEWER)
    _ = await operators.withdraw(OLGA, nonce="n", slack_id="U0BEN")
    with pytest.raises(NotAllowed):
        await grant(operators, ben, "U0EVE", Role.OWNER)
    assert await role_of(access, "U0EVE") is Role.VIEWER


async def test_two_owners_who_take_each_other_away_at_once_leave_one(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    """The configuration has lost its owners since, and only those of the database are left."""
    _, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0BEN", Role.OWNER)
    await grant(operators, OLGA, "U0EVE", Role.OWNER)
    settings = OperatorSettings(admins=("U0ADA",))
    access, operators = opened(database, clock, people, settings)
    outcomes = await asyncio.gather(
        operators.withdraw(Operator("U0BEN", Role.OWNER), nonce="a", slack_id="U0EVE"),
        operators.withdraw(Operator("U0EVE", Role.OWNER), nonce="b", slack_id="U0BEN"),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, NotAllowed) for outcome in outcomes) == 1
    roles = [await role_of(access, slack_id) for slack_id in ("U0BEN", "U0EVE")]
    assert sorted(role or 0 for role in roles) == [0, Role.OWNER]


async def test_last_owner_stays_one(database: Database, clock: FrozenClock, people: Workspace) -> None:
    _, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0EVE", Role.OWNER)
    access, operators = opened(database, clock, people, OperatorSettings(admins=("U0ADA",)))
    eve = Operator("U0EVE", Role.OWNER)
    with pytest.raises(Protected, match="One owner has to be left"):
        _ = await operators.withdraw(eve, nonce="n", slack_id="U0EVE")
    with pytest.raises(Protected, match="One owner has to be left"):
        await grant(operators, eve, "U0EVE", Role.ADMIN)
    assert await role_of(access, "U0EVE") is Role.OWNER


async def test_form_that_arrives_twice_changes_once(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    _, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0EVE", Role.ADMIN, nonce="n")
    with pytest.raises(AlreadySubmitted, match="<@U0EVE> is now an admin"):
        await grant(operators, OLGA, "U0EVE", Role.ADMIN, nonce="n")
    async with database.reading() as session:
        assert len(await audit.newest(session, limit=10)) == 1


async def test_form_that_was_refused_can_be_sent_again(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    with pytest.raises(InvalidInput):
        await grant(operators, OLGA, "U0ADA", Role.ADMIN, nonce="n")
    await grant(operators, OLGA, "U0EVE", Role.ADMIN, nonce="n")
    assert await role_of(access, "U0EVE") is Role.ADMIN


async def test_each_change_is_on_record_and_told_in_the_channel(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    _, operators = opened(database, clock, people)
    change = await operators.grant(OLGA, nonce="n", slack_id="U0EVE", team_id=TEAM, role=Role.ADMIN)
    assert told(change) == "<@U0EVE> is now an admin."
    async with database.reading() as session:
        (entry,) = await audit.newest(session, limit=10)
        notice = await notices.get(session, NoticeKind.OPERATORS, change.id)
    assert (entry.actor, entry.act, entry.target) == ("U0OLGA", "operator_granted", "U0EVE")
    assert entry.detail == "no operator → admin"
    assert notice is not None
    assert notice.channel == "C0MAILOPS"


@pytest.mark.parametrize("flag", ["is_bot", "is_guest", "is_deleted", "is_stranger"])
async def test_who_could_not_act_is_not_made_an_operator(
    database: Database, clock: FrozenClock, people: Workspace, flag: str
) -> None:
    people.persons["U0EVE"] = replace(people.persons["U0EVE"], **{flag: True})  # type: ignore[arg-type]  # every one of them is a bool
    _, operators = opened(database, clock, people)
    with pytest.raises(InvalidInput) as refused:
        await grant(operators, OLGA, "U0EVE", Role.ADMIN)
    assert refused.value.field == "person"
    assert (await operators.roster()).total == 0


async def test_guest_keeps_no_role_that_was_given_before(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    access, operators = opened(database, clock, people)
    await grant(operators, OLGA, "U0EVE", Role.ADMIN)
    people.persons["U0EVE"] = replace(people.persons["U0EVE"], is_guest=True)
    clock.advance(timedelta(seconds=61))
    assert await role_of(access, "U0EVE") is None
    assert await access.stands("U0EVE", need=Role.ADMIN) is False


async def test_roster_pages_the_highest_role_first(
    database: Database, clock: FrozenClock, people: Workspace
) -> None:
    _, operators = opened(database, clock, people)
    for number in range(12):
        id_ = f"U0NEW{number:02}"
        people.persons[id_] = people.persons["U0EVE"]
        await grant(operators, OLGA, id_, Role.OWNER if number == 11 else Role.VIEWER)
    first, second = await operators.roster(limit=10), await operators.roster(offset=10, limit=10)
    assert (first.total, len(first.granted), len(second.granted)) == (12, 10, 2)
    assert first.granted[0].slack_id == "U0NEW11"
    assert first.configured[Role.ADMIN] == ("U0ADA", "S0ADMINS")
