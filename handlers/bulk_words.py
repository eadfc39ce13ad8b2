"""A bulk creation in words: its lines, how far it is, and the message about one that stopped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from slack_sdk.models.blocks import Block

from bot.model import Line, LineState, Run, RunState
from bot.notices import Rendered
from handlers import blocks

TOLD = 150
"""Characters of what is told of a line."""

NAMED = 160
"""Characters of an address, or of a line that has none, where something is wrong with it."""


def render_stop(run: Run | None, _now: datetime) -> Rendered | None:
    """For the person who asked, where they are not looking."""
    if run is None:
        return None
    if run.state is RunState.PAUSED:
        line = (
            f":hourglass: Your list of mail users stopped: {blocks.sentence(run.why or '', 300)} {done_of(run)} Go on "
            "with it in /mail-bulk-create; nobody is created twice."
        )
        return Rendered(line, [blocks.section(line)])
    ended = {
        RunState.RUNNING: "is being gone on with.",
        RunState.ENDED: "is done.",
        RunState.DROPPED: "was dropped.",
        RunState.DRAFT: "was not begun.",
    }
    line = f"Your list of mail users, which had stopped, {ended[run.state]} {done_of(run)}"
    return Rendered(line, [blocks.section(line)], correction=True)


def done_of(run: Run) -> str:
    """`12 of 40 mail users are created.`"""
    created = run.count(LineState.CREATED)
    return f"{created} of {users(run.wanted)} {'is' if created == 1 else 'are'} created."


def users(number: int) -> str:
    return "1 mail user" if number == 1 else f"{number} mail users"


def complaints(lines: Iterable[Line], *, most: int, several: bool) -> list[Block]:
    """What is wrong with lines: in sections, and how many are left out."""
    wrong = [line for line in lines if line.told]
    parts = sections(_complaint(line, several=several) for line in wrong[:most])
    if len(wrong) > most:
        parts.append(blocks.context(f"And {len(wrong) - most} more lines."))
    return parts


def sections(lines: Iterable[str]) -> list[Block]:
    """Lines of escaped mrkdwn, as few sections as hold them; none is cut."""
    return [blocks.section("\n".join(some)) for some in _filled(lines, blocks.SECTION)]


def credentials(lines: Sequence[Line], passwords: Mapping[int, str]) -> list[Block]:
    """Address and password of each, to be copied as CSV."""
    rows = (f"{line.address},{passwords[line.number]}" for line in lines if line.number in passwords)
    return [
        blocks.preformatted("\n".join(some), block_id=f"passwords_{number}")
        for number, some in enumerate(_filled(rows, blocks.PREFORMATTED))
    ]


def person(line: Line, *, several: bool) -> str:
    """A line's mail user, or the line itself where there is none in it; in mrkdwn."""
    if not line.address:
        return blocks.code(blocks.cut(line.source, NAMED // 2), NAMED)
    who = blocks.code(line.address, 330)
    return f"{who} ({blocks.escape(line.account, 100)})" if several and line.account else who


def _complaint(line: Line, *, several: bool) -> str:
    mark = ":warning:" if line.state is LineState.CREATED else ":x:"
    return f"{mark} Line {line.number}, {person(line, several=several)}: {blocks.escape(line.told, TOLD)}"


def _filled(lines: Iterable[str], limit: int) -> Iterator[list[str]]:
    some: list[str] = []
    length = 0
    for line in lines:
        if some and length + len(line) + 1 > limit:
            yield some
            some, length = [], 0
        some.append(line)
        length += len(line) + 1
    if some:
        yield some
