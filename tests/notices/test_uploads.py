"""A picture on its way to Slack, and a message that does not wait for it longer than it should."""

import io
import os
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.models.blocks import ImageBlock, SectionBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.dns.strip import StripRow, draw
from bot.model import Grade
from bot.notices import Label, NotDelivered, Rendered, SlackPoster, try_to_upload
from bot.sandbox.slack.files import File
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Message, Workspace

TOKEN = "xoxb-not-for-the-log"
PICTURE = draw([StripRow("acme.example", (Grade.OK,) * 29 + (Grade.FAIL,))])
LABEL = Label("digest", "2026-11-21", "k")
INVALID_BLOCKS = {"body": {"ok": False, "error": "invalid_blocks"}}


class Slack:
    def __init__(self, server: SlackServer, poster: SlackPoster) -> None:
        self.server = server
        self.poster = poster

    async def upload(self) -> str:
        return await self.poster.upload("dns.png", PICTURE, "Thirty days.")

    def fail(self, method: str, fault: dict[str, Any], times: int = 1) -> None:
        self.server.faults.inject(method, times, fault)

    def file(self, id_: str) -> File:
        return self.server.workspace.files.known[id_]

    @property
    def messages(self) -> list[Message]:
        return self.server.workspace.channels["C1"].messages

    def called(self, method: str) -> int:
        return self.server.calls.count(method)


@pytest.fixture
async def slack(clock: FrozenClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Slack]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody is there
    workspace = Workspace(people=[], channels=[Channel("C1", "ops", {BOT_USER})], clock=clock)
    scopes = frozenset({"chat:write", "files:write"})
    server = SlackServer(workspace, scopes=scopes, bot_token=TOKEN, app_token="xapp-test")
    await server.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=TOKEN, base_url=server.api_url, session=session, retry_handlers=[])
        client.proxy = None
        yield Slack(server, SlackPoster(client, pauses=(0.0, 0.0)))
    await server.stop()


def message(*file_ids: str) -> Rendered:
    pictures = [ImageBlock(slack_file={"id": id_}, alt_text="Thirty days.") for id_ in file_ids]
    return Rendered("All is well.", [SectionBlock(text="All is well."), *pictures])


