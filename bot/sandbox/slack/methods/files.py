"""Slack's external upload (docs.slack.dev, messaging/working-with-files): a URL, the bytes sent there, a completion."""

from typing import Any

from bot.sandbox.slack import strict
from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.files import LARGEST, File
from bot.sandbox.slack.methods.call import Call
from bot.sandbox.slack.workspace import BOT_USER, Channel

ALT_TEXT = 1_000
CHANNELS = 100
UPLOAD_PATH = "/upload/v1/"


async def get_upload_url_external(call: Call) -> dict[str, Any]:
    name = call.text("filename")
    given = call.text("length")
    if not given.isascii() or not given.isdigit():
        raise _invalid("must provide an integer [json-pointer:/length]")
    if not int(given):
        raise ApiError("missing_argument")
    if int(given) > LARGEST:
        raise ApiError("file_upload_size_restricted")
    alt_text = call.optional("alt_txt") or ""
    if len(alt_text) > ALT_TEXT:
        raise ApiError("alt_txt_too_large")
    file, ticket = call.slack.files.ticket(name, int(given), alt_text)
    return {"upload_url": f"{call.address}{UPLOAD_PATH}{ticket}", "file_id": file.id}


async def complete_upload_external(call: Call) -> dict[str, Any]:
    wanted = call.structure("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted or not all(map(_is_named, wanted)):
        raise _invalid("missing required field: files")
    blocks = _blocks(call)
    channels = _channels(call)
    thread_ts = call.optional("thread_ts")
    parents = [channel.parent(thread_ts).ts if thread_ts else None for channel in channels]
    if len({one["id"] for one in wanted}) != len(wanted):
        raise ApiError("file_not_found")
    files = [call.slack.files.to_complete(one["id"]) for one in wanted]
    for file, one in zip(files, wanted, strict=True):
        file.title = str(one.get("title") or file.name)
        file.is_complete = True
    for channel, parent in zip(channels, parents, strict=True):
        _share(call, channel, parent, files, blocks)
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def _is_named(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("id"), str)


def _channels(call: Call) -> list[Channel]:
    """Where to share the files: perhaps nowhere, then they are private."""
    ids = [call.optional("channel_id") or "", *(call.optional("channels") or "").split(",")]
    wanted = list(dict.fromkeys(filter(None, map(str.strip, ids))))
    if len(wanted) > CHANNELS:
        raise ApiError("channels_limit_exceeded")
    channels = []
    for id_ in wanted:
        if id_ == call.optional("channel_id") and id_[0] not in "CGDZ":  # a person's id is none
            raise _invalid("input must match regex pattern: ^[CGDZ][A-Z0-9]{8,}$ [json-pointer:/channel_id]")
        channel = call.slack.channel_for_app(id_)
        if BOT_USER not in channel.members:
            raise ApiError("not_in_channel")
        if channel.archived:
            raise ApiError("posting_to_channel_denied")
        channels.append(channel)
    return channels


def _blocks(call: Call) -> list[dict[str, Any]]:
    if call.optional("initial_comment"):
        return []
    blocks = call.structure("blocks", "invalid_blocks") or []
    if problems := strict.message_problems(blocks) or call.slack.files.problems(blocks):
        raise ApiError("invalid_blocks", response_metadata={"messages": [f"[ERROR] {p}" for p in problems]})
    return list(blocks)


def _share(
    call: Call, channel: Channel, parent: str | None, files: list[File], blocks: list[dict[str, Any]]
) -> None:
    _ = call.slack.post(
        channel,
        user=BOT_USER,
        text=call.optional("initial_comment") or "",
        blocks=blocks,
        thread_ts=parent,
        files=tuple(file.id for file in files),
    )


def _invalid(message: str) -> ApiError:
    return ApiError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {message}"]})
