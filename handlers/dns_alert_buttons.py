"""The buttons on messages about domains: Recheck now, Show fix, Mute, Unmute.

Messages stay for days: renaming one of these action ids kills the buttons that are already in the channel.
"""

from collections.abc import Sequence
from datetime import timedelta

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.errors import NotFound
from bot.model import DomainHealth, Finding, MailDomain, Role
from bot.services import Services
from bot.storage.alerts import Alert, AlertItem
from handlers import blocks, dns_report, dns_words
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn

RECHECK = "dns_alert.recheck"
FIX = "dns_alert.fix"
MUTE_DAY = "dns_alert.mute_24h"
MUTE_WEEK = "dns_alert.mute_7d"
UNMUTE = "dns_alert.unmute"
PAGE = "dns_alert.page"
VIEW = "dns_alert"

TITLE = "DNS alert"
AT_ONCE = 25
"""Domains that somebody waits for; more are looked at one after the other behind the scenes."""
PER_PAGE = 10

_LENGTHS = {MUTE_DAY: timedelta(hours=24), MUTE_WEEK: timedelta(days=7)}


def register(app: AsyncApp, services: Services) -> None:
    app.action(RECHECK)(listener(services, recheck, need=Role.VIEWER))
    app.action(FIX)(listener(services, fix, need=Role.VIEWER))
    app.action(blocks.pager_pattern(PAGE))(listener(services, turn_page, need=Role.VIEWER))
    for action_id in _LENGTHS:
        app.action(action_id)(listener(services, mute, need=Role.ADMIN, fresh=True))
    app.action(UNMUTE)(listener(services, unmute, need=Role.ADMIN, fresh=True))


def buttons(alert_id: str, *, muted: bool) -> Block:
    elements = [
        blocks.button("Recheck now", RECHECK, value=alert_id),
        blocks.button("Show fix", FIX, value=alert_id),
        blocks.button("Mute 24 h", MUTE_DAY, value=alert_id),
        blocks.button("Mute 7 d", MUTE_WEEK, value=alert_id),
    ]
    if muted:
        elements.append(blocks.button("Unmute", UNMUTE, value=alert_id))
    return blocks.actions(*elements)


async def recheck(turn: Turn) -> None:
    await turn.ack()
    _, domains = await _open_domains(turn, turn.value)
    if len(domains) == 1:
        await dns_report.open_report(turn, domains[0])
        return
    if len(domains) > AT_ONCE:
        await turn.services.announcements.hurry(domains)
        await turn.tell(
            f"{len(domains)} domains are looked at again now, which takes a few minutes. The message says what is over."
        )
        return
    waiting = f"Asking DNS about {len(domains)} domains …"
    await turn.open(blocks.modal(TITLE, [blocks.words(waiting)], callback_id=VIEW))
    await turn.show(looked_at(await turn.services.dns.check_several(domains), several=turn.several))


async def fix(turn: Turn) -> None:
    await turn.ack()
    left, domains = await _open_domains(turn, turn.value)
    if len(domains) == 1:
        await dns_report.open_report(turn, domains[0])
        return
    await turn.open(await _fixes(turn, turn.value, left, domains))


async def turn_page(turn: Turn) -> None:
    await turn.ack()
    alert_id = str(turn.modal.metadata.get("alert", ""))
    left, domains = await _open_domains(turn, alert_id)
    offset = int(turn.value) if turn.value.isdigit() else 0
    await turn.show(await _fixes(turn, alert_id, left, domains, offset))


async def mute(turn: Turn) -> None:
    await turn.ack()
    assert turn.action is not None, "only a button leads here"
    names = _names((await turn.services.announcements.about(turn.value)).items)
    length = _LENGTHS[turn.action.action_id]
    until = await turn.services.announcements.mute(turn.operator, names, length=length)
    which = dns_words.readable(next(iter(names))[1]) if len(names) == 1 else f"{len(names)} domains"
    await turn.tell(
        f"🔕 Muted until {blocks.date(until)}: {blocks.escape(which, 260)}. Nothing new is told before; /mail-dns and the "
        "digest go on showing how things are."
    )


async def unmute(turn: Turn) -> None:
    await turn.ack()
    names = _names((await turn.services.announcements.about(turn.value)).items)
    ended = await turn.services.announcements.unmute(turn.operator, names)
    which = dns_words.readable(ended[0][1]) if len(ended) == 1 else f"{len(ended)} domains"
    await turn.tell(f"No longer muted: {blocks.escape(which, 260)}. Changes are told again.")


async def _open_domains(turn: Turn, alert_id: str) -> tuple[list[AlertItem], list[MailDomain]]:
    """What an alert tells of that is not over, and the domains of it that are there. Raises NotFound if there is none."""
    alert: Alert = await turn.services.announcements.about(alert_id)
    left = [item for item in alert.items if item.over_at is None]
    if not left:
        raise NotFound("All of this alert is over. See /mail-dns for how things are.")
    return left, await turn.services.announcements.present(_names(left))


def _names(items: Sequence[AlertItem]) -> set[tuple[str, str]]:
    return {(item.account, item.domain) for item in items}


def looked_at(healths: Sequence[DomainHealth], *, several: bool = False) -> View:
    """What came out for the domains of an alert, the worst first."""
    return blocks.modal(
        TITLE,
        [
            blocks.words(f"Looked at now. {dns_words.counts(healths)}"),
            *(dns_report.entry(health, several=several) for health in dns_words.worst_first(healths)),
        ],
        callback_id=VIEW,
    )


async def _fixes(
    turn: Turn, alert_id: str, left: Sequence[AlertItem], domains: Sequence[MailDomain], offset: int = 0
) -> View:
    """The records that mend each domain, a page of domains at a time."""
    told = f"What mends {len(domains)} domains. Each domain's report has more, and looks at it anew."
    parts: list[Block] = [blocks.words(told)]
    for domain in domains[offset : offset + PER_PAGE]:
        health = await turn.services.dns.last_seen(domain)
        tags = {item.tag for item in left if (item.account, item.domain) == (domain.account, domain.name)}
        found = [] if health is None else dns_words.problems(health)
        parts += _fix(domain, [one for one in found if one.tag in tags] or found, several=turn.several)
    parts += blocks.pager(PAGE, offset=offset, size=PER_PAGE, matching=len(domains))
    return blocks.modal(TITLE, parts, callback_id=VIEW, metadata=pack(alert=alert_id))


def _fix(domain: MailDomain, found: Sequence[Finding], *, several: bool) -> list[Block]:
    label = dns_words.label(domain.account, domain.name, several=several)
    lines = [dns_words.explain(finding, 300) for finding in found[:3]] or ["Nothing is wrong any more."]
    parts: list[Block] = [
        blocks.section(
            "\n".join([f"*{blocks.escape(label, 260)}*", *lines]),
            accessory=blocks.button(
                "Details", dns_report.DETAILS, value=dns_report.reference(domain.account, domain.name)
            ),
        )
    ]
    records = dict.fromkeys(dns_words.record(wanted) for finding in found for wanted in finding.publish)
    if records:
        parts.append(blocks.preformatted("\n\n".join(records)))
    return parts
