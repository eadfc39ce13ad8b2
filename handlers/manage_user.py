"""Everything about one mail user: /mail-manage [user], or the Manage button of a list → one window with all that can be done.

The window opens with what the directory knows, and is filled in when the mail system has answered.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.audit import Act
from bot.errors import NotFound, ProviderError
from bot.model import MailUser, Role, Target, TargetKind
from bot.renaming import FROM
from bot.services import Services
from bot.storage.audit import AuditEntry, AuditFilter
from handlers import (
    admin_privilege,
    app_passwords,
    blocks,
    manage_window,
    quota,
    rename_user,
    reset_methods,
    reset_password,
    restore_user,
    schedule_deletion,
    search_indexing,
    two_factor,
    user_picker,
)
from handlers.account_notes import stale_notes
from handlers.deletion_words import cancelled
from handlers.listening import listener
from handlers.manage_window import TITLE, Live
from handlers.payloads import Kind, OpenView, pack
from handlers.turn import Run, Turn

COMMAND = "/mail-manage"
ASK = "manage_user.ask"
SEARCH = "manage_user.search"
PICKED = "manage_user.picked"
OPEN = "manage_user.open"

ANY = re.compile("")
"""Only windows that are about one mail user tell of their end, and only from here anything is opened on top."""

ACTS = 5
"""So many acts are shown, the newest ones."""


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.VIEWER))
    app.action(ASK)(listener(services, ask, need=Role.VIEWER))
    app.options(SEARCH)(listener(services, user_picker.offer, need=Role.VIEWER))
    app.view(PICKED)(listener(services, pick, need=Role.VIEWER))
    app.action(OPEN)(listener(services, open_, need=Role.VIEWER))
    for action, step in (
        (manage_window.PASSWORD, reset_password.open_for),
        (manage_window.TWO_FACTOR, two_factor.open_for),
        (manage_window.APP_PASSWORDS, app_passwords.open_for),
        (manage_window.RESET_METHODS, reset_methods.open_for),
        (manage_window.INDEXING, search_indexing.open_for),
        (manage_window.QUOTA, quota.open_for),
        (manage_window.ADMIN, admin_privilege.open_for),
        (manage_window.RENAME, rename_user.open_for),
        (manage_window.RESTORE, restore_user.open_for),
        (manage_window.DELETE, schedule_deletion.open_for),
    ):
        app.action(action)(listener(services, onward(step), need=Role.ADMIN))
    app.action(manage_window.CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))
    app.view_closed(ANY)(listener(services, come_back, need=Role.VIEWER))


async def ask(turn: Turn) -> None:
    await turn.ack()
    user, problem = await user_picker.named(turn, archived=None)
    if user is not None:
        await open_for(turn, user)
        return
    await turn.open(
        user_picker.ask(
            TITLE,
            callback_id=PICKED,
            submit="Next",
            hint="Type any part of the address.",
            problem=problem,
            several=turn.several,
            search=SEARCH,
        )
    )


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal, search=SEARCH)
    await turn.ack(response_action="update", view=await present(turn, account, address))
    await _fill_in(turn, account, address)


async def open_(turn: Turn) -> None:
    await turn.ack()
    account, address = user_picker.read_reference(turn.value)
    await open_for(turn, await turn.services.directory.find(address, account=account, archived=None))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the window at once, and fill it in when the mail system has answered."""
    await turn.open(await present(turn, user.account, user.address))
    await _fill_in(turn, user.account, user.address)


def onward(step: Callable[[Turn, MailUser], Awaitable[None]]) -> Run:
    async def run(turn: Turn) -> None:
        await turn.ack()
        account, address = user_picker.read_reference(turn.value)
        await step(turn, await turn.services.directory.find(address, account=account, archived=None))

    return run


async def cancel(turn: Turn) -> None:
    await turn.ack()
    account = str(turn.modal.metadata.get("account", ""))
    address = str(turn.modal.metadata.get("address", ""))

    async def back(message: str) -> View:
        return await present(turn, account, address, top=blocks.problem(message))

    turn.recover = back
    gone = await turn.services.deletions.cancel(turn.operator, turn.value)
    told: list[Block] = [blocks.success(cancelled([gone]))]
    if await turn.show(await present(turn, account, address, top=told)):
        await _fill_in(turn, account, address, top=told)
    else:
        await turn.tell(blocks.sentence(cancelled([gone])))


async def come_back(turn: Turn) -> None:
    """A window on top of this one was closed, in which something was done: show what became of it."""
    await turn.ack()
    closed = turn.modal
    account, address = str(closed.metadata.get("account", "")), str(closed.metadata.get("address", ""))
    if closed.beneath and account and address:
        turn.view = OpenView.read({"id": closed.beneath, "private_metadata": pack(trail=closed.trail)})
        await _fill_in(turn, account, address)


async def present(
    turn: Turn, account: str, address: str, *, top: Sequence[Block] = (), live: Live | None = None
) -> View:
    """The window. `live`: what the mail system says; None while it was not asked. Raises NotFound."""
    services = turn.services
    user = await services.directory.find(address, account=account, archived=None)
    age = (await services.directory.ages()).get(account)
    reading = Live(note=f"Reading the rest from {services.users.title(account)} …")
    return manage_window.window(
        user,
        await services.deletions.open_for(Target(account, TargetKind.USER, address)),
        now=services.clock.now(),
        may_change=turn.operator.role >= Role.ADMIN,
        offered=await services.users.offers(account),
        as_of=None if age is None else age.refreshed_at,
        several=turn.several,
        top=[*top, *await stale_notes(turn, account)],
        live=reading if live is None else live,
        acts=await _acts(turn, account, address, limit=ACTS),
    )


async def _acts(
    turn: Turn, account: str, address: str, *, limit: int, until: int | None = None
) -> list[AuditEntry]:
    """The newest acts on a mail user, with those from when it had another address. `until`: none with a greater id."""
    about = AuditFilter(targets=(address,), account=account, until=until)
    acts = await turn.services.audit_trail.latest(about, limit=limit)
    for number, act in enumerate(acts, 1):
        if act.act == Act.RENAMED:
            # What is older, by this address, was done to somebody else.
            former = act.detail.removeprefix(FROM)
            return acts[:number] + await _acts(turn, account, former, limit=limit - number, until=act.id)
    return acts


async def _fill_in(turn: Turn, account: str, address: str, *, top: Sequence[Block] = ()) -> None:
    """Bring the open window up to what the mail system tells. What somebody shows meanwhile is left alone."""
    # What a submission is answered with has a hash that nobody is told.
    shown = None if turn.kind is Kind.SUBMISSION else turn.modal.hash
    try:
        user = await turn.services.directory.find(address, account=account, archived=None)
        state = (
            None
            if user.archived
            else await turn.services.users.state(turn.operator, account=account, address=address)
        )
    except NotFound as error:
        view = blocks.modal(TITLE, blocks.problem(str(error)), callback_id=manage_window.VIEW)
    except ProviderError as error:
        view = await present(turn, account, address, top=top, live=Live(note=f":warning: {error}"))
    else:
        view = await present(turn, account, address, top=top, live=Live(state))
    await turn.show(view, hash=shown)
