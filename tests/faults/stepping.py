"""Goes through a coroutine suspension by suspension, and names the places."""

import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from functools import cache
from pathlib import Path
from types import AsyncGeneratorType, CodeType, CoroutineType, FrameType
from typing import Any, NamedTuple, TypeVar

from typing_extensions import override

import bot
import handlers

OURS = tuple(f"{package.__path__[0]}/" for package in (bot, handlers))

WRAPPERS = frozenset({"async_generator_asend", "async_generator_athrow", "coroutine_wrapper"})
"""Types that Python gives no name to, and no attribute that leads on."""

T = TypeVar("T")


class Point(NamedTuple):
    """Where a coroutine hands over to the event loop: the innermost lines of ours, and the how-manieth time.

    `after`: not at the moment when it begins to wait, but when what it has waited for is there.
    """

    name: str
    occurrence: int
    after: bool


class Stepped(Awaitable[T]):
    """Awaits a coroutine, and tells `at` of each of its suspensions, twice."""

    def __init__(self, inner: Coroutine[Any, Any, T], at: Callable[[Point], None]) -> None:
        self._inner = inner
        self._at = at
        self._count: Counter[str] = Counter()

    @override
    def __await__(self) -> Generator[Any, Any, T]:
        error: BaseException | None = None
        while True:
            try:
                waiting = self._inner.send(None) if error is None else self._inner.throw(error)
            except StopIteration as stop:
                result: T = stop.value
                return result
            name = where(self._inner)
            self._count[name] += 1
            self._at(Point(name, self._count[name], after=False))
            try:
                yield waiting
            except BaseException as thrown:  # noqa: BLE001 - handed on to the coroutine, whatever it is
                error = thrown
            else:
                error = None
            self._at(Point(name, self._count[name], after=True))


def where(coroutine: Any) -> str:
    """The innermost lines of ours that a suspended coroutine stands at."""
    places = [(_place(frame.f_code), frame.f_lineno) for frame in _frames(coroutine)]
    return " > ".join([f"{place}:{line}" for place, line in places if place is not None][-4:])


@cache
def _place(code: CodeType) -> str | None:
    """Module and function; None if it is not ours."""
    if not code.co_filename.startswith(OURS):
        return None
    return f"{Path(code.co_filename).stem}.{code.co_name}"


def _frames(waiting: Any) -> Iterator[FrameType]:
    while waiting is not None:
        for kind in ("cr", "ag", "gi"):
            if hasattr(waiting, f"{kind}_frame"):
                if (frame := getattr(waiting, f"{kind}_frame")) is not None:
                    yield frame
                waiting = getattr(waiting, "gi_yieldfrom" if kind == "gi" else f"{kind}_await")
                break
        else:
            inner = gc.get_referents(waiting) if type(waiting).__name__ in WRAPPERS else []
            waiting = next(
                (one for one in inner if isinstance(one, CoroutineType | AsyncGeneratorType)), None
            )
