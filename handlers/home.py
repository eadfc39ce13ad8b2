"""The App Home tab: opened → what needs the person, a search, a button to each job, what was done last."""

from dataclasses import replace
from datetime import timedelta

from slack_bolt.async_app import AsyncApp

from bot.model import Operator, Role
from bot.services import Services
from bot.storage.audit import ALL
from handlers import dns_report, find_users
from handlers.account_notes import shared_lines, stale_lines
from handlers.deletion_buttons import released
from handlers.deletion_words import cancelled
from handlers.home_view import (
    CANCEL,
    CANCEL_HELD,
    DOMAIN,
    DOMAINS,
    HOLDS,
    PENDING,
    RECENT,
    RELEASE,
    SEARCH_ACTION,
    Home,
    fingerprint,
    home,
)
from handlers.listening import listener
from handlers.payloads import clean
from handlers.pending_deletions import Queue
from handlers.turn import Turn

EVENT = "app_home_opened"

CREDIT_AGE = timedelta(minutes=5)
"""How old an account's credit may be for who opens the tab."""


def register(app: AsyncApp, services: Services) -> None:
    app.event(EVENT)(listener(services, opened, need=Role.VIEWER))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))
    app.action(RELEASE)(listener(services, release, need=Role.ADMIN, fresh=True))
    app.action(CANCEL_HELD)(listener(services, cancel_held, need=Role.ADMIN, fresh=True))
    app.action(DOMAIN)(listener(services, look, need=Role.VIEWER))
    app.action(SEARCH_ACTION)(listener(services, search, need=Role.VIEWER))


async def opened(turn: Turn) -> None:
    await publish(turn, opened=True)
    if await turn.services.credits.refresh(CREDIT_AGE):
        await publish(turn)


async def cancel(turn: Turn) -> None:
    await turn.ack()
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    await publish(turn, cancelled([gone]))


async def release(turn: Turn) -> None:
    await turn.ack()
    await publish(turn, await released(turn, turn.value))


async def cancel_held(turn: Turn) -> None:
    await turn.ack()
    ended = await turn.services.deletions.cancel_hold(turn.operator, turn.value)
    await publish(turn, cancelled(ended.done, ended.missed))


async def look(turn: Turn) -> None:
    await turn.ack()
    await dns_report.open_report(turn, await dns_report.named(turn, turn.value))


async def search(turn: Turn) -> None:
    await turn.ack()
    await turn.open(await find_users.found(turn, clean(turn.value)))


async def publish(turn: Turn, note: str | None = None, *, opened: bool = False) -> None:
    shown = await gathered(turn.services, turn.operator)
    await turn.client.views_publish(user_id=turn.slack_id, view=home(shown, note=note))
    await turn.services.home_tabs.note(turn.slack_id, turn.team_id, fingerprint(shown), opened=opened)


async def gathered(services: Services, operator: Operator) -> Home:
    """All that this person's tab shows now. No mail system is asked."""
    return await seen_by(services, await everything(services), operator)


async def everything(services: Services) -> Home:
    """What the tabs of all people show now; for nobody in particular."""
    page, total = await services.deletions.open_deletions(limit=PENDING)
    holds, held = await services.deletions.holds(limit=HOLDS)
    several = len(services.settings.accounts) > 1
    notes = stale_lines(await services.directory.stale(), several=several)
    if several:
        notes += shared_lines(await services.directory.shared_domains())
    return Home(
        Role.VIEWER,
        Queue(page, total, 0, services.clock.now(), may_change=False, viewer="", several=several),
        holds,
        held,
        await services.dns.overview(worst=DOMAINS, leaving_out=await services.announcements.muted()),
        await services.credits.balances(),
        await services.audit_trail.latest(ALL, limit=RECENT),
        await services.users.offered(),
        notes,
    )


async def seen_by(services: Services, shown: Home, operator: Operator) -> Home:
    """The same with what this person may do about it."""
    requesters = [hold.requested_by for hold in shown.holds]
    return replace(
        shown,
        role=operator.role,
        pending=replace(
            shown.pending,
            may_change=operator.role >= Role.ADMIN,
            viewer=operator.slack_id,
            releasable=await services.deletions.releasable(operator, requesters),
        ),
    )
