"""Made-up histories of the deletion queue, thousands of them, each of which must keep all of its promises."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[2]
NUMBERS = {"developer": 300, "ci": 2_000}
"""How many histories each profile of tests/conftest.py tells. `make soak` tells more."""

ROUNDS = 10
"""So many tests share them, on as many cores as there are."""

ENOUGH = 200
"""In so many histories all that the promises are about has happened; or they would be kept because nothing had."""

TIMES = 3
"""What is missing among them by chance may be among as many others."""

NEEDED = frozenset(
    {
        "cancelled",
        "deleted",
        "failed",
        "held",
        "kills",
        "released",
        "reminders",
        "second messages",
    }
)


def tell(number: int, seed: int) -> str:
    """What happened in so many histories, in words. A process of their own leaves nothing behind in this one."""
    command = [sys.executable, "-m", "tests.deletions.histories", str(number), str(seed)]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)
    if told.returncode:
        again = " ".join(command[1:])
        pytest.fail(f"{told.stdout}{told.stderr}\nTo tell it again: python {again}", pytrace=False)
    return told.stdout.strip()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("part", range(ROUNDS))
def test_every_history_keeps_the_promises(part: int) -> None:
    number = NUMBERS.get(settings.get_current_profile_name(), NUMBERS["developer"]) // ROUNDS
    missing = NEEDED
    for _ in range(TIMES):
        seed = secrets.randbelow(10**9)
        happened = tell(number, seed)
        print(f"part {part}, seed {seed}: {happened}")
        items = (item.partition(" ") for item in happened.split(", "))
        missing = missing - {what for count, _, what in items if int(count)}
        if number < ENOUGH or not missing:
            return
    assert not missing
