"""The database: whether the bot can use it, and how old its schema is. It is neither created nor changed."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.script import ScriptDirectory
from sqlalchemy.engine import make_url

import bot.storage
from bot.doctor.check import Check
from bot.errors import ConfigError
from bot.settings import DatabaseSettings
from bot.storage.database import Database


async def look_at_database(settings: DatabaseSettings) -> Check:
    url = make_url(settings.url)
    if url.get_backend_name() == "sqlite":
        return _file(url.database or "")
    database = Database(settings.url, settings.password)
    try:
        found = await database.revisions()
        if not found and not await database.may_create():
            return Check(
                passed=False,
                what=f"database: {url.username or 'this user'} can't create tables in {database.place}",
                advice="Let that user create tables there; owning the database is enough.",
            )
    except ConfigError as error:
        return Check(passed=False, what=f"database: {error.problems[0].removeprefix('database.url: ')}")
    finally:
        await database.aclose()
    return _revision(database.place, found)


def _file(name: str) -> Check:
    path = Path(name).absolute()
    if not path.exists():
        return _new_file(path)
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
    return _revision(str(path), found)


def _new_file(path: Path) -> Check:
    folder = next(parent for parent in path.parents if parent.exists())
    if folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
        return Check(passed=True, what=f"database: {path} will be created at the first start")
    return Check(
        passed=False,
        what=f"database: {path} can't be created",
        advice=f"Let the bot's user write in {folder}, or change database.url.",
    )


def _revision(place: str, found: set[str]) -> Check:
    scripts = ScriptDirectory(str(Path(bot.storage.__file__).parent / "migrations"))
    if found == set(scripts.get_heads()):
        return Check(passed=True, what=f"database: {place} is up to date")
    if found <= {script.revision for script in scripts.walk_revisions()}:
        return Check(passed=True, what=f"database: {place} will be brought up to date at the next start")
    return Check(
        passed=False,
        what=f"database: {place} was written by a newer Mailwarden",
        advice="Install that version again, or a newer one.",
    )
