"""What a worker works on: a database, a Slack and a mail system of its own, and one clock. It can be copied as it stands."""

import asyncio
import json
import pickle
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from typing_extensions import override

from bot.clock import FrozenClock
from bot.sandbox.mail_data import SimulatedAccount, sandbox_account
from bot.sandbox.manifest import load_manifest
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import BOT_USER, Channel, Message, Person, Workspace
from tests.faults.engines import Engine
from tests.faults.stepping import Point
from tests.support.worker import BOT_TOKEN, CHANNEL, FALLBACK, Job

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
SCOPES = load_manifest().scopes


class Busy:
    """Counts what is under way, and lets others wait until nothing is."""

    def __init__(self) -> None:
        self._count = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __enter__(self) -> None:
        self._count += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._count -= 1
        if not self._count:
            self._idle.set()

    async def over(self) -> None:
        _ = await self._idle.wait()


class Slack(SlackServer):
    def __init__(self, workspace: Workspace) -> None:
        self.busy = Busy()
        super().__init__(workspace, scopes=SCOPES, bot_token=BOT_TOKEN, app_token="xapp-worker")

    @override
    async def _api(self, request: web.Request) -> web.StreamResponse:
        with self.busy:
            return await super()._api(request)


class Mail(PurelyMailSimulator):
    def __init__(self, account: SimulatedAccount, clock: FrozenClock) -> None:
        self.busy = Busy()
        super().__init__(account, clock=clock)

    @override
    async def _serve(self, request: web.Request) -> web.StreamResponse:
        with self.busy:
            return await super()._serve(request)


@dataclass
class Told:
    """What a worker has said, and whether it was killed."""

    said: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)

    @property
    def killed(self) -> bool:
        return "killed" in self.said


@dataclass
class World:
    engine: Engine
    workers: Path
    """The socket of tests/support/worker.py."""
    database: str
    clock: FrozenClock
    slack: Slack
    mail: Mail
    targets: tuple[str, ...]
    threshold: int
    patience: float = 20.0
    known: set[str] = field(default_factory=set)
    """The messages that Slack needs not tell of any more."""

    @property
    def messages(self) -> list[Message]:
        """What stands in the channel; no tombstones."""
        return [one for one in self.slack.workspace.channels[CHANNEL].messages if not one.is_tombstone]

    async def run(
        self, act: str, *, kill: Point | None = None, record: bool = False, heard: bool = False
    ) -> Told:
        """Let a worker do something. Returns when it has ended and all that it has asked for has happened."""
        news = [one for one in self.messages if one.ts not in self.known and one.metadata is not None]
        job = Job(
            act=act,
            now=self.clock.now().isoformat(),
            database=self.database,
            slack=self.slack.api_url,
            mail=self.mail.url,
            targets=self.targets,
            threshold=self.threshold,
            patience=self.patience,
            kill=kill,
            record=record,
            heard=tuple((CHANNEL, one.ts, *_label(one)) for one in news if heard),
        )
        told = Told()
        reader, writer = await asyncio.open_unix_connection(self.workers)
        try:
            writer.write(json.dumps(asdict(job)).encode() + b"\n")
            async for line in reader:
                match json.loads(line):
                    case ["now", at]:
                        self.clock.advance(datetime.fromisoformat(at) - self.clock.now())
                        writer.write(b"go on\n")
                    case ["point", point]:
                        told.points.append(Point(*point))
                    case ["failed", reason]:
                        raise AssertionError(reason)
                    case [what, value]:
                        told.said[what] = value
                    case other:
                        raise AssertionError(other)
        finally:
            writer.close()
        assert told.killed or "done" in told.said, "a worker has died of something else"
        await self.quiet()
        return told

    async def quiet(self) -> None:
        """Return when what the last worker has sent has taken effect: servers see to things in the order they come."""
        async with aiohttp.ClientSession() as session:
            for url, busy in ((self.slack.url, self.slack.busy), (self.mail.url, self.mail.busy)):
                async with session.get(f"{url}/quiet"):
                    await busy.over()

    @asynccontextmanager
    async def copied(self) -> AsyncIterator["World"]:
        """Another one, a second later."""
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(self.engine.database(self.database))
            seen = (list(self.slack.workspace.channels.values()), self.mail.account, self.mail.calls)
            channels, account, calls = pickle.loads(pickle.dumps(seen))  # noqa: S301 - the quickest copy of our own
            at = self.clock.now() + timedelta(seconds=1)
            targets, threshold = self.targets, self.threshold
            world = await stack.enter_async_context(
                _opened(
                    self.engine,
                    self.workers,
                    database,
                    account,
                    channels,
                    at=at,
                    targets=targets,
                    threshold=threshold,
                )
            )
            world.mail.calls += calls
            yield world


def _label(message: Message) -> tuple[str, str, str]:
    assert message.metadata is not None
    payload = message.metadata["event_payload"]
    return str(payload["kind"]), str(payload["subject"]), str(payload["key"])


@asynccontextmanager
async def new_world(
    engine: Engine, workers: Path, targets: tuple[str, ...], *, threshold: int = 5
) -> AsyncIterator[World]:
    """Nothing has happened yet, and the directory knows the targets."""
    channels = [Channel(id_, id_.lower(), {"U0ADA", "U0BEN", BOT_USER}) for id_ in (CHANNEL, FALLBACK)]
    async with (
        engine.database() as database,
        _opened(
            engine,
            workers,
            database,
            sandbox_account(),
            channels,
            at=NOW,
            targets=targets,
            threshold=threshold,
        ) as world,
    ):
        await world.run("know")
        yield world


@asynccontextmanager
async def _opened(
    engine: Engine,
    workers: Path,
    database: str,
    account: SimulatedAccount,
    channels: list[Channel],
    *,
    at: datetime,
    targets: tuple[str, ...],
    threshold: int,
) -> AsyncIterator[World]:
    clock = FrozenClock(at)
    people = [Person("U0ADA", "ada", "admin"), Person("U0BEN", "ben", "admin")]
    slack = Slack(Workspace(people=people, channels=channels, clock=clock))
    mail = Mail(account, clock)
    async with AsyncExitStack() as stack:
        for server in (slack, mail):
            await server.start()
            stack.push_async_callback(server.stop)
        world = World(engine, workers, database, clock, slack, mail, targets, threshold)
        world.known = {one.ts for one in world.messages}
        yield world
