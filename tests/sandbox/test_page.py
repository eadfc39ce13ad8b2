"""The page in a real browser: threads, and taking a message away."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

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
