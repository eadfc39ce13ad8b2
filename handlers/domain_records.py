"""The records that a domain should publish, each with what DNS shows of it now, ready to copy."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.dns import WantedRecord
from bot.model import Grade, MailDomain, Role
from bot.services import Services
from handlers import blocks, dns_report, dns_words
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn

OPEN = "domain_records.open"
AGAIN = "domain_records.again"
VIEW = "domain_records"
ADDED = "domain_records.added"

TITLE = "Records to publish"
MOST = 30
"""So many records are shown; a view holds 100 blocks, and each takes two."""

NOT_NEEDED = "▫️"

UNTOLD = "The mail system has not told which records it wants for this domain. If the domain is new, look again in a minute."


def register(app: AsyncApp, services: Services) -> None:
    app.action(OPEN)(listener(services, open_, need=Role.VIEWER))
    app.action(AGAIN)(listener(services, again, need=Role.VIEWER))


async def open_(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    await turn.open(asking(domain, several=turn.several))
    await turn.show(await looked_up(turn, domain), hash=turn.modal.hash)


async def again(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    await turn.show(await looked_up(turn, domain, place=turn.place))


async def looked_up(turn: Turn, domain: MailDomain, top: Sequence[Block] = (), *, place: str = "") -> View:
    """The window, with what DNS shows at this moment. `top`: what to say before it.

    `place`: given where the domain was just added, see handlers/place.py.
    """
    records = await turn.services.domains.records(domain)
    notes = [] if records is not None else [blocks.words(UNTOLD)]
    return window(domain, records, [*top, *notes], several=turn.several, place=place)


def asking(domain: MailDomain, *, several: bool = False) -> View:
    looking = blocks.context("Asking DNS now. This window is brought up to date in a moment.")
    return window(domain, None, [looking], several=several)


def window(
    domain: MailDomain,
    records: Sequence[WantedRecord] | None,
    top: Sequence[Block] = (),
    *,
    several: bool = False,
    place: str = "",
) -> View:
    """`records`: None where nothing is known of them; `top` then says why."""
    parts: list[Block] = [
        *top,
        blocks.header(dns_words.label(domain.account, domain.name, several=several)),
    ]
    if records is not None:
        parts.append(blocks.words(count(records)))
        # What mail does not need is no step of setting it up.
        for wanted in sorted(records, key=is_needless)[:MOST]:
            parts += entry(wanted)
        parts.append(
            blocks.context(
                "A resolver may repeat what it heard before for as long as the record's TTL says: what was just published can "
                "take some minutes to show here."
            )
        )
    value = dns_report.reference(domain.account, domain.name)
    parts.append(blocks.actions(blocks.button("Check again", AGAIN, value=value)))
    return blocks.modal(
        TITLE, parts, callback_id=ADDED if place else VIEW, metadata=pack(place=place), tells=bool(place)
    )


def count(records: Sequence[WantedRecord]) -> str:
    """`5 of 7 records are as they should be.`"""
    there = sum(wanted.published is True for wanted in records)
    silent = sum(wanted.published is None for wanted in records)
    told = f"{there} of {len(records)} records are as they should be."
    return f"{told} Of {silent} DNS did not tell." if silent else told


def is_needless(wanted: WantedRecord) -> bool:
    """Whether it is not there, and mail does without it."""
    return wanted.finding.grade is Grade.INFO and bool(wanted.finding.publish)


def entry(wanted: WantedRecord) -> list[Block]:
    """A record with its mark, what is wrong with it, and the record itself."""
    finding = wanted.finding
    mark = NOT_NEEDED if is_needless(wanted) else dns_words.MARKS[finding.grade]
    text = f"{mark} *{dns_words.NAMES[finding.subject]}*: {blocks.escape(finding.summary, 800)}"
    if finding.why and wanted.published is not True:
        text += f" {blocks.escape(finding.why, 800)}"
    parts: list[Block] = [blocks.section(text)]
    if wanted.publish:
        parts.append(blocks.preformatted("\n\n".join(map(dns_words.record, wanted.publish))))
    return parts
