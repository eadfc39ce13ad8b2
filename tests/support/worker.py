"""A worker of the bot in a process of its own, which can be killed at any of its await points.

`python -m tests.support.worker PATH` imports everything once, listens on that UNIX socket, and forks a worker for each
connection: about 20 ms instead of two seconds. A worker is given one job, says what it does, and ends or dies; then its
connection ends, too. It goes by the clock of whoever gave it the job, and stands still between the job's steps.
"""

import asyncio
import contextlib
import gc
import io
import json
import logging
import os
import select
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, TextIO
from zoneinfo import ZoneInfo

import aiohttp
import httpx
from pydantic import SecretStr
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.engine import make_url

import tests.support.lean  # noqa: F401 - for its effect
from bot.clock import FrozenClock
from bot.errors import AlreadySubmitted, TooLate
from bot.model import Operator, ProviderKind, Role, Target, TargetKind
from bot.notices import Label, SlackPoster
from bot.sandbox.accounts import ACCOUNT
from bot.sandbox.purelymail import TOKEN
from bot.services import Services, open_services
from bot.settings import (
    ChannelSettings,
    DatabaseSettings,
    DeletionSettings,
    DnsSettings,
    OperatorSettings,
    PurelyMailSettings,
    Settings,
    SlackSettings,
    TimeSettings,
)
from bot.storage.engine import open_engine
from handlers.notices import RENDERERS
from handlers.people import SlackPeople
from tests.faults.stepping import Point, Stepped

