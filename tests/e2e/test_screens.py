"""The main screens of the panel in a browser, on a desktop and on a phone: nothing is cut off or sticks out.

With MAILWARDEN_PICTURES set, the pictures in docs/ are taken anew.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.accounts import both_kinds
from bot.sandbox.run import Sandbox, open_sandbox
from tests.conftest import NOW
from tests.support.held import later, somebody

DOCS = Path(__file__).parents[2] / "docs"
DESKTOP, PHONE = {"width": 1000, "height": 900}, {"width": 390, "height": 844}
WINDOWS = {
    "manage-user": ("/mail-manage", "Two-factor login"),
    "domains": ("/mail-domains", "Add domain"),
    "routes": ("/mail-routes", "New rule"),
    "audit": ("/mail-audit", "Export as CSV"),
    "operators": ("/mail-operators", "By the configuration"),
}
PICTURED = {"home", "manage-user", "domains", "audit", "bulk-create"}
LIST = "una@acme-tools.example\nvito@acme-tools.example\nhello@newshop.example\nwanda@elsewhere.example"


async def says(page: Page, line: str) -> None:
    await page.get_by_role("combobox", name="Message").fill(line)
    await page.keyboard.press("Escape")  # the completion may be open, and Enter would take from it
    await page.keyboard.press("Enter")


async def fits(page: Page, name: str) -> None:
    """Nothing is wider than the screen, in the page or in what scrolls within it."""
    for size in (PHONE, DESKTOP):
        await page.set_viewport_size(size)  # type: ignore[arg-type]  # a ViewportSize is such a dict
        wide = await page.evaluate(
            """[document.documentElement, ...document.querySelectorAll(".home, .modal, .modal-body")]
               .map((e) => e.scrollWidth - e.clientWidth)"""
        )
        assert max(wide) <= 0, f"{name} scrolls sideways at {size['width']} pixels"
    if name in PICTURED and os.environ.get("MAILWARDEN_PICTURES"):
        window = page.get_by_role("dialog")
        shown = window if await window.is_visible() else page
        await shown.screenshot(path=DOCS / f"{name}.png")


async def prepared(sandbox: Sandbox) -> str:
    """What there is to see: domains that were looked at, one deletion that is pending, and many that are held.

    Returns the address of a mail user that stays.
    """
    await later(sandbox, timedelta(minutes=15))
    one = await somebody(sandbox, 7)
    many = "\n".join([await somebody(sandbox, number) for number in range(1, 7)])
    for name, wanted, reason in (("ben", one, "has left us"), ("ada", many, "spring cleaning")):
        screen = sandbox.screen(name)
        await screen.command("/mail-delete")
        await screen.view()
        await screen.fill("list", wanted)
        await screen.fill("reason", reason)
        await screen.submit()
        await screen.sees("queued")
        await screen.close()
    await sandbox.settled()
    return await somebody(sandbox)


@pytest.mark.timeout(300)  # for machines that are busy with something else
async def test_main_screens_fit_a_desktop_and_a_phone(browser: Browser, tmp_path: Path) -> None:
    async with open_sandbox(tmp_path / "data", accounts=both_kinds(), gap=timedelta(0), start=NOW) as sandbox:
        address = await prepared(sandbox)
        page = await browser.new_page(viewport=DESKTOP)  # type: ignore[arg-type]  # a ViewportSize is such a dict
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        await page.goto(sandbox.url)
        await page.locator('[data-person="olga"]').click()
        window = page.get_by_role("dialog")
        for name, (command, text) in WINDOWS.items():
            await says(page, f"{command} {address}" if name == "manage-user" else command)
            await expect(window).to_contain_text(text)
            await fits(page, name)
            await page.keyboard.press("Escape")
            await expect(window).to_be_hidden()
        await says(page, "/mail-bulk-create")
        await window.get_by_role("textbox").first.fill(LIST)
        await window.get_by_role("button", name="Look it through").click()
        await expect(window).to_contain_text("2 lines are left out")
        await fits(page, "bulk-create")
        await page.keyboard.press("Escape")
        await expect(window).to_be_hidden()
        await page.get_by_role("button", name="Mailwarden", exact=True).click()
        home = page.locator(".home")
        for text in (
            "Held: 6 deletions",
            "Pending deletions: 1",
            "Domains with DNS to mend",
            "Recent activity",
        ):
            await expect(home).to_contain_text(text)
        await fits(page, "home")
        await page.close()
        assert failures == []
