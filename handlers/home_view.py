"""The App Home tab as one person sees it: what needs them, a search, a button to each job, what was done last."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.credit import Balance, dollars
from bot.dns.overview import Overview
from bot.model import Capability, DomainHealth, Grade, Role
from bot.storage.audit import AuditEntry
from bot.storage.deletions import Hold
from handlers import audit_words, blocks, dns_words
from handlers.deletion_buttons import cancel_all_button, release_button
from handlers.deletion_words import count, waits
from handlers.dns_report import reference
from handlers.help import job_buttons
from handlers.pending_deletions import Queue, entry

CANCEL = "home.cancel"
RELEASE = "home.release"
CANCEL_HELD = "home.cancel_held"
DOMAIN = "home.domain"
SEARCH = "search"
SEARCH_ACTION = "home.search"

PENDING = 10
HOLDS = 5
DOMAINS = 5
RECENT = 8
"""So many of each are shown."""

BUCKET = timedelta(minutes=10)
"""As long, a time that is left may stand there unchanged."""


@dataclass(frozen=True, slots=True)
class Home:
    """All that a tab shows to a person of that role. `held`: how many deletions of `pending` are in holds.

    `notes`: what to say of the accounts. `offered`: what one account at least can do.
    """

    role: Role
    pending: Queue
    holds: Sequence[Hold] = ()
    held: int = 0
    dns: Overview = field(default_factory=lambda: Overview({}, (), 0))
    balances: Sequence[Balance] = ()
    recent: Sequence[AuditEntry] = ()
    offered: Collection[Capability] = ()
    notes: Sequence[Block] = ()


def home(shown: Home, *, note: str | None = None) -> View:
    """`note`: what was just done. In plain text."""
    parts: list[Block] = [] if note is None else [blocks.words(note)]
    parts += _parts(shown)
    parts.append(blocks.context(f"As of {blocks.date(shown.pending.now)}. Kept up to date while it is open."))
    return View(type="home", blocks=parts)


def fingerprint(shown: Home) -> str:
    """The same for two tabs exactly if they show the same, apart from a few minutes less that are left."""
    now = shown.pending.now
    since = now - datetime.min.replace(tzinfo=now.tzinfo)
    same_now = replace(shown, pending=replace(shown.pending, now=now - since % BUCKET))
    content = [block.to_dict() for block in _parts(same_now)]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _parts(shown: Home) -> list[Block]:
    wanting = [*_held(shown), *_pending(shown), *_failing(shown), *_low(shown), *shown.notes]
    return [
        blocks.header("What needs you" if shown.role >= Role.ADMIN else "What is going on"),
        *wanting,
        *([] if shown.pending.total else [blocks.words("Nothing is queued for deletion.")]),
        blocks.divider(),
        _search_input(),
        *job_buttons(shown.role, shown.offered),
        blocks.divider(),
        blocks.header("DNS health"),
        blocks.words(_counts(shown.dns.grades)),
        *_credit(shown),
        *_recent(shown),
    ]


def _held(shown: Home) -> list[Block]:
    parts: list[Block] = []
    for hold in shown.holds:
        parts.append(
            blocks.section(
                f":raised_hand: *Held: {count(hold.number, 'deletion')}* by <@{hold.requested_by}>, since "
                f"{blocks.date(hold.since)}. They wait {waits(hold.requested_by, 'them')}.",
                block_id=f"hold_{hold.id}",
            )
        )
        if not shown.pending.may_change:
            continue
        buttons = [cancel_all_button(hold.id, hold.number, CANCEL_HELD)]
        if hold.requested_by in shown.pending.releasable:
            buttons.insert(0, release_button(hold.id, hold.number, RELEASE))
        parts.append(blocks.actions(*buttons, block_id=f"hold_buttons_{hold.id}"))
    more = shown.held - sum(hold.number for hold in shown.holds)
    return [*parts, blocks.context(f"{more} more are held: see /mail-pending.")] if more > 0 else parts


def _pending(shown: Home) -> list[Block]:
    rows = [row for row in shown.pending.deletions if not row.is_held]
    total = max(len(rows), shown.pending.total - shown.held)
    if not total:
        return []
    parts: list[Block] = [blocks.section(f"*Pending deletions: {total}*")]
    parts += [entry(row, shown.pending, CANCEL) for row in rows]
    if total > len(rows):
        parts.append(blocks.context(f"{total - len(rows)} more are queued: see /mail-pending."))
    return parts


def _failing(shown: Home) -> list[Block]:
    if not shown.dns.bad:
        return []
    parts: list[Block] = [blocks.section(f"*Domains with DNS to mend: {shown.dns.bad}*")]
    parts += [_domain(health, several=shown.pending.several) for health in shown.dns.worst]
    more = shown.dns.bad - len(shown.dns.worst)
    return [*parts, blocks.context(f"{more} more: see /mail-dns.")] if more > 0 else parts


def _domain(health: DomainHealth, *, several: bool) -> Block:
    label = dns_words.label(health.account, health.domain, several=several)
    line = f"{dns_words.MARKS[health.grade]} *{blocks.escape(label, 400)}*   {dns_words.marks(health)}"
    wrong = dns_words.problems(health)
    if wrong:
        line += f"\n{blocks.escape(wrong[0].summary, 160)}"
    return blocks.section(
        line,
        accessory=blocks.button(
            "Details", DOMAIN, value=reference(health.account, health.domain), about=f"of {label}"
        ),
    )


def _low(shown: Home) -> list[Block]:
    return [
        blocks.section(
            f":warning: *{dollars(balance.credit.amount)}* of credit is left on the account "
            f"*{blocks.escape(balance.credit.account, 100)}*, less than {dollars(balance.threshold)}. Top it up."
        )
        for balance in shown.balances
        if balance.is_low
    ]


def _credit(shown: Home) -> list[Block]:
    several = shown.pending.several
    told = [
        f"{f'{blocks.escape(balance.credit.account, 100)}: ' if several else ''}{dollars(balance.credit.amount)}"
        for balance in shown.balances
    ]
    return [blocks.header("Credit"), blocks.words("   ".join(told))] if told else []


def _recent(shown: Home) -> list[Block]:
    if not shown.recent:
        return []
    lines = [audit_words.line(one, several=shown.pending.several, detail=120) for one in shown.recent]
    return [blocks.header("Recent activity"), *(blocks.context(line) for line in lines)]


def _counts(grades: Mapping[Grade, int]) -> str:
    return dns_words.counted(grades) if grades else "Not checked yet. Use the button above."


def _search_input() -> Block:
    return InputBlock(
        block_id=SEARCH,
        label="Find mail users",
        optional=True,
        dispatch_action=True,
        element=PlainTextInputElement(
            action_id=SEARCH_ACTION,
            placeholder=blocks.plain("A part of the address, then Enter"),
            max_length=320,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
        ),
    )
