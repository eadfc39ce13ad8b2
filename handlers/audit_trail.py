"""Who did what: /mail-audit [user|domain|@operator] [since] → the entries, with a search and pages → a CSV file of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.blocks.block_elements import (
    DatePickerElement,
    StaticSelectElement,
    UserSelectElement,
)
from slack_sdk.models.views import View

from bot.audit import THE_CLOCK
from bot.audit_trail import MOST, AuditExport, AuditPage
from bot.model import Role
from bot.services import Services
from bot.storage.seals import Seal
from handlers import audit_csv, audit_words, blocks
from handlers.audit_query import HOW, KINDS, Query, read, read_since
from handlers.file_out import hand_over
from handlers.listening import listener
from handlers.payloads import clean, pack
from handlers.turn import Turn

COMMAND = "/mail-audit"
ASK = "audit_trail.ask"
VIEW = "audit_trail"
TARGET = "target"
ACTOR = "actor"
SINCE = "since"
KIND = "kind"
FIND = "audit_trail.find"
WHO = "audit_trail.who"
WHEN = "audit_trail.when"
WHAT = "audit_trail.what"
PAGE = "audit_trail.page"
EXPORT = "audit_trail.export"

TITLE = "Audit trail"
PER_PAGE = 10
SHORT = 16
"""So many digits of a seal's digest are shown."""


