"""Drawing in units instead of pixels: text that fits its place, and the mark of a day."""

import unicodedata
from functools import cache

import dns.exception
import dns.name
from PIL import Image, ImageDraw, ImageFont

from bot.dns.strip.rows import State
from bot.model import Grade

SCALE = 2
"""Pixels for each unit: sharp on screens of high density."""
BAR = 7
HIGH = 18
PAPER = "#faf9f7"
INK = "#1d1c1d"

_COLOURS: dict[State, str] = {
    Grade.OK: "#009e73",
    Grade.WARN: "#e69f00",
    Grade.FAIL: "#d55e00",
    Grade.UNKNOWN: "#6f6f6f",
    None: "#a49e94",
}
_HEIGHTS: dict[State, int] = {Grade.OK: 5, Grade.WARN: 12, Grade.FAIL: HIGH, Grade.UNKNOWN: 14, None: 2}
_FINER = 4
"""Marks are drawn this much larger and made smaller, for smooth edges."""

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_LETTERS = frozenset(map(chr, range(0x20, 0x7F))) | {
    "\u00b7",
    "\u2018",
    "\u2019",
    "\u201c",
    "\u201d",
    "\u2026",
}
"""What Pillow's own font has, of what our texts may hold: ASCII, a dot, quotation marks and an ellipsis."""


class Pen:
    """Draws in units, wherever the pixels are. Text stands on its y, as stamps do."""

    def __init__(self, image: Image.Image) -> None:
        self._image = image
        self._draw = ImageDraw.Draw(image)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str | None = None, outline: str = ""
    ) -> None:
        corner = ((x + width) * SCALE - 1, (y + height) * SCALE - 1)
        self._draw.rectangle((x * SCALE, y * SCALE, *corner), fill=fill, outline=outline or None, width=SCALE)

    def text(self, x: float, y: float, text: str, *, size: float, ink: str = INK, anchor: str = "ls") -> None:
        self._draw.text((x * SCALE, y * SCALE), text, font=_font(size), fill=ink, anchor=anchor)

    def stamp(self, x: int, y: int, state: State) -> None:
        mark = _stamp(state)
        self._image.paste(mark, (x * SCALE, (y - HIGH) * SCALE), mark)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size * SCALE)
    if not isinstance(font, ImageFont.FreeTypeFont):  # Pillow was built without FreeType: no wheel is
        raise TypeError("Pillow has no scalable font here")
    return font


@cache
def _stamp(state: State) -> Image.Image:
    """One day, standing on the bottom of its image."""
    unit = SCALE * _FINER
    image = Image.new("RGBA", (BAR * unit, HIGH * unit))
    pen = ImageDraw.Draw(image)
    top, right, bottom = (HIGH - _HEIGHTS[state]) * unit, BAR * unit - 1, HIGH * unit - 1
    colour = _COLOURS[state]
    if state is None:
        pen.ellipse((2.5 * unit, bottom - 2 * unit, 4.5 * unit, bottom), fill=colour)
        return image.reduce(_FINER)
    if state is Grade.UNKNOWN:
        pen.rounded_rectangle((0, top, right, bottom), unit, fill=PAPER, outline=colour, width=unit)
        font = _font(9 * _FINER)
        middle = ((BAR * unit) / 2, (top + bottom) / 2)
        pen.text(middle, "?", font=font, fill=colour, anchor="mm")
        return image.reduce(_FINER)
    pen.rounded_rectangle((0, top, right, bottom), unit, fill=colour)
    if state is Grade.WARN:
        slit = top + 4 * unit
        pen.rectangle((0, slit, right, slit + 1.5 * unit - 1), fill=(0, 0, 0, 0))
    if state is Grade.FAIL:
        x0, x1, y0 = 1.75 * unit, 5.25 * unit, top + 4 * unit
        y1 = y0 + x1 - x0
        for line in ((x0, y0, x1, y1), (x0, y1, x1, y0)):
            pen.line(line, fill="white", width=round(1.25 * unit))
    return image.reduce(_FINER)


def width_of(text: str, size: float) -> float:
    return _font(size).getlength(text) / SCALE


def fitted(text: str, size: float, width: float, *, middle: bool = False) -> str:
    """As much of a text as fits; with `middle`, its beginning and its end."""
    if width_of(text, size) <= width:
        return text
    for kept in range(len(text) - 1, 0, -1):
        head = (kept + 1) // 2 if middle else kept
        shorter = f"{text[:head].rstrip()}…{text[len(text) - (kept - head) :]}"
        if width_of(shorter, size) <= width:
            return shorter
    return "…"


def drawable_name(name: str) -> str:
    """The name, or its A-labels (RFC 5890 section 2.3.2.1) where the font has not all of its letters."""
    if _LETTERS.issuperset(name):
        return name
    try:
        return dns.name.from_unicode(name, idna_codec=dns.name.IDNA_2008).to_text(omit_final_dot=True)
    except dns.exception.DNSException:
        return drawable(name)


def drawable(text: str) -> str:
    """The text with what the font lacks put more plainly."""
    plain = unicodedata.normalize("NFKD", text.translate(_DASHES))
    return "".join(
        letter if letter in _LETTERS else "?" for letter in plain if not unicodedata.combining(letter)
    )
