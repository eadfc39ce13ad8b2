"""Create a mail user: /mail-create [local@domain] → form → the new address and password, shown until closed.

What the domain's mail system has beside the mailbox (a quota, administrators) is asked for as soon as the domain is picked.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    InputBlock,
    PlainTextInputElement,
)
from slack_sdk.models.views import View

from bot.errors import AlreadyExists, DeletionOpen, InvalidInput
from bot.model import Capability, MailDomain, Role
from bot.services import Services
from bot.users import DOMAIN, LOCAL_PART, UserCreated
from handlers import blocks, domain_picker, mailbox_fields, password_fields
from handlers.account_notes import stale_notes
from handlers.domain_picker import DOMAIN_ACTION
from handlers.listening import listener
from handlers.live import Live
from handlers.mailbox_fields import Extras
from handlers.password_fields import Password
from handlers.payloads import OpenView, pack
from handlers.turn import Turn
from handlers.user_picker import name

COMMAND = "/mail-create"
ASK = "create_user.ask"
FORM = "create_user"
LOCAL_PART_ACTION = "create_user.local_part"

TITLE = "Create a mail user"


@dataclass(frozen=True, slots=True)
class Entries:
    """What the form is filled with. `domain` is an option's value, "" if none is chosen."""

    domain: str = ""
    local_part: str = ""
    extras: Extras = field(default_factory=Extras)

    @property
    def account(self) -> str:
        return self.domain.partition(" ")[2]


@dataclass(frozen=True, slots=True)
class NewUser:
    account: str
    address: str
    nonce: str
    quota: int | None
    admin: bool
    password: Password = field(repr=False)


def register(app: AsyncApp, services: Services) -> None:
    live = Live()

    async def choose_domain(turn: Turn) -> None:
        await turn.ack()

        async def make() -> View:
            mode = password_fields.mode_of(FORM, turn.modal)
            return await rebuild(turn, password_fields.parts(FORM, mode))

        await live.follow(turn, make)

    app.action(DOMAIN_ACTION)(listener(services, choose_domain, need=Role.ADMIN))
    app.command(COMMAND)(listener(services, ask, need=Role.ADMIN))
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    domain_picker.register(app, services)
    password_fields.register(app, services, FORM, rebuild, lambda view: _words(entries_of(view)))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    await open_for(turn, turn.text)


async def open_for(turn: Turn, address: str) -> None:
    """Open the form, filled as far as the address goes."""
    entries, problem = prefill(address, await turn.services.directory.domains())
    await turn.open(await _filled(turn, entries, password_fields.parts(FORM), problem=problem))


async def rebuild(turn: Turn, parts: Sequence[Block]) -> View:
    nonce = str(turn.modal.metadata.get("nonce", ""))
    return await _filled(turn, entries_of(turn.modal), parts, nonce=nonce)


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        parts = password_fields.parts(FORM, password_fields.mode_of(FORM, sent))
        return await _filled(turn, entries_of(sent), parts, problem=message)

    turn.recover = back
    new = parse(sent)

    async def create() -> View:
        try:
            created = await turn.services.users.create(
                turn.operator,
                nonce=new.nonce,
                account=new.account,
                address=new.address,
                password=new.password.value,
                admin=new.admin,
                quota=new.quota,
            )
        except (AlreadyExists, DeletionOpen) as error:
            raise InvalidInput(str(error), field=LOCAL_PART) from error
        return done(created, new.password, several=turn.several)

    await turn.carry_out(
        create(),
        working=working(new.address),
        lost=f"{blocks.code(new.address)} was created, but its password could not be shown: the window was closed. "
        "Set a new one with /mail-password.",
        insist=True,
    )


def prefill(text: str, domains: Sequence[MailDomain]) -> tuple[Entries, str | None]:
    """What the form begins with, and what to say about a domain that is not ours."""
    local_part, _, name = text.partition("@")
    local_part = local_part[:64].replace(" ", "")
    fitting = [domain for domain in domains if domain.name == name]
    if len(fitting) > 1:
        accounts = " and ".join(domain.account for domain in fitting)
        return (
            Entries("", local_part),
            f"{name} is a domain of the accounts {accounts}. Mail arrives at the one that its MX record names: pick that one.",
        )
    if fitting:
        return Entries(domain_picker.value(fitting[0]), local_part), None
    if name:
        return Entries(
            "", local_part
        ), f"{name} is not a domain here. Pick one from the list, or add it with /mail-domains."
    return Entries(domain_picker.value(domains[0]) if len(domains) == 1 else "", local_part), None


