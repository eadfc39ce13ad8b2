"""DNS health of all domains: /mail-dns [domain or a part of it] → what is stored, worst first, with a search → the report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.dns.announcements import Name
from bot.model import DomainHealth, MailDomain, Role
from bot.services import Services
from bot.storage.alerts import Mute
from handlers import blocks, dns_report, dns_words
from handlers.dns_report import OVERVIEW
from handlers.listening import listener
from handlers.payloads import clean
from handlers.turn import Turn

COMMAND = "/mail-dns"
ASK = "dns_health.ask"
VIEW = "dns_health"
SEARCH = "search"
SEARCH_ACTION = "dns_health.search"
PAGE = "dns_health.page"

TITLE = "DNS health"
PER_PAGE = 10


@dataclass(frozen=True, slots=True)
class Overview:
    """What is known of those domains whose name contains `text`, of `total` in all. `unseen`: nobody has looked at them."""

    text: str
    total: int
    healths: Sequence[DomainHealth]
    unseen: Sequence[MailDomain] = ()
    mutes: Mapping[Name, Mute] = field(default_factory=dict)
    several: bool = False


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.action(OVERVIEW)(listener(services, back, need=Role.VIEWER))
    app.action(SEARCH_ACTION)(listener(services, search, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    app.view(VIEW)(listener(services, submit, need=Role.VIEWER))


async def ask(turn: Turn) -> None:
    await turn.ack()
    wanted = turn.text.rpartition("@")[2]
    names = {wanted, dns_words.ascii_name(wanted)} if wanted else set()
    exact = [domain for domain in await turn.services.directory.domains() if domain.name in names]
    if len(exact) == 1:
        await dns_report.open_report(turn, exact[0])
        return
    await turn.open(window(await stored(turn, wanted)))


async def back(turn: Turn) -> None:
    await turn.ack()
    await turn.show(window(await stored(turn, "")))


async def search(turn: Turn) -> None:
    await turn.ack()
    await turn.show(window(await stored(turn, clean(turn.value))))


async def submit(turn: Turn) -> None:
    await turn.ack(response_action="update", view=window(await stored(turn, _typed(turn))))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    offset = int(turn.value) if turn.value.isdigit() else 0
    await turn.show(window(await stored(turn, _typed(turn)), offset=offset))


async def stored(turn: Turn, text: str) -> Overview:
    """What is known, without asking DNS about a thousand domains."""
    healths = await turn.services.dns.latest()
    domains = await turn.services.directory.domains()
    seen = {(health.account, health.domain) for health in healths}
    return Overview(
        text,
        len(domains),
        dns_words.worst_first([health for health in healths if _contains(health.domain, text)]),
        [one for one in domains if (one.account, one.name) not in seen and _contains(one.name, text)],
        await turn.services.announcements.muted(),
        turn.several,
    )


def window(overview: Overview, *, offset: int = 0) -> View:
    parts: list[Block] = [_search_input(overview.text), blocks.words(_counts(overview))]
    if overview.unseen:
        number = len(overview.unseen)
        verb = "domain was" if number == 1 else "domains were"
        parts.append(
            blocks.context(f"{number} {verb} never looked at so far. That is made up for by itself.")
        )
    page: list[Block] = [
        dns_report.entry(
            health, several=overview.several, mute=overview.mutes.get((health.account, health.domain))
        )
        for health in overview.healths[offset : offset + PER_PAGE]
    ]
    start = max(0, offset - len(overview.healths))
    page += [_unseen(domain, overview) for domain in overview.unseen[start : start + PER_PAGE - len(page)]]
    parts += page
    matching = len(overview.healths) + len(overview.unseen)
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=matching)
    if overview.healths:
        oldest = min(health.checked_at for health in overview.healths)
        what = "Looked at" if matching == 1 else "The oldest of these looks was"
        parts.append(blocks.context(f"{what} {blocks.date(oldest)}. A domain's details look at it anew."))
    return blocks.modal(TITLE, parts, callback_id=VIEW, submit="Search")


def _counts(overview: Overview) -> str:
    if not overview.total:
        return "No domains yet. The directory is read on the first start and at night."
    matching = len(overview.healths) + len(overview.unseen)
    if not matching:
        return f"None of {overview.total} domains has “{blocks.cut(overview.text, 100)}” in its name."
    if not overview.healths:
        return f"{matching} of {overview.total} domains." if overview.text else f"{matching} domains."
    told = dns_words.counts(overview.healths)
    return f"Of {overview.total} domains {matching} match. {told}" if overview.text else told


def _unseen(domain: MailDomain, overview: Overview) -> Block:
    label = dns_words.label(domain.account, domain.name, several=overview.several)
    return blocks.section(
        f"*{blocks.escape(label, 400)}*\nNever looked at so far.",
        accessory=dns_report.details_button(domain.account, domain.name),
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
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
        ),
    )


def _typed(turn: Turn) -> str:
    return clean(turn.modal.text(SEARCH, SEARCH_ACTION))


def _contains(name: str, text: str) -> bool:
    return text in name or text in dns_words.readable(name)
