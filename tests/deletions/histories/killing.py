"""A kill at a chosen point: work ends at its n-th suspension, whatever it is waiting for there."""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class Killed:
    """Awaits `work`, and cancels the task it runs in when it suspends for the n-th time.

    What it had asked for by then (a query in a database's thread, a request on the wire) may still take effect, as after
    the kill of a process. Counting suspensions, and not time, makes the point of the kill the same in each run.
    """

    def __init__(self, work: Coroutine[Any, Any, object], *, at: int) -> None:
        self._work = work
        self._at = at

    def __await__(self) -> Generator[Any, Any, object]:
        task = asyncio.current_task()
        assert task is not None, "awaited in a task"
        steps = self._work.__await__()
        count = 0
        thrown: BaseException | None = None
        while True:
            try:
                awaited = steps.send(None) if thrown is None else steps.throw(thrown)
            except StopIteration as end:
                return end.value
            count += 1
            if count == self._at:
                _ = task.cancel()
            try:
                _ = yield awaited
                thrown = None
            except BaseException as error:  # noqa: BLE001 - handed on to the work, as a task would
                thrown = error