def form(
    domains: Sequence[MailDomain],
    entries: Entries,
    password_parts: Sequence[Block],
    offered: Collection[Capability] = (),
    notes: Sequence[Block] = (),
    *,
    nonce: str = "",
    problem: str | None = None,
    several: bool = False,
) -> View:
    """A form without a `nonce` is a new one, and may be sent once. `offered`: what the chosen domain's account can do.

    `notes`: what to say of the accounts.
    """
    if not domains:
        return blocks.modal(
            TITLE,
            [blocks.words("Mailwarden has not read the list of domains yet. Try again in a minute.")],
            callback_id=FORM,
        )
    top = [] if problem is None else blocks.problem(problem)
    return blocks.modal(
        TITLE,
        [
            *top,
            *notes,
            domain_picker.picker(domains, entries.domain, several=several),
            local_part_input(entries.local_part),
            *mailbox_fields.inputs(offered, entries.extras, empty="Empty: no limit."),
            *password_parts,
        ],
        callback_id=FORM,
        submit="Create",
        close="Cancel",
        metadata=pack(nonce=nonce or uuid.uuid4().hex),
    )


def entries_of(view: OpenView) -> Entries:
    return Entries(
        domain=view.choice(DOMAIN, DOMAIN_ACTION),
        local_part=view.text(LOCAL_PART, LOCAL_PART_ACTION).strip()[:64],
        extras=mailbox_fields.typed(view),
    )


def parse(view: OpenView) -> NewUser:
    """Raises InvalidInput at the field that is wrong."""
    entries = entries_of(view)
    domain, _, account = entries.domain.partition(" ")
    if not account:
        raise InvalidInput("Pick a domain.", field=DOMAIN)
    local_part, at, rest = entries.local_part.lower().partition("@")
    if at and rest != domain:
        raise InvalidInput("Type only the part before the @; the domain is picked above.", field=LOCAL_PART)
    if not local_part:
        raise InvalidInput("Type the part before the @.", field=LOCAL_PART)
    return NewUser(
        account=account,
        address=f"{local_part}@{domain}",
        nonce=str(view.metadata.get("nonce", "")),
        quota=mailbox_fields.quota_of(entries.extras),
        admin=entries.extras.admin,
        password=password_fields.read(FORM, view),
    )


def working(address: str) -> View:
    return blocks.modal(TITLE, [blocks.words(f"Creating {address} …")], callback_id=f"{FORM}.working")


def done(created: UserCreated, password: Password, *, several: bool = False) -> View:
    told = f"{name(created.account, created.address, several=several)} was created at {blocks.escape(created.provider, 100)}."
    if not created.verified:
        told += " Its list of users is too long to see the new one in it, so try to log in."
    facts = mailbox_fields.facts(created.details)
    return blocks.modal(
        "Mail user created",
        [
            *(blocks.warning(sentence) for sentence in created.missing),
            blocks.section(told),
            *([] if facts is None else [blocks.words(f"It has: {facts}")]),
            *password_fields.handover(created.address, password.value),
        ],
        callback_id=f"{FORM}.done",
        close="Done",
    )


def local_part_input(typed: str, action_id: str = LOCAL_PART_ACTION) -> Block:
    return InputBlock(
        block_id=LOCAL_PART,
        label="User name",
        hint="The part before the @: a-z, 0-9, and . _ - between them.",
        element=PlainTextInputElement(
            action_id=action_id,
            initial_value=typed or None,
            placeholder=blocks.plain("anna"),
            max_length=320,
        ),
    )


async def _filled(
    turn: Turn, entries: Entries, parts: Sequence[Block], *, nonce: str = "", problem: str | None = None
) -> View:
    return form(
        await turn.services.directory.domains(),
        entries,
        parts,
        await _offered(turn.services, entries),
        await stale_notes(turn),
        nonce=nonce,
        problem=problem,
        several=turn.several,
    )


async def _offered(services: Services, entries: Entries) -> frozenset[Capability]:
    if entries.account not in services.providers:
        return frozenset()
    return await services.users.offers(entries.account)


def _words(entries: Entries) -> list[str]:
    domain = entries.domain.partition(" ")[0]
    return [
        word for word in (entries.local_part, domain, f"{entries.local_part}@{domain}") if word.strip("@")
    ]
