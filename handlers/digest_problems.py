"""Every open problem, a page at a time: the digest → Show all."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.dns.digest import Cause, Digest, Problem, order
from bot.model import Role
from bot.services import Services
from handlers import blocks, digest_words
from handlers.dns_report import details_button
from handlers.listening import listener
from handlers.turn import Turn

SHOW_ALL = "digest.show_all"
PAGE = "digest.page"
VIEW = "digest_problems"

TITLE = "Open problems"
PER_PAGE = 8


def register(app: AsyncApp, services: Services) -> None:
    app.action(SHOW_ALL)(listener(services, show_all, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))


async def show_all(turn: Turn) -> None:
    await turn.ack()
    await turn.open(window(await turn.services.digest.preview()))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    offset = int(turn.value) if turn.value.isdigit() else 0
    await turn.show(window(await turn.services.digest.preview(), offset=offset))


def window(digest: Digest, *, offset: int = 0) -> View:
    """What is open now, the worst first and the muted last: it may be less, or more, than the digest said."""
    problems = [*digest.told, *sorted((p for p in digest.problems if p.muted), key=order)]
    if offset >= len(problems):
        offset = 0
    parts: list[Block] = [blocks.words(digest.headline)]
    if problems:
        muted = len(problems) - len(digest.told)
        told = f"{len(problems):,} {'problem' if len(problems) == 1 else 'problems'} open now"
        parts.append(
            blocks.context(f"{told}{f', {muted:,} of them muted' if muted else ''}, the worst first.")
        )
    for problem in problems[offset : offset + PER_PAGE]:
        parts += _entry(problem, digest)
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=len(problems))
    return blocks.modal(TITLE, parts, callback_id=VIEW)


def _entry(problem: Problem, digest: Digest) -> Sequence[Block]:
    text = digest_words.cause(Cause((problem,)), digest)
    parts: list[Block] = [
        blocks.section(
            f"🔕 {text}" if problem.muted else text,
            accessory=details_button(problem.key.account, problem.key.domain),
        )
    ]
    publish = () if problem.advice is None else problem.advice.publish
    if records := digest_words.records(publish, blocks.PREFORMATTED):
        parts.append(blocks.preformatted(records))
    return parts
