"""DNS health: /mail-dns [domain] → what is stored, at once → checked now → what to publish."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import NotFound
from bot.model import DomainHealth, MailDomain, Role
from bot.services import Services
from handlers import blocks, dns_words
from handlers.listening import listener
from handlers.turn import Turn

COMMAND = "/mail-dns"
ASK = "dns_health.ask"
VIEW = "dns_health"
DETAILS = "dns_health.details"
OVERVIEW = "dns_health.overview"
PAGE = "dns_health.page"

TITLE = "DNS health"
PER_PAGE = 10
MOST_BLOCKS = 90


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.action(DETAILS)(listener(services, look, need=Role.VIEWER))
    app.action(OVERVIEW)(listener(services, back, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))


async def stored(turn: Turn, offset: int = 0, *, checking: bool = False, problem: str | None = None) -> View:
    return overview(
        await turn.services.dns.latest(),
        offset=offset,
        checking=checking,
        problem=problem,
        several=turn.several,
    )


async def ask(turn: Turn) -> None:
    await turn.ack()
    wanted = turn.text.rpartition("@")[2]
    if wanted:
        fitting = [domain for domain in await turn.services.directory.domains() if domain.name == wanted]
        if fitting:
            await turn.open(checking_one(fitting[0].name))
            await check_one(turn, fitting[0])
            return
        await turn.open(await stored(turn, problem=f"{wanted} is not a domain here. These are:"))
        return
    await turn.open(await stored(turn, checking=True))
    await check_all(turn)


async def check_all(turn: Turn) -> None:
    shown = turn.modal.hash
    healths = await turn.services.dns.check_all()
    # Somebody who has gone on to a page or a domain meanwhile is not thrown back.
    await turn.show(overview(healths, several=turn.several), hash=shown)


async def check_one(turn: Turn, domain: MailDomain) -> None:
    shown = turn.modal.hash
    health = await turn.services.dns.check(domain)
    await turn.show(details(health, several=turn.several), hash=shown)


async def look(turn: Turn) -> None:
    await turn.ack()
    name, _, account = turn.value.partition(" ")
    for domain in await turn.services.directory.domains():
        if (domain.name, domain.account) == (name, account):
            await turn.show(checking_one(name))
            await check_one(turn, domain)
            return
    raise NotFound(f"{name} is not a domain here any more.")


async def back(turn: Turn) -> None:
    await turn.ack()
    await turn.show(await stored(turn))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    await turn.show(await stored(turn, int(turn.value) if turn.value.isdigit() else 0))


def overview(
    healths: Sequence[DomainHealth],
    *,
    offset: int = 0,
    checking: bool = False,
    problem: str | None = None,
    several: bool = False,
) -> View:
    """All domains, problems first."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    if checking:
        parts.append(blocks.context("Asking DNS now. This window is brought up to date in a moment."))
    parts.append(blocks.words(dns_words.counts(healths)))
    ordered = dns_words.worst_first(healths)
    for health in ordered[offset : offset + PER_PAGE]:
        label = f"{health.domain} ({health.account})" if several else health.domain
        parts.append(
            blocks.section(
                f"{dns_words.MARKS[health.grade]} *{blocks.escape(label, 400)}*\n{dns_words.marks(health)}",
                accessory=blocks.button("Details", DETAILS, value=f"{health.domain} {health.account}"),
            )
        )
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=len(ordered))
    if ordered:
        oldest = min(health.checked_at for health in ordered)
        parts.append(blocks.context(f"Checked {blocks.date(oldest)}"))
    return blocks.modal(TITLE, parts, callback_id=VIEW)


def checking_one(domain: str) -> View:
    return blocks.modal(TITLE, [blocks.words(f"Asking DNS about {domain} …")], callback_id=VIEW)


def details(health: DomainHealth, *, several: bool = False) -> View:
    """One domain: every finding, problems first, each with the record to publish."""
    label = f"{health.domain} ({health.account})" if several else health.domain
    parts: list[Block] = [blocks.header(label)]
    wrong = dns_words.problems(health)
    for finding in [*wrong, *(finding for finding in health.findings if finding not in wrong)]:
        made = dns_words.finding_blocks(finding)
        if len(parts) + len(made) > MOST_BLOCKS:
            parts.append(blocks.context("There is more: mend these first, and look again."))
            break
        parts += made
    differing = dns_words.differences(health)
    if differing is not None:
        parts.append(blocks.context(blocks.escape(differing)))
    again = blocks.button("Check again", DETAILS, value=f"{health.domain} {health.account}")
    parts += [
        blocks.context(f"Checked {blocks.date(health.checked_at)}"),
        blocks.actions(again, blocks.button("All domains", OVERVIEW)),
    ]
    return blocks.modal(TITLE, parts, callback_id=VIEW)
