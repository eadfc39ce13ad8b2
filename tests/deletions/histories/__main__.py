"""`python -m tests.deletions.histories NUMBER [SEED]`: tells so many histories, on every core, until a promise is broken."""

import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.deletions.histories.telling import tell

ROOT = Path(__file__).parents[3]
MODULE = "tests.deletions.histories"
ROUND = 250
"""So many are told by one process: what Hypothesis remembers of them is forgotten then."""


def main(number: int, seed: int) -> None:
    if number <= ROUND:
        seen = tell(number, seed)
        print(", ".join(f"{count} {what}" for what, count in sorted(seen.items())))
        return
    rounds = {seed + index: min(ROUND, number - told) for index, told in enumerate(range(0, number, ROUND))}
    began, told = time.monotonic(), 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = {pool.submit(_round, size, one): one for one, size in rounds.items()}
        for done in as_completed(running):
            one, result = running[done], done.result()
            told += rounds[one]
            print(
                f"{told} of {number} in {time.monotonic() - began:.0f} s: {result.stdout.strip()}", flush=True
            )
            if result.returncode:
                pool.shutdown(wait=False, cancel_futures=True)
                print(result.stderr)
                sys.exit(f"A promise was broken. To tell it again: python -m {MODULE} {rounds[one]} {one}")


def _round(number: int, seed: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", MODULE, str(number), str(seed)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else secrets.randbelow(10**9))
