"""The only place below the handlers that calls Slack's Web API: one message posted, edited, proven, taken away."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
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

GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})

MAYBE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Slack's words for "some aspect of the operation may have succeeded" (docs.slack.dev, methods/chat.postMessage)."""

EVENT_TYPE = "mailwarden_notice"
"""The metadata event type of our messages; manifest.yml subscribes to it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: `text` alone must make sense in a notification and to a screen reader.

    `thread_ts`: the message whose thread it belongs in.
    """

    text: str
    blocks: Sequence[Block | dict[str, Any]]
    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """Goes along with a message as its metadata, so that it is recognised as ours. Everybody may read it."""

    kind: str
    subject: str
    key: str


class NotDelivered(Exception):
    """Slack did not take the message, as far as we know.

    `permanent`: only a person can mend it. `retry_after` is in seconds, None where Slack named none. `gone`: the message,
    or the one whose thread it belongs in, is not there any more. `unclear`: Slack may have taken it all the same.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        gone: bool = False,
        unclear: bool = False,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.gone = gone
        self.unclear = unclear


class Poster(Protocol):
    async def post(self, channel: str, message: Rendered, label: Label) -> tuple[str, str]:
        """Post and return (channel id, ts). Raises NotDelivered."""

    async def edit(self, channel: str, ts: str, message: Rendered) -> None:
        """Replace a message of ours. Raises NotDelivered; `gone` if it is not there any more."""

    async def stands(self, channel: str, ts: str) -> bool:
        """Whether Slack still knows the message. Raises NotDelivered where that can't be found out."""

    async def take_away(self, channel: str, ts: str) -> None:
        """Remove a message of ours; nothing happens if it is not there any more. Raises NotDelivered."""


class SlackPoster(Poster):
    """`client` must not repeat requests by itself: a message posted twice can't be told from two messages."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    @override
    async def post(self, channel: str, message: Rendered, label: Label) -> tuple[str, str]:
        with _translated(channel):
            answer = await self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=message.blocks,
                thread_ts=message.thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": asdict(label)},
                unfurl_links=False,
                unfurl_media=False,
            )
            return str(answer["channel"]), str(answer["ts"])

    @override
    async def edit(self, channel: str, ts: str, message: Rendered) -> None:
        with _translated(channel):
            await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)

    @override
    async def stands(self, channel: str, ts: str) -> bool:
        try:
            with _translated(channel):
                await self._client.chat_getPermalink(channel=channel, message_ts=ts)
        except NotDelivered as error:
            if not error.gone:
                raise
            return False
        return True

    @override
    async def take_away(self, channel: str, ts: str) -> None:
        try:
            with _translated(channel):
                await self._client.chat_delete(channel=channel, ts=ts)
        except NotDelivered as error:
            if not error.gone:
                raise


@contextmanager
def _translated(channel: str) -> Iterator[None]:
    try:
        yield
    except (TimeoutError, SlackApiError, aiohttp.ClientError) as error:
        raise _not_delivered(error, channel) from error


def _not_delivered(error: Exception, channel: str) -> NotDelivered:
    if not isinstance(error, SlackApiError):
        return NotDelivered(
            "Slack could not be reached.",
            permanent=False,
            unclear=not isinstance(error, aiohttp.ClientConnectorError),
        )
    answer = error.response
    # An answer that is no JSON comes as aiohttp has it.
    status: int = answer.status_code if isinstance(answer, AsyncSlackResponse) else answer.status
    if status == 429:
        seconds = answer.headers.get("Retry-After", "1")
        return NotDelivered(
            "Slack asks us to slow down.",
            permanent=False,
            retry_after=float(seconds) if seconds.isdigit() else 1.0,
        )
    known = isinstance(answer, AsyncSlackResponse) and isinstance(answer.data, dict)
    code = answer.get("error") if known else None
    if code in PERMANENT:
        return NotDelivered(PERMANENT[code].format(channel=channel), permanent=True)
    return NotDelivered(
        f"Slack refused the message ({code or 'no reason given'}).",
        permanent=False,
        gone=code in GONE,
        unclear=code in MAYBE or status >= 500 or code is None,
    )
