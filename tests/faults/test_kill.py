"""A worker is killed (SIGKILL) at every await point of each pipeline in turn, and another one takes over.

A kill while a worker waits for the mail system or Slack is tried at each step of the exchange: the request has left or
not, has been answered or not. Around a commit it is tried before and after. Between the statements of one transaction it
is tried when each has been answered: nothing is committed then. Where two kills have left the very same world behind,
what follows is the same, and is tried once.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from bot.model import DeletionState
from tests.faults.engines import Engine, Sqlite
from tests.faults.pipelines import PIPELINES, Pipeline
from tests.faults.stepping import Point
from tests.faults.truth import fingerprint, untruths
from tests.faults.world import World

AT_ONCE = 4
EXCHANGES = ("slack.", "people.", "http.")
"""The modules that wait for Slack and for the mail system."""

COMMIT = "database.transaction:"
VISITS = 2

pytestmark = pytest.mark.timeout(300)  # for machines that are busy with something else


TRIED = [
    pytest.param(engine, pipeline, id=f"{engine}-{pipeline.name}")
    for engine in ("sqlite", "postgresql")
    for pipeline in PIPELINES
    if engine == "sqlite" or not pipeline.repeats
]
"""What passes the same lines as another pipeline is tried on one engine."""


@pytest.mark.parametrize(("engine", "pipeline"), TRIED, indirect=["engine"])
async def test_wherever_a_worker_is_killed_the_end_is_true(
    pipeline: Pipeline, engine: Engine, workers: Path
) -> None:
    async with pipeline.world(engine, workers) as origin:
        async with origin.copied() as world:
            told = await world.run(pipeline.act, record=True)
        points = list(chosen(told.points, pipeline, engine))
        attempt = Attempt(pipeline, origin)
        await attempt.all(points)
    print(f"{len(points)} points, {len(attempt.ends)} different worlds, {len(attempt.missed)} not met again")
    untrue = {
        f"{'after' if point.after else 'at'} {point.name} ({point.occurrence})": problems
        for point, problems in attempt.problems.items()
        if problems
    }
    assert untrue == {}
    assert len(attempt.missed) <= max(2, len(points) // 10), attempt.missed


class Attempt:
    """Kills at one point after the other, a few at once, and what comes of it."""

    def __init__(self, pipeline: Pipeline, origin: World) -> None:
        self.problems: dict[Point, list[str]] = {}
        self.missed: list[Point] = []
        """Points that a worker did not come to a second time: how many steps an exchange takes is chance."""
        self.ends: dict[str, asyncio.Future[list[str]]] = {}
        """What came of each world that was left behind."""
        self._pipeline = pipeline
        self._origin = origin
        self._free = asyncio.Semaphore(AT_ONCE)

    async def all(self, points: list[Point]) -> None:
        async with asyncio.TaskGroup() as tasks:
            for point in points:
                _ = tasks.create_task(self._one(point))

    async def _one(self, point: Point) -> None:
        async with self._free, self._origin.copied() as world:
            told = await world.run(self._pipeline.act, kill=point)
            if not told.killed:
                self.missed.append(point)
            was_cancelled = "cancelled" in told.said
            left = f"{was_cancelled} {await fingerprint(world)}"
            if left not in self.ends:
                self.ends[left] = asyncio.ensure_future(self._end(world, was_cancelled=was_cancelled))
            self.problems[point] = await self.ends[left]

    async def _end(self, world: World, *, was_cancelled: bool) -> list[str]:
        if self._pipeline.again:
            _ = await world.run(self._pipeline.act)
        _ = await world.run("recover", heard=True)
        ends = frozenset({DeletionState.CANCELLED}) if was_cancelled else self._pipeline.ends
        return await untruths(world, ends)


def chosen(points: list[Point], pipeline: Pipeline, engine: Engine) -> Iterator[Point]:
    """Where to kill, two times at each line that is passed more often.

    Where another pipeline passes the same lines, it is tried once at each; between statements not again, nor at the steps
    of an exchange, but for the last: sent and not yet answered, answered. On PostgreSQL it is tried like that throughout:
    it forgets a transaction that is not committed just as well, and while an answer from elsewhere is waited for, the
    engine is of no importance.
    """
    thoroughly = isinstance(engine, Sqlite) and not pipeline.repeats
    visits: Counter[str] = Counter()
    for name, group in groupby(points, key=lambda point: point.name):
        visits[name] += 1
        if visits[name] > (VISITS if thoroughly else 1):
            continue
        one = list(group)
        _, _, innermost = name.rpartition(" > ")
        if innermost.startswith(EXCHANGES):
            yield from one if thoroughly else one[-2:]
        elif innermost.startswith(COMMIT):
            yield from (one[0], one[-1])
        elif thoroughly:
            yield one[-1]
