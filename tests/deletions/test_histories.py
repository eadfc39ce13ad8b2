"""Made-up histories of the deletion queue, thousands of them, each of which must keep all of its promises."""

import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[2]
NUMBERS = {"developer": 300, "ci": 2_000, "soak": 100_000}
"""How many histories each profile of tests/conftest.py tells; `HISTORIES` says otherwise."""

ROUND = 250
"""So many are told by one process: what Hypothesis remembers of them is forgotten then."""

HOUR = 3600.0

NEEDED = ("cancelled", "deleted", "dropped", "failed", "held", "kills", "released", "second messages")


def tell(number: int, seed: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.deletions.histories", str(number), str(seed)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=HOUR,
    )


@pytest.mark.timeout(0)
def test_every_history_keeps_the_promises(capsys: pytest.CaptureFixture[str]) -> None:
    profile = settings.get_current_profile_name()
    number = int(os.environ.get("HISTORIES", NUMBERS[profile]))
    first = int(os.environ.get("HISTORIES_SEED", secrets.randbelow(10**9)))
    rounds = {first + index: min(ROUND, number - told) for index, told in enumerate(range(0, number, ROUND))}
    began, told = time.monotonic(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(tell, size, seed): seed for seed, size in rounds.items()}
        for done in as_completed(running):
            seed = running[done]
            result = done.result()
            if result.returncode:
                pool.shutdown(wait=False, cancel_futures=True)
                again = f"HISTORIES={rounds[seed]} HISTORIES_SEED={seed} pytest {Path(__file__).relative_to(ROOT)}"
                pytest.fail(f"{result.stdout}{result.stderr}\nTo tell it again: {again}", pytrace=False)
            told += rounds[seed]
            with capsys.disabled():
                if profile == "soak":
                    print(
                        f"{told} of {number} in {time.monotonic() - began:.0f} s (seed {seed}): {result.stdout.strip()}"
                    )
    print(f"{number} histories from seed {first}")


def test_histories_hold_all_that_the_promises_are_about() -> None:
    """Or the promises would be kept because nothing had happened."""
    result = tell(100, 20)
    assert not result.returncode, result.stdout + result.stderr
    happened = dict(reversed(item.split(" ", 1)) for item in result.stdout.strip().split(", "))
    missing = [what for what in NEEDED if not int(happened.get(what, 0))]
    assert not missing, result.stdout
