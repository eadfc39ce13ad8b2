from typing import Any

from bot.sandbox.slack import elements, strict
from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.payloads import message_object
from bot.sandbox.slack.workspace import BOT_USER, Channel, Message

POST_CHARACTERS = 40_000
UPDATE_CHARACTERS = 4_000


async def post_message(call: Call) -> dict[str, Any]:
    channel = _writable(call)
    text, blocks = _content(call)
    metadata, thread_ts = _metadata(call), call.optional("thread_ts")
    message = call.slack.post(
        channel,
        user=BOT_USER,
        text=text[:POST_CHARACTERS],
        blocks=blocks,
        thread_ts=channel.parent(thread_ts).ts if thread_ts else None,
        metadata=metadata,
    )
    return {"channel": channel.id, "ts": message.ts, "message": message_object(message)}


async def post_ephemeral(call: Call) -> dict[str, Any]:
    channel = _writable(call)
    text, blocks = _content(call)
    user = call.text("user")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    message = call.slack.post(channel, user=BOT_USER, text=text, blocks=blocks, ephemeral_for=user)
    return {"message_ts": message.ts}


async def update(call: Call) -> dict[str, Any]:
    channel = _writable(call)
    message = _own(channel, call.text("ts"), otherwise="cant_update_message")
    given = {name for name in ("text", "blocks") if call.arguments.get(name) is not None}
    text, blocks = _content(call)
    if len(text) > UPDATE_CHARACTERS:
        raise ApiError("msg_too_long")
    message.text = text if "text" in given else message.text
    message.blocks = elements.with_ids(blocks)
    message.clicked = {}
    message.edited = True
    call.slack.touch()
    return {"channel": channel.id, "ts": message.ts, "text": text, "message": message_object(message)}


async def delete(call: Call) -> dict[str, Any]:
    channel = _writable(call)
    message = _own(channel, call.text("ts"), otherwise="cant_delete_message")
    call.slack.remove(channel.id, message.ts)
    return {"channel": channel.id, "ts": message.ts}


async def get_permalink(call: Call) -> dict[str, Any]:
    channel = call.slack.channel_for_app(call.text("channel"))
    message = channel.message_or_tombstone(call.text("message_ts"))
    if message.ephemeral_for is not None:
        raise ApiError("message_not_found")
    return {
        "channel": channel.id,
        "permalink": f"https://sandbox.slack.invalid/archives/{channel.id}/p{message.ts.replace('.', '')}",
    }


def _writable(call: Call) -> Channel:
    channel = call.slack.channel_for_app(call.text("channel"))
    if channel.archived:
        raise ApiError("is_archived")
    if BOT_USER not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _own(channel: Channel, ts: str, *, otherwise: str) -> Message:
    message = channel.message(ts)
    if message.ephemeral_for is not None:
        raise ApiError("message_not_found")
    if message.user != BOT_USER:
        raise ApiError(otherwise)
    return message


def _metadata(call: Call) -> dict[str, Any] | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"}:
        raise ApiError("invalid_metadata_format")
    kind, payload = metadata["event_type"], metadata["event_payload"]
    if not isinstance(kind, str) or not kind or not isinstance(payload, dict):
        raise ApiError("invalid_metadata_format")
    lists = [value if isinstance(value, list) else [value] for value in payload.values()]
    if not all(isinstance(value, str | int | float) for values in lists for value in values):
        raise ApiError("invalid_metadata_format")
    return metadata


def _content(call: Call) -> tuple[str, list[dict[str, Any]]]:
    text = str(call.arguments.get("text") or "")
    blocks = call.structure("blocks", "invalid_blocks_format") or []
    if not text and not blocks:
        raise ApiError("no_text")
    problems = strict.message_problems(blocks) or call.slack.files.problems(blocks)
    if problems:
        raise ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})
    return text, blocks