def kinds(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


async def test_uploaded_picture_is_complete_and_nowhere_to_be_seen_until_a_message_shows_it(
    slack: Slack,
) -> None:
    id_ = await slack.upload()
    stored = slack.file(id_)
    assert (stored.content, stored.name, stored.alt_text) == (PICTURE, "dns.png", "Thirty days.")
    assert stored.mimetype == "image/png"
    assert slack.messages == []
    await slack.poster.post("C1", message(id_), LABEL)
    assert kinds(slack.messages[0]) == ["section", "image"]


async def test_no_proxy_stands_between_us_and_this_machine(slack: Slack) -> None:
    assert os.environ["HTTP_PROXY"]
    assert await slack.upload()


async def test_description_is_cut_to_what_a_file_may_hold(slack: Slack) -> None:
    id_ = await slack.poster.upload("dns.png", PICTURE, "x" * 2000)
    assert slack.file(id_).alt_text == "x" * 1000


METHODS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", [{"status": 503}, {"drop_response": True}])
async def test_upload_that_fails_midway_says_so_and_can_be_repeated(
    slack: Slack, method: str, fault: dict[str, Any]
) -> None:
    slack.fail(method, fault)
    with pytest.raises(NotDelivered) as caught:
        await slack.upload()
    assert not caught.value.permanent
    assert slack.file(await slack.upload()).is_complete


async def test_slack_that_gives_no_url_is_a_failed_upload(slack: Slack) -> None:
    slack.fail("files.getUploadURLExternal", {"silent_success": True})
    with pytest.raises(NotDelivered):
        await slack.upload()


async def test_missing_scope_is_for_a_person_to_mend(slack: Slack) -> None:
    slack.server._scopes -= {"files:write"}
    with pytest.raises(NotDelivered, match=r"manifest\.yml") as caught:
        await slack.upload()
    assert caught.value.permanent


async def test_wish_for_slowness_is_passed_on(slack: Slack) -> None:
    slack.fail("files.getUploadURLExternal", {"status": 429, "retry_after": 7})
    with pytest.raises(NotDelivered) as caught:
        await slack.upload()
    assert caught.value.retry_after == 7


async def attempt(slack: Slack) -> str | None:
    return await try_to_upload(slack.poster, "dns.png", PICTURE, "x", pauses=(0.0, 0.0))


async def test_passing_trouble_is_tried_again(slack: Slack) -> None:
    slack.fail("upload", {"status": 500}, times=2)
    id_ = await attempt(slack)
    assert id_ is not None
    assert slack.file(id_).is_complete


async def test_lasting_trouble_ends_without_a_picture_after_three_attempts(slack: Slack) -> None:
    slack.fail("upload", {"status": 500}, times=10)
    assert await attempt(slack) is None
    assert slack.called("upload") == 3


async def test_what_only_a_person_can_mend_is_tried_once(slack: Slack) -> None:
    slack.fail("files.getUploadURLExternal", {"body": {"ok": False, "error": "file_uploads_disabled"}}, 9)
    assert await attempt(slack) is None
    assert slack.called("files.getUploadURLExternal") == 1


async def test_message_waits_a_moment_for_its_picture(slack: Slack) -> None:
    slack.fail("files.completeUploadExternal", {"unready": 2})
    await slack.poster.post("C1", message(await slack.upload()), LABEL)
    (shown,) = slack.messages
    assert kinds(shown) == ["section", "image"]
    assert slack.called("chat.postMessage") == 3


async def test_message_goes_out_without_a_picture_that_does_not_come(slack: Slack) -> None:
    slack.fail("files.completeUploadExternal", {"unready": 1000})
    channel, ts = await slack.poster.post("C1", message(await slack.upload()), LABEL)
    (shown,) = slack.messages
    assert (channel, ts) == ("C1", shown.ts)
    assert (shown.text, kinds(shown)) == ("All is well.", ["section"])
    assert shown.metadata is not None, "and is recognised as ours"
    assert slack.called("chat.postMessage") == 4


async def test_picture_comes_back_with_the_next_edit(slack: Slack) -> None:
    slack.fail("files.completeUploadExternal", {"unready": 3})
    id_ = await slack.upload()
    channel, ts = await slack.poster.post("C1", message(id_), LABEL)
    assert kinds(slack.messages[0]) == ["section"]
    await slack.poster.edit(channel, ts, message(id_))
    assert kinds(slack.messages[0]) == ["section", "image"]


async def test_edit_goes_through_without_a_picture_that_was_deleted(slack: Slack) -> None:
    id_ = await slack.upload()
    channel, ts = await slack.poster.post("C1", message(id_), LABEL)
    del slack.server.workspace.files.known[id_]
    await slack.poster.edit(channel, ts, message(id_))
    assert kinds(slack.messages[0]) == ["section"]


async def test_message_that_is_refused_for_another_reason_is_not_repeated(slack: Slack) -> None:
    id_ = await slack.upload()
    slack.fail("chat.postMessage", {"body": {"ok": False, "error": "not_in_channel"}})
    with pytest.raises(NotDelivered) as caught:
        await slack.poster.post("C1", message(id_), LABEL)
    assert caught.value.permanent
    slack.fail("chat.postMessage", {"drop_response": True})
    with pytest.raises(NotDelivered) as caught:
        await slack.poster.post("C1", message(id_), LABEL)
    assert caught.value.unclear
    assert slack.called("chat.postMessage") == 2


async def test_blocks_that_are_bad_without_the_picture_too_are_an_error(slack: Slack) -> None:
    slack.fail("chat.postMessage", INVALID_BLOCKS, times=10)
    with pytest.raises(NotDelivered, match="invalid_blocks"):
        await slack.poster.post("C1", message(await slack.upload()), LABEL)
    assert slack.called("chat.postMessage") == 4


async def test_message_without_a_picture_is_sent_once(slack: Slack) -> None:
    slack.fail("chat.postMessage", INVALID_BLOCKS)
    with pytest.raises(NotDelivered):
        await slack.poster.post("C1", message(), LABEL)
    assert slack.called("chat.postMessage") == 1


async def test_neither_token_nor_upload_url_reaches_the_log(slack: Slack, written: io.StringIO) -> None:
    slack.fail("upload", {"status": 500})
    slack.fail("files.completeUploadExternal", {"unready": 1000})
    id_ = await attempt(slack)
    assert id_ is not None
    await slack.poster.post("C1", message(id_), LABEL)
    assert "without it" in written.getvalue()
    assert TOKEN not in written.getvalue()
    assert "/upload/v1/" not in written.getvalue()
