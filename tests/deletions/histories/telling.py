"""Tells histories in this process until a promise is broken."""

import gc
import logging
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

import tests.support.lean  # noqa: F401 - for its effect
from tests.deletions.histories.machine import Histories
from tests.deletions.histories.world import open_world

STEPS = 8
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of our own is made there, in memory where that is possible


def tell(number: int, first: int) -> Counter[str]:
    """Tell so many histories in a world of their own. Returns what happened in them; raises what broke."""
    logging.disable(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        open_world(Path(folder)) as world,
    ):
        Histories.world = world
        Histories.seen = Counter()
        # All that lives by now lives to the end: the collector need not look at it again and again.
        gc.freeze()
        run_state_machine_as_test(
            seed(first)(Histories),
            settings=settings(
                max_examples=number,
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                derandomize=False,
                phases=[Phase.generate, Phase.shrink],
                print_blob=True,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    return Histories.seen
