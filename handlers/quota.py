"""Limit a mailbox: /mail-quota [user] → its use and its quota → a new one, as a read-back shows it."""

import uuid
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot import quotas
from bot.errors import InvalidInput, NotFound, NotPossible
from bot.model import Capability, MailUser, Role, UserDetails
from bot.quotas import QUOTA
from bot.services import Services
from handlers import blocks, mailbox_fields, user_picker
from handlers.listening import listener
from handlers.mailbox_fields import Extras
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

COMMAND = "/mail-quota"
ASK = "quota.ask"
SEARCH = "quota.search"
PICKED = "quota.picked"
FORM = "quota"

TITLE = "Set a quota"

HINT = "A quota is how large a mailbox may become. Mail to one that is full is refused."


@dataclass(frozen=True, slots=True)
class Choice:
    account: str
    address: str
    nonce: str
    quota: int


def register(app: AsyncApp, services: Services) -> None:
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    user_picker.register_search(app, services, SEARCH, need=Capability.QUOTA)
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    if Capability.QUOTA not in await turn.services.users.offered():
        raise NotPossible("None of the mail systems here has quotas.")
    user, problem = await user_picker.named(turn)
    if user is not None:
        await open_for(turn, user)
        return
    await turn.open(
        user_picker.ask(
            TITLE,
            callback_id=PICKED,
            submit="Next",
            hint=HINT,
            problem=problem,
            several=turn.several,
            search=SEARCH,
        )
    )


async def pick(turn: Turn) -> None:
    account, address = user_picker.chosen(turn.modal, search=SEARCH)
    user = await turn.services.directory.find(address, account=account)
    await turn.ack(response_action="update", view=await _form(turn, user))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form for that user."""
    await turn.open(await _form(turn, user))


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        try:
            user = await turn.services.directory.find(_address(sent), account=_account(sent))
        except NotFound:
            return blocks.modal(TITLE, blocks.problem(message), callback_id=f"{FORM}.gone")
        return form(user, several=turn.several, problem=message, quota=mailbox_fields.typed(sent).quota)

    turn.recover = back
    choice = parse(sent)
    title = turn.services.users.title(choice.account)

    async def limit() -> View:
        state = await turn.services.mailboxes.set_quota(
            turn.operator,
            nonce=choice.nonce,
            account=choice.account,
            address=choice.address,
            quota=choice.quota,
        )
        known = await turn.services.directory.find(choice.address, account=choice.account)
        used = state.details.used if state.details.used is not None else known.details.used
        return done(known, UserDetails(quota=state.details.quota, used=used), title, several=turn.several)

    told = f"The quota of {blocks.code(choice.address)}"
    await turn.carry_out(
        limit(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Setting the quota of {choice.address} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{told} is now {quotas.limit(choice.quota)}, as {blocks.escape(title, 100)} shows it.",
        insist=True,
    )


def form(user: MailUser, *, quota: str, several: bool = False, problem: str | None = None) -> View:
    """`quota`: what the field is filled with. The form may be sent once."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts.append(blocks.section(f"*{user_picker.name(user.account, user.address, several=several)}*"))
    usage = quotas.usage(user.details)
    if usage is not None:
        parts.append(blocks.words(f"Use: {usage}"))
    parts += [mailbox_fields.quota_input(quota), blocks.context(HINT)]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=FORM,
        submit="Set quota",
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, account=user.account, address=user.address),
    )


def parse(view: OpenView) -> Choice:
    """Raises InvalidInput at the quota."""
    quota = mailbox_fields.quota_of(Extras(mailbox_fields.typed(view).quota))
    if quota is None:
        raise InvalidInput("Type a size such as 5 GB, or none for no limit.", field=QUOTA)
    return Choice(_account(view), _address(view), str(view.metadata.get("nonce", "")), quota)


def done(user: MailUser, details: UserDetails, provider: str, *, several: bool = False) -> View:
    """`details`: as the mail system has just told them."""
    who = user_picker.name(user.account, user.address, several=several)
    limit = quotas.limit(details.quota or quotas.NO_LIMIT)
    parts: list[Block] = [
        blocks.success(f"Done, and read back from {provider}."),
        blocks.section(f"The quota of {who} is now *{limit}*."),
    ]
    usage = quotas.usage(details)
    if details.used is not None and usage is not None:
        parts.append(blocks.words(f"Use: {usage}"))
    if mailbox_fields.is_full(details):
        parts.append(
            blocks.warning(
                "The mailbox is fuller than that: new mail is refused until there is room, or the quota is larger."
            )
        )
    return blocks.modal(
        "Quota set",
        parts,
        callback_id=f"{FORM}.done",
        close="Done",
        metadata=pack(account=user.account, address=user.address),
        tells=True,
    )


async def _form(turn: Turn, user: MailUser) -> View:
    if not mailbox_fields.offers_quota(await turn.services.users.offers(user.account), user):
        raise NotPossible(f"{turn.services.users.title(user.account)} has no quotas.")
    quota = user.details.quota
    return form(user, quota="" if quota is None else quotas.words(quota), several=turn.several)


def _account(view: OpenView) -> str:
    return str(view.metadata.get("account", ""))


def _address(view: OpenView) -> str:
    return str(view.metadata.get("address", ""))
