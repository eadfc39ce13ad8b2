"""The App Home tab: a button to each job, what is pending, and how DNS is doing."""

from collections.abc import Collection, Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.model import Capability, DomainHealth, Role
from bot.services import Services
from handlers import blocks, dns_words
from handlers.account_notes import shared_notes, stale_notes
from handlers.deletion_words import cancelled
from handlers.help import job_buttons
from handlers.listening import listener
from handlers.pending_deletions import Queue, entry, queue
from handlers.turn import Turn

EVENT = "app_home_opened"
CANCEL = "home.cancel"

SHOWN = 10


def register(app: AsyncApp, services: Services) -> None:
    app.event(EVENT)(listener(services, opened, need=Role.VIEWER))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))


async def publish(turn: Turn, note: str | None = None) -> None:
    pending = await queue(turn, size=SHOWN)
    offered = await turn.services.users.offered()
    notes = [*await stale_notes(turn), *await shared_notes(turn)]
    tab = home(turn.operator.role, pending, await turn.services.dns.latest(), offered, notes, note=note)
    await turn.client.views_publish(user_id=turn.slack_id, view=tab)


async def opened(turn: Turn) -> None:
    await publish(turn)


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    await publish(turn, cancelled([gone]))


def home(
    role: Role,
    pending: Queue,
    healths: Sequence[DomainHealth],
    offered: Collection[Capability],
    notes: Sequence[Block] = (),
    *,
    note: str | None = None,
) -> View:
    """`offered`: what one account at least can do. `notes`: what to say of the accounts. `note`: what was just done."""
    parts: list[Block] = [] if note is None else [blocks.words(note)]
    parts += notes
    parts += [blocks.header("Mailwarden"), *job_buttons(role, offered), blocks.divider()]
    parts.append(blocks.header("Pending deletions"))
    if not pending.deletions:
        parts.append(blocks.words("Nothing is queued for deletion."))
    parts += [entry(deletion, pending, CANCEL) for deletion in pending.deletions]
    if pending.total > len(pending.deletions):
        parts.append(
            blocks.context(f"{pending.total - len(pending.deletions)} more are queued: see /mail-pending.")
        )
    parts += [
        blocks.divider(),
        blocks.header("DNS health"),
        blocks.words(dns_words.counts(healths) if healths else "Not checked yet. Use the button above."),
    ]
    if healths:
        oldest = min(health.checked_at for health in healths)
        parts.append(blocks.context(f"Checked {blocks.date(oldest)}"))
    parts.append(
        blocks.context(f"As of {blocks.date(pending.now)}. Open this tab again to bring it up to date.")
    )
    return View(type="home", blocks=parts)
