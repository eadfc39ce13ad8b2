"""The only place below the handlers that calls Slack's Web API: one message posted, one edited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

PERMANENT = {
    "channel_not_found": "Slack knows no channel {channel}. Check the channel ids in mailwarden.toml.",
    "not_in_channel": "Mailwarden is not a member of <#{channel}>. Type /invite @mailwarden there.",
    "is_archived": "<#{channel}> is archived. Unarchive it, or configure another channel.",
    "restricted_action": "A workspace setting keeps Mailwarden from posting in <#{channel}>.",
    "missing_scope": "The Slack app lacks a scope. Update it from manifest.yml and install it again.",
    "invalid_auth": "Slack does not accept SLACK_BOT_TOKEN.",
    "account_inactive": "The Slack app was removed from the workspace.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked.",
}
"""Errors that only a person can mend (docs.slack.dev, methods/chat.postMessage); all others may pass by themselves."""

GONE = frozenset({"message_not_found", "cant_update_message"})


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: `text` alone must make sense in a notification and to a screen reader."""

    text: str
    blocks: Sequence[Block | dict[str, Any]]


class NotDelivered(Exception):
    """Slack did not take the message. `retry_after` is in seconds, None where Slack named none."""

    def __init__(
        self, message: str, *, permanent: bool, retry_after: float | None = None, gone: bool = False
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.gone = gone


class Poster(Protocol):
    async def post(self, channel: str, message: Rendered) -> tuple[str, str]:
        """Post and return (channel id, ts). Raises NotDelivered."""

    async def edit(self, channel: str, ts: str, message: Rendered) -> None:
        """Replace a message of ours. Raises NotDelivered; `gone` if it is not there any more."""


class SlackPoster(Poster):
    """`client` must not repeat requests by itself: a message posted twice can't be told from two messages."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    @override
    async def post(self, channel: str, message: Rendered) -> tuple[str, str]:
        try:
            answer = await self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                unfurl_links=False,
                unfurl_media=False,
            )
        except (TimeoutError, SlackApiError, aiohttp.ClientError) as error:
            raise _not_delivered(error, channel) from error
        return str(answer["channel"]), str(answer["ts"])

    @override
    async def edit(self, channel: str, ts: str, message: Rendered) -> None:
        try:
            await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        except (TimeoutError, SlackApiError, aiohttp.ClientError) as error:
            raise _not_delivered(error, channel) from error


def _not_delivered(error: Exception, channel: str) -> NotDelivered:
    if not isinstance(error, SlackApiError):
        return NotDelivered("Slack could not be reached.", permanent=False)
    if error.response.status_code == 429:
        seconds = error.response.headers.get("Retry-After", "1")
        return NotDelivered(
            "Slack asks us to slow down.",
            permanent=False,
            retry_after=float(seconds) if seconds.isdigit() else 1.0,
        )
    code = error.response.get("error") if isinstance(error.response.data, dict) else None
    if code in PERMANENT:
        return NotDelivered(PERMANENT[code].format(channel=channel), permanent=True)
    return NotDelivered(
        f"Slack refused the message ({code or 'no reason given'}).", permanent=False, gone=code in GONE
    )
