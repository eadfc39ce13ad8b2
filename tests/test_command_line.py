"""The command line as people use it: the installed `mailwarden`, in a process of its own."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from bot.sandbox.run import Sandbox, open_sandbox
from bot.storage import audit
from bot.storage.audit import AuditEntry
from bot.storage.database import Database
from tests.support.dns_in_slack import added
from tests.support.postgres import USER, PostgresServer

MAILWARDEN = Path(sys.executable).with_name("mailwarden")
CLEAN = {
    name: value for name, value in os.environ.items() if not re.search("TOKEN|PROXY", name, re.IGNORECASE)
}


def mailwarden(*arguments: str, cwd: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        [MAILWARDEN, *arguments],
        cwd=cwd,
        env={**CLEAN, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


@asynccontextmanager
async def started(*arguments: str, cwd: Path, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that goes on; killed if the test leaves it behind."""
    process = await asyncio.create_subprocess_exec(
        MAILWARDEN,
        *arguments,
        cwd=cwd,
        env={**CLEAN, **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        _ = await process.communicate()


async def line_with(stream: asyncio.StreamReader | None, pattern: str) -> str:
    """The first line that fits."""
    assert stream is not None
    seen = ""
    while line := (await stream.readline()).decode():
        seen += line
        if re.search(pattern, line):
            return line.rstrip("\n")
    raise AssertionError(f"{pattern} was not written, but:\n{seen}")


def fetch(url: str) -> Any:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as response:
        return json.load(response)


def files(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def refused(url: str) -> bool:
    port = int(url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_sandbox_prints_its_address_and_stops_cleanly_when_told(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with started("sandbox", "--port", "0", cwd=tmp_path) as process:
        url = await line_with(process.stdout, "^http://")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        state = await asyncio.to_thread(fetch, f"{url}/_sandbox/state")
        assert [person["id"] for person in state["people"]][:2] == ["U0OLGA", "U0ADA"]
        process.send_signal(number)
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert errors == b""
        assert refused(url)
    assert files(tmp_path) == []


async def test_the_sandbox_keeps_its_data_where_it_is_told_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with started("sandbox", "--port", "0", "--no-page", "--data", str(data), cwd=tmp_path) as process:
        _ = await line_with(process.stdout, "^http://")
        process.terminate()
        _ = await process.communicate()
        assert process.returncode == 0
    assert [path for path in files(data) if path.suffix == ".db"]


async def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = await asyncio.to_thread(mailwarden, "sandbox", "--port", str(port), cwd=tmp_path)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == f"Port {port} is taken. Choose another with --port, or let --port 0 pick a free one.\n"
    )


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    ended = mailwarden("sandbox", "--port", "65536", cwd=tmp_path)
    assert ended.returncode == 2
    assert "expected a number from 0 to 65535" in ended.stderr


@pytest.mark.parametrize(
    ("command", "stream"), [("run", "stderr"), ("doctor", "stdout"), ("digest --dry-run", "stderr")]
)
def test_without_a_configuration_every_missing_thing_is_named(
    tmp_path: Path, command: str, stream: str
) -> None:
    ended = mailwarden(*command.split(), cwd=tmp_path)
    assert ended.returncode == 1
    told = [line.removeprefix("✗ ").partition(":")[0] for line in getattr(ended, stream).splitlines()]
    assert told == ["mailwarden.toml", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"]
    assert "Traceback" not in ended.stderr


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "sandbox", page=False) as sandbox:
        yield sandbox


@pytest.fixture
def configured(sandbox: Sandbox, tmp_path: Path) -> Path:
    """A mailwarden.toml and an .env for the sandbox's own Slack, mail and DNS."""
    settings = sandbox.settings
    account = settings.accounts[0]
    (tmp_path / "mailwarden.toml").write_text(
        f"""
        [slack]
        api_url = "{settings.slack.api_url}"
        [[accounts]]
        name = "{account.name}"
        provider = "{account.provider}"
        base_url = "{account.base_url}"
        [operators]
        owners = ["U0OLGA"]
        [channels]
        deletions = "C0MAILOPS"
        digest = "C0DIGEST"
        [times]
        timezone = "Europe/Zurich"
        [dns]
        resolvers = {json.dumps(settings.dns.resolvers)}
        """
    )
    (tmp_path / ".env").write_text(
        f"SLACK_BOT_TOKEN={settings.slack.bot_token.get_secret_value()}\n"
        f"SLACK_APP_TOKEN={settings.slack.app_token.get_secret_value()}\n"
        f"PURELYMAIL_API_TOKEN={account.secret.get_secret_value()}\n"
    )
    return tmp_path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_run_connects_to_slack_and_stops_cleanly_when_told(
    configured: Path, number: signal.Signals
) -> None:
    async with started("run", "--env-file", ".env", cwd=configured) as process:
        _ = await line_with(process.stderr, "connected to Slack")
        process.send_signal(number)
        _, errors = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in errors
    assert (configured / "mailwarden.db").exists()


async def test_run_with_a_token_that_slack_does_not_know_says_so(configured: Path) -> None:
    ended = await asyncio.to_thread(
        mailwarden, "run", "--env-file", ".env", cwd=configured, SLACK_BOT_TOKEN="xoxb-1-2-wrong"
    )
    assert ended.returncode == 1
    assert "Slack does not let the bot in: invalid_auth. `mailwarden doctor` says what to do." in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.fixture
async def on_postgresql(configured: Path, postgres: PostgresServer) -> AsyncIterator[Path]:
    """The same with its state in PostgreSQL: the URL in the file, the password in the environment."""
    async with postgres.database() as url:
        secret = f":{postgres.password}@"
        with (configured / "mailwarden.toml").open("a") as file:
            file.write(f'[database]\nurl = "{url.replace(secret, "@")}"\n')
        with (configured / ".env").open("a") as file:
            file.write(f"DATABASE_PASSWORD={postgres.password}\n")
        yield configured


async def test_run_works_on_postgresql_and_leaves_no_file(
    on_postgresql: Path, postgres: PostgresServer
) -> None:
    before = files(on_postgresql)
    async with started("run", "--env-file", ".env", cwd=on_postgresql) as process:
        _ = await line_with(process.stderr, "connected to Slack")
        process.terminate()
        _, errors = await process.communicate()
        assert process.returncode == 0
    assert b"Traceback" not in errors
    assert postgres.password.encode() not in errors
    assert files(on_postgresql) == before
    looked = await asyncio.to_thread(mailwarden, "doctor", "--env-file", ".env", cwd=on_postgresql)
    assert (looked.returncode, looked.stderr) == (0, "")
    assert re.search(
        r'^✓ database: PostgreSQL database "\w+" on 127.0.0.1:\d+ is up to date$', looked.stdout, re.MULTILINE
    )


async def test_run_with_a_wrong_password_for_the_database_names_the_place_and_no_secret(
    on_postgresql: Path, postgres: PostgresServer
) -> None:
    ended = await asyncio.to_thread(
        mailwarden, "run", "--env-file", ".env", cwd=on_postgresql, DATABASE_PASSWORD="wr0ng-s3cr3t"
    )
    assert ended.returncode == 1
    assert re.fullmatch(
        rf'database\.url: PostgreSQL database "\w+" on 127\.0\.0\.1:{postgres.port} can\'t be used: '
        rf'password authentication failed for user "{USER}"\. '
        r"Check the user in database\.url, and DATABASE_PASSWORD\.\n",
        ended.stderr,
    )


async def test_doctor_finds_nothing_wrong_where_all_is_well(configured: Path) -> None:
    ended = await asyncio.to_thread(mailwarden, "doctor", "--env-file", ".env", cwd=configured)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "✗" not in ended.stdout
    assert "✓ Slack: Socket Mode may be opened" in ended.stdout


async def test_doctor_fails_where_one_thing_is_wrong(configured: Path) -> None:
    text = (configured / "mailwarden.toml").read_text().replace("C0DIGEST", "C0NOWHERE")
    (configured / "mailwarden.toml").write_text(text)
    ended = await asyncio.to_thread(mailwarden, "doctor", "--env-file", ".env", cwd=configured)
    assert ended.returncode == 1
    assert ended.stdout.count("✗") == 1
    assert "✗ channels.digest: Slack knows no channel C0NOWHERE" in ended.stdout


def on_its_database(configured: Path, sandbox: Sandbox) -> None:
    """Have the command line work on the state of the sandbox's own bot."""
    with (configured / "mailwarden.toml").open("a") as file:
        file.write(f'[database]\nurl = "{sandbox.settings.database.url}"\n')


async def test_the_digest_is_printed_from_what_is_known_and_slack_is_told_nothing(
    configured: Path, sandbox: Sandbox
) -> None:
    sandbox.clock.advance(timedelta(hours=1))
    await sandbox.bot.wake()
    on_its_database(configured, sandbox)
    before, asked = len(sandbox.server.calls), sandbox.dns.asked.total()
    ended = await asyncio.to_thread(
        mailwarden, "digest", "--now", "--dry-run", "--env-file", ".env", cwd=configured
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "4 of 6 domains need you." in ended.stdout
    assert "MAIL STOPS\n\n❌ oldbrand.example, MX: " in ended.stdout
    assert "      Type   MX\n      Prio   10\n      Value  mailserver.purelymail.com" in ended.stdout
    assert sandbox.dns.asked.total() == asked
    assert len(sandbox.server.calls) == before
    assert sandbox.slack.channel("mail-digest").messages == []


async def test_domains_nobody_has_looked_at_are_looked_at_before_the_digest_is_printed(
    configured: Path, sandbox: Sandbox
) -> None:
    on_its_database(configured, sandbox)
    await added(sandbox, ["brandnew.example"], broken=True)
    ended = await asyncio.to_thread(mailwarden, "digest", "--dry-run", "--env-file", ".env", cwd=configured)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "No problem is certain, but 5 of 7 domains are not judged yet." in ended.stdout
    once = re.search(r"Seen as bad once.*?\.\n\n", ended.stdout, re.DOTALL)
    assert once is not None
    assert "brandnew.example" in once[0]
    assert sandbox.dns.asked["brandnew.example", "MX"] == 1


async def test_a_digest_that_is_asked_for_on_the_command_line_is_posted_by_the_running_bot(
    configured: Path, sandbox: Sandbox
) -> None:
    on_its_database(configured, sandbox)
    ended = await asyncio.to_thread(mailwarden, "digest", "--now", "--env-file", ".env", cwd=configured)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Asked for. The bot posts it in C0DIGEST within a minute, if it runs.\n"
    await sandbox.bot.wake()
    await sandbox.bot.wake()
    (message,) = sandbox.slack.channel("mail-digest").messages
    assert message.text.startswith("Mail DNS, ")


async def test_the_audit_trail_is_verified_and_tampering_shows(configured: Path, sandbox: Sandbox) -> None:
    async def verify(*arguments: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            mailwarden, "audit", "verify", *arguments, "--env-file", ".env", cwd=configured
        )

    on_its_database(configured, sandbox)
    none = await verify()
    assert (none.returncode, none.stdout, none.stderr) == (0, "Nothing is on record yet.\n", "")
    database = Database(sandbox.settings.database.url)
    async with database.transaction() as session:
        now = sandbox.clock.now()
        for name in ("anna", "ben"):
            await audit.add(session, AuditEntry(now, "U0ADA", "created", "main", f"{name}@acme.example", ""))
    whole = await verify()
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.startswith("The audit trail is whole: 2 entries, each as it was written.\n")
    seal = re.search(r"^The newest seal is (2:[0-9a-f]{64})$", whole.stdout, re.MULTILINE)
    assert seal is not None
    assert (await verify("--seal", seal[1])).returncode == 0
    async with database.transaction() as session:
        _ = await session.execute(sqlalchemy.text("UPDATE audit SET actor = 'U0BEN' WHERE id = 1"))
    await database.aclose()
    changed = await verify("--seal", seal[1])
    assert (changed.returncode, changed.stderr) == (1, "")
    assert changed.stdout.startswith(
        "Entry 1 does not fit its seal 1: it or a seal was changed afterwards.\n"
    )
    other = await verify("--seal", "2:00000000")
    assert other.returncode == 1
    assert "Seal 2 is not the one that you know" in other.stdout


async def test_an_audit_trail_that_is_not_there_is_not_made(configured: Path) -> None:
    before = files(configured)
    ended = await asyncio.to_thread(mailwarden, "audit", "verify", "--env-file", ".env", cwd=configured)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "was not used by this version of Mailwarden yet. Start the bot once" in ended.stderr
    assert files(configured) == before


def test_a_seal_that_is_none_is_a_wrong_command_line(tmp_path: Path) -> None:
    ended = mailwarden("audit", "verify", "--seal", "first", cwd=tmp_path)
    assert ended.returncode == 2
    assert "argument --seal: expected a seal such as 1234:9f86d081884c7d65" in ended.stderr


def test_the_digest_wants_to_know_whether_to_print_or_to_post(tmp_path: Path) -> None:
    ended = mailwarden("digest", cwd=tmp_path)
    assert ended.returncode == 2
    assert "add --dry-run to print the digest of this moment, or --now to have it posted" in ended.stderr


async def test_a_digest_without_a_mail_system_says_what_is_missing(
    configured: Path, sandbox: Sandbox
) -> None:
    await sandbox.purelymail.stop()
    ended = await asyncio.to_thread(mailwarden, "digest", "--dry-run", "--env-file", ".env", cwd=configured)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The domains of account main can't be listed: ")
    assert "Traceback" not in ended.stderr


def test_the_version_is_told(tmp_path: Path) -> None:
    assert re.fullmatch(r"mailwarden \d+\.\d+\.\d+\n", mailwarden("--version", cwd=tmp_path).stdout)
