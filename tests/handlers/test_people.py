"""What Slack says about people, and what it means when it says that there is nobody."""

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import PeopleUnavailable, Person
from handlers.people import SlackPeople
from tests.support.slack_api import TEAM, SlackApi, slack_api


@pytest.fixture
async def slack() -> AsyncIterator[tuple[SlackApi, AsyncWebClient]]:
    async with slack_api() as slack:
        yield slack


async def test_person_is_as_slack_describes_them(slack: tuple[SlackApi, AsyncWebClient]) -> None:
    api, client = slack
    people = SlackPeople(client)
    ada = await people.person("U0ADA")
    assert ada == Person("U0ADA", TEAM, is_bot=False, is_guest=False, is_deleted=False)
    api.strange["U0GUS"] = {"is_restricted": True}
    api.strange["U0GONE"] = {"deleted": True}
    assert (await people.person("U0GUS")).is_guest
    assert (await people.person("U0GONE")).is_deleted
    assert (await people.person("USLACKBOT")).is_bot


@pytest.mark.parametrize("code", ["user_not_found", "user_not_visible"])
async def test_whom_slack_does_not_know_is_a_stranger(
    slack: tuple[SlackApi, AsyncWebClient], code: str
) -> None:
    api, client = slack
    api.refusals["users.info"] = code
    nobody = await SlackPeople(client).person("U0NOBODY")
    assert nobody.is_stranger
    assert not nobody.team_id


async def test_user_group_that_is_not_there_has_no_members(slack: tuple[SlackApi, AsyncWebClient]) -> None:
    api, client = slack
    api.groups["S0ADMINS"] = ["U0ADA", "U0BEN"]
    assert await SlackPeople(client).group_members("S0ADMINS") == {"U0ADA", "U0BEN"}
    api.refusals["usergroups.users.list"] = "no_such_subteam"
    assert await SlackPeople(client).group_members("S0GONE") == set()


@pytest.mark.parametrize("code", ["internal_error", "missing_scope", "ratelimited"])
async def test_any_other_refusal_says_nothing_about_anybody(
    slack: tuple[SlackApi, AsyncWebClient], code: str
) -> None:
    api, client = slack
    api.refusals |= {"users.info": code, "usergroups.users.list": code}
    with pytest.raises(PeopleUnavailable):
        _ = await SlackPeople(client).person("U0ADA")
    with pytest.raises(PeopleUnavailable):
        _ = await SlackPeople(client).group_members("S0ADMINS")
