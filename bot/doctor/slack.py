"""What the doctor asks Slack. Nothing here needs a scope that the bot does not need anyway."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.doctor.check import Check
from bot.settings import OperatorSettings, SlackSettings

SCOPES = {
    "chat:write": "post the notices and the digest",
    "commands": "offer the slash commands",
    "files:write": "upload the picture of the digest",
    "metadata.message:read": "recognise its own notices, and notice when one is removed",
    "usergroups:read": "know operators that are named by user group",
    "users:read": "refuse guests, bots and people who have left",
}
"""What the bot token needs, and what for; manifest.yml asks for exactly these."""

OPTIONAL = {"files:read": "take a list of mail users as a file"}
"""What the bot token may do without."""

_LONG_AGO = "1000000000.000000"
"""A ts that no message has: chat.getPermalink, which needs no scope, then tells whether the channel is there."""

_GROUP_PREFIX = "S"


class SlackDoctor:
    """`is_in` once the bot token was accepted; without that nothing else of Slack can be asked."""

    def __init__(self, settings: SlackSettings, session: aiohttp.ClientSession) -> None:
        self.is_in = False
        self._client = AsyncWebClient(
            token=settings.bot_token.get_secret_value(), base_url=settings.api_url, session=session
        )
        if settings.api_url.startswith("http:"):
            self._client.proxy = None  # this machine (the settings see to that), where no proxy leads
        self._app_token = settings.app_token.get_secret_value()

    async def tokens(self) -> AsyncIterator[Check]:
        try:
            answer = await self._client.auth_test()
        except SlackApiError as error:
            yield Check(
                passed=False,
                what=f"Slack does not accept SLACK_BOT_TOKEN: {_code(error)}",
                advice='Copy it again: api.slack.com/apps → your app → "OAuth & Permissions".',
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            yield Check(
                passed=False,
                what=f"Slack can't be reached: {error or 'no answer in time'}",
                advice="Allow this machine to reach slack.com on port 443.",
            )
            return
        else:
            self.is_in = True
            yield Check(passed=True, what=f"Slack: the bot is {answer['user']} in {answer['team']}")
            yield _scopes(answer.headers.get("x-oauth-scopes"))
        yield await self._may_connect()

    async def _may_connect(self) -> Check:
        try:
            _ = await self._client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            return Check(
                passed=False,
                what=f"Slack does not accept SLACK_APP_TOKEN for Socket Mode: {_code(error)}",
                advice=(
                    'api.slack.com/apps → your app → "Basic Information" → "App-Level Tokens": '
                    "make one with the scope connections:write."
                ),
            )
        except (aiohttp.ClientError, TimeoutError) as error:
            return Check(passed=False, what=f"Slack can't be reached: {error or 'no answer in time'}")
        return Check(passed=True, what="Slack: Socket Mode may be opened")

    async def channel(self, key: str, channel: str) -> Check:
        try:
            _ = await self._client.chat_getPermalink(channel=channel, message_ts=_LONG_AGO)
        except SlackApiError as error:
            if _code(error) != "message_not_found":
                return Check(
                    passed=False,
                    what=f"{key}: Slack knows no channel {channel} that the bot may see ({_code(error)})",
                    advice="Check the id. If the channel is private, invite the bot there: /invite @mailwarden",
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            return Check(passed=False, what=f"{key}: Slack can't be reached: {error or 'no answer in time'}")
        return Check(
            passed=True,
            what=f"{key}: the channel {channel} is there",
            advice=(
                "Whether the bot is a member of a public channel can't be looked up without a further scope. "
                "If in doubt: /invite @mailwarden"
            ),
        )

    async def operators(self, operators: OperatorSettings) -> AsyncIterator[Check]:
        for role, ids in operators:
            for slack_id in ids:
                try:
                    yield await (self._group if slack_id.startswith(_GROUP_PREFIX) else self._person)(
                        role, slack_id
                    )
                except SlackApiError as error:
                    yield Check(
                        passed=False,
                        what=f"operators.{role}: Slack does not know {slack_id} ({_code(error)})",
                        advice="Check the id, or take it out.",
                    )
                except (aiohttp.ClientError, TimeoutError) as error:
                    yield Check(passed=False, what=f"operators.{role}: Slack can't be reached: {error}")

    async def _group(self, role: str, group: str) -> Check:
        members = (await self._client.usergroups_users_list(usergroup=group))["users"]
        if not members:
            return Check(passed=False, what=f"operators.{role}: nobody is in the user group {group}")
        return Check(passed=True, what=f"operators.{role}: {len(members)} in the user group {group}")

    async def _person(self, role: str, slack_id: str) -> Check:
        user: dict[str, Any] = (await self._client.users_info(user=slack_id))["user"]
        name = f"{user.get('name', slack_id)} ({slack_id})"
        for flag, reason in (
            ("deleted", "has left"),
            ("is_bot", "is a bot"),
            ("is_restricted", "is a guest"),
            ("is_ultra_restricted", "is a guest"),
        ):
            if user.get(flag):
                return Check(
                    passed=False,
                    what=f"operators.{role}: {name} {reason}, and will be refused",
                    advice="Take the id out.",
                )
        return Check(passed=True, what=f"operators.{role}: {name}")


def _scopes(granted: str | None) -> Check:
    if granted is None:
        return Check(passed=True, what="Slack: did not say which scopes the bot has")
    have = {scope.strip() for scope in granted.split(",")} - {""}
    if missing := sorted(SCOPES.keys() - have):
        needs = ", ".join(f"{scope} (to {SCOPES[scope]})" for scope in missing)
        return Check(
            passed=False,
            what=f"Slack: the bot lacks {needs}",
            advice='Paste manifest.yml at api.slack.com/apps → your app → "App Manifest", then reinstall the app.',
        )
    surplus = sorted(have - SCOPES.keys() - OPTIONAL.keys())
    return Check(
        passed=True,
        what="Slack: the bot has the scopes it needs",
        advice=f"It does not need {', '.join(surplus)}: paste manifest.yml to be rid of that."
        if surplus
        else "",
    )


def _code(error: SlackApiError) -> str:
    return str(error.response.get("error", "unknown error"))
