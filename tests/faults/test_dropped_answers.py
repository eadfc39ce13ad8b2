"""Each call that a worker makes goes wrong in turn: its answer is lost, it is refused, it takes too long."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.model import NoticeKind
from tests.faults.engines import Engine
from tests.faults.pipelines import DAY, PIPELINES, Pipeline
from tests.faults.truth import buttons, labelled, untruths
from tests.faults.world import World

AT_ONCE = 6
PATIENCE = 0.5
"""Seconds that a worker waits for an answer."""

LATE = PATIENCE + 0.2
FAULTS: dict[str, dict[str, Any]] = {
    "carried out, answer lost": {"drop_response": True},
    "carried out too late": {"delay_seconds": LATE},
    "not carried out": {"status": 503},
    "not carried out, no answer in time": {"delay_seconds": LATE, "status": 503},
}
SCHEDULE = PIPELINES[0]
CALLING = [pipeline for pipeline in PIPELINES if pipeline.name in {"schedule", "execute", "cancel"}]


class Call(NamedTuple):
    """The how-manieth of its kind."""

    method: str
    number: int


@pytest.mark.parametrize("pipeline", CALLING, ids=lambda pipeline: pipeline.name)
async def test_whatever_goes_wrong_with_a_call_the_end_is_true(
    pipeline: Pipeline, engine: Engine, workers: Path
) -> None:
    free = asyncio.Semaphore(AT_ONCE)
    untrue: dict[tuple[Call, str], list[str]] = {}

    async def one(call: Call, fault: str) -> None:
        async with free, origin.copied() as world:
            world.patience = PATIENCE
            inject(world, call, FAULTS[fault])
            told = await world.run(pipeline.act)
            world.patience = origin.patience
            if pipeline.act == "cancel":
                assert "cancelled" in told.said, "no call is needed to cancel"
            _ = await world.run("recover", heard=True)
            if problems := await untruths(world, pipeline.ends):
                untrue[call, fault] = problems

    async with pipeline.world(engine, workers) as origin:
        async with origin.copied() as world:
            _ = await world.run(pipeline.act)
            calls = made(world, since=len(origin.mail.calls))
        async with asyncio.TaskGroup() as tasks:
            for call in calls:
                for fault in FAULTS:
                    _ = tasks.create_task(one(call, fault))
    print(f"{len(calls)} calls: {calls}")
    assert untrue == {}


def made(world: World, *, since: int) -> list[Call]:
    """All calls to Slack and to the mail system."""
    count: Counter[str] = Counter()
    calls = []
    for method in [*world.slack.calls, *(call["operation"] for call in world.mail.calls[since:])]:
        count[method] += 1
        calls.append(Call(method, count[method]))
    return calls


def inject(world: World, call: Call, fault: dict[str, Any]) -> None:
    inject: Callable[[str, int, dict[str, Any]], None] = (
        world.slack.faults.inject if "." in call.method else world.mail.inject
    )
    inject(call.method, call.number - 1, {})
    inject(call.method, 1, fault)


async def test_where_slack_tells_of_nothing_there_are_two_notices_at_most_and_each_is_of_use(
    engine: Engine, workers: Path
) -> None:
    async with SCHEDULE.world(engine, workers) as origin:
        async with origin.copied() as world:
            points = (await world.run("schedule", record=True)).points
        notices = []
        for point in points:
            if "slack.post:" in point.name:
                async with origin.copied() as world:
                    assert (await world.run("schedule", kill=point)).killed
                    _ = await world.run("wait")
                    notices.append(len(labelled(world, NoticeKind.DELETION)))
                    await _prove_of_use(world)
    assert set(notices) == {1, 2}


async def _prove_of_use(world: World) -> None:
    """Whichever button is pressed, it cancels; and if none is, nobody is deleted before the time that each notice names."""
    shown = labelled(world, NoticeKind.DELETION)
    pressed = [button["value"] for message in shown for button in buttons(message)]
    assert len(pressed) == len(shown)
    async with world.copied() as other:
        assert (await other.run("cancel")).said["cancelled"] in pressed
        assert len(set(pressed)) == 1
        _ = await other.run("recover")
        assert other.mail.effective("deleteUser") == []
    _ = await world.run("recover")
    (call,) = [call for call in world.mail.calls if call["operation"] == "deleteUser"]
    for message in shown:
        assert datetime.fromisoformat(call["at"]).timestamp() >= float(message.ts) + DAY.total_seconds()
