"""The picture itself. All measures are units, of which pen.py makes pixels."""

import io
from collections.abc import Sequence
from datetime import date, timedelta

from PIL import Image

from bot.dns.strip.pen import BAR, INK, PAPER, SCALE, Pen, drawable, drawable_name, fitted, width_of
from bot.dns.strip.rows import WORDS, StripRow, lines
from bot.model import Grade

_MARGIN = 16
_NAMES = 182
_NOTES = 168
_CELL = 9
_ROW = 27
_HEAD = 40
_FOOT = 50
_GAP = 12

_EDGE = "#d3cfc8"
_RULE = "#e6e3dd"
_TODAY = "#efece5"
_SOFT = "#5e5a55"


def draw(rows: Sequence[StripRow], *, days: int = 30, title: str = "", until: date | None = None) -> bytes:
    """The picture as PNG, for all `rows` in any order; those that find no room are put together in the last row.

    `until`: the date of the last day; without it the days are counted. Takes about a tenth of a second of pure computing:
    call it in a thread.
    """
    told = lines(rows, days)
    left = _MARGIN + _NAMES + _GAP
    right = left + days * _CELL + _GAP
    width = right + _NOTES + _MARGIN
    height = _HEAD + max(len(told), 1) * _ROW + _FOOT
    image = Image.new("RGB", (width * SCALE, height * SCALE), PAPER)
    pen = Pen(image)
    pen.box(0, 0, width, height, outline=_EDGE)
    pen.text(_MARGIN, _HEAD - 10, fitted(title or f"The last {days} days", 15, _NAMES), size=15)
    _axis(pen, left, len(told), days, until)
    for number, line in enumerate(told):
        foot = _foot(number)
        name = fitted(drawable_name(line.name), 13, _NAMES, middle=True)
        pen.text(_MARGIN, foot - 4, name, size=13, ink=_SOFT if line.others else INK)
        for day, state in enumerate(line.states):
            pen.stamp(left + day * _CELL + 1, foot, state)
        pen.text(right, foot - 4, fitted(drawable(line.note), 12, _NOTES), size=12, ink=_SOFT)
    _legend(pen, width, height)
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def _foot(number: int) -> int:
    """Where the days of a line stand."""
    return _HEAD + number * _ROW + _ROW - 5


def _axis(pen: Pen, left: int, lines: int, days: int, until: date | None) -> None:
    last = left + (days - 1) * _CELL
    pen.box(last - 0.5, _HEAD - 4, _CELL + 1, lines * _ROW + 6, fill=_TODAY)
    for number in range(lines):
        pen.box(left, _foot(number), days * _CELL, 0.5, fill=_RULE)
    for back in range(0, days, 7):
        middle = last - back * _CELL + _CELL / 2
        if until is None:
            label = {0: "today", 7: "a week ago"}.get(back, f"{back // 7} weeks")
        else:
            day = until - timedelta(days=back)
            label = f"{day.day} {day:%b}"
        pen.text(middle, _HEAD - 10, label, size=11, ink=_SOFT, anchor="ms")
        pen.box(middle - 0.25, _HEAD - 7, 0.5, 3, fill=_SOFT)


def _legend(pen: Pen, width: int, height: int) -> None:
    pen.box(_MARGIN, height - _FOOT + 10, width - 2 * _MARGIN, 0.5, fill=_RULE)
    x = float(_MARGIN)
    for state in (Grade.OK, Grade.WARN, Grade.FAIL, Grade.UNKNOWN, None):
        pen.stamp(round(x), height - 14, state)
        pen.text(x + BAR + 6, height - 16, WORDS[state], size=11, ink=_SOFT)
        x += BAR + 6 + width_of(WORDS[state], 11) + 22
