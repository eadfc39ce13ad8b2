"""One mail user and what its account can do with it: the Manage button of a list → password, quota, deletion and more."""

from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, ButtonElement
from slack_sdk.models.views import View

from bot.model import CANCELLABLE_STATES, Capability, Deletion, MailUser, Role, Target, TargetKind
from bot.services import Services
from handlers import (
    admin_privilege,
    blocks,
    mailbox_fields,
    quota,
    reset_password,
    restore_user,
    schedule_deletion,
    two_factor,
    user_picker,
)
from handlers.account_notes import stale_notes
from handlers.deletion_buttons import cancel_button
from handlers.deletion_words import cancelled, when
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Run, Turn

OPEN = "manage_user.open"
VIEW = "manage_user"
PASSWORD = "manage_user.password"  # noqa: S105 - the name of a button
TWO_FACTOR = "manage_user.two_factor"
QUOTA = "manage_user.quota"
ADMIN = "manage_user.admin"
RESTORE = "manage_user.restore"
DELETE = "manage_user.delete"
CANCEL = "manage_user.cancel"

TITLE = "Manage a mail user"


def register(app: AsyncApp, services: Services) -> None:
    app.action(OPEN)(listener(services, open_, need=Role.VIEWER))
    app.action(PASSWORD)(listener(services, onward(reset_password.open_for), need=Role.ADMIN))
    app.action(TWO_FACTOR)(listener(services, onward(two_factor.open_for), need=Role.ADMIN))
    app.action(QUOTA)(listener(services, onward(quota.open_for), need=Role.ADMIN))
    app.action(ADMIN)(listener(services, onward(admin_privilege.open_for), need=Role.ADMIN))
    app.action(RESTORE)(listener(services, onward(restore_user.open_for), need=Role.ADMIN))
    app.action(DELETE)(listener(services, onward(schedule_deletion.open_for), need=Role.ADMIN))
    app.action(CANCEL)(listener(services, cancel, need=Role.ADMIN, fresh=True))


async def present(turn: Turn, account: str, address: str, *, top: list[Block] | None = None) -> View:
    user = await turn.services.directory.find(address, account=account, archived=None)
    age = (await turn.services.directory.ages()).get(account)
    return window(
        user,
        await turn.services.deletions.open_for(Target(account, TargetKind.USER, address)),
        now=turn.services.clock.now(),
        may_change=turn.operator.role >= Role.ADMIN,
        offered=await turn.services.users.offers(account),
        as_of=None if age is None else age.refreshed_at,
        several=turn.several,
        top=[*(top or []), *await stale_notes(turn, account)],
    )


async def open_(turn: Turn) -> None:
    await turn.ack()
    account, address = user_picker.read_reference(turn.value)
    await turn.open(await present(turn, account, address))


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
    done = await present(turn, account, address, top=[blocks.success(cancelled([gone]))])
    if not await turn.show(done):
        await turn.tell(blocks.sentence(cancelled([gone])))


def window(
    user: MailUser,
    deletion: Deletion | None,
    *,
    now: datetime,
    may_change: bool,
    offered: Collection[Capability],
    several: bool = False,
    top: list[Block],
    as_of: datetime | None = None,
) -> View:
    """`offered`: what the account can do. `as_of`: when its users were last listed."""
    target = user_picker.reference(user.account, user.address)
    parts = [*top, blocks.section(f"*{user_picker.name(user.account, user.address, several=several)}*")]
    if user.archived:
        parts.append(
            blocks.section("*Archived.* The user is deleted, and its mailbox is kept on the server.")
        )
    facts = mailbox_fields.facts(user.details)
    if facts is not None:
        parts.append(blocks.words(f"Before that: {facts}" if user.archived else facts[0].upper() + facts[1:]))
        if as_of is not None and not user.archived and user.details.used is not None:
            parts.append(blocks.context(f"Use as of {blocks.date(as_of)}."))
    if deletion is not None:
        asked = f"<@{deletion.requested_by}>: {blocks.escape(deletion.reason, 300)}"
        parts.append(blocks.section(f"*Pending deletion.* {when(deletion, now)}\n{asked}"))
    if may_change:
        buttons = (
            [blocks.button("Restore …", RESTORE, value=target)] if user.archived else _buttons(user, offered)
        )
        if deletion is None and not user.archived:
            buttons.append(blocks.button("Delete …", DELETE, value=target, style="danger"))
        elif deletion is not None and deletion.state in CANCELLABLE_STATES:
            buttons.append(cancel_button(deletion, CANCEL))
        if buttons:
            parts.append(blocks.actions(*buttons))
    else:
        parts.append(blocks.context("You may look. Changing something needs an admin."))
    return blocks.modal(
        TITLE, parts, callback_id=VIEW, metadata=pack(account=user.account, address=user.address)
    )


def _buttons(user: MailUser, offered: Collection[Capability]) -> list[ButtonElement]:
    """To what the account can do with somebody who is there."""
    target = user_picker.reference(user.account, user.address)
    buttons = [blocks.button("Set password", PASSWORD, value=target)]
    if mailbox_fields.offers_quota(offered, user):
        buttons.append(blocks.button("Quota", QUOTA, value=target))
    if Capability.ADMIN_PRIVILEGE in offered:
        buttons.append(blocks.button("Administrator", ADMIN, value=target))
    if two_factor.CAPABILITIES & set(offered):
        buttons.append(blocks.button("Two-factor login", TWO_FACTOR, value=target))
    return buttons
