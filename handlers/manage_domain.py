"""One domain: its health, users and settings at once, the rest as soon as the mail system tells → records, recheck, deletion."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.domains import DomainDetails, DomainFacts
from bot.model import CANCELLABLE_STATES, Capability, MailDomain, Role, Target, TargetKind
from bot.services import Services
from handlers import (
    blocks,
    dns_report,
    dns_words,
    domain_records,
    domain_settings,
    find_users,
    schedule_deletion,
)
from handlers.account_notes import stale_notes
from handlers.deletion_buttons import cancel_button
from handlers.deletion_words import cancelled, count, when
from handlers.listening import listener
from handlers.payloads import OpenView
from handlers.queued_deletion import CLOSED
from handlers.turn import Turn

OPEN = "manage_domain.open"
LIST = "manage_domain.list"
RECHECK = "manage_domain.recheck"
REPORT = "manage_domain.report"
USERS = "manage_domain.users"
DELETE = "manage_domain.delete"
CANCEL = "manage_domain.cancel"
VIEW = "manage_domain"

TITLE = "Manage a domain"
PROBLEMS = 3
"""So many of what is wrong with its DNS are named."""

STAYS = (
    "A Mail-in-a-Box has a domain as long as it has an address of it: it goes with its last mail user or alias, and can't be "
    "deleted by itself."
)


@dataclass(frozen=True, slots=True)
class State:
    """All that the window shows. `details`: None while the mail system is asked. `offered`: what the account can do."""

    facts: DomainFacts
    now: datetime
    offered: Collection[Capability]
    details: DomainDetails | None = None
    may_change: bool = False
    several: bool = False
    top: Sequence[Block] = field(default=())


def register(app: AsyncApp, services: Services) -> None:
    app.action(OPEN)(listener(services, open_, need=Role.VIEWER))
    app.action(REPORT)(listener(services, report, need=Role.VIEWER))
    app.action(USERS)(listener(services, users, need=Role.VIEWER))
    app.action(RECHECK)(listener(services, recheck, need=Role.ADMIN))
    app.action(DELETE)(listener(services, delete, need=Role.ADMIN))
    app.view_closed(CLOSED[TargetKind.DOMAIN])(listener(services, come_back, need=Role.VIEWER))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))


async def open_new(turn: Turn, domain: MailDomain) -> None:
    """Open it in a window of its own."""
    await turn.open(window(await _state(turn, domain)))
    await _bring_up_to_date(turn, domain)


async def open_(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    await turn.show(window(await _state(turn, domain)))
    await _bring_up_to_date(turn, domain)


async def recheck(turn: Turn) -> None:
    """Have the mail system look at the domain's DNS, and look at it ourselves."""
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    asking = blocks.context("Looking at DNS now. This window is brought up to date in a moment.")
    await turn.show(window(await _state(turn, domain, [asking])))
    problem = await turn.services.domains.recheck(turn.operator, domain)
    told = [blocks.context("Looked at DNS just now.")] if problem is None else blocks.problem(problem)
    domain = await dns_report.named(turn, turn.value)
    await _bring_up_to_date(turn, domain, told)


async def report(turn: Turn) -> None:
    await turn.ack()
    await dns_report.open_report(turn, await dns_report.named(turn, turn.value))


