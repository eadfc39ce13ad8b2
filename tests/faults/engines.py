"""Databases that can be copied as they stand, even as a killed worker has left them."""

import shutil
import sqlite3
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import Any, Protocol

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy.engine import make_url
from typing_extensions import override

from bot.storage.database import Database
from bot.storage.tables import metadata

Rows = Mapping[str, Sequence[Sequence[Any]]]
"""table → rows, as the driver hands them out"""

_ORDER = {
    table.name: "target_id" if table.name == "deletions" else ", ".join(table.primary_key.columns.keys())
    for table in metadata.sorted_tables
}
_SELECT = {name: f"SELECT * FROM {name} ORDER BY {order}" for name, order in _ORDER.items()}  # noqa: S608 - our own names
_LOCK = f"LOCK TABLE {', '.join(_ORDER)} IN ACCESS EXCLUSIVE MODE"
_EMPTY = "; ".join(f"DELETE FROM {name}" for name in _ORDER)  # noqa: S608 - our own names
_COUNT_ON = "SELECT setval(pg_get_serial_sequence('audit', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM audit), false)"


class Engine(Protocol):
    def database(self, original: str | None = None) -> AbstractAsyncContextManager[str]:
        """The URL of a copy of the original (a URL, too), by default of a database with the newest schema and no rows."""

    async def rows(self, url: str) -> Rows:
        """All that a database holds when its last worker is dead: deletions by target, the others by key."""


class Sqlite(Engine):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @override
    @asynccontextmanager
    async def database(self, original: str | None = None) -> AsyncIterator[str]:
        if original is None:
            original = f"sqlite+aiosqlite:///{self._folder / 'empty.db'}"
            database = Database(original)
            await database.migrate()
            await database.aclose()
        home = self._folder / uuid.uuid4().hex
        home.mkdir()
        source = _file(original)
        # What a killed worker has written may still be in the log beside the file (sqlite.org/wal.html).
        for file in source.parent.glob(f"{source.name}*"):
            if not file.name.endswith("-shm"):
                _ = shutil.copy(file, home)
        yield f"sqlite+aiosqlite:///{home / source.name}"
        shutil.rmtree(home)

    @override
    async def rows(self, url: str) -> Rows:
        with closing(sqlite3.connect(f"file:{_file(url)}?mode=ro", uri=True)) as connection:
            return {name: connection.execute(select).fetchall() for name, select in _SELECT.items()}


class PostgreSql(Engine):
    """`spare`: the URLs of databases with the newest schema, for nobody else; rows are copied faster than databases."""

    def __init__(self, spare: list[str]) -> None:
        self._spare = spare

    @override
    @asynccontextmanager
    async def database(self, original: str | None = None) -> AsyncIterator[str]:
        rows: Rows = {} if original is None else await self.rows(original)
        url = self._spare.pop()
        async with _locked(url) as connection:
            await connection.execute(_EMPTY)
            for name, some in rows.items():
                for row in some:
                    values = ", ".join(f"${number + 1}" for number in range(len(row)))
                    await connection.execute(f"INSERT INTO {name} VALUES ({values})", *row)  # noqa: S608 - as above
            await connection.execute(_COUNT_ON)
        try:
            yield url
        finally:
            self._spare.append(url)

    @override
    async def rows(self, url: str) -> Rows:
        async with _locked(url) as connection:
            return {
                name: list(map(tuple, await connection.fetch(select))) for name, select in _SELECT.items()
            }


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


@asynccontextmanager
async def _locked(url: str) -> AsyncIterator[Any]:
    """A transaction.

    The server may yet be busy with the last that a killed worker has sent: that one holds its locks until it is decided.
    """
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute(_LOCK)
            yield connection
    finally:
        await connection.close()
