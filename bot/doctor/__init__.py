"""`mailwarden doctor`: everything the bot depends on, looked at once, with what to do about each thing that is wrong.

It only looks: nothing is posted, written or migrated.
"""

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import aiohttp
from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

import bot.storage
from bot.doctor.check import Check
from bot.doctor.resolvers import ask_resolvers
from bot.doctor.slack import SlackDoctor
from bot.errors import ProviderError, ProviderUnauthorized
from bot.model import MailDomain
from bot.services import open_provider
from bot.settings import AccountSettings, Settings

__all__ = ["Check", "examine"]

_TIMEOUT = aiohttp.ClientTimeout(total=15)


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """All checks, each as soon as it is known. Wrong settings and dead servers are findings, not exceptions."""
    yield _database(settings.database.url)
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        slack = SlackDoctor(settings.slack, session)
        async for check in slack.tokens():
            yield check
        if slack.is_in:
            for purpose, channel in (
                ("deletions", settings.channels.deletions),
                ("digest", settings.channels.digest),
            ):
                yield await slack.channel(f"channels.{purpose}", channel)
            async for check in slack.operators(settings.operators):
                yield check
    known: list[MailDomain] = []
    for account in settings.accounts:
        check, domains = await _account(account)
        yield check
        known += domains
    async for check in ask_resolvers(settings.dns.resolvers, known[0].name if known else "."):
        yield check


def _database(url: str) -> Check:
    path = Path(make_url(url).database or "").absolute()
    if not path.exists():
        return _new_database(path)
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK | os.X_OK):
        return Check(
            passed=False,
            what=f"database: {path} can't be written",
            advice=f"Let the bot's user write the file and its folder {path.parent}.",
        )
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found = {str(row[0]) for row in connection.execute("SELECT version_num FROM alembic_version")}
    except sqlite3.Error as error:
        return Check(
            passed=False,
            what=f"database: {path} is not a database of Mailwarden ({error})",
            advice="Name another file in database.url, or bring back a backup of this one.",
        )
    return _revision(path, found)


def _new_database(path: Path) -> Check:
    folder = next(parent for parent in path.parents if parent.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check(passed=True, what=f"database: {path} will be created at the first start")
    return Check(
        passed=False,
        what=f"database: {path} can't be created",
        advice=f"Let the bot's user write in {folder}, or change database.url.",
    )


def _revision(path: Path, found: set[str]) -> Check:
    scripts = ScriptDirectory(str(Path(bot.storage.__file__).parent / "migrations"))
    if found == set(scripts.get_heads()):
        return Check(passed=True, what=f"database: {path} is up to date")
    if found <= {script.revision for script in scripts.walk_revisions()}:
        return Check(passed=True, what=f"database: {path} will be brought up to date at the next start")
    return Check(
        passed=False,
        what=f"database: {path} was written by a newer Mailwarden",
        advice="Install that version again, or a newer one.",
    )


async def _account(account: AccountSettings) -> tuple[Check, list[MailDomain]]:
    provider = open_provider(account)
    try:
        domains = await provider.list_domains()
    except ProviderError as error:
        advice = (
            f"Check the API token in {account.api_token_env}."
            if isinstance(error, ProviderUnauthorized)
            else f"Check that this machine reaches {account.base_url}."
        )
        return Check(passed=False, what=f"account {account.name}: {error}", advice=advice), []
    finally:
        await provider.aclose()
    return Check(
        passed=True, what=f"account {account.name}: {provider.title} lists {len(domains)} domains"
    ), domains
