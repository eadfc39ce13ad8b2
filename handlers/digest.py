"""The DNS digest: what stops mail, what is at risk, what many have in common, what is mended, what is still open.

One message holds 50 blocks of 3,000 characters, an image with 2,000 of alt text (docs.slack.dev, reference/block-kit/blocks),
and about 13,000 characters in all (msg_blocks_too_long, undocumented).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.models.blocks import Block, ImageBlock

from bot.dns.digest import Cause, Digest
from bot.notices import Rendered
from handlers import blocks, digest_words
from handlers.digest_problems import SHOW_ALL

CHARACTERS = 12_000
BLOCKS = 48
MOST = 5
"""Problems of a part that are told; the others are counted."""
STILL_OPEN = 5
RECORDS = 1_500
"""Characters of the records for one problem."""


@dataclass(slots=True)
class Entry:
    """A problem as it is told, with the records that mend it, if there is room for them."""

    cause: Cause
    text: str
    records: str = ""

    def blocks(self) -> list[Block]:
        return [blocks.section(self.text), *([blocks.preformatted(self.records)] if self.records else [])]


class Room:
    """What a message has left, beside what it says in any case."""

    def __init__(self, taken: Sequence[Block]) -> None:
        self._characters = CHARACTERS - sum(map(_size, taken))
        self._blocks = BLOCKS - len(taken)

    def take(self, text: str) -> bool:
        """Whether there is room for one more block with that text; if so, it is taken."""
        if not self._blocks or len(text) > self._characters:
            return False
        self._characters -= len(text)
        self._blocks -= 1
        return True


def digest_message(digest: Digest) -> Rendered:
    """All of it in one message, whether there is 1 domain or 1,000, and whether all of them are broken or none."""
    top = _top(digest)
    fixed = _fixed(digest)
    below = _below(digest)
    room = Room([*top, *fixed, *below])
    stops = _part("*Mail stops*", digest.stops, MOST, digest, room)
    risks = _part("*At risk*", digest.risks, MOST, digest, room)
    shared = _part("*One cause, many domains*", digest.shared, MOST, digest, room)
    still = _part("*Still open*, the oldest first", digest.open, STILL_OPEN, digest, room, briefly=True)
    for entry in (*stops, *risks, *shared, *still):
        advice = entry.cause.first.advice
        told = "" if advice is None else digest_words.records(advice.publish, RECORDS)
        if told and room.take(told):
            entry.records = told
    return Rendered(
        text=blocks.cut(digest_words.text(digest), 1_000),
        blocks=[
            *top,
            *(block for entry in (*stops, *risks, *shared) for block in entry.blocks()),
            *fixed,
            *(block for entry in still for block in entry.blocks()),
            *below,
        ],
    )


def _top(digest: Digest) -> list[Block]:
    told = [f"*{digest.headline}*"]
    if digest.blind_since is not None:
        told.append(
            f"❔ DNS could not be asked since {blocks.date(digest.blind_since)}: nothing below is newer."
        )
    return [blocks.header(digest_words.title(digest)), blocks.section("\n".join(told))]


def _part(
    heading: str,
    causes: Sequence[Cause],
    most: int,
    digest: Digest,
    room: Room,
    *,
    briefly: bool = False,
) -> list[Entry]:
    entries: list[Entry] = []
    for cause in causes[:most]:
        text = digest_words.cause(cause, digest, briefly=briefly)
        if not entries:
            text = f"{heading}\n{text}"
        left = len(causes) - len(entries) - 1
        rest = f"\n… and {left:,} more: press “Show all”." if left else ""
        if not room.take(text + rest):
            break
        entries.append(Entry(cause, text))
    left = len(causes) - len(entries)
    if entries and left:
        entries[-1].text += f"\n… and {left:,} more: press “Show all”."
    return entries


def _fixed(digest: Digest) -> list[Block]:
    told = []
    if digest.fixed:
        told.append(digest_words.ended("✅ *Fixed*", digest.fixed, digest))
    if digest.passed:
        told.append(digest_words.ended("*Came and went*", digest.passed, digest))
    return [blocks.section("\n".join(told))] if told else []


def _below(digest: Digest) -> list[Block]:
    parts: list[Block] = []
    if digest.unknown:
        parts.append(blocks.section(digest_words.unknown(digest)))
    if digest.picture is not None:
        parts.append(ImageBlock(slack_file={"id": digest.picture.file}, alt_text=digest.picture.alt_text))
    if digest.told:
        parts.append(blocks.actions(blocks.button("Show all", SHOW_ALL)))
    print_ = [*digest_words.small_print(digest), digest_words.coverage(digest)]
    parts.append(blocks.context("\n".join(print_)))
    return parts


def _size(block: Block) -> int:
    """At least the characters of all its texts."""
    return len(str(block.to_dict()))