@dataclass(frozen=True, slots=True)
class Screen:
    query: Query
    page: AuditPage
    offset: int = 0
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    for action_id in (FIND, WHO, WHEN, WHAT):
        app.action(action_id)(listener(services, find, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    app.action(EXPORT)(listener(services, export, need=Role.VIEWER))
    app.view(VIEW)(listener(services, submit, need=Role.VIEWER))


async def ask(turn: Turn) -> None:
    await turn.ack()
    text = turn.text if turn.action is None else ""
    await turn.open(window(await looked_up(turn, _read(turn, text))))


async def find(turn: Turn) -> None:
    await turn.ack()
    await turn.show(window(await looked_up(turn, _chosen(turn))))


async def submit(turn: Turn) -> None:
    await turn.ack(response_action="update", view=window(await looked_up(turn, _chosen(turn))))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    offset = int(turn.value) if turn.value.isdigit() else 0
    await turn.show(
        window(await looked_up(turn, _kept(turn), offset, until=turn.modal.metadata.get("until")))
    )


async def export(turn: Turn) -> None:
    await turn.ack()
    query = _kept(turn)
    zone = turn.services.settings.times.timezone
    exported = await turn.services.audit_trail.export(turn.operator, query.filter(zone), label=query.words)
    names = await audit_csv.names(turn.client, exported)
    day = f"{turn.services.clock.now().astimezone(zone):%Y-%m-%d}"
    await hand_over(
        turn,
        f"mailwarden-audit-{day}.csv",
        audit_csv.made(exported, names),
        title=f"Audit trail, {day}",
        text=accompanying(query, exported),
    )
    told = f"{audit_words.entries(len(exported.entries))} as CSV: the file is in your direct messages with Mailwarden."
    shown = window(await looked_up(turn, query), top=[blocks.success(told)])
    if not await turn.show(shown):
        await turn.tell(blocks.sentence(told))


async def looked_up(turn: Turn, query: Query, offset: int = 0, *, until: int | None = None) -> Screen:
    matching = query.filter(turn.services.settings.times.timezone)
    page = await turn.services.audit_trail.page(matching, offset=offset, limit=PER_PAGE, until=until)
    return Screen(query, page, offset, turn.several)


def window(screen: Screen, *, top: Sequence[Block] = ()) -> View:
    query, page = screen.query, screen.page
    parts = [*top, *_inputs(query)]
    if query.unknown:
        parts.append(blocks.words(f"“{blocks.cut(query.unknown, 100)}” means nothing here."))
        parts.append(blocks.context(HOW))
    parts.append(blocks.section(_counts(screen)))
    parts += [blocks.section(audit_words.line(entry, several=screen.several)) for entry in page.entries]
    parts += blocks.pager(PAGE, offset=screen.offset, size=PER_PAGE, matching=page.matching)
    if page.matching:
        parts.append(blocks.actions(blocks.button("Export as CSV", EXPORT)))
    if page.newest is not None:
        parts.append(blocks.context(f"The newest seal is {_seal(page.newest)}."))
    since = query.since.isoformat() if isinstance(query.since, datetime) else ""
    return blocks.modal(
        TITLE, parts, callback_id=VIEW, submit="Search", metadata=pack(until=page.until, since=since)
    )


def accompanying(query: Query, exported: AuditExport) -> str:
    """What goes with the file. In mrkdwn."""
    told = f"Your export of the audit trail: {audit_words.entries(len(exported.entries))}{query.shown}."
    if exported.left_out:
        told += (
            f" {exported.left_out} older ones match, too, but a file holds {MOST} at most: ask since when."
        )
    if exported.newest is not None:
        seal = exported.newest
        told += (
            f" The newest seal is `{seal.number}:{seal.digest}`. As long as you keep it, "
            "`mailwarden audit verify --seal` tells whether anything up to it was changed afterwards."
        )
    return told


def _inputs(query: Query) -> list[Block]:
    text = f"{query.target} {THE_CLOCK}".strip() if query.actor == THE_CLOCK else query.target
    day = None if query.since is None or isinstance(query.since, datetime) else query.since.isoformat()
    return [
        InputBlock(
            block_id=TARGET,
            label="Mail user or domain",
            optional=True,
            dispatch_action=True,
            element=PlainTextInputElement(
                action_id=FIND,
                initial_value=blocks.cut(text, 340) or None,
                placeholder=blocks.plain("anna@example.com, or example.com with all of its users"),
                max_length=340,
                dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
            ),
        ),
        InputBlock(
            block_id=ACTOR,
            label="Who did it",
            optional=True,
            dispatch_action=True,
            element=UserSelectElement(
                action_id=WHO,
                initial_user=query.actor if query.actor not in {"", THE_CLOCK} else None,
                placeholder=blocks.plain("Anybody"),
            ),
        ),
        InputBlock(
            block_id=KIND,
            label="What was done",
            optional=True,
            dispatch_action=True,
            element=StaticSelectElement(
                action_id=WHAT,
                options=[blocks.option(label, kind) for kind, label in KINDS.items()],
                initial_option=blocks.option(KINDS[query.kind], query.kind) if query.kind in KINDS else None,
                placeholder=blocks.plain("Anything"),
            ),
        ),
        InputBlock(
            block_id=SINCE,
            label="Since",
            optional=True,
            dispatch_action=True,
            element=DatePickerElement(
                action_id=WHEN, initial_date=day, placeholder=blocks.plain("The beginning")
            ),
        ),
    ]


def _counts(screen: Screen) -> str:
    query, page = screen.query, screen.page
    if not page.total:
        return "Nothing is on record yet."
    if not query.shown:
        return f"{audit_words.entries(page.total)}, the newest first."
    if not page.matching:
        return f"No entry{query.shown}, of {page.total} in all."
    return f"{page.matching} of {audit_words.entries(page.total)}:{query.shown}, the newest first."


def _seal(seal: Seal) -> str:
    return f"`{seal.number}:{seal.digest[:SHORT]}`"


def _read(turn: Turn, text: str) -> Query:
    return read(text, turn.services.clock.now(), turn.services.settings.times.timezone)


def _chosen(turn: Turn) -> Query:
    """As the inputs have it."""
    query = _read(turn, clean(turn.modal.text(TARGET, FIND)))
    actor, day = turn.modal.picked(ACTOR, WHO), turn.modal.picked(SINCE, WHEN)
    if actor and query.actor != THE_CLOCK:
        query = replace(query, actor=actor)
    if day:
        services = turn.services
        query = replace(query, since=read_since(day, services.clock.now(), services.settings.times.timezone))
    return replace(query, kind=turn.modal.choice(KIND, WHAT))


def _kept(turn: Turn) -> Query:
    """The same, and a moment that a command has named and no input can hold."""
    query = _chosen(turn)
    since = str(turn.modal.metadata.get("since") or "")
    return replace(query, since=datetime.fromisoformat(since)) if since and query.since is None else query
