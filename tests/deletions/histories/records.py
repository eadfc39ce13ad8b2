"""The audit trail must tell the same story as the rows: each change has its act, and no entry is ever edited."""

from collections import defaultdict
from types import MappingProxyType

from tests.deletions.histories.tables import CANCELLABLE, OPEN, Contents, Entry

_FROM = MappingProxyType(
    {
        "deletion_noticed": OPEN,
        "deletion_notice_removed": OPEN,
        "deletion_held": CANCELLABLE,
        "deletion_released": CANCELLABLE,
        "deletion_reminded": frozenset({"pending"}),
        "deletion_cancelled": CANCELLABLE,
        "deletion_postponed": frozenset({"pending"}),
        "deletion_started": frozenset({"pending", "executing"}),
        "deletion_deferred": frozenset({"executing"}),
        "deletion_done": frozenset({"executing"}),
        "deletion_failed": OPEN,
        "deletion_retried": frozenset({"failed"}),
        "deletion_dropped": frozenset({"failed"}),
    }
)
"""Which act may follow upon which states."""

_TO = MappingProxyType(
    {
        "deletion_notice_removed": frozenset({"requested"}),
        "deletion_reminded": frozenset({"pending"}),
        "deletion_cancelled": frozenset({"cancelled"}),
        "deletion_postponed": frozenset({"pending"}),
        "deletion_started": frozenset({"executing"}),
        "deletion_deferred": frozenset({"pending", "executing"}),
        "deletion_done": frozenset({"deleted"}),
        "deletion_failed": frozenset({"failed"}),
        "deletion_retried": frozenset({"pending"}),
        "deletion_dropped": frozenset({"dropped"}),
    }
)


class Story:
    """One deletion as the trail tells it: the states that it may be in."""

    def __init__(self) -> None:
        self.states = frozenset({"requested"})
        self.held = False

    def goes_on(self, entry: Entry) -> None:
        self.states &= _FROM[entry.act]
        assert self.states, f"nothing could come before {entry}"
        match entry.act:
            case "deletion_held":
                self.held = True
                self.states = frozenset({"held" if one == "pending" else one for one in self.states})
            case "deletion_released":
                self.held = False
                self.states = frozenset({"pending" if one == "held" else one for one in self.states})
            case "deletion_noticed":
                self.states = frozenset({"held" if self.held else "pending"})
            case _:
                self.states = _TO[entry.act]


def check(before: tuple[Entry, ...], contents: Contents) -> None:
    trail = contents.audit
    assert trail[: len(before)] == before, "an entry was edited or taken away"
    stories: dict[str, list[Story]] = defaultdict(list)
    for entry in trail:
        if entry.act == "deletion_requested":
            stories[entry.target].append(Story())
        else:
            assert stories[entry.target], f"nothing was asked for before {entry}"
            stories[entry.target][-1].goes_on(entry)
    rows: dict[str, list[str]] = defaultdict(list)
    for row in contents.rows.values():
        rows[row.on_record].append(row.state)
    assert rows.keys() == stories.keys(), "rows and trail speak of different targets"
    for target, states in rows.items():
        told = stories[target]
        fits = len(told) == len(states) and all(
            state in story.states for state, story in zip(states, told, strict=True)
        )
        assert fits, f"{target}: {states}, and the trail says {[story.states for story in told]}"
