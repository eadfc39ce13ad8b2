"""The configured database: its transactions and its migrations, on SQLite or PostgreSQL."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import URL, Connection, DateTime, Dialect, Table, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from bot.storage.engine import (
    PERMISSION_DENIED,
    looking_options,
    open_engine,
    open_migrating_engine,
    place,
    sqlstate,
    unusable,
)

AT_ONCE = 200
"""Rows named in one statement; SQLite takes 32,766 parameters, PostgreSQL's driver as many."""

_Row = TypeVar("_Row")

_MIGRATIONS = str(Path(__file__).parent / "migrations")
_LAST = "mailwarden: last"

_MAY_CREATE = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides of every database.

    SQLite hands back naive values even for `DateTime(timezone=True)`. A naive value going in raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}")
        return value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One database. `transaction()` writes, `reading()` only looks."""

    def __init__(self, url: str, password: SecretStr | None = None) -> None:
        """`password` takes the place of one in the URL, which may have none."""
        self._url = make_url(url)
        if password is not None:
            self._url = self._url.set(password=password.get_secret_value())
        self._engine = open_engine(self._url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        self.place = place(self._url)
        """What to call it before people; no secret is in it."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction that may write: committed on leaving, rolled back on an exception.

        No network call belongs inside: on SQLite it holds the only writer. On PostgreSQL it is READ COMMITTED: what
        must not happen twice at once is a compare-and-set, a unique key, or behind `serialise`.
        """
        async with AsyncSession(self._engine) as session, session.begin():
            yield session
            for work in session.info.pop(_LAST, ()):
                await work(session)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """One consistent look: every query sees the same moment. It waits for no writer."""
        async with AsyncSession(self._engine) as session, session.begin():
            _ = await session.connection(execution_options=looking_options(self._engine))
            yield session

    async def migrate(self, revision: str = "head") -> None:
        """Bring the schema to a revision, the newest one by default; nothing to do is the usual case.

        Replicas that start together take turns. Raises ConfigError where the database can't be used.
        """
        engine = open_migrating_engine(self._url)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(engine.dispose)
            try:
                if self.is_sqlite and self._url.database:
                    Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
                connection = await stack.enter_async_context(engine.begin())
            except (OSError, DBAPIError) as error:
                raise unusable(self._url, error) from error
            try:
                await connection.run_sync(_upgrade, revision)
            except DBAPIError as error:
                if sqlstate(error) != PERMISSION_DENIED:
                    raise
                raise unusable(self._url, error) from error

    async def revisions(self) -> set[str]:
        """The revisions that the schema stands at, none in an empty database. Raises ConfigError as `migrate` does."""
        try:
            async with self.reading() as session:
                return await (await session.connection()).run_sync(_heads)
        except (OSError, DBAPIError) as error:
            raise unusable(self._url, error) from error

    async def is_current(self) -> bool:
        """Whether the schema is the newest one. Raises ConfigError as `migrate` does; a file that is missing stays so."""
        if _is_missing(self._url):
            return False
        return await self.revisions() == set(ScriptDirectory(_MIGRATIONS).get_heads())

    async def may_create(self) -> bool:
        """Whether this user may create tables here. Raises ConfigError as `migrate` does."""
        if self.is_sqlite:
            return True
        try:
            async with self.reading() as session:
                return bool(await session.scalar(_MAY_CREATE))
        except (OSError, DBAPIError) as error:
            raise unusable(self._url, error) from error

    async def aclose(self) -> None:
        await self._engine.dispose()


def before_commit(session: AsyncSession, work: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Have `work` done as the last thing of a transaction, and not at all if it fails.

    For what must be done behind a lock that everybody wants: who waits for it there can't hold up anybody who has it.
    """
    session.info.setdefault(_LAST, []).append(work)


async def serialise(session: AsyncSession, key: str) -> None:
    """From here to the end of the transaction, let only one transaction at a time pass with that key.

    For what must look and then write, where no unique key decides. On SQLite a writer is alone already.
    """
    if session.get_bind().dialect.name == "sqlite":
        _ = await session.connection()  # begins, if nothing has yet
    else:
        _ = await session.execute(_LOCK, {"key": key})


def upsert(session: AsyncSession, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing` on the database at hand."""
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def portions(rows: Sequence[_Row]) -> list[Sequence[_Row]]:
    """So many of them as one statement may name."""
    return [rows[start : start + AT_ONCE] for start in range(0, len(rows), AT_ONCE)]


def _is_missing(url: URL) -> bool:
    """Whether it is a file that is not there; to look into it would make it."""
    return url.get_backend_name() == "sqlite" and bool(url.database) and not Path(str(url.database)).exists()


def _heads(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _upgrade(connection: Connection, revision: str) -> None:
    if connection.dialect.name != "sqlite":
        # SQLite's BEGIN IMMEDIATE has let nobody else in.
        _ = connection.execute(_LOCK, {"key": "mailwarden: migration"})
    config = Config()
    config.set_main_option("script_location", _MIGRATIONS)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
