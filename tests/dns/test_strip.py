"""The digest's picture, looked at pixel by pixel, and what is said to those who can't see it."""

import io
from collections.abc import Iterable
from datetime import date

import pytest
from PIL import Image

from bot.dns.strip import StripRow, alt_text, draw
from bot.dns.strip.pen import drawable_name, fitted, width_of
from bot.dns.strip.rows import NAMED, lines
from bot.model import Grade

OK, WARN, FAIL, UNKNOWN = Grade.OK, Grade.WARN, Grade.FAIL, Grade.UNKNOWN
STATES = (OK, WARN, FAIL, UNKNOWN, None)
SLACK_BACKGROUNDS = ("#ffffff", "#1a1d21")
Box = tuple[int, int, int, int]


def row(domain: str = "acme.example", *states: Grade | None, note: str = "") -> StripRow:
    return StripRow(domain, states or (OK,) * 30, note)


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def drawn(*rows: StripRow) -> Image.Image:
    return opened(draw(rows)).convert("RGB")


def last_day(state: Grade | None) -> Image.Image:
    """The marks of the last week, apart from where the axis has something to say."""
    image = drawn(row("x.example", *(state,) * 30))
    left, top = 422, 84
    return image.crop((left, top, left + 14 * 18, top + 42))


def colours(image: Image.Image) -> set[tuple[int, ...]]:
    found = image.getcolors(maxcolors=1 << 24)
    assert found is not None
    return {colour for _, colour in found if isinstance(colour, tuple)}


def inked(image: Image.Image) -> list[int]:
    """How many pixels of each row differ from the background, in grey."""
    grey = image.convert("L")
    paper = grey.getpixel((0, 0))
    return [sum(grey.getpixel((x, y)) != paper for x in range(grey.width)) for y in range(grey.height)]


@pytest.mark.parametrize("number", [1, 12, 13, 1000])
def test_any_number_of_domains_makes_one_picture_of_bounded_size(number: int) -> None:
    image = opened(draw([row(f"d{n}.example", *(FAIL,) * 30) for n in range(number)]))
    assert image.format == "PNG"
    assert image.width == 1352
    assert image.height <= 900


def test_twelve_rows_have_a_name_and_one_more_is_for_all_others() -> None:
    bad = [row(f"bad{n:02}.example", *(FAIL,) * 30) for n in range(15)]
    told = lines([*bad, *(row(f"good{n}.example") for n in range(985))], 30)
    assert [line.name for line in told[:NAMED]] == [f"bad{n:02}.example" for n in range(12)]
    (rest,) = told[NAMED:]
    assert (rest.name, rest.others, rest.note) == ("988 others", 988, "3 more not all right")
    assert rest.states == (FAIL,) * 30


def test_where_few_are_in_trouble_all_the_healthy_ones_share_a_row() -> None:
    told = lines([row(f"good{n}.example") for n in range(999)] + [row("bad.example", *(WARN,) * 30)], 30)
    assert [(line.name, line.note) for line in told] == [("bad.example", ""), ("999 others", "all right")]


def test_twelve_domains_are_all_named_though_nothing_is_wrong() -> None:
    told = lines([row(f"d{n}.example") for n in range(12)], 30)
    assert [line.others for line in told] == [0] * 12


def test_a_thousand_healthy_domains_are_one_row() -> None:
    told = lines([row(f"d{n}.example") for n in range(1000)], 30)
    assert [(line.name, line.note) for line in told] == [("1,000 domains", "all right")]


def test_the_same_domain_of_two_accounts_is_counted_twice() -> None:
    told = lines([row("twice.example", FAIL)] * 13, 30)
    assert len(told) == 13
    assert told[-1].name == "1 other"


def test_the_worst_now_comes_first_then_who_was_bad_most_often_then_the_name() -> None:
    told = lines(
        [
            row("fine.example"),
            row("mended.example", *(FAIL,) * 29, OK),
            row("never.example", *(None,) * 30),
            row("unknown.example", *(OK,) * 29, UNKNOWN),
            row("warned.example", *(OK,) * 29, WARN),
            row("b.example", *(OK,) * 28, FAIL, FAIL),
            row("a.example", *(OK,) * 28, FAIL, FAIL),
            row("long.example", *(FAIL,) * 30),
        ],
        30,
    )
    names = ["long", "a", "b", "warned", "unknown", "mended", "fine", "never"]
    assert [line.name for line in told] == [f"{name}.example" for name in names]


def test_a_short_history_stands_at_the_right_and_a_long_one_loses_its_beginning() -> None:
    short, long = lines([row("a.example", FAIL, OK), row("b.example", *(WARN,) * 5, *(OK,) * 30)], 30)
    assert short.states == (None,) * 28 + (FAIL, OK)
    assert long.states == (OK,) * 30


def test_a_note_of_the_law_is_no_trouble() -> None:
    (line,) = lines([row("a.example", *(Grade.INFO,) * 30)], 30)
    assert line.states == (OK,) * 30


def test_states_are_told_apart_in_grey_by_their_shape() -> None:
    shapes = [tuple(n > 0 for n in inked(last_day(state))) for state in STATES]
    heights = [sum(shape) for shape in shapes]
    assert len(set(heights)) == len(STATES)
    ok, warn, fail, *_ = heights
    assert ok < warn < fail


