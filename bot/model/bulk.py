"""Creating many mail users at once: a run, and its lines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunState(StrEnum):
    DRAFT = "draft"
    """Looked through, and nothing is created yet."""
    RUNNING = "running"
    PAUSED = "paused"
    """Stopped before its end; can be gone on with."""
    ENDED = "ended"
    DROPPED = "dropped"


class LineState(StrEnum):
    REFUSED = "refused"
    """Something is wrong with the line: nothing is tried."""
    WAITING = "waiting"
    CREATING = "creating"
    """Asked for; what came of it is not on record (yet)."""
    CREATED = "created"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """A mail user to be. `number` counts the lines of the list from 1; `source` is the line as it was given.

    `told`: what is wrong with it, or what came of it. `quota` in bytes, None for none asked for. `handed`: its password
    was shown.
    """

    number: int
    source: str
    account: str
    address: str
    admin: bool
    quota: int | None
    state: LineState
    told: str = ""
    nonce: str | None = None
    handed: bool = False

    @property
    def is_due(self) -> bool:
        """Whether there is something to do about it: create it, or give it a password that can be shown."""
        return self.state in {LineState.WAITING, LineState.CREATING} or self.is_unshown

    @property
    def is_unshown(self) -> bool:
        return self.state is LineState.CREATED and not self.handed


@dataclass(frozen=True, slots=True)
class Run:
    """`why`: what stopped it. `lease_until`: until then whoever is at it is believed to be alive.

    `header`: the line of the list that names its columns, "" for none.
    """

    id: str
    operator: str
    at: datetime
    state: RunState
    why: str | None
    lease_until: datetime | None
    lines: Sequence[Line]
    header: str = ""

    def count(self, *states: LineState) -> int:
        """How many lines are in one of these states."""
        counted = Counter(line.state for line in self.lines)
        return sum(counted[state] for state in states)

    @property
    def wanted(self) -> int:
        """How many mail users were to be created."""
        return len(self.lines) - self.count(LineState.REFUSED)

    @property
    def text(self) -> str:
        """The list as it was given, without what was left out of it."""
        return "\n".join([*filter(None, [self.header]), *(line.source for line in self.lines)])

    @property
    def due(self) -> list[Line]:
        return [line for line in self.lines if line.is_due]
