"""What the operators were told, kept apart from the bot's own records: the measure of its promises."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.model import Operator, Target
from tests.deletions.histories.mail import Sight
from tests.deletions.histories.tables import Contents


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, and what the target was then."""

    by: str
    at: datetime
    grace: timedelta
    sight: Sight


@dataclass(frozen=True, slots=True)
class Asking:
    """A request that is being made: rows may appear for these targets only, and by this operator."""

    by: str
    graces: dict[Target, timedelta]
    sights: dict[Target, Sight]


@dataclass(slots=True)
class Form:
    """A form that somebody sends, perhaps several times. `taken` is None where nobody got to see the answer."""

    nonce: str
    operator: Operator
    wanted: tuple[Target, ...]
    taken: bool | None = False


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody was told that it is done. `calls`: so many deletions had been asked of the mail system by then."""

    by: str
    at: datetime
    calls: int
    lately: bool = False
    """Of a retry: the failure was not longer ago than the grace period."""


@dataclass(slots=True)
class Told:
    """`judged`: so many calls to the mail system have been judged. Words are by the id of the deletion."""

    asking: list[Asking] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    asked: dict[str, Asked] = field(default_factory=dict)
    cancelled: dict[str, Word] = field(default_factory=dict)
    released: dict[str, Word] = field(default_factory=dict)
    retried: dict[str, Word] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    """Deletions whose target the bot has seen to be gone while they were open."""
    came_back: list[tuple[Target, int]] = field(default_factory=list)
    """Targets that somebody else created anew, after so many calls."""
    taken: list[tuple[Target, int]] = field(default_factory=list)
    """Targets that went by somebody else's hand, or with their domain, after so many calls."""
    said: set[str] = field(default_factory=set)
    """Requests whose message a person removed when it had nothing more to say."""
    removed: dict[str, int] = field(default_factory=dict)
    """How much the notice had said whose message a person removed, by the ts."""
    unseen: set[str] = field(default_factory=set)
    """The ts of messages of whose removal Slack never told us."""
    untold: set[str] = field(default_factory=set)
    """Requests of which Slack never told us some message."""
    judged: int = 0
    before: Contents = field(default_factory=lambda: Contents({}, {}, ()))