def test_states_have_colours_that_every_eye_tells_apart() -> None:
    for state, colour in ((OK, (0, 158, 115)), (WARN, (230, 159, 0)), (FAIL, (213, 94, 0))):
        assert colour in colours(last_day(state))


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_can_be_read_whatever_slack_shows_around_the_picture() -> None:
    image = opened(draw([row()]))
    assert image.mode == "RGB", "nothing shines through"
    paper = image.getpixel((20, 20))
    assert isinstance(paper, tuple)
    assert contrast("#5e5a55", "#" + "".join(f"{part:02x}" for part in paper[:3])) >= 4.5
    edge = image.getpixel((0, image.height // 2))
    assert edge != paper, "and on white it has an edge"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain-name_1.example", "plain-name_1.example"),
        ("müller.example", "xn--mller-kva.example"),
        ("דוגמה.example", "xn--6dbbec0c.example"),
        ("пример.example", "xn--e1afmkfd.example"),
    ],
)
def test_names_the_font_can_not_write_are_shown_as_dns_has_them(given: str, shown: str) -> None:
    assert drawable_name(given) == shown


@pytest.mark.parametrize("name", ["a\u202eb.example", "\u0000", "☃" * 70 + ".example", ""])
def test_no_name_breaks_the_picture(name: str) -> None:
    assert opened(draw([row(name, note="\u2013 ☃ über \u202e 例え")])).format == "PNG"
    assert drawable_name(name).isascii()


def test_a_long_name_keeps_its_beginning_and_its_end_and_stays_in_its_place() -> None:
    shown = fitted(f"shop.{'x' * 200}.acme.example", 13, 182, middle=True)
    assert shown.startswith("shop.x")
    assert shown.endswith("acme.example")
    assert width_of(shown, 13) <= 182
    assert fitted("short.example", 13, 182, middle=True) == "short.example"


def box_of_text(image: Image.Image, columns: Iterable[int]) -> set[int]:
    """The columns in which there is ink in the first line."""
    paper = image.getpixel((20, 20))
    return {x for x in columns if any(image.getpixel((x, y)) != paper for y in range(84, 128))}


def test_neither_names_nor_notes_run_into_the_days_or_over_the_edge() -> None:
    image = drawn(row("w" * 63 + "." + "m" * 60 + ".example", *(None,) * 30, note="W" * 300))
    assert not box_of_text(image, range(398, 420)), "between name and days"
    assert not box_of_text(image, range(964, 982)), "between days and note"
    assert not box_of_text(image, range(1322, 1350)), "the margin"


def test_the_axis_has_dates_where_the_last_day_is_known() -> None:
    assert draw([row()], until=date(2026, 11, 21)) != draw([row()])
    assert draw([row()], until=date(2026, 11, 21)) != draw([row()], until=date(2026, 11, 22))


def test_drawing_is_pure() -> None:
    rows = [row("a.example", FAIL), row("b.example")]
    assert draw(rows) == draw(list(reversed(rows)))


def test_the_words_say_since_when_and_what_was_before() -> None:
    said = alt_text(
        [
            row("a.example", *(OK,) * 28, FAIL, FAIL, note="No MX since 20 Nov."),
            row("b.example", *(OK,) * 9, *(FAIL,) * 3, *(WARN,) * 2, *(OK,) * 16),
            row("c.example"),
            row("d.example", *(OK,) * 29, UNKNOWN),
            row("e.example", *(None,) * 30),
            row("f.example", *(None,) * 27, OK, OK, None),
        ]
    )
    assert said.split(". ") == [
        "DNS health of 6 domains over the last 30 days",
        "a.example: mail affected for the last 2 days, before that all right (No MX since 20 Nov)",
        "d.example: could not be looked up today, before that all right",
        "b.example: all right for the last 16 days, before that mail affected on 3 days, at risk on 2 days",
        "c.example: all right on all 30 days",
        "f.example: all right when last looked at, 1 day ago",
        "e.example: not looked at yet.",
    ]


def test_the_words_count_those_who_have_no_row() -> None:
    bad = row("bad.example", *(WARN,) * 30)
    assert alt_text([bad, *(row(f"d{n}.example") for n in range(999))]).endswith("999 others: all right.")
    assert alt_text([row(f"d{n}.example") for n in range(1000)]).endswith("1,000 domains: all right.")


@pytest.mark.parametrize("limit", [2000, 1000])
@pytest.mark.parametrize("number", [1, 12, 1000])
def test_the_words_fit_into_an_image_block_and_leave_out_whole_sentences(number: int, limit: int) -> None:
    rows = [row(f"{'x' * 230}.{n}.example", *(FAIL, OK) * 15, note="n" * 500) for n in range(number)]
    said = alt_text(rows, limit=limit)
    assert len(said) <= limit
    told = said.count(": all right")
    if told < number:
        assert said.endswith(f"{number - told:,} more domains are not described here.")


def test_no_domain_at_all_is_said_and_drawn() -> None:
    assert alt_text([]) == "DNS health of 0 domains over the last 30 days."
    assert opened(draw([])).format == "PNG"
