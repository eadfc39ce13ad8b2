"""A real browser: Debian's chromium, or any other that is on the PATH."""

import os
import shutil
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser, async_playwright, expect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    # A person with a mouse, which a headless browser does not suppose.
    "--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4",
)
LISTENING = "DevTools listening on "


# As patient as the other waits of a page are: the machine may be busy with other tests.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one browser for all tests of this process: to start it takes longer than most of them."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no chromium: .ci/run should have installed it")
        pytest.skip("no chromium on the PATH (Debian: apt-get install chromium)")
    profile = tmp_path_factory.mktemp("chromium")
    command = [
        path,
        "--headless",
        "--remote-debugging-port=0",
        f"--user-data-dir={profile}",
        *QUIET,
        "about:blank",
    ]
    own = {**os.environ, "TMPDIR": str(profile)}  # what it leaves behind is to go with the rest
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=own
    ) as process:
        try:
            assert process.stderr is not None
            told = next(line for line in process.stderr if line.startswith(LISTENING))
            # It goes on to complain there; nobody may be needed to read that.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield told.removeprefix(LISTENING).strip()
        finally:
            process.terminate()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(chromium)
        yield browser
        for context in browser.contexts[1:]:
            await context.close()
        await browser.close()
