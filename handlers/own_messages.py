"""What Slack tells of our own messages: one was posted (its answer may have been lost), one was removed.

The events are docs.slack.dev, reference/events/message_metadata_posted and message_metadata_deleted. Any app can post
metadata that looks like ours; what counts is who posted it.
"""

import logging
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext

from bot.notices import EVENT_TYPE, Label, NotDelivered
from bot.observability import reference
from bot.services import Services

log = logging.getLogger(__name__)

POSTED = "message_metadata_posted"
REMOVED = "message_metadata_deleted"


def register(app: AsyncApp, services: Services) -> None:
    # Bolt fills these parameters in by their names.
    async def hear(body: dict[str, Any], context: AsyncBoltContext) -> None:
        try:
            if _is_ours(body, context):
                await _take_note(services, body["event"])
        except NotDelivered as error:
            log.warning("a second message of ours could not be taken away: %s", error)
        except Exception:
            log.exception("an event about our own messages was not understood (reference %s)", reference())

    app.event(POSTED)(hear)
    app.event(REMOVED)(hear)


def _is_ours(body: dict[str, Any], context: AsyncBoltContext) -> bool:
    event = body["event"]
    identity = context.authorize_result
    return (
        identity is not None
        and identity.bot_id is not None
        and event.get("bot_id") == identity.bot_id
        and event.get("app_id") == body.get("api_app_id")
    )


async def _take_note(services: Services, event: dict[str, Any]) -> None:
    channel, ts = str(event.get("channel_id", "")), str(event.get("message_ts", ""))
    if event["type"] == REMOVED:
        await services.delivery.heard_of_removal(channel, ts)
        return
    metadata = event.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") == EVENT_TYPE:
        label = Label(*(str(payload.get(key, "")) for key in ("kind", "subject", "key")))
        await services.delivery.heard_of(channel, ts, label)
