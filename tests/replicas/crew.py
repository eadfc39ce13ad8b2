"""Several replicas at once, to be killed and replaced."""

import asyncio
import multiprocessing
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.settings import Settings
from tests.replicas.worker import IDLE, heard, work

_context = multiprocessing.get_context("forkserver")
# A process of its own that has the modules loaded, and nothing else that another one knows.
_context.set_forkserver_preload(
    ["__main__", "tests.replicas.worker", "asyncpg", "httpcore", "anyio._backends._asyncio"]
)


@dataclass(slots=True, eq=False)
class Replica:
    """`idle`: whether it has nothing to do (any more); ended by an EOFError if it dies before that."""

    process: ForkServerProcess
    control: Connection
    log: Path
    idle: "asyncio.Task[str]"

    @property
    def name(self) -> str:
        """What it calls itself in the rows that it claims."""
        return f"{socket.gethostname()}:{self.process.pid}"


@dataclass(slots=True)
class Crew:
    settings: Settings
    folder: Path
    living: list[Replica] = field(default_factory=list)
    dead: list[Replica] = field(default_factory=list)

    def hire(self) -> None:
        ours, theirs = _context.Pipe()
        log = self.folder / f"replica-{len(self.living) + len(self.dead)}.log"
        process = _context.Process(target=work, args=(self.settings, log, theirs))
        process.start()
        theirs.close()
        self.living.append(Replica(process, ours, log, asyncio.create_task(heard(ours))))

    def kill(self, replica: Replica) -> None:
        """At once and without a word (SIGKILL)."""
        _ = replica.idle.cancel()
        replica.process.kill()
        replica.process.join()
        self.living.remove(replica)
        self.dead.append(replica)

    async def idle(self) -> None:
        """Return when nobody who lives has anything to do. Raises AssertionError if somebody has died unasked."""
        while busy := [replica.idle for replica in self.living if not replica.idle.done()]:
            _ = await asyncio.wait(busy, return_when=asyncio.FIRST_COMPLETED)
            for replica in self.living:
                if replica.idle.done() and replica.idle.exception() is not None:
                    raise AssertionError(f"a replica died by itself:\n{replica.log.read_text()}")
        assert {replica.idle.result() for replica in self.living} == {IDLE}

    def move(self, by: timedelta) -> None:
        """Let time pass for all, who must be idle."""
        for replica in self.living:
            replica.control.send(by)
            replica.idle = asyncio.create_task(heard(replica.control))

    def logged(self, pattern: str) -> int:
        """How often all of their logs, together, hold what fits the pattern."""
        return sum(len(re.findall(pattern, one.log.read_text())) for one in self.living + self.dead)

    async def stop(self) -> None:
        """Let all go, who must be idle."""
        for replica in self.living:
            replica.control.send(None)
        for replica in self.living:
            try:
                said = await heard(replica.control)
            except EOFError:
                replica.process.join()
            else:
                raise AssertionError(f"unexpected last words: {said}")


@asynccontextmanager
async def open_crew(settings: Settings, folder: Path) -> AsyncIterator[Crew]:
    """Nobody yet; whoever is left in the end is killed."""
    crew = Crew(settings, folder)
    try:
        yield crew
    finally:
        everybody = crew.living + crew.dead
        for replica in everybody:
            _ = replica.idle.cancel()
        _ = await asyncio.gather(*(replica.idle for replica in everybody), return_exceptions=True)
        for replica in everybody:
            # The number of a process that has ended may be another one's by now.
            if replica.process.is_alive():
                replica.process.kill()
            replica.process.join()
            replica.process.close()
            replica.control.close()
