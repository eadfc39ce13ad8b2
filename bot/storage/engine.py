"""An engine for each kind of database, and what to tell a person where it can't be used."""

import os
import time
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, Connection, NullPool, event
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import ConfigError

BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another one (SQLite has a single writer; on PostgreSQL, for a lock)."""

CONNECT_TIMEOUT = 10.0
"""Seconds until a server that does not answer counts as not there."""

LOOKING = MappingProxyType({"mailwarden_looking": True})
"""The execution options of a transaction that only looks."""

_ONE_LOOK = MappingProxyType({"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})

_SESSION = MappingProxyType(
    {
        "application_name": "mailwarden",
        "TimeZone": "UTC",
        "statement_timeout": "30s",
        "lock_timeout": f"{BUSY_TIMEOUT_MS}ms",
        "idle_in_transaction_session_timeout": "60s",
    }
)
"""See postgresql.org/docs/current/runtime-config-client.html. All are far above what the bot needs."""

_ANSWER_TIMEOUT = 45.0
"""Seconds until a connection whose server says nothing is given up: more than `statement_timeout`."""

_ADVICE = MappingProxyType(
    {
        "28000": "Check the user in database.url, and DATABASE_PASSWORD.",
        "28P01": "Check the user in database.url, and DATABASE_PASSWORD.",
        "3D000": "Create it, or name another one in database.url.",
        "42501": "Let that user create tables there; owning the database is enough.",
        "53300": "Let the server take more connections; each bot needs up to ten.",
        "57P03": "Wait until the server has started.",
    }
)
"""What to do, by SQLSTATE (postgresql.org/docs/current/errcodes-appendix.html)."""

PERMISSION_DENIED = "42501"

_REST = 1.0
"""Seconds after which a connection that nobody has used is asked whether it still stands."""


def open_engine(url: URL) -> AsyncEngine:
    """The engine for the bot's work. Nothing is connected yet."""
    if url.get_backend_name() != "sqlite":
        engine = create_async_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            pool_size=5,
            max_overflow=5,
            pool_timeout=BUSY_TIMEOUT_MS / 1000,
            pool_recycle=1800,
            pool_use_lifo=True,
            connect_args={
                "timeout": CONNECT_TIMEOUT,
                "command_timeout": _ANSWER_TIMEOUT,
                "server_settings": dict(_SESSION),
            },
        )
        event.listen(engine.sync_engine, "checkin", _note_rest)
        event.listen(engine.sync_engine, "checkout", _prove_alive)
        return engine
    engine = create_async_engine(url, hide_parameters=True)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def open_migrating_engine(url: URL) -> AsyncEngine:
    """The engine for one migration: it may wait for another replica's, and take its time."""
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            poolclass=NullPool,
            connect_args={
                "timeout": CONNECT_TIMEOUT,
                "server_settings": {"application_name": _SESSION["application_name"], "TimeZone": "UTC"},
            },
        )
    return open_engine(url)


def looking_options(engine: AsyncEngine) -> dict[str, Any]:
    """The execution options of a connection that only looks, and sees one moment throughout."""
    return dict(LOOKING if engine.dialect.name == "sqlite" else _ONE_LOOK)


def place(url: URL) -> str:
    """What the database is called before people: without user, password and options."""
    if url.get_backend_name() == "sqlite":
        return str(Path(url.database or "").absolute())
    host = url.host or _first(url.query.get("host")) or "this machine"
    port = url.port or _first(url.query.get("port"))
    return f'PostgreSQL database "{url.database}" on {host}{f":{port}" if port else ""}'


def unusable(url: URL, error: OSError | DBAPIError) -> ConfigError:
    """The sentence for a database that can't be reached or does not let us in. It shows no password."""
    code = sqlstate(error)
    if isinstance(error, DBAPIError):
        reason = str(error.orig).removesuffix(".")
    elif isinstance(error, TimeoutError):
        reason = "no answer in time"
    elif error.errno is not None and error.errno > 0:
        reason = os.strerror(error.errno)
    else:
        reason = error.strerror or str(error)
    advice = _ADVICE.get(code, "Check database.url.")
    return ConfigError([f"database.url: {place(url)} can't be used: {reason}. {advice}"])


def sqlstate(error: Exception) -> str:
    """The code of an error that PostgreSQL reported; "" of any other."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "")


def _first(value: str | tuple[str, ...] | None) -> str | None:
    return value[0] if isinstance(value, tuple) else value


def _note_rest(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["resting_since"] = time.monotonic()


def _prove_alive(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Raises InvalidatePoolError, upon which the pool opens another one, if the server has ended the connection.

    What `pool_pre_ping` does, but not each time: it asks within a transaction of its own, three round trips.
    """
    since = record.info.get("resting_since")
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError("the server has closed the connection")
    if since is not None and time.monotonic() - since >= _REST:
        try:
            connection.ping()
        except Exception as error:
            raise InvalidatePoolError("the server does not answer") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Python's own transaction handling would begin lazily and in deferred mode: two writers could then deadlock.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    looking = LOOKING.items() <= connection.get_execution_options().items()
    connection.exec_driver_sql("BEGIN" if looking else "BEGIN IMMEDIATE")
