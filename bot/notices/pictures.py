"""Messages with pictures that were uploaded (docs.slack.dev, messaging/working-with-files).

Slack looks at a file for a moment after it is complete, and meanwhile refuses messages that show it
(slackapi/python-slack-sdk issue 1521). So such a message is tried again a few times, and then goes out without its
pictures: what it says must not wait for how it looks.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import Block
from slack_sdk.web.async_slack_response import AsyncSlackResponse

log = logging.getLogger(__name__)

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before each further attempt: well within the time for which a notice is claimed."""

Blocks = Sequence[Block | dict[str, Any]]


async def with_pictures(
    blocks: Blocks, attempt: Callable[[Blocks], Awaitable[AsyncSlackResponse]], *, pauses: Sequence[float]
) -> AsyncSlackResponse:
    """The answer to the first attempt that Slack takes: with all blocks, or in the end without uploaded pictures.

    Raises SlackApiError where it is not about pictures, and whatever else `attempt` raises.
    """
    plain = [block for block in blocks if not _shows_file(block)]
    if len(plain) == len(blocks):
        return await attempt(blocks)
    for pause in (*pauses, None):
        try:
            return await attempt(blocks)
        except SlackApiError as error:
            if not _about_blocks(error):
                raise
        if pause is not None:
            await asyncio.sleep(pause)
    log.warning("Slack does not take the picture of a message, which goes out without it")
    return await attempt(plain)


def _shows_file(block: Block | dict[str, Any]) -> bool:
    shown = block.to_dict() if isinstance(block, Block) else block
    return shown.get("type") == "image" and "slack_file" in shown


def _about_blocks(error: SlackApiError) -> bool:
    data = error.response.data
    return isinstance(data, dict) and data.get("error") == "invalid_blocks"
