"""SQLite for SQLAlchemy's asyncio without a thread for each connection: a statement runs at once, then its task suspends.

A history makes a thousand statements; handed to a thread and back, they would take most of its time, and a different
turn each time. Here the order of everything follows from the order of the tasks alone, so that a history can be told
again. A writer that finds another one at work waits for it by letting the other tasks run.
"""

import asyncio
import sqlite3
import weakref
from collections.abc import Callable, Generator, Sequence
from types import ModuleType
from typing import Any, Self, TypeVar, cast

import aiosqlite
from sqlalchemy.connectors.asyncio import AsyncIODBAPIConnection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_dbapi,
    SQLiteDialect_aiosqlite,
)
from typing_extensions import override

PATIENCE = 20_000
"""Turns of the event loop that a writer waits for another one."""

T = TypeVar("T")


class Cursor:
    """What SQLAlchemy asks of a cursor of aiosqlite."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        return self

    @property
    def description(self) -> Any:
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._cursor.lastrowid

    @property
    def arraysize(self) -> int:
        return self._cursor.arraysize

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        if not operation.startswith("PRAGMA busy_timeout"):
            _ = await _patiently(lambda: self._cursor.execute(operation, parameters))

    async def executemany(self, operation: str, parameters: Sequence[Sequence[Any]]) -> None:
        _ = await _patiently(lambda: self._cursor.executemany(operation, parameters))

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()

    async def close(self) -> None:
        self._cursor.close()


class _AtOnce:
    """In place of aiosqlite's queue to its thread."""

    def put_nowait(self, job: tuple[asyncio.Future[Any], Callable[[], Any]]) -> None:
        future, work = job
        future.set_result(work())


class Connection:
    """What SQLAlchemy asks of a connection of aiosqlite."""

    _tx = _AtOnce()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._connection: sqlite3.Connection | None = sqlite3.connect(*arguments, **options)
        self._connection.execute("PRAGMA busy_timeout = 0").close()
        self._cursors: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def __await__(self) -> Generator[Any, Any, Self]:
        yield from asyncio.sleep(0).__await__()
        return self

    @property
    def _conn(self) -> sqlite3.Connection:
        if self._connection is None:
            raise ValueError("no active connection")
        return self._connection

    @property
    def isolation_level(self) -> str | None:
        return self._conn.isolation_level

    def cursor(self) -> Cursor:
        cursor = self._conn.cursor()
        self._cursors.add(cursor)
        return Cursor(cursor)

    async def create_function(self, *arguments: Any, **options: Any) -> None:
        self._conn.create_function(*arguments, **options)

    async def commit(self) -> None:
        await _patiently(self._conn.commit)

    async def rollback(self) -> None:
        await _patiently(self._conn.rollback)

    async def close(self) -> None:
        self.stop()

    def stop(self) -> None:
        # A cursor that was left in the middle of its statement would keep the lock for as long as it lives.
        for cursor in list(self._cursors):
            cursor.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Dbapi(AsyncAdapt_aiosqlite_dbapi):
    @override
    def connect(self, *arguments: Any, **options: Any) -> AsyncAdapt_aiosqlite_connection:
        connection = cast("AsyncIODBAPIConnection", Connection(*arguments, **options))
        return AsyncAdapt_aiosqlite_connection(self, connection)


class InlineDialect(SQLiteDialect_aiosqlite):
    driver = "inline"
    supports_statement_cache = True

    @classmethod
    @override
    def import_dbapi(cls) -> Dbapi:
        module: ModuleType = aiosqlite
        return Dbapi(module, sqlite3)


registry.register("sqlite.inline", __name__, InlineDialect.__name__)


async def _patiently(work: Callable[[], T]) -> T:
    for _ in range(PATIENCE):
        try:
            result = work()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        else:
            await asyncio.sleep(0)
            return result
        await asyncio.sleep(0)
    raise sqlite3.OperationalError("database is locked, and nobody lets go of it")
