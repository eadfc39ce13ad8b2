"""Uploading as Slack has it, asked by the real slack_sdk client: a URL, the content, a completion, an image block."""

import io
from typing import Any

import pytest
from PIL import Image
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import ImageBlock

from bot.sandbox.slack.files import LARGEST, File
from bot.sandbox.slack.workspace import BOT_USER
from tests.sandbox.slack.conftest import Slack, refused


def picture(kind: str = "PNG") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (40, 30), "#009e73").save(written, kind)
    return written.getvalue()


PICTURE = picture()


async def ticket(slack: Slack, length: int = len(PICTURE), **more: Any) -> tuple[str, str]:
    """(id, url)"""
    arguments: dict[str, Any] = {"filename": "strip.png", "length": length, **more}
    answer = await slack.client.files_getUploadURLExternal(**arguments)
    return str(answer["file_id"]), str(answer["upload_url"])


async def sent(slack: Slack, url: str, content: bytes = PICTURE) -> int:
    async with slack.session.post(url, data=content) as answer:
        return answer.status


async def uploaded(slack: Slack, content: bytes = PICTURE, **more: Any) -> str:
    id_, url = await ticket(slack, len(content))
    assert await sent(slack, url, content) == 200
    await slack.client.files_completeUploadExternal(files=[{"id": id_, "title": "30 days"}], **more)
    return id_


def showing(id_: str) -> list[dict[str, Any]]:
    return [{"type": "image", "slack_file": {"id": id_}, "alt_text": "Thirty days."}]


def file(slack: Slack, id_: str) -> File:
    return slack.server.workspace.files.known[id_]


@pytest.fixture(autouse=True)
def may_upload(slack: Slack) -> None:
    slack.server._scopes |= {"files:write"}


async def test_uploaded_picture_is_shown_by_an_image_block(slack: Slack) -> None:
    id_ = await uploaded(slack)
    await slack.post(blocks=showing(id_))
    (message,) = slack.messages
    assert message.blocks[0]["slack_file"] == {"id": id_}
    stored = file(slack, id_)
    assert (stored.content, stored.title, stored.mimetype) == (PICTURE, "30 days", "image/png")
    assert (stored.width, stored.height) == (40, 30)


async def test_what_the_sdk_builds_is_taken(slack: Slack) -> None:
    block = ImageBlock(slack_file={"id": await uploaded(slack)}, alt_text="x", title="30 days")
    await slack.post(blocks=[block])
    assert slack.messages[0].blocks[0]["title"]["text"] == "30 days"


async def test_sdks_own_helper_uploads_too(slack: Slack) -> None:
    answer = await slack.client.files_upload_v2(filename="a.png", content=PICTURE, title="A")
    assert file(slack, answer["file"]["id"]).is_complete


@pytest.mark.parametrize("kind", ["JPEG", "GIF"])
async def test_other_kinds_of_picture_are_shown(slack: Slack, kind: str) -> None:
    await slack.post(blocks=showing(await uploaded(slack, picture(kind))))


async def test_content_may_come_as_a_form(slack: Slack) -> None:
    id_, url = await ticket(slack)
    assert await sent(slack, url, {"filename": io.BytesIO(PICTURE)}) == 200  # type: ignore[arg-type]
    assert file(slack, id_).content == PICTURE


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"length": 0}, "missing_argument"),
        ({"length": "many"}, "invalid_arguments"),
        ({"length": -1}, "invalid_arguments"),
        ({"length": LARGEST + 1}, "file_upload_size_restricted"),
        ({"filename": ""}, "invalid_arguments"),
        ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
async def test_no_url_is_given_for(slack: Slack, arguments: dict[str, Any], error: str) -> None:
    assert await refused(ticket(slack, **arguments)) == error


async def test_longest_description_is_kept(slack: Slack) -> None:
    id_, _ = await ticket(slack, alt_txt="x" * 1000)
    assert file(slack, id_).alt_text == "x" * 1000


async def test_url_is_good_once_and_for_the_announced_length(slack: Slack) -> None:
    id_, url = await ticket(slack)
    assert await sent(slack, url, PICTURE + b"x") == 400
    assert file(slack, id_).content is None
    assert await sent(slack, url) == 200
    assert await sent(slack, url) == 400
    assert await sent(slack, f"{url}x") == 400


async def test_upload_needs_the_scope_and_the_url_needs_no_token(slack: Slack) -> None:
    _, url = await ticket(slack)
    slack.server._scopes -= {"files:write"}
    with pytest.raises(SlackApiError) as caught:
        await ticket(slack)
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "files:write"
    complete = slack.client.files_completeUploadExternal(files=[{"id": "F0"}])
    assert await refused(complete) == "missing_scope"
    assert await sent(slack, url) == 200


