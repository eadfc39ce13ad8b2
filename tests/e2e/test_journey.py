"""The bot's whole job, in a browser, as somebody does it who has just run `make sandbox`."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.run import Sandbox, open_sandbox

ADDRESS = "mara.lindt@acme-tools.example"
PICTURE = Path(__file__).parents[2] / "docs" / "sandbox.png"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data") as sandbox:
        yield sandbox


@pytest.fixture
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": 1280, "height": 860}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = await context.new_page()
    asked_elsewhere: list[str] = []
    failures: list[str] = []
    page.on("request", lambda r: None if r.url.startswith(sandbox.url) else asked_elsewhere.append(r.url))
    page.on("pageerror", lambda error: failures.append(str(error)))
    await page.goto(sandbox.url)
    yield page
    await context.close()
    assert asked_elsewhere == []
    assert failures == []


async def says(page: Page, line: str) -> None:
    await page.get_by_role("combobox", name="Message").fill(line)
    await page.keyboard.press("Escape")  # the completion may be open, and Enter would take from it
    await page.keyboard.press("Enter")


async def becomes(page: Page, name: str) -> None:
    await page.locator(f'[data-person="{name}"]').click()


def users(sandbox: Sandbox) -> dict[str, str]:
    return {user.address: user.password for user in sandbox.purelymail.account.users.values()}


async def test_create_delete_cancel_and_delete_again_in_the_browser(page: Page, sandbox: Sandbox) -> None:
    window = page.get_by_role("dialog")
    notice = page.locator("article.message:not(.private)").filter(has_text=ADDRESS).last

    # Create, and copy the password that is shown once.
    await says(page, f"/mail-create {ADDRESS}")
    await window.get_by_role("button", name="Create", exact=True).click()
    await expect(window).to_contain_text(ADDRESS)
    await expect(window.get_by_role("button", name="Create", exact=True)).to_be_hidden()
    await window.get_by_role("button", name="Copy").last.click()
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert users(sandbox)[ADDRESS] in copied
    await window.get_by_role("button", name="Close window").click()
    await expect(window).to_be_hidden()

    # Delete: another person sees the notice, and cancels.
    await schedule(page, "left the company")
    await expect(notice).to_contain_text("left the company")
    await becomes(page, "ben")
    await notice.get_by_role("button", name=re.compile("Cancel")).click()
    await page.locator("dialog.confirm .buttons button").last.click()
    await expect(notice).to_contain_text(re.compile("cancelled", re.IGNORECASE))
    await expect(notice).to_contain_text("@ben")
    await page.get_by_role("button", name="+24 h").click()
    await expect(page.locator(".clock.busy")).to_have_count(0)
    assert ADDRESS in users(sandbox)

    # Delete again, and let the time pass.
    await becomes(page, "ada")
    await schedule(page, "really left the company")
    await expect(notice).to_contain_text("really left the company")
    assert ADDRESS in users(sandbox)
    await page.wait_for_timeout(300)  # for the picture: the hover of the last click fades
    if os.environ.get("MAILWARDEN_PICTURES"):
        await page.screenshot(path=PICTURE)
    await page.get_by_role("button", name="+24 h").click()
    await expect(notice).to_contain_text(re.compile("deleted", re.IGNORECASE))
    await expect(notice.get_by_role("button", name=re.compile("Cancel"))).to_have_count(0)
    assert ADDRESS not in users(sandbox)


async def schedule(page: Page, reason: str) -> None:
    window = page.get_by_role("dialog")
    await says(page, f"/mail-delete {ADDRESS}")
    await window.locator("textarea, input:not([role=combobox])").last.fill(reason)
    await window.locator("button.send").click()
    await expect(window.locator("button.send")).to_be_hidden()
    await window.get_by_role("button", name="Close window").click()
    await expect(window).to_be_hidden()


async def test_strength_follows_the_typing_and_the_typed_text_stays(page: Page, sandbox: Sandbox) -> None:
    window = page.get_by_role("dialog")
    await says(page, "/mail-create typed.one@acme-tools.example")
    await window.get_by_text("Type my own").click()
    field = window.locator('input[type="text"], textarea').last
    await expect(field).to_have_value("")
    await field.press_sequentially("password")
    await expect(window).to_contain_text("Very weak")
    await expect(field).to_have_value("password")
    await expect(field).to_be_focused()
    await window.get_by_role("button", name="Create", exact=True).click()
    await expect(window.locator(".problem")).to_be_visible()
    await field.fill("")
    await field.press_sequentially("Gravel-Otter-Piano-82")
    await expect(window).to_contain_text("Very strong")
    await window.get_by_role("button", name="Create", exact=True).click()
    await expect(window.get_by_role("button", name="Create", exact=True)).to_be_hidden()
    assert users(sandbox)["typed.one@acme-tools.example"] == "Gravel-Otter-Piano-82"


async def test_user_is_found_while_typing(page: Page, sandbox: Sandbox) -> None:
    window = page.get_by_role("dialog")
    await says(page, "/mail-password")
    await window.get_by_role("combobox").fill("keller")
    await window.get_by_role("option").filter(has_text="anna.keller@acme-tools.example").click()
    await expect(window.get_by_role("combobox")).to_have_value(re.compile("anna.keller@acme-tools.example"))
    before = users(sandbox)["anna.keller@acme-tools.example"]
    await window.locator("button.send").click()
    await expect(window.locator("button.send")).to_be_hidden()
    after = users(sandbox)["anna.keller@acme-tools.example"]
    assert after != before
    await expect(window).to_contain_text(after)


async def test_stranger_is_refused_politely_and_privately(page: Page, sandbox: Sandbox) -> None:
    await becomes(page, "eve")
    await says(page, "/mail-users")
    refusal = page.locator("article.private")
    await expect(refusal).to_contain_text("Only visible to you")
    await becomes(page, "ada")
    await expect(refusal).to_have_count(0)
    assert not sandbox.slack.stacks["U0EVE"]


async def test_what_somebody_writes_is_only_ever_text(page: Page) -> None:
    await says(page, "<img src=x onerror=alert(1)> & *bold*")
    message = page.locator("article.message").last
    await expect(message).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(message.locator("img[src=x]")).to_have_count(0)


async def test_slash_commands_are_completed_by_keyboard(page: Page) -> None:
    field = page.get_by_role("combobox", name="Message")
    await field.press_sequentially("/mail-")
    await expect(page.get_by_role("option").first).to_be_visible()
    await field.press_sequentially("pe")
    await page.keyboard.press("Tab")
    await expect(field).to_have_value("/mail-pending ")


async def test_digest_comes_at_nine(page: Page) -> None:
    await page.get_by_role("button", name="# mail-digest").click()
    await page.get_by_role("button", name="next 09:00").click()
    digest = page.locator("article.message").last
    await expect(digest).to_contain_text("oldbrand.example")
    picture = digest.locator("img:not(.avatar)")
    await expect(picture).to_have_attribute(
        "alt", re.compile("^DNS health of 6 domains over the last 30 days")
    )
    await expect(picture).to_be_visible()
    if os.environ.get("MAILWARDEN_PICTURES"):
        await page.set_viewport_size({"width": 1280, "height": 2400})
        await digest.screenshot(path=PICTURE.with_name("digest.png"))
    await digest.get_by_role("button", name="Show all").click()
    await expect(page.get_by_role("dialog")).to_contain_text("problems open now")


async def test_app_home_shows_what_is_pending(page: Page, sandbox: Sandbox) -> None:
    await says(page, "/mail-delete anna.keller@acme-tools.example")
    window = page.get_by_role("dialog")
    await window.locator("textarea, input:not([role=combobox])").last.fill("left")
    await window.locator("button.send").click()
    await expect(window.locator("button.send")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(window).to_be_hidden()
    await page.get_by_role("button", name="Mailwarden", exact=True).click()
    await expect(page.locator(".home")).to_contain_text("anna.keller@acme-tools.example")
    await page.locator(".home").get_by_role("button", name="Cancel", exact=False).first.click()
    await page.locator("dialog.confirm .buttons button").last.click()
    await sandbox.slack.wait_for(
        lambda: any(deletion_is_cancelled(m.text) for m in sandbox.slack.channels["C0MAILOPS"].messages)
    )


def deletion_is_cancelled(text: str) -> bool:
    return "cancelled" in text.lower()


async def test_phone_sized_window_has_no_sideways_scrolling(browser: Browser, sandbox: Sandbox) -> None:
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(sandbox.url)
    await says(page, "/mail")
    await expect(page.get_by_role("dialog").or_(page.locator("article.private"))).to_be_visible()
    wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0
    await page.close()
