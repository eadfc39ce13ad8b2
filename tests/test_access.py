from dataclasses import replace
from datetime import timedelta

import pytest
from typing_extensions import override

from bot.access import Access, People, PeopleUnavailable, Person
from bot.clock import FrozenClock
from bot.errors import NotAllowed
from bot.model import Operator, Role
from bot.settings import OperatorSettings

TEAM = "T0SANDBOX"
OPERATORS = OperatorSettings(owners=("U0OLGA",), admins=("U0ADA", "S0ADMINS"), viewers=("U0VIC",))


class Workspace(People):
    """People as Slack would describe them; can be out of reach."""

    def __init__(self) -> None:
        self.persons = {
            id_: Person(id_, TEAM, is_bot=False, is_guest=False, is_deleted=False)
            for id_ in ("U0OLGA", "U0ADA", "U0BEN", "U0VIC", "U0EVE")
        }
        self.groups = {"S0ADMINS": frozenset({"U0BEN"})}
        self.reachable = True
        self.asked: list[str] = []

    @override
    async def person(self, slack_id: str) -> Person:
        self.asked.append(slack_id)
        if not self.reachable:
            raise PeopleUnavailable
        return self.persons[slack_id]

    @override
    async def group_members(self, group_id: str) -> frozenset[str]:
        self.asked.append(group_id)
        if not self.reachable:
            raise PeopleUnavailable
        return self.groups[group_id]


@pytest.fixture
def people() -> Workspace:
    return Workspace()


@pytest.fixture
def access(people: Workspace, clock: FrozenClock) -> Access:
    return Access(OPERATORS, people, clock)


@pytest.mark.parametrize(
    ("slack_id", "role"),
    [("U0OLGA", Role.OWNER), ("U0ADA", Role.ADMIN), ("U0BEN", Role.ADMIN), ("U0VIC", Role.VIEWER)],
)
async def test_configured_people_have_their_role_by_id_or_group(
    access: Access, slack_id: str, role: Role
) -> None:
    operator = await access.authorise(slack_id, team_id=TEAM, need=Role.VIEWER, fresh=True)
    assert operator == Operator(slack_id, role)


async def test_stranger_to_the_configuration_is_refused_and_told_whom_to_ask(access: Access) -> None:
    with pytest.raises(NotAllowed, match=r"Ask <@U0OLGA> or <@U0ADA>\. Your Slack id is U0EVE"):
        await access.authorise("U0EVE", team_id=TEAM, need=Role.VIEWER, fresh=True)


async def test_viewer_may_not_do_what_admins_do(access: Access) -> None:
    with pytest.raises(NotAllowed, match="needs the role admin"):
        await access.authorise("U0VIC", team_id=TEAM, need=Role.ADMIN, fresh=True)


OLGA = Person("U0OLGA", TEAM, is_bot=False, is_guest=False, is_deleted=False)


@pytest.mark.parametrize(
    "person",
    [
        replace(OLGA, is_bot=True),
        replace(OLGA, is_guest=True),
        replace(OLGA, is_deleted=True),
        replace(OLGA, is_stranger=True),
    ],
    ids=["bot", "guest", "deleted", "stranger"],
)
async def test_bots_guests_deleted_people_and_strangers_are_refused(
    access: Access, people: Workspace, person: Person
) -> None:
    people.persons["U0OLGA"] = person
    with pytest.raises(NotAllowed):
        await access.authorise("U0OLGA", team_id=TEAM, need=Role.VIEWER, fresh=True)


@pytest.mark.parametrize("team", ["T0OTHER", ""])
async def test_members_of_another_workspace_are_refused(access: Access, team: str) -> None:
    with pytest.raises(NotAllowed, match="its own workspace"):
        await access.authorise("U0OLGA", team_id=team, need=Role.VIEWER, fresh=True)


async def test_member_of_our_workspace_in_an_organisation_is_let_in(
    access: Access, people: Workspace
) -> None:
    people.persons["U0OLGA"] = replace(people.persons["U0OLGA"], team_id="E0ORG", teams=frozenset({TEAM}))
    assert await access.authorise("U0OLGA", team_id=TEAM, need=Role.OWNER, fresh=True)


async def test_failing_to_find_out_is_a_refusal(access: Access, people: Workspace) -> None:
    people.reachable = False
    for slack_id in ("U0OLGA", "U0BEN", "U0EVE"):
        with pytest.raises(NotAllowed, match="Slack did not say who you are"):
            await access.authorise(slack_id, team_id=TEAM, need=Role.VIEWER, fresh=True)


async def test_fresh_asks_anew_at_every_act(access: Access, people: Workspace) -> None:
    await access.authorise("U0OLGA", team_id=TEAM, need=Role.VIEWER, fresh=True)
    people.persons["U0OLGA"] = replace(people.persons["U0OLGA"], is_deleted=True)
    with pytest.raises(NotAllowed):
        await access.authorise("U0OLGA", team_id=TEAM, need=Role.VIEWER, fresh=True)


async def test_looking_uses_facts_of_the_last_minute_and_no_older(
    access: Access, people: Workspace, clock: FrozenClock
) -> None:
    for _ in range(2):
        await access.authorise("U0OLGA", team_id=TEAM, need=Role.VIEWER, fresh=False)
    assert people.asked == ["U0OLGA"]
    clock.advance(timedelta(seconds=61))
    await access.authorise("U0OLGA", team_id=TEAM, need=Role.VIEWER, fresh=False)
    assert people.asked == ["U0OLGA", "U0OLGA"]


async def test_somebody_taken_out_of_the_group_loses_the_role_within_a_minute(
    access: Access, people: Workspace, clock: FrozenClock
) -> None:
    await access.authorise("U0BEN", team_id=TEAM, need=Role.ADMIN, fresh=True)
    people.groups["S0ADMINS"] = frozenset()
    clock.advance(timedelta(seconds=61))
    with pytest.raises(NotAllowed):
        await access.authorise("U0BEN", team_id=TEAM, need=Role.ADMIN, fresh=True)
