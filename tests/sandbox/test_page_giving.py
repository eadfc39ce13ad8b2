"""The page in a real browser: shortcuts, files that are given, and people to pick."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from bot.sandbox.run import Sandbox, open_sandbox

ANNA = "anna.keller@acme-tools.example"


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


async def test_message_has_a_menu_whose_shortcut_opens_by_keyboard(sandbox: Sandbox, page: Page) -> None:
    channel = sandbox.slack.channels["C0MAILOPS"]
    sandbox.slack.post(channel, user="U0BEN", text=f"{ANNA} has forgotten the password")
    sandbox.slack.post(channel, user="U0BOT", text="for ada only", ephemeral_for="U0ADA")
    await expect(page.locator("article.message")).to_have_count(2)
    more = page.get_by_role("button", name="More actions")
    await expect(more).to_have_count(1)
    await more.focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("menuitem", name="Manage mail user…")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_contain_text(ANNA)


async def test_global_shortcuts_are_at_the_line_to_write_in(page: Page) -> None:
    await page.get_by_role("button", name="Shortcuts").click()
    await page.get_by_role("menuitem", name="Pending mail deletions").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Nothing is queued for deletion.")


async def test_file_is_picked_and_looked_through(sandbox: Sandbox, page: Page) -> None:
    await page.get_by_role("combobox", name="Message").fill("/mail-bulk-create")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.locator("input[type=file]").set_input_files(
        files=FilePayload(name="people.csv", mimeType="text/csv", buffer=b"una@acme-tools.example\n")
    )
    await sandbox.slack.wait_for(lambda: bool(sandbox.slack.files.given_by("U0ADA")))
    await dialog.get_by_role("button", name="Look it through").click()
    await expect(dialog).to_contain_text("una@acme-tools.example")
    await dialog.get_by_role("button", name="Create 1").click()
    await expect(dialog).to_contain_text("Done.")
    await expect(dialog.locator("pre")).to_contain_text("una@acme-tools.example,")


async def test_person_is_picked_by_name(sandbox: Sandbox, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{sandbox.url}/#U0OLGA/C0MAILOPS")
    await page.get_by_role("combobox", name="Message").fill("/mail-operators ")
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.locator("select").select_option(label="eve")
    await dialog.get_by_role("button", name="Add or change").click()
    await expect(dialog).to_contain_text("@eve is now a viewer")
    await page.close()


async def test_script_takes_shortcuts_and_gives_files_over_the_interface(sandbox: Sandbox) -> None:
    channel = sandbox.slack.channels["C0MAILOPS"]
    message = sandbox.slack.post(channel, user="U0BEN", text=ANNA)
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False, timeout=30) as http:
        names = [one["name"] for one in (await http.get("/_sandbox/shortcuts")).json()]
        taken = await http.post(
            "/_sandbox/shortcut",
            json={"user": "ada", "shortcut": "manage_mail_user", "channel": "mail-ops", "ts": message.ts},
        )
        given = await http.post("/_sandbox/upload", json={"user": "ada", "name": "a.csv", "content": "x"})
        wrong = await http.post("/_sandbox/upload", json={"user": "ada", "name": "a.csv", "base64": "?"})
        unknown = await http.post("/_sandbox/shortcut", json={"user": "ada", "shortcut": "nothing"})
    assert names == ["Manage mail user…", "Create a mail user", "Pending mail deletions"]
    assert taken.status_code == 200
    assert sandbox.slack.stacks["U0ADA"][-1].content["callback_id"] == "manage_user"
    assert sandbox.slack.files.known[given.json()["id"]].content == b"x"
    assert "base64" in wrong.json()["error"]
    assert "no global shortcut" in unknown.json()["error"]
