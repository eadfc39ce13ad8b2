"""What is kept of a domain between two looks, as values and as the columns of its row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from bot.dns.cadence import Asked, DomainState, Standing
from bot.dns.confirmation import Key, State, Suspicion
from bot.model import Grade, Subject


@dataclass(frozen=True, slots=True)
class Kept:
    """`course` is None before the first look. `asked`: when the mail system was last asked to look, and about what."""

    states: Mapping[Key, State] = field(default_factory=dict)
    course: DomainState | None = None
    looked_at: datetime | None = None
    wholly_at: datetime | None = None
    asked: Asked | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any] | None) -> Self:
        if row is None:
            return cls()
        since, asked_at = row["standing_since"], row["asked_at"]
        return cls(
            states=states_of(row["states"]),
            course=None
            if since is None
            else DomainState(
                Standing(row["standing"]),
                since,
                row["tries"],
                row["unanswered"],
                row["confirmable_at"],
                row["was_good"],
            ),
            looked_at=row["looked_at"],
            wholly_at=row["wholly_at"],
            asked=None
            if asked_at is None
            else Asked(asked_at, row["asked_times"], frozenset(map(Subject, row["asked_about"]))),
        )

    def to_row(self) -> dict[str, Any]:
        course, asked = self.course, self.asked
        return {
            "looked_at": self.looked_at,
            "wholly_at": self.wholly_at,
            "standing": 0 if course is None else int(course.standing),
            "standing_since": None if course is None else course.since,
            "tries": 0 if course is None else course.tries,
            "unanswered": 0 if course is None else course.unanswered,
            "confirmable_at": None if course is None else course.confirmable_at,
            "was_good": course is not None and course.was_good,
            "states": [_entry(key, state) for key, state in sorted(self.states.items())],
            "asked_at": None if asked is None else asked.at,
            "asked_times": 0 if asked is None else asked.times,
            "asked_about": [] if asked is None else sorted(asked.about),
        }


def states_of(entries: Iterable[Mapping[str, Any]]) -> dict[Key, State]:
    """What is believed of a domain, from the column of its row."""
    return dict(map(_state, entries))


def _entry(key: Key, state: State) -> dict[str, Any]:
    suspicion = state.suspicion
    return {
        "subject": key.subject.value,
        "tag": key.tag,
        "since": state.since.isoformat(),
        "grade": state.grade.value,
        "confirmed_at": _written(state.confirmed_at),
        "suspicion": None
        if suspicion is None
        else [suspicion.grade.value, suspicion.at.isoformat(), suspicion.by, suspicion.until.isoformat()],
        "last_definite_at": _written(state.last_definite_at),
        "last_tried_at": _written(state.last_tried_at),
        "unknown_since": _written(state.unknown_since),
        "changes": [change.isoformat() for change in state.changes],
        "flapping": state.flapping,
    }


def _state(entry: Mapping[str, Any]) -> tuple[Key, State]:
    suspicion = entry["suspicion"]
    return Key(Subject(entry["subject"]), entry["tag"]), State(
        since=datetime.fromisoformat(entry["since"]),
        grade=Grade(entry["grade"]),
        confirmed_at=_read(entry["confirmed_at"]),
        suspicion=None
        if suspicion is None
        else Suspicion(
            Grade(suspicion[0]),
            datetime.fromisoformat(suspicion[1]),
            suspicion[2],
            datetime.fromisoformat(suspicion[3]),
        ),
        last_definite_at=_read(entry["last_definite_at"]),
        last_tried_at=_read(entry["last_tried_at"]),
        unknown_since=_read(entry["unknown_since"]),
        changes=tuple(datetime.fromisoformat(change) for change in entry["changes"]),
        flapping=entry["flapping"],
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