async def users(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    # In place, as all windows from here on are on top of each other, and Slack takes three.
    await turn.show(await find_users.found(turn, f"@{domain.name}"))


async def delete(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    await schedule_deletion.open_target(turn, _target(domain))


async def come_back(turn: Turn) -> None:
    """A window about this domain's deletion was closed on top of this one: show how things are now."""
    await turn.ack()
    closed = turn.modal
    if closed.beneath:
        turn.view = OpenView.read({"id": closed.beneath})
        target = closed.metadata
        reference = dns_report.reference(str(target.get("account", "")), str(target.get("id", "")))
        domain = await dns_report.named(turn, reference)
        if await turn.show(window(await _state(turn, domain))):
            await _bring_up_to_date(turn, domain)


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    domain = await dns_report.named(turn, dns_report.reference(gone.target.account, gone.target.id))
    told = cancelled([gone])
    if not await turn.show(window(await _state(turn, domain, [blocks.success(told)]))):
        await turn.tell(blocks.sentence(told))
        return
    await _bring_up_to_date(turn, domain, [blocks.success(told)])


async def _state(
    turn: Turn, domain: MailDomain, top: Sequence[Block] = (), details: DomainDetails | None = None
) -> State:
    (facts,) = await turn.services.domains.facts([domain])
    return State(
        facts,
        turn.services.clock.now(),
        await turn.services.users.offers(domain.account),
        details,
        turn.operator.role >= Role.ADMIN,
        turn.several,
        [*top, *await stale_notes(turn, domain.account)],
    )


async def _bring_up_to_date(turn: Turn, domain: MailDomain, top: Sequence[Block] = ()) -> None:
    """Show what the mail system tells, unless the person has gone on to something else."""
    shown = turn.modal.hash
    details = await turn.services.domains.details(domain)
    await turn.show(window(await _state(turn, domain, top, details)), hash=shown)


def window(state: State) -> View:
    domain, health = state.facts.domain, state.facts.health
    label = dns_words.label(domain.account, domain.name, several=state.several)
    parts: list[Block] = [*state.top, blocks.header(label)]
    if (in_dns := dns_words.ascii_name(domain.name)) != dns_words.readable(domain.name):
        parts.append(blocks.context(f"In DNS: {blocks.code(in_dns)}"))
    parts.append(blocks.section(_holds(state)))
    deletion = state.facts.deletion
    if deletion is not None:
        asked = f"<@{deletion.requested_by}>: {blocks.escape(deletion.reason, 300)}"
        parts.append(blocks.section(f"*Pending deletion.* {when(deletion, state.now)}\n{asked}"))
    if health is None:
        parts.append(blocks.words("Nobody has looked at its DNS yet."))
    else:
        wrong = dns_words.problems(health)
        lines = [f"*DNS* {dns_words.MARKS[health.grade]}   {dns_words.marks(health)}"]
        lines += [f"• {blocks.escape(finding.summary, 250)}" for finding in wrong[:PROBLEMS]]
        if len(wrong) > PROBLEMS:
            lines.append(f"• and {len(wrong) - PROBLEMS} more")
        if (differing := dns_words.differences(health)) is not None:
            lines.append(blocks.escape(differing, 800))
        parts += [
            blocks.section("\n".join(lines)),
            blocks.context(f"Looked at {blocks.date(health.checked_at)}."),
        ]
    parts += _details(state)
    parts.append(blocks.actions(*_buttons(state)))
    if Capability.DOMAINS not in state.offered:
        parts.append(blocks.context(STAYS))
    if not state.may_change:
        parts.append(blocks.context("You may look. Changing something needs an admin."))
    return blocks.modal(TITLE, parts, callback_id=VIEW)


def _holds(state: State) -> str:
    """`*22 mail users*, 2 routing rules`"""
    held = f"*{count(state.facts.users, 'mail user')}*"
    rules = None if state.details is None else state.details.rules
    if rules is None:
        return held
    if Capability.ROUTING_RULES in state.offered:
        return f"{held}, {count(rules, 'routing rule')}"
    return f"{held}, {rules} {'alias' if rules == 1 else 'aliases'} besides the automatic ones"


def _details(state: State) -> list[Block]:
    if state.details is None:
        return [blocks.context("Asking the mail system for the rest …")]
    parts: list[Block] = []
    if state.details.settings is not None:
        parts += domain_settings.shown(state.details.settings)
    if state.details.problem is not None:
        parts.append(
            blocks.context(f":warning: What is missing here: {blocks.sentence(state.details.problem, 500)}")
        )
    return parts


def _buttons(state: State) -> list[ButtonElement]:
    domain, deletion = state.facts.domain, state.facts.deletion
    value = dns_report.reference(domain.account, domain.name)
    made = [blocks.button(domain_records.TITLE, domain_records.OPEN, value=value)]
    if state.may_change:
        made.append(blocks.button("Recheck DNS", RECHECK, value=value))
    made.append(blocks.button("DNS report", REPORT, value=value))
    made.append(blocks.button("Mail users", USERS, value=value))
    if state.may_change and Capability.DOMAIN_SETTINGS in state.offered:
        made.append(blocks.button("Settings …", domain_settings.OPEN, value=value))
    if state.may_change and deletion is not None and deletion.state in CANCELLABLE_STATES:
        made.append(cancel_button(deletion, CANCEL))
    elif state.may_change and deletion is None and Capability.DOMAINS in state.offered:
        made.append(blocks.button("Delete …", DELETE, value=value, style="danger"))
    return [*made, blocks.button("All domains", LIST)]


def _target(domain: MailDomain) -> Target:
    return Target(domain.account, TargetKind.DOMAIN, domain.name)
