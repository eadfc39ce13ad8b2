"""The only place below the handlers that calls Slack's Web API: one message posted, edited, proven, taken away."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Protocol

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from typing_extensions import override

from bot.notices.pictures import PAUSES, Blocks, with_pictures

log = logging.getLogger(__name__)

PERMANENT = {
    "channel_not_found": "Slack knows no channel {channel}. Check the channel ids in mailwarden.toml.",
    "not_in_channel": "Mailwarden is not a member of <#{channel}>. Type /invite @mailwarden there.",
    "is_archived": "<#{channel}> is archived. Unarchive it, or configure another channel.",
    "restricted_action": "A workspace setting keeps Mailwarden from posting in <#{channel}>.",
    "missing_scope": "The Slack app lacks a scope. Update it from manifest.yml and install it again.",
    "invalid_auth": "Slack does not accept SLACK_BOT_TOKEN.",
    "account_inactive": "The Slack app was removed from the workspace.",
    "token_revoked": "SLACK_BOT_TOKEN was revoked.",
    "file_uploads_disabled": "A workspace setting keeps everybody from uploading files.",
    "file_type_not_allowed": "A workspace setting does not allow files of this type.",
    "file_upload_size_restricted": "A workspace setting does not allow files of this size.",
    "storage_limit_reached": "The workspace has no room for another file.",
}
"""Errors that only a person can mend (docs.slack.dev, methods/chat.postMessage and methods/files.getUploadURLExternal);
all others may pass by themselves.
"""

GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})

MAYBE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Slack's words for "some aspect of the operation may have succeeded" (docs.slack.dev, methods/chat.postMessage)."""

ALT_TEXT = 1_000
"""What a file's description may hold (docs.slack.dev, methods/files.getUploadURLExternal)."""

LONGEST_WAIT = 30.0
"""Seconds that an upload waits where Slack asks us to slow down."""

EVENT_TYPE = "mailwarden_notice"
"""The metadata event type of our messages; manifest.yml subscribes to it."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message: `text` alone must make sense in a notification and to a screen reader.

    `thread_ts`: the message whose thread it belongs in. `correction`: of use only where an earlier state of it stands.
    """

    text: str
    blocks: Blocks
    thread_ts: str | None = None
    correction: bool = False


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


class Uploader(Protocol):
    async def upload(self, name: str, content: bytes, alt_text: str) -> str:
        """Give Slack a file and return its id, for the `slack_file` of an image block. Raises NotDelivered.

        Nobody sees the file before a message of ours shows it. Of `alt_text`, what a file may hold is taken.
        """


class SlackPoster(Poster, Uploader):
    """`client` must not repeat requests by itself: a message posted twice can't be told from two messages.

    `pauses`: seconds before each further attempt with a picture that Slack is not done with.
    """

    def __init__(self, client: AsyncWebClient, *, pauses: Sequence[float] = PAUSES) -> None:
        self._client = client
        self._pauses = pauses

    @override
    async def post(self, channel: str, message: Rendered, label: Label) -> tuple[str, str]:
        async def attempt(blocks: Blocks) -> AsyncSlackResponse:
            return await self._client.chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=blocks,
                thread_ts=message.thread_ts,
                metadata={"event_type": EVENT_TYPE, "event_payload": asdict(label)},
                unfurl_links=False,
                unfurl_media=False,
            )

        with _translated(channel):
            answer = await with_pictures(message.blocks, attempt, pauses=self._pauses)
        return str(answer["channel"]), str(answer["ts"])

    @override
    async def edit(self, channel: str, ts: str, message: Rendered) -> None:
        async def attempt(blocks: Blocks) -> AsyncSlackResponse:
            return await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=blocks)

        with _translated(channel):
            _ = await with_pictures(message.blocks, attempt, pauses=self._pauses)

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

    @override
    async def upload(self, name: str, content: bytes, alt_text: str) -> str:
        with _translated(""):
            ticket = await self._client.files_getUploadURLExternal(
                filename=name, length=len(content), alt_txt=alt_text[:ALT_TEXT]
            )
            session = self._client.session
            assert session is not None, "our clients share one"
            # The URL is the permission: the token goes nowhere but to the Web API.
            url = str(ticket.get("upload_url") or "")
            async with session.post(url, data=content, proxy=self._client.proxy) as answer:
                if answer.status != 200:
                    raise NotDelivered(f"Slack did not take the file ({answer.status}).", permanent=False)
            _ = await self._client.files_completeUploadExternal(
                files=[{"id": str(ticket["file_id"]), "title": name}]
            )
        return str(ticket["file_id"])


async def try_to_upload(
    uploader: Uploader, name: str, content: bytes, alt_text: str, *, pauses: Sequence[float] = PAUSES
) -> str | None:
    """The id of the uploaded file; None if that can't be, after as many further attempts as there are `pauses`.

    For pictures that a message can do without. What Slack took of a failed attempt is seen by nobody and goes by itself.
    """
    for pause in (*pauses, None):
        try:
            return await uploader.upload(name, content, alt_text)
        except NotDelivered as error:
            if error.permanent or pause is None:
                log.warning("%s can't be uploaded, so the message goes out without it: %s", name, error)
                return None
            await asyncio.sleep(max(pause, min(error.retry_after or 0.0, LONGEST_WAIT)))
    return None


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
