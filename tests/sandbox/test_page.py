"""The page in a real browser: threads, pictures, and taking a message away."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from playwright.async_api import Browser, Page, expect
from slack_sdk.models.blocks import ImageBlock
from slack_sdk.web.async_client import AsyncWebClient

from bot.dns.strip import StripRow, draw
from bot.model import Grade
from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.workspace import BOT_USER, Message


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data") as sandbox:
        yield sandbox


@pytest.fixture
async def page(sandbox: Sandbox, browser: Browser) -> AsyncIterator[Page]:
    page = await browser.new_page()
    await page.goto(f"{sandbox.url}/#U0ADA/C0MAILOPS")
    yield page
    await page.close()


def notice(sandbox: Sandbox, text: str, **more: Any) -> Message:
    return sandbox.slack.post(sandbox.slack.channels["C0MAILOPS"], user=BOT_USER, text=text, **more)


async def test_replies_stand_below_what_they_answer(sandbox: Sandbox, page: Page) -> None:
    first = notice(sandbox, "first")
    notice(sandbox, "second")
    notice(sandbox, "answer one", thread_ts=first.ts)
    notice(sandbox, "answer two", thread_ts=first.ts)
    bodies = page.locator("article.message .message-body > div:last-child")
    await expect(bodies).to_have_text(["first", "answer one", "answer two", "second"])
    await expect(page.locator(".replies")).to_have_text("2 replies")
    indented = await page.locator("article.reply").first.bounding_box()
    parent = await page.locator("article.message").first.bounding_box()
    assert indented is not None
    assert parent is not None
    assert indented["x"] > parent["x"]


async def test_message_is_removed_by_keyboard_after_a_question(sandbox: Sandbox, page: Page) -> None:
    notice(sandbox, "to go")
    notice(sandbox, "to stay")
    button = page.locator("article.message").filter(has_text="to go").get_by_role("button", name="Remove")
    await expect(button).to_have_css("opacity", "0")
    await button.focus()
    await expect(button).to_have_css("opacity", "1")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Keep it").click()
    await expect(page.locator("article.message")).to_have_count(2)
    await button.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.locator("article.message")).to_have_count(1)
    assert [message.text for message in sandbox.slack.channels["C0MAILOPS"].messages] == ["to stay"]


async def test_message_with_replies_leaves_a_tombstone(sandbox: Sandbox, page: Page) -> None:
    parent = notice(sandbox, "to go")
    notice(sandbox, "answer", thread_ts=parent.ts)
    await page.locator("article.message").first.hover()
    await page.locator("article.message").first.get_by_role("button", name="Remove").click()
    await page.locator("dialog.confirm .buttons button").last.click()
    grave = page.locator("article.tombstone")
    await expect(grave).to_contain_text("This message was deleted.")
    await expect(grave.get_by_role("button")).to_have_count(0)
    await expect(page.locator("article.reply")).to_contain_text("answer")


async def test_what_others_wrote_and_what_only_you_see_has_no_such_button(
    sandbox: Sandbox, page: Page
) -> None:
    channel = sandbox.slack.channels["C0MAILOPS"]
    sandbox.slack.post(channel, user="U0BEN", text="from ben")
    notice(sandbox, "for ada", ephemeral_for="U0ADA")
    await expect(page.locator("article.message")).to_have_count(2)
    await expect(page.locator("article.message").get_by_role("button", name="Remove")).to_have_count(0)


async def test_removing_says_what_can_not_be_removed(sandbox: Sandbox) -> None:
    channel = sandbox.slack.channels["C0MAILOPS"]
    message, private = notice(sandbox, "x"), notice(sandbox, "for ada", ephemeral_for="U0ADA")
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:

        async def remove(**body: Any) -> str:
            answer = await http.post("/_page/remove", json={"user": "ada", "channel": "mail-ops"} | body)
            return str(answer.json().get("error", ""))

        assert "missing: ts" in await remove()
        assert "not in #mail-ops" in await remove(ts=message.ts, user="gus")
        assert "one person only" in await remove(ts=private.ts)
        assert channel.messages == [message, private]
        assert await remove(ts=message.ts) == ""
        assert "not there any more" in await remove(ts=message.ts)
    assert channel.messages == [private]


async def post_picture(sandbox: Sandbox, **more: Any) -> str:
    """As the app does: upload, and post a message that shows it. Returns the file's id."""
    picture = draw([StripRow("acme.example", (Grade.OK,) * 29 + (Grade.FAIL,), "no MX")])
    slack = sandbox.settings.slack
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token=slack.bot_token.get_secret_value(), base_url=slack.api_url, session=session
        )
        client.proxy = None
        ticket = await client.files_getUploadURLExternal(
            filename="dns.png", length=len(picture), alt_txt="As a file."
        )
        async with session.post(str(ticket["upload_url"]), data=picture) as answer:
            assert answer.status == 200
        id_ = str(ticket["file_id"])
        await client.files_completeUploadExternal(files=[{"id": id_, "title": "30 days"}], **more)
        if not more:
            block = ImageBlock(slack_file={"id": id_}, alt_text="acme.example: mail affected today.")
            await client.chat_postMessage(channel="C0MAILOPS", text="Mail DNS", blocks=[block])
    return id_


async def test_picture_of_a_message_is_shown_with_its_alt_text(sandbox: Sandbox, page: Page) -> None:
    id_ = await post_picture(sandbox)
    picture = page.get_by_role("img", name="acme.example: mail affected today.")
    await expect(picture).to_be_visible()
    await expect(picture).to_have_js_property("naturalWidth", 1352)
    box = await picture.bounding_box()
    assert box is not None
    assert box["width"] <= 560
    assert box["height"] < box["width"], "it keeps its shape"
    link = page.locator("article.message figure a")
    await expect(link).to_have_attribute("href", f"/_page/files/{id_}")


async def test_file_that_is_shared_by_itself_is_shown_below_the_comment(sandbox: Sandbox, page: Page) -> None:
    await post_picture(sandbox, channel_id="C0MAILOPS", initial_comment="Look at this.")
    message = page.locator("article.message").filter(has_text="Look at this.")
    await expect(message.get_by_role("img", name="As a file.")).to_be_visible()
    await expect(message.locator("figcaption")).to_have_text("30 days")


async def test_state_tells_what_a_message_shows_and_where_it_is(sandbox: Sandbox) -> None:
    id_ = await post_picture(sandbox)
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        state = (await http.get("/_sandbox/state")).json()
        (message,) = next(c["messages"] for c in state["channels"] if c["name"] == "mail-ops")
        (file,) = message["files"]
        content = await http.get(file["url"])
        missing = await http.get("/_page/files/F0UNKNOWN1")
    assert (file["id"], file["name"], file["mimetype"]) == (id_, "dns.png", "image/png")
    assert (file["width"], file["size"]) == (1352, len(content.content))
    assert content.headers["content-type"] == "image/png"
    assert content.content.startswith(b"\x89PNG")
    assert missing.status_code == 404


async def test_upload_that_is_not_complete_is_nobodys_to_see(sandbox: Sandbox) -> None:
    file, ticket = sandbox.slack.files.ticket("x.png", 1, "")
    assert sandbox.slack.files.receive(ticket, b"x")
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as http:
        assert (await http.get(f"/_page/files/{file.id}")).status_code == 404