async def test_only_what_has_arrived_is_completed_and_only_once(slack: Slack) -> None:
    async def complete(*ids: str) -> str:
        return await refused(slack.client.files_completeUploadExternal(files=[{"id": id_} for id_ in ids]))

    id_, url = await ticket(slack)
    assert await complete("F0UNKNOWN1") == "file_not_found"
    assert await complete(id_) == "file_not_found"
    await sent(slack, url)
    assert await complete(id_, id_) == "file_not_found"
    assert await complete() == "invalid_arguments"
    await slack.client.files_completeUploadExternal(files=[{"id": id_}])
    assert file(slack, id_).title == "strip.png"
    assert await complete(id_) == "file_not_found"


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C9", "channel_not_found"),
        ("C2", "not_in_channel"),
        ("C3", "posting_to_channel_denied"),
        ("U0ADA", "invalid_arguments"),
    ],
)
async def test_file_is_not_shared_with(slack: Slack, channel: str, error: str) -> None:
    id_, url = await ticket(slack)
    await sent(slack, url)
    complete = slack.client.files_completeUploadExternal(files=[{"id": id_}], channel_id=channel)
    assert await refused(complete) == error
    assert not file(slack, id_).is_complete, "and can be completed elsewhere"


async def test_sharing_posts_a_message_with_the_comment_in_the_thread(slack: Slack) -> None:
    parent = await slack.post("parent")
    id_ = await uploaded(slack, channel_id="C1", initial_comment="Look.", thread_ts=parent)
    message = slack.messages[-1]
    assert (message.user, message.text, message.files) == (BOT_USER, "Look.", (id_,))
    assert message.thread_ts == parent


async def test_completed_without_a_channel_it_is_posted_nowhere(slack: Slack) -> None:
    await uploaded(slack)
    assert slack.messages == []


async def test_more_than_100_channels_are_too_many(slack: Slack) -> None:
    channels = [f"C{number}" for number in range(101)]
    complete = slack.client.files_completeUploadExternal(files=[{"id": "F0"}], channels=channels)
    assert await refused(complete) == "channels_limit_exceeded"


async def why(slack: Slack, blocks: list[dict[str, Any]]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await slack.post(blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    return " ".join(caught.value.response["response_metadata"]["messages"])


async def test_image_of_a_file_that_is_not_to_be_had_is_refused(slack: Slack) -> None:
    id_, url = await ticket(slack)
    place = "invalid slack file [json-pointer:/blocks/0/slack_file]"
    assert place in await why(slack, showing("F0UNKNOWN1"))
    assert place in await why(slack, showing(id_)), "nothing has arrived"
    await sent(slack, url)
    assert place in await why(slack, showing(id_)), "not completed"
    assert place in await why(slack, showing(await uploaded(slack, b"no picture")))
    assert slack.messages == []


@pytest.mark.parametrize(
    "image",
    [
        {"slack_file": {"id": "nonsense"}},
        {"slack_file": {}},
        {"slack_file": {"id": "F012345678", "name": "x"}},
        {"slack_file": {"id": "F012345678", "url": "https://files.slack.com/x"}},
        {"slack_file": {"id": "F012345678"}, "image_url": "https://x.example/x.png"},
        {},
    ],
)
async def test_image_block_names_one_file_or_one_address(slack: Slack, image: dict[str, Any]) -> None:
    assert await why(slack, [{"type": "image", "alt_text": "x", **image}])


async def test_image_beside_a_section_and_in_a_context_is_looked_at_too(slack: Slack) -> None:
    def blocks(id_: str) -> list[dict[str, Any]]:
        image = {"type": "image", "slack_file": {"id": id_}, "alt_text": "x"}
        text = {"type": "mrkdwn", "text": "x"}
        return [
            {"type": "section", "text": text, "accessory": image},
            {"type": "context", "elements": [text, image]},
        ]

    told = await why(slack, blocks("F0UNKNOWN1"))
    assert "/blocks/0/accessory/slack_file" in told
    assert "/blocks/1/elements/1/slack_file" in told
    await slack.post(blocks=blocks(await uploaded(slack)))


async def test_picture_in_a_modal_is_judged_alike(slack: Slack) -> None:
    def modal(id_: str) -> dict[str, Any]:
        return {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": showing(id_)}

    unknown = slack.client.views_open(trigger_id=slack.trigger(), view=modal("F0UNKNOWN1"))
    assert await refused(unknown) == "invalid_arguments"
    await slack.client.views_open(trigger_id=slack.trigger(), view=modal(await uploaded(slack)))


async def test_file_that_slack_still_looks_at_is_refused_as_often_as_asked_for(slack: Slack) -> None:
    slack.server.faults.inject("files.completeUploadExternal", 1, {"unready": 2})
    id_ = await uploaded(slack)
    other = await uploaded(slack)
    assert "invalid slack file" in await why(slack, showing(id_))
    await slack.post(blocks=showing(other))
    assert "invalid slack file" in await why(slack, showing(id_))
    await slack.post(blocks=showing(id_))


async def test_sending_the_content_fails_on_demand(slack: Slack) -> None:
    id_, url = await ticket(slack)
    slack.server.faults.inject("upload", 1, {"status": 503})
    assert await sent(slack, url) == 503
    assert file(slack, id_).content is None
    assert await sent(slack, url) == 200
    assert slack.server.calls[-2:] == ["upload", "upload"]