BOT_TOKEN = "xoxb-worker"
CHANNEL = "C0MAILOPS"
FALLBACK = "C0DIGEST"
ADA = Operator("U0ADA", Role.ADMIN)
BEN = Operator("U0BEN", Role.ADMIN)
NOWHERE = "127.0.0.1:9"


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker does, and from when on, and against which servers. `kill`: where it dies. `record`: it tells of each point.

    `heard`: (channel, ts, kind, subject, key) of messages that Slack tells of. `patience` in seconds.
    """

    act: str
    now: str
    database: str
    slack: str
    mail: str
    targets: tuple[str, ...]
    threshold: int = 5
    patience: float = 20.0
    kill: Point | None = None
    record: bool = False
    heard: tuple[tuple[str, str, str, str, str], ...] = ()


class Worker:
    def __init__(self, job: Job, services: Services, clock: FrozenClock, line: TextIO) -> None:
        self.job = job
        self.services = services
        self.clock = clock
        self._line = line

    def say(self, what: str, value: Any = None) -> None:
        self._line.write(json.dumps([what, value]) + "\n")
        self._line.flush()

    def at(self, point: Point) -> None:
        if self.job.record:
            self.say("point", point)
        if point == self.job.kill:
            self.say("killed")
            os.kill(os.getpid(), signal.SIGKILL)

    def later(self, by: timedelta) -> None:
        """Move the clock, together with the one of whoever is listening."""
        self.clock.advance(by)
        self.say("now", self.clock.now().isoformat())
        assert self._line.readline()


Act = Callable[[Worker], Coroutine[Any, Any, None]]


async def know(worker: Worker) -> None:
    for address in worker.job.targets:
        await worker.services.directory.note_present(ACCOUNT, address)


async def schedule(worker: Worker) -> None:
    """A form is sent; it may have been sent before."""
    with contextlib.suppress(AlreadySubmitted):
        _ = await worker.services.deletions.schedule(
            ADA,
            nonce="one-form",
            wanted=[Target(ACCOUNT, TargetKind.USER, address) for address in worker.job.targets],
            reason="left the company",
        )
    await worker.services.delivery.run_due()


async def tick(worker: Worker) -> None:
    """What the clock asks for, once."""
    services = worker.services
    for run in (services.delivery, services.upkeep, services.execution, services.delivery):
        await run.run_due()


async def cancel(worker: Worker) -> None:
    rows, _ = await worker.services.deletions.open_deletions()
    gone = await worker.services.deletions.cancel(BEN, rows[0].id)
    worker.say("cancelled", gone.id)
    await worker.services.delivery.run_due()


async def release(worker: Worker) -> None:
    """A button is clicked; it may have been clicked before."""
    rows, _ = await worker.services.deletions.open_deletions()
    with contextlib.suppress(TooLate):
        _ = await worker.services.deletions.release(BEN, str(rows[0].hold_id))
    await worker.services.delivery.run_due()


async def retry(worker: Worker) -> None:
    """The same."""
    rows, _ = await worker.services.deletions.finished_deletions()
    with contextlib.suppress(TooLate):
        for row in rows:
            _ = await worker.services.deletions.retry(ADA, row.id)
    await tick(worker)


async def wait(worker: Worker) -> None:
    """Until whoever had it is given up."""
    worker.later(timedelta(minutes=15))
    await tick(worker)


async def recover(worker: Worker) -> None:
    """Start anew at once, hear what Slack has to tell, and go on until all is done; and then for a day more."""
    quarter = timedelta(minutes=15)
    worker.later(timedelta(seconds=5))
    await tick(worker)
    for channel, ts, *label in worker.job.heard:
        await worker.services.delivery.heard_of(channel, ts, Label(*label))
    for by in (*[quarter] * 4, timedelta(hours=22), *[quarter] * 12, timedelta(hours=22), *[quarter] * 12):
        worker.later(by)
        await tick(worker)
        _, count = await worker.services.deletions.open_deletions()
        if count == 0:
            break
    worker.later(timedelta(hours=30))
    await tick(worker)


ACTS: dict[str, Act] = {
    act.__name__: act for act in (know, schedule, tick, cancel, release, retry, wait, recover)
}


def settings(job: Job) -> Settings:
    return Settings(
        slack=SlackSettings(
            bot_token=SecretStr(BOT_TOKEN), app_token=SecretStr("xapp-worker"), api_url=job.slack
        ),
        accounts=(
            PurelyMailSettings(
                name=ACCOUNT,
                provider=ProviderKind.PURELYMAIL,
                api_token=SecretStr(TOKEN),
                base_url=job.mail,
                timeout=job.patience,
            ),
        ),
        operators=OperatorSettings(admins=(ADA.slack_id, BEN.slack_id)),
        channels=ChannelSettings(deletions=CHANNEL, digest=FALLBACK),
        times=TimeSettings(timezone=ZoneInfo("Europe/Zurich")),
        deletions=DeletionSettings(mass_threshold=job.threshold),
        database=DatabaseSettings(url=job.database),
        dns=DnsSettings(resolvers=(NOWHERE,)),
    )


async def work(job: Job, line: TextIO) -> None:
    clock = FrozenClock(datetime.fromisoformat(job.now))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=job.patience)) as session:
        client = AsyncWebClient(token=BOT_TOKEN, base_url=job.slack, session=session, retry_handlers=[])
        client.proxy = None
        async with open_services(
            settings(job),
            clock=clock,
            people=SlackPeople(client),
            poster=SlackPoster(client),
            renderers=RENDERERS,
            gap=timedelta(0),
        ) as services:
            worker = Worker(job, services, clock, line)
            act = ACTS[job.act](worker)
            await (Stepped(act, worker.at) if job.record or job.kill else act)
            worker.say("done")


def _live(connection: socket.socket) -> NoReturn:
    """All of a worker's life."""
    with connection, connection.makefile("rw", encoding="utf-8") as line:
        try:
            given = json.loads(line.readline())
            kill = given.pop("kill")
            asyncio.run(work(Job(**given, kill=kill and Point(*kill)), line))
        except BaseException:  # noqa: BLE001 - whoever gave the job is told
            line.write(json.dumps(["failed", traceback.format_exc()]) + "\n")
    os._exit(0)


async def warm_up() -> None:
    """Have the libraries load all that they load when they are first used."""
    with contextlib.suppress(httpx.ConnectError):
        async with httpx.AsyncClient(trust_env=False) as client:
            _ = await client.get(f"http://{NOWHERE}")
    await open_engine(make_url(f"postgresql+asyncpg://nobody@{NOWHERE}/nothing")).dispose()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/any.db"
        now = datetime.now(UTC).isoformat()
        job = Job("know", now, url, f"http://{NOWHERE}/api/", f"http://{NOWHERE}", ("any@example.com",))
        await work(job, io.StringIO())


def serve(path: str) -> None:
    """Fork a worker for each connection, as long as stdin is open."""
    logging.getLogger().addHandler(logging.NullHandler())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        asyncio.run(warm_up())
        gc.freeze()
        listener.bind(path)
        listener.listen(64)
        print("listening", flush=True)
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _live(connection)
            connection.close()


if __name__ == "__main__":
    serve(sys.argv[1])
