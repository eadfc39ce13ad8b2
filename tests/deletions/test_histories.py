"""Thousands of made-up histories of the deletion queue, each of which must keep all of its promises."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deletions.histories.machine import Histories
from tests.deletions.histories.world import World, open_world

HISTORIES = int(os.environ.get("HISTORIES", "300"))


@pytest.fixture
def world() -> Iterator[World]:
    shm = Path("/dev/shm")
    with (
        tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder,
        open_world(Path(folder)) as world,
    ):
        yield world


@pytest.mark.timeout(0)
def test_every_history_keeps_the_promises(world: World) -> None:
    class OneWorld(Histories):
        pass

    OneWorld.world = world
    began = time.perf_counter()
    run_state_machine_as_test(
        OneWorld,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=12,
            deadline=None,
            report_multiple_bugs=False,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print((time.perf_counter() - began) / HISTORIES * 1000, "ms")
