import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.doctor import Check, examine
from bot.doctor.account import look_at_account
from bot.model import ProviderKind
from bot.sandbox.accounts import BOX, both_kinds
from bot.sandbox.run import Sandbox, open_sandbox
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    DnsSettings,
    MailInABoxSettings,
    OperatorSettings,
    Settings,
)
from bot.storage.database import Database
from tests.support.tiny_box import Canned, TinyBox, tiny_box

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "sandbox", page=False) as sandbox:
        yield sandbox


@pytest.fixture
def settings(sandbox: Sandbox) -> Settings:
    return sandbox.settings


async def found(settings: Settings) -> list[Check]:
    return [check async for check in examine(settings)]


async def state(sandbox: Sandbox) -> dict[str, Any]:
    """What all people in this Slack see."""
    async with httpx.AsyncClient(trust_env=False) as client:
        shown: dict[str, Any] = (await client.get(f"{sandbox.url}/_sandbox/state")).json()
    return {key: value for key, value in shown.items() if key != "clock"}


async def wrong(settings: Settings) -> list[Check]:
    return [check for check in await found(settings) if not check.passed]


async def test_where_all_is_well_every_check_passes(settings: Settings) -> None:
    checks = await found(settings)
    assert [str(check) for check in checks if not check.passed] == []
    subjects = {check.what.partition(":")[0].partition(" ")[0].partition(".")[0] for check in checks}
    assert subjects == {"database", "Slack", "channels", "operators", "account", "DNS"}


async def test_looking_changes_nothing(sandbox: Sandbox, settings: Settings) -> None:
    before = await state(sandbox)
    _ = await found(settings)
    assert await state(sandbox) == before


async def test_a_bot_token_that_slack_does_not_know_is_found(settings: Settings) -> None:
    slack = settings.slack.model_copy(update={"bot_token": SecretStr("xoxb-1-2-wrong")})
    (check,) = await wrong(settings.model_copy(update={"slack": slack}))
    assert check.what == "Slack does not accept SLACK_BOT_TOKEN: invalid_auth"
    assert "OAuth & Permissions" in check.advice


async def test_an_app_token_that_slack_does_not_know_is_found(settings: Settings) -> None:
    slack = settings.slack.model_copy(update={"app_token": SecretStr("xapp-1-wrong")})
    (check,) = await wrong(settings.model_copy(update={"slack": slack}))
    assert check.what == "Slack does not accept SLACK_APP_TOKEN for Socket Mode: invalid_auth"
    assert "connections:write" in check.advice


async def test_a_slack_that_is_not_there_is_found(settings: Settings) -> None:
    slack = settings.slack.model_copy(update={"api_url": f"{NOWHERE}/api/"})
    (check,) = await wrong(settings.model_copy(update={"slack": slack}))
    assert check.what.startswith("Slack can't be reached: ")


async def test_a_channel_that_is_not_there_is_found(settings: Settings) -> None:
    channels = ChannelSettings(deletions="C0NOWHERE", digest=settings.channels.digest)
    (check,) = await wrong(settings.model_copy(update={"channels": channels}))
    assert check.what.startswith("channels.deletions: Slack knows no channel C0NOWHERE")


@pytest.mark.parametrize(
    ("slack_id", "told"),
    [
        ("U0NOBODY", "Slack does not know U0NOBODY"),
        ("U0GUS", "is a guest, and will be refused"),
        ("U0BOT", "is a bot"),
    ],
)
async def test_an_operator_who_will_be_refused_is_found(settings: Settings, slack_id: str, told: str) -> None:
    operators = OperatorSettings(owners=("U0OLGA",), admins=(slack_id,))
    (check,) = await wrong(settings.model_copy(update={"operators": operators}))
    assert check.what.startswith("operators.admins: ")
    assert told in check.what


async def test_a_mail_account_with_a_wrong_token_is_found(settings: Settings) -> None:
    account = settings.accounts[0].model_copy(update={"api_token": SecretStr("wr0ng-t0ken")})
    (check,) = await wrong(settings.model_copy(update={"accounts": (account,)}))
    assert check.what.startswith(f"account {account.name}: ")
    assert account.secret_env in check.advice
    assert "wr0ng" not in str(check)


async def test_a_mail_system_that_is_not_there_is_found(settings: Settings) -> None:
    account = settings.accounts[0].model_copy(update={"base_url": NOWHERE})
    (check,) = await wrong(settings.model_copy(update={"accounts": (account,)}))
    assert check.what.startswith(f"account {account.name}: ")
    assert NOWHERE in check.advice


