"""The daily DNS digest: a table of all domains, problems first, then the records that mend the worst of them.

One message holds 50 blocks, one table of 100 rows and 10,000 characters (docs.slack.dev, reference/block-kit/blocks), and
about 13,000 characters in all (msg_blocks_too_long, undocumented).
"""

from collections.abc import Sequence

from slack_sdk.models.blocks import Block, TableBlock
from slack_sdk.models.blocks.basic_components import RawTextObject, TableBlockColumnSettings

from bot.dns.digest import Digest
from bot.model import DomainHealth
from bot.notices import Rendered
from handlers import blocks, dns_words

ROWS = 99
"""Domains in the table, below its header."""
TABLE_CHARACTERS = 7_000
ADVICE_BLOCKS = 40
ADVICE_CHARACTERS = 5_000
TEXT = 3_500
"""chat.update takes 4,000 characters; some room is left for escaping."""


def digest_message(digest: Digest) -> Rendered:
    """All of it in one message, whether there is 1 domain or 1,000."""
    healths = dns_words.worst_first(digest.domains)
    counts = dns_words.counts(healths)
    parts: list[Block] = [
        blocks.header("DNS health of your domains"),
        blocks.words(f"{digest.headline} {counts}"),
    ]
    if healths:
        table, shown = _table(healths)
        parts.append(table)
        if shown < len(healths):
            parts.append(blocks.context(f"{len(healths) - shown} more domains: see /mail-dns."))
    parts += _advice(healths)
    parts.append(blocks.context(f"Checked {blocks.date(digest.built_at)}. Any time: /mail-dns [domain]."))
    return Rendered(text=_text(counts, healths), blocks=parts)


def _table(healths: Sequence[DomainHealth]) -> tuple[Block, int]:
    """The table, and how many domains fit into it."""
    several = len({health.account for health in healths}) > 1
    names = ["Domain", *dns_words.SUBJECTS.values(), *(["Account"] if several else [])]
    rows = [[RawTextObject(text=name) for name in names]]
    size = sum(map(len, names))
    for health in healths[:ROWS]:
        cells = [f"{dns_words.MARKS[health.grade]} {blocks.cut(health.domain, 60)}"]
        cells += [dns_words.cell(health, subject) for subject in dns_words.SUBJECTS]
        cells += [blocks.cut(health.account, 30)] if several else []
        size += sum(map(len, cells))
        if size > TABLE_CHARACTERS:
            break
        rows.append([RawTextObject(text=cell) for cell in cells])
    settings = [TableBlockColumnSettings(is_wrapped=True)]
    return TableBlock(rows=rows, column_settings=settings), len(rows) - 1


def _advice(healths: Sequence[DomainHealth]) -> list[Block]:
    """What is wrong and the records to publish, for as many domains as fit."""
    wrong = [health for health in healths if dns_words.problems(health)]
    parts: list[Block] = []
    room = ADVICE_CHARACTERS
    for number, health in enumerate(wrong):
        told, records = _advise(health)
        room -= len(told) + len(records)
        if len(parts) + 2 > ADVICE_BLOCKS or room < 0:
            parts.append(
                blocks.context(f"{len(wrong) - number} more domains need attention: see /mail-dns [domain].")
            )
            break
        parts.append(blocks.section(told))
        if records:
            parts.append(blocks.preformatted(records))
    return [blocks.divider(), *parts] if parts else []


def _advise(health: DomainHealth) -> tuple[str, str]:
    """What is wrong with a domain, in mrkdwn, and the records that mend it."""
    found = dns_words.problems(health)
    told = [dns_words.explain(finding, 200) for finding in found[:4]]
    records = dict.fromkeys(dns_words.record(wanted) for finding in found for wanted in finding.publish)
    heading = f"*{blocks.escape(health.domain, 260)}*"
    return "\n".join([heading, *told]), blocks.cut("\n\n".join(records), blocks.PREFORMATTED)


def _text(counts: str, healths: Sequence[DomainHealth]) -> str:
    lines = [f"DNS health: {counts}"]
    for health in healths:
        found = dns_words.problems(health)
        if found:
            summaries = "; ".join(blocks.escape(finding.summary, 200) for finding in found[:3])
            lines.append(f"{blocks.escape(health.domain, 260)}: {summaries}")
    text = lines[0]
    for line in lines[1:]:
        if len(text) + len(line) > TEXT:
            return f"{text}\n…"
        text = f"{text}\n{line}"
    return text
