"""Give a mail user another address: a form → the new address, as a read-back shows it, and what still goes to the old one."""

import uuid
from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.creation import DOMAIN, LOCAL_PART
from bot.errors import AlreadyExists, DeletionOpen, InvalidInput, NotPossible
from bot.model import Capability, MailDomain, MailUser, Role, Target, TargetKind
from bot.renaming import Renamed
from bot.services import Services
from handlers import blocks, create_user, dns_words, domain_picker, user_picker
from handlers.listening import listener
from handlers.payloads import pack
from handlers.turn import Turn

FORM = "rename_user"
LOCAL_PART_ACTION = "rename_user.local_part"
DOMAIN_ACTION = "rename_user.domain"

TITLE = "Rename a mail user"
NAMED = 10
"""So many routing rules are named."""


def register(app: AsyncApp, services: Services) -> None:
    app.options(DOMAIN_ACTION)(listener(services, offer_domains, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def open_for(turn: Turn, user: MailUser) -> None:
    """Open the form for that user. Raises NotPossible, and DeletionOpen where its deletion is queued."""
    if Capability.RENAME not in await turn.services.users.offers(user.account):
        raise NotPossible(f"{turn.services.users.title(user.account)} can't rename mail users.")
    target = Target(user.account, TargetKind.USER, user.address)
    queued = await turn.services.deletions.open_for(target)
    if queued is not None:
        raise DeletionOpen(
            f"The deletion of {user.address} is queued: cancel the deletion first.", deletion_id=queued.id
        )
    await turn.open(await _filled(turn, user.account, user.address, user.address))


async def offer_domains(turn: Turn) -> None:
    account = str(turn.modal.metadata.get("account", ""))
    fitting = [domain for domain in await _domains(turn, account) if dns_words.fits(domain.name, turn.text)]
    await turn.ack(options=domain_picker.options(fitting[: domain_picker.MANY]))


async def submit(turn: Turn) -> None:
    sent = turn.modal
    account, address = str(sent.metadata.get("account", "")), str(sent.metadata.get("address", ""))
    domain = sent.choice(DOMAIN, DOMAIN_ACTION).partition(" ")[0]
    typed = f"{sent.text(LOCAL_PART, LOCAL_PART_ACTION).strip().lower()[:320]}@{domain}"

    async def back(message: str) -> View:
        return await _filled(turn, account, address, typed, problem=message)

    turn.recover = back
    new_address = parse(typed)

    async def rename() -> View:
        try:
            renamed = await turn.services.renaming.rename(
                turn.operator,
                nonce=str(sent.metadata.get("nonce", "")),
                account=account,
                address=address,
                new_address=new_address,
            )
        except AlreadyExists as error:
            raise InvalidInput(str(error), field=LOCAL_PART) from error
        return done(renamed, several=turn.several)

    await turn.carry_out(
        rename(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Renaming {address} to {new_address} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{blocks.code(address)} is now {blocks.code(new_address)}.",
        insist=True,
    )


def form(
    account: str,
    address: str,
    domains: Sequence[MailDomain],
    typed: str,
    *,
    problem: str | None = None,
    several: bool = False,
) -> View:
    """It may be sent once. `domains`: those of the account. `typed`: the address that it is filled with."""
    if not domains:
        unread = "Mailwarden has not read the list of domains yet. Try again in a minute."
        return blocks.modal(TITLE, [blocks.words(unread)], callback_id=FORM)
    local_part, _, domain = typed.rpartition("@")
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts += [
        blocks.section(f"*{user_picker.name(account, address, several=several)}*"),
        create_user.local_part_input(local_part, LOCAL_PART_ACTION),
        domain_picker.picker(
            domains,
            domain_picker.value(MailDomain(account, domain)),
            several=False,
            action_id=DOMAIN_ACTION,
        ),
        blocks.words(
            "The mailbox stays, and gets the new address at once. Mail to the old one is refused from then on, unless a routing "
            "rule sends it on; the user signs in with the new one."
        ),
    ]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=FORM,
        submit="Rename",
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, account=account, address=address),
    )


def parse(typed: str) -> str:
    """The new address. Raises InvalidInput at the field that is wrong."""
    local_part, _, domain = typed.rpartition("@")
    if not domain:
        raise InvalidInput("Pick a domain.", field=DOMAIN)
    before, at, rest = local_part.partition("@")
    if at and rest != domain:
        raise InvalidInput("Type only the part before the @; the domain is picked.", field=LOCAL_PART)
    return f"{before}@{domain}"


def done(renamed: Renamed, *, several: bool = False) -> View:
    who = user_picker.name(renamed.account, renamed.address, several=several)
    provider = blocks.escape(renamed.provider, 100)
    proof = (
        f"Read back from {provider}: the new address is listed, and the old one is not."
        if renamed.verified
        else f"{provider} accepted it. Its list of users is too long to see the new address in it, so try to log in."
    )
    parts: list[Block] = [
        blocks.section(f"{blocks.code(renamed.before)} is now {who}."),
        blocks.context(proof),
    ]
    if renamed.rules is None:
        parts.append(
            blocks.context(
                "Whether routing rules send mail to the old address could not be read: see /mail-routes."
            )
        )
    elif renamed.rules:
        parts.append(
            blocks.warning(
                "Routing rules still send mail to the old address. Make them anew, in /mail-routes."
            )
        )
        parts += [blocks.words(rule) for rule in renamed.rules[:NAMED]]
        if len(renamed.rules) > NAMED:
            parts.append(blocks.context(f"And {len(renamed.rules) - NAMED} more."))
    return blocks.modal(
        "Mail user renamed",
        parts,
        callback_id=f"{FORM}.done",
        close="Done",
        metadata=pack(account=renamed.account, address=renamed.address),
        tells=True,
    )


async def _filled(turn: Turn, account: str, address: str, typed: str, *, problem: str | None = None) -> View:
    domains = await _domains(turn, account)
    return form(account, address, domains, typed, problem=problem, several=turn.several)


async def _domains(turn: Turn, account: str) -> list[MailDomain]:
    return [domain for domain in await turn.services.directory.domains() if domain.account == account]
