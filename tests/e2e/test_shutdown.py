"""SIGTERM while work is under way: the work is finished, then the process ends."""

import asyncio
import json
import re
import signal
import sys
import urllib.request
from pathlib import Path
from typing import Any

from bot.storage import audit
from bot.storage.database import Database

MAILWARDEN = Path(sys.executable).with_name("mailwarden")
ADDRESS = "slowly.made@acme-tools.example"


def ask(url: str, path: str, body: dict[str, Any] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"Content-Type": "application/json"})  # noqa: S310 - loopback
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as response:
        return json.load(response)


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

    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'mailwarden.db'}")
    async with database.reading() as session:
        acts = [entry.act for entry in await audit.newest(session, limit=10, target=ADDRESS)]
    await database.aclose()
    assert acts == ["created", "create_asked"]