async def test_a_resolver_that_does_not_answer_is_found(settings: Settings) -> None:
    dns = DnsSettings(resolvers=("127.0.0.1:9",))
    (check,) = await wrong(settings.model_copy(update={"dns": dns}))
    assert check.what.startswith("DNS: 127.0.0.1:9 ")
    assert "dns.resolvers" in check.advice


async def database_check(settings: Settings, path: Path) -> Check:
    database = DatabaseSettings(url=f"sqlite+aiosqlite:///{path}")
    return (await found(settings.model_copy(update={"database": database})))[0]


async def test_a_database_that_is_not_there_yet_is_fine_and_is_not_created(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "folder" / "new.db"
    before = files(tmp_path)
    check = await database_check(settings, path)
    assert check == Check(passed=True, what=f"database: {path} will be created at the first start")
    assert files(tmp_path) == before


async def test_an_older_database_is_fine_and_a_newer_one_is_not(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mailwarden.db"
    database = Database(f"sqlite+aiosqlite:///{path}")
    await database.migrate()
    await database.aclose()
    assert await database_check(settings, path) == Check(passed=True, what=f"database: {path} is up to date")
    change(path, "DELETE FROM alembic_version")
    assert (await database_check(settings, path)).what.endswith(
        "will be brought up to date at the next start"
    )
    change(path, "INSERT INTO alembic_version VALUES ('9999')")
    newer = await database_check(settings, path)
    assert (newer.passed, newer.what) == (False, f"database: {path} was written by a newer Mailwarden")


async def test_a_file_that_is_no_database_is_found(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    write(path, "not a database at all, but a text that is long enough to look at " * 20)
    check = await database_check(settings, path)
    assert not check.passed
    assert "is not a database of Mailwarden" in check.what


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def write(path: Path, text: str) -> None:
    path.write_text(text)


def files(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if not path.is_relative_to(folder / "sandbox")}


async def test_a_box_is_looked_at_with_the_other_accounts(tmp_path: Path) -> None:
    async with open_sandbox(tmp_path / "both", page=False, accounts=both_kinds()) as sandbox:
        checks = await found(sandbox.settings)
    (listed, *_) = [check for check in checks if check.what.startswith(f"account {BOX}: ")]
    assert listed.passed
    assert "Mail-in-a-Box lists" in listed.what


@pytest.fixture
async def box() -> AsyncIterator[TinyBox]:
    async with tiny_box() as server:
        server.answers["GET /admin/mail/domains"] = Canned(200, b"example.com\nacme.example\n")
        yield server


def settings_of(box: TinyBox) -> MailInABoxSettings:
    return MailInABoxSettings(
        name="box",
        provider=ProviderKind.MAILINABOX,
        base_url=box.url,
        login="admin@example.com",
        password=SecretStr("s3cr3t"),
    )


async def test_what_a_box_finds_wrong_with_itself_is_told_and_hinders_nothing(box: TinyBox) -> None:
    lines = [{"type": "heading", "text": "System"}]
    lines += [{"type": "error", "text": f"Service {number} is down."} for number in range(5)]
    box.answers["POST /admin/system/status"] = Canned(200, json.dumps(lines).encode())
    (listed, own), domains = await look_at_account(settings_of(box))
    assert listed.what == "account box: Mail-in-a-Box lists 2 domains"
    assert [domain.name for domain in domains] == ["acme.example", "example.com"]
    assert own.passed
    assert own.what == "account box: the box finds errors in itself: 5"
    assert own.advice == (
        "See Status Checks in its control panel. System: Service 0 is down. System: Service 1 is down. "
        "System: Service 2 is down. And 2 more."
    )


async def test_a_box_that_finds_nothing_wrong_is_told_as_such(box: TinyBox) -> None:
    box.answers["POST /admin/system/status"] = Canned(200, b'[{"type": "ok", "text": "Fine."}]')
    (_, own), _ = await look_at_account(settings_of(box))
    assert own == Check(passed=True, what="account box: the box finds nothing wrong with itself")


async def test_a_box_that_does_not_take_the_password_says_where_it_is(box: TinyBox) -> None:
    reason = b'{"status": "error", "reason": "Incorrect email address or password."}\n'
    box.answers["GET /admin/mail/domains"] = Canned(401, reason)
    (check,), domains = await look_at_account(settings_of(box))
    assert not check.passed
    assert "Incorrect email address or password" in check.what
    assert check.advice == "Check the credentials in MAILINABOX_PASSWORD."
    assert domains == []
