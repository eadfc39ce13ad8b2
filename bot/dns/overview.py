"""How all domains were last seen, counted, and those that are bad."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from bot.model import DomainHealth, Grade
from bot.storage import findings

BAD = (Grade.FAIL, Grade.WARN)

Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Overview:
    """`grades`: how many domains are how. `worst`: some of those that are `bad` in all, the worst first."""

    grades: Mapping[Grade, int]
    worst: Sequence[DomainHealth]
    bad: int


async def overview(
    session: AsyncSession, present: Collection[Name], *, worst: int, leaving_out: Collection[Name]
) -> Overview:
    """Of the domains that are `present`. So many of the bad ones are named, none of `leaving_out`."""
    grades = {name: grade for name, grade in (await findings.grades(session)).items() if name in present}
    bad = sorted(
        (name for name, grade in grades.items() if grade in BAD and name not in leaving_out),
        key=lambda name: (BAD.index(grades[name]), name[1], name[0]),
    )
    seen = await findings.of(session, bad[:worst])
    return Overview(Counter(grades.values()), [seen[name] for name in bad[:worst]], len(bad))
