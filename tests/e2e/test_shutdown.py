"""SIGTERM while work is under way: the work is finished, then the process ends."""

import asyncio
import json
import re
import signal
import sys
import urllib.request
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.sandbox.run import open_sandbox
from bot.storage import audit
from bot.storage.database import Database
from tests.conftest import NOW
from tests.support.held import opens

MAILWARDEN = Path(sys.executable).with_name("mailwarden")
ADDRESS = "slowly.made@acme-tools.example"


def ask(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
        return json.load(response)


async def acts(folder: Path) -> list[str]:
    """What the audit log holds about the user, the newest first."""
    database = Database(f"sqlite+aiosqlite:///{folder / 'mailwarden.db'}")
    async with database.reading() as session:
        entries = await audit.newest(session, limit=10, target=ADDRESS)
    await database.aclose()
    return [entry.act for entry in entries]


async def test_creation_under_way_is_finished_before_the_process_ends(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        MAILWARDEN, "sandbox", "--port", "0", "--data", tmp_path, "--no-page", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    while not (found := re.match(rb"http://127\.0\.0\.1:\d+", await process.stdout.readline())):
        assert process.returncode is None
    url = found[0].decode()

    def begin() -> None:
        command = {"user": "ada", "channel": "mail-ops", "command": "/mail-create", "text": ADDRESS}
        ask(url, "/_sandbox/command", command)
        fault = {"target": "main", "method": "createUser", "times": 1, "fault": {"delay_seconds": 2}}
        ask(url, "/_sandbox/faults", fault)
        (view,) = ask(url, "/_sandbox/state")["views"]
        submitted = ask(url, "/_sandbox/submit", {"user": "ada", "view_id": view["id"]})
        assert submitted == {"response_action": "update"}

    await asyncio.to_thread(begin)
    process.send_signal(signal.SIGTERM)
    _ = await process.communicate()
    assert process.returncode == 0

    assert await acts(tmp_path) == ["created", "create_asked"]


async def test_what_is_asked_for_while_it_stops_is_finished_too(tmp_path: Path) -> None:
    """The wake-ups take longest to end; until then the socket is open, and a click is answered."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(open_sandbox(tmp_path, gap=timedelta(0), start=NOW))
        ada = sandbox.screen("ada")
        await opens(ada, "/mail-create", ADDRESS)
        sandbox.purelymail.inject("listUser", 1, {"delay_seconds": 1})
        sandbox.purelymail.inject("createUser", 1, {"delay_seconds": 2})
        sandbox.clock.advance(timedelta(days=1))
        sandbox.purelymail.calls.clear()
        waking = asyncio.create_task(sandbox.bot.wake())
        await sandbox.purelymail.asked("listUser")
        stopping = asyncio.create_task(stack.pop_all().aclose())
        for _ in range(10):
            await asyncio.sleep(0)
        assert (await ada.submit()).response_action == "update"
        await stopping
        await waking
    assert await acts(tmp_path) == ["created", "create_asked"]
