"""Asks Slack about people: `users.info` and `usergroups.users.list`."""

import asyncio
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.access import People, PeopleUnavailable, Person
from handlers.payloads import error_code

PATIENCE = 1.2
"""Seconds. Two such questions and the answer to them must fit into the 3 seconds of an ack."""

_NOBODY = {"user_not_found", "user_not_visible"}
"""Slack's answers about who is no member here (docs.slack.dev, reference/methods/users.info)."""


class SlackPeople(People):
    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    @override
    async def person(self, slack_id: str) -> Person:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.users_info(user=slack_id)
            user: dict[str, Any] = answer["user"]
            return Person(
                id=str(user["id"]),
                team_id=str(user.get("team_id", "")),
                is_bot=bool(user.get("is_bot")) or slack_id == "USLACKBOT",
                # A single-channel guest has both flags (docs.slack.dev, reference/objects/user-object).
                is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
                is_deleted=bool(user.get("deleted")),
                is_stranger=bool(user.get("is_stranger")),
                teams=frozenset((user.get("enterprise_user") or {}).get("teams", ())),
            )
        except SlackApiError as error:
            if error_code(error) in _NOBODY:
                return Person(slack_id, "", is_bot=False, is_guest=False, is_deleted=False, is_stranger=True)
            raise PeopleUnavailable("users.info gave no answer") from error
        except (
            aiohttp.ClientError,
            TimeoutError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise PeopleUnavailable("users.info gave no answer") from error

    @override
    async def group_members(self, group_id: str) -> frozenset[str]:
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._client.usergroups_users_list(usergroup=group_id)
            return frozenset(map(str, answer["users"]))
        except SlackApiError as error:
            if error_code(error) == "no_such_subteam":
                return frozenset()
            raise PeopleUnavailable("usergroups.users.list gave no answer") from error
        except (aiohttp.ClientError, TimeoutError, KeyError, TypeError) as error:
            raise PeopleUnavailable("usergroups.users.list gave no answer") from error
