"""Where mail is sent elsewhere: /mail-routes [text] → the rules and aliases by domain, with a search → a new one, or Delete.

Deleting waits out its grace period like everything else: handlers/schedule_deletion.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.errors import NotPossible
from bot.model import Role, Target, TargetKind
from bot.providers.base import RoutingRule
from bot.routes import CAPABILITIES, Listing
from bot.services import Services
from handlers import blocks, create_route, dns_words, route_words, schedule_deletion
from handlers.listening import listener
from handlers.paged_list import register_list
from handlers.payloads import clean, pack
from handlers.place import come_back, mark
from handlers.queued_deletion import CLOSED
from handlers.turn import Turn

COMMAND = "/mail-routes"
ASK = "mail_routes.ask"
VIEW = "mail_routes"
SEARCH = "search"
SEARCH_ACTION = "mail_routes.search"
PAGE = "mail_routes.page"
DELETE = "mail_routes.delete"

TITLE = "Routing"
PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class Page:
    """The rules that match `text`, `matching` of them, from `offset` on; `total`: how many were looked through.

    `hidden`: so many of the mail system's own are left out, which only a search brings up. `failed`: why accounts could
    not be read. `queued`: those of the rules whose deletion is.
    """

    text: str
    rules: Sequence[tuple[str, RoutingRule]]
    matching: int
    total: int
    offset: int = 0
    hidden: int = 0
    failed: Sequence[Listing] = ()
    queued: Collection[Target] = field(default_factory=frozenset)
    noun: str = "routing rules"
    may_change: bool = True
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    register_list(app, services, found, search=(SEARCH, SEARCH_ACTION), page=PAGE)
    app.action(DELETE)(listener(services, delete, need=Role.ADMIN))
    app.view(VIEW)(listener(services, submit, need=Role.VIEWER))
    for changed in (create_route.DONE, CLOSED[TargetKind.ROUTING_RULE]):
        app.view_closed(changed)(listener(services, back, need=Role.VIEWER))


async def ask(turn: Turn) -> None:
    await turn.ack()
    if not await turn.services.users.offered() & CAPABILITIES:
        raise NotPossible("None of the mail systems here has routing rules or aliases.")
    text = turn.text
    # A window has to open within three seconds; a mail system may take longer.
    await turn.open(blocks.modal(TITLE, [blocks.words("Reading the rules …")], callback_id=f"{VIEW}.reading"))
    await turn.show(await found(turn, text, fresh=True))


async def submit(turn: Turn) -> None:
    text = clean(turn.modal.text(SEARCH, SEARCH_ACTION))
    await turn.ack(response_action="update", view=await found(turn, text))


async def delete(turn: Turn) -> None:
    await turn.ack()
    rule_id, _, account = turn.value.rpartition(" ")
    await schedule_deletion.open_target(turn, Target(account, TargetKind.ROUTING_RULE, rule_id))


async def back(turn: Turn) -> None:
    await come_back(turn, found)


async def found(turn: Turn, text: str, offset: int = 0, *, fresh: bool = False) -> View:
    routing = turn.services.routing
    listings = await routing.listings(fresh=fresh)
    rules = matching(listings, text)
    if offset >= len(rules):
        offset = 0  # somebody has deleted what was there
    page = rules[offset : offset + PER_PAGE]
    known = [rule for listing in listings for rule in listing.rules]
    return window(
        Page(
            text,
            page,
            len(rules),
            len(known) if text else sum(not rule.automatic for rule in known),
            offset,
            0 if text else sum(rule.automatic for rule in known),
            [listing for listing in listings if listing.error is not None],
            set(await routing.queued([_target(account, rule) for account, rule in page])),
            route_words.noun(await turn.services.users.offered()),
            turn.operator.role >= Role.ADMIN,
            turn.several,
        )
    )


def matching(listings: Sequence[Listing], text: str) -> list[tuple[str, RoutingRule]]:
    """(account, rule) by domain: those with `text` in their pattern or targets; with none, all but the automatic ones."""
    every = [(listing.account, rule) for listing in listings for rule in listing.rules]
    fitting = [
        (account, rule)
        for account, rule in every
        if (any(text in one for one in _said(rule)) if text else not rule.automatic)
    ]
    return sorted(fitting, key=lambda one: (one[1].domain, one[0], one[1].automatic, one[1].match, one[1].id))


def window(page: Page) -> View:
    parts: list[Block] = [_search_input(page.text), blocks.words(_count(page))]
    parts += [_failed(listing, page) for listing in page.failed[:5]]
    heading = None
    for account, rule in page.rules:
        label = dns_words.label(account, rule.domain, several=page.several)
        if label != heading:
            heading = label
            parts.append(blocks.section(f"*{blocks.escape(label, 400)}*"))
        parts.append(blocks.section(route_words.entry(rule), accessory=_button(account, rule, page)))
    parts += blocks.pager(PAGE, offset=page.offset, size=PER_PAGE, matching=page.matching)
    if page.hidden:
        told = "1 automatic alias is" if page.hidden == 1 else f"{page.hidden} automatic aliases are"
        parts.append(
            blocks.context(
                f"{told} left out, which the mail system keeps by itself. A search finds them, too."
            )
        )
    if page.may_change:
        parts.append(blocks.actions(blocks.button("New rule …", create_route.ASK, style="primary")))
    metadata = pack(place=mark(page.text, page.offset))
    return blocks.modal(TITLE, parts, callback_id=VIEW, submit="Search", metadata=metadata)


def _count(page: Page) -> str:
    known = _number(page.total, page.noun)
    if page.text:
        return f"{page.matching} of {known} match “{blocks.cut(page.text, 100)}”."
    if page.total:
        return f"{known[0].upper()}{known[1:]}."
    return f"There are no {page.noun} yet. All mail goes to the mailbox that it is addressed to."


def _number(number: int, noun: str) -> str:
    if number != 1:
        return f"{number} {noun}"
    return f"1 {noun.replace('rules', 'rule').replace('aliases', 'alias').replace(' and ', ' or ')}"


def _failed(listing: Listing, page: Page) -> Block:
    who = f"The account *{blocks.escape(listing.account, 100)}*" if page.several else "The mail system"
    told = f":warning: {who} could not be read: {blocks.sentence(listing.error or '', 500)}"
    if listing.at is None:
        return blocks.context(f"{told} What it has is not shown.")
    return blocks.context(f"{told} What is shown of it is from {blocks.date(listing.at)}.")


def _button(account: str, rule: RoutingRule, page: Page) -> ButtonElement | None:
    if rule.automatic or not page.may_change:
        return None
    queued = _target(account, rule) in page.queued
    return blocks.button(
        "Pending …" if queued else "Delete …", DELETE, value=f"{rule.id} {account}", about=rule.pattern
    )


def _target(account: str, rule: RoutingRule) -> Target:
    return Target(account, TargetKind.ROUTING_RULE, rule.id)


def _said(rule: RoutingRule) -> list[str]:
    readable = dns_words.readable(rule.domain)
    return [rule.pattern, f"{rule.match}@{readable}", *rule.targets]


def _search_input(text: str) -> Block:
    return InputBlock(
        block_id=SEARCH,
        label="Search",
        optional=True,
        dispatch_action=True,
        element=PlainTextInputElement(
            action_id=SEARCH_ACTION,
            initial_value=blocks.cut(text, 320) or None,
            placeholder=blocks.plain("Part of an address, or of a target"),
            max_length=320,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )
