"""All domains: /mail-domains [text, or domain and account] → badges, users and what is pending of each, with a search and pages → Manage, Add."""

from collections.abc import Sequence
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.domains import DomainFacts
from bot.model import Capability, Role
from bot.services import Services
from handlers import (
    add_domain,
    blocks,
    dns_report,
    dns_words,
    domain_records,
    first_user,
    manage_domain,
)
from handlers.account_notes import shared_notes, stale_notes
from handlers.deletion_words import count
from handlers.listening import listener
from handlers.paged_list import register_list
from handlers.payloads import clean, pack
from handlers.place import come_back, mark
from handlers.turn import Turn

COMMAND = "/mail-domains"
ASK = "find_domains.ask"
VIEW = "find_domains"
SEARCH = "search"
SEARCH_ACTION = "find_domains.search"
PAGE = "find_domains.page"

TITLE = "Domains"
PER_PAGE = 10

OF_ADDRESSES = (
    "A Mail-in-a-Box has a domain as long as it has an address of it: to add one, create its first mail user."
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the `matching` domains whose name contains `text`, of `total` in all. `offset`: how many come before them.

    `by_addresses`: an account has domains because of its addresses.
    """

    text: str
    domains: Sequence[DomainFacts]
    matching: int
    total: int
    offset: int = 0
    may_change: bool = False
    several: bool = False
    by_addresses: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    register_list(app, services, found, search=(SEARCH, SEARCH_ACTION), page=PAGE)
    app.action(manage_domain.LIST)(listener(services, back, need=Role.VIEWER))
    app.view(VIEW)(listener(services, submit, need=Role.VIEWER))
    for changed in (domain_records.ADDED, first_user.DONE):
        app.view_closed(changed)(listener(services, return_, need=Role.VIEWER))


async def ask(turn: Turn) -> None:
    await turn.ack()
    wanted, _, account = turn.text.rpartition("@")[2].partition(" ")
    names = {wanted, dns_words.ascii_name(wanted)} if wanted else set()
    exact = [
        domain
        for domain in await turn.services.directory.domains()
        if domain.name in names and account in {"", domain.account}
    ]
    if len(exact) == 1:
        await manage_domain.open_new(turn, exact[0])
        return
    await turn.open(await found(turn, wanted))


async def submit(turn: Turn) -> None:
    text = clean(turn.modal.text(SEARCH, SEARCH_ACTION))
    await turn.ack(response_action="update", view=await found(turn, text))


async def back(turn: Turn) -> None:
    await turn.ack()
    await turn.show(await found(turn, ""))


async def return_(turn: Turn) -> None:
    await come_back(turn, found)


async def found(turn: Turn, text: str, offset: int = 0) -> View:
    """The window, from what is known without asking anybody."""
    domains = await turn.services.directory.domains()
    matching = [domain for domain in domains if dns_words.fits(domain.name, text)]
    page = Page(
        text,
        await turn.services.domains.facts(matching[offset : offset + PER_PAGE]),
        len(matching),
        len(domains),
        offset,
        turn.operator.role >= Role.ADMIN,
        turn.several,
        await _by_addresses(turn),
    )
    return window(page, [*await stale_notes(turn), *await shared_notes(turn)])


def window(page: Page, notes: Sequence[Block] = ()) -> View:
    """`notes`: what to say of the accounts."""
    parts: list[Block] = [_search_input(page.text), blocks.words(counted(page)), *notes]
    if page.may_change:
        parts.append(blocks.actions(blocks.button("Add domain", add_domain.ASK, style="primary")))
    parts += [_entry(facts, several=page.several) for facts in page.domains]
    parts += blocks.pager(PAGE, offset=page.offset, size=PER_PAGE, matching=page.matching)
    if page.by_addresses:
        parts.append(blocks.context(OF_ADDRESSES))
    metadata = pack(place=mark(page.text, page.offset))
    return blocks.modal(TITLE, parts, callback_id=VIEW, submit="Search", metadata=metadata)


def counted(page: Page) -> str:
    """`2 of 340 domains match.`"""
    if not page.total:
        return "No domains yet. The directory is read on the first start and at night."
    if not page.text:
        return f"{count(page.total, 'domain')}."
    told = f"{page.matching} of {count(page.total, 'domain')} match."
    return told if page.matching else f"{told} Search for a part of the name."


def _entry(facts: DomainFacts, *, several: bool) -> Block:
    domain = facts.domain
    mark = dns_words.MARKS[facts.health.grade] if facts.health is not None else "·"
    name = dns_words.label(domain.account, domain.name, several=several)
    label = blocks.escape(name, 400)
    pending = "   :hourglass_flowing_sand: pending deletion" if facts.deletion is not None else ""
    badges = dns_words.marks(facts.health) if facts.health is not None else "DNS never looked at so far"
    return blocks.section(
        f"{mark} *{label}*{pending}\n{badges}\n{count(facts.users, 'mail user')}",
        accessory=blocks.button(
            "Manage",
            manage_domain.OPEN,
            value=dns_report.reference(domain.account, domain.name),
            about=name,
        ),
    )


def _search_input(text: str) -> Block:
    return InputBlock(
        block_id=SEARCH,
        label="Search",
        optional=True,
        dispatch_action=True,
        element=PlainTextInputElement(
            action_id=SEARCH_ACTION,
            initial_value=blocks.cut(text, 260) or None,
            placeholder=blocks.plain("A part of the name"),
            max_length=260,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_character_entered"]),
        ),
    )


async def _by_addresses(turn: Turn) -> bool:
    offered = [await turn.services.users.offers(account) for account in turn.services.providers]
    return any(Capability.DOMAINS not in one for one in offered)
