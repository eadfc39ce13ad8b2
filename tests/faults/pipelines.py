"""The ways of a deletion that a worker can be killed on: what comes before, what it does, and how that may end."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.model import DeletionState
from tests.faults.engines import Engine
from tests.faults.world import World, new_world
from tests.support.worker import CHANNEL

ANNA = ("anna.keller@acme-tools.example",)
THREE = (*ANNA, "emre.yilmaz@acme-tools.example", "ivan.petrov@acme-tools.example")
DAY = timedelta(hours=24)
DELETED = frozenset({DeletionState.DELETED})


@dataclass(frozen=True)
class Pipeline:
    """`act`: of tests/support/worker.py. `again`: the person who asked for it asks once more, having seen no answer.

    `threshold`: more deletions than that are held. `repeats`: other pipelines pass the same lines, from another start.
    """

    name: str
    before: Callable[[World], Awaitable[None]]
    act: str
    ends: frozenset[DeletionState] = DELETED
    targets: tuple[str, ...] = ANNA
    threshold: int = 5
    again: bool = False
    repeats: bool = False

    @asynccontextmanager
    async def world(self, engine: Engine, workers: Path) -> AsyncIterator[World]:
        """As it stands right before the act."""
        async with new_world(engine, workers, self.targets, threshold=self.threshold) as world:
            await self.before(world)
            yield world


async def nothing(_world: World) -> None:
    return None


async def queued(world: World) -> None:
    _ = await world.run("schedule")
    world.clock.advance(timedelta(hours=1))


async def nearly_due(world: World) -> None:
    await queued(world)
    world.clock.advance(DAY - timedelta(hours=1, minutes=45))


async def due(world: World) -> None:
    await queued(world)
    world.clock.advance(DAY)


async def removed(world: World) -> None:
    """Somebody has removed the notice, and nobody has told the bot."""
    await queued(world)
    world.slack.workspace.remove(CHANNEL, world.messages[0].ts)
    world.clock.advance(DAY)


async def failed(world: World) -> None:
    await due(world)
    world.mail.inject("deleteUser", 1, {"silent_success": True})
    _ = await world.run("tick")
    world.clock.advance(timedelta(minutes=5))


async def killed_before_asking(world: World) -> None:
    """A worker has started the deletion, and has died. Its lease has run out."""
    await _killed(world, after="_settle")


async def killed_after_the_answer(world: World) -> None:
    """The same, but the mail system has deleted the user."""
    await _killed(world, after="delete_user")


async def _killed(world: World, *, after: str) -> None:
    await due(world)
    async with world.copied() as other:
        points = (await other.run("tick", record=True)).points
    asking = [number for number, point in enumerate(points) if ".delete_user:" in point.name]
    last = asking[-1] if after == "delete_user" else asking[0] - 1
    assert f".{after}:" in points[last].name, points[last]
    assert points[last].after
    assert (await world.run("tick", kill=points[last])).killed
    world.clock.advance(timedelta(minutes=15))


PIPELINES = (
    Pipeline("schedule", nothing, "schedule", again=True),
    Pipeline("execute", due, "tick"),
    Pipeline("remind", nearly_due, "tick"),
    Pipeline("cancel", queued, "cancel", DELETED | {DeletionState.CANCELLED}),
    Pipeline("post again", removed, "tick"),
    Pipeline("release", queued, "release", targets=THREE, threshold=2, again=True),
    Pipeline("take over, not yet deleted", killed_before_asking, "tick", repeats=True),
    Pipeline("take over, already deleted", killed_after_the_answer, "tick", repeats=True),
    Pipeline("schedule several", nothing, "schedule", targets=THREE, again=True, repeats=True),
    Pipeline("execute several", due, "tick", targets=THREE, repeats=True),
    Pipeline("retry", failed, "retry", again=True, repeats=True),
)
