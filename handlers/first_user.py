"""Add a domain to a mail system that has it because of its addresses: create its first mail user.

The form is that of handlers/create_user.py, with a domain that is typed instead of picked.
"""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement
from slack_sdk.models.views import View

from bot.creation import Wanted
from bot.errors import AlreadyExists, DeletionOpen, InvalidInput
from bot.model import Capability, Role
from bot.new_domains import domain_name
from bot.services import Services
from bot.users import DOMAIN, LOCAL_PART, UserCreated
from handlers import (
    blocks,
    create_user,
    dns_report,
    dns_words,
    domain_records,
    mailbox_fields,
    password_fields,
)
from handlers.account_notes import shared_notes, stale_notes
from handlers.listening import listener
from handlers.mailbox_fields import Extras
from handlers.password_fields import Password
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

FORM = "first_user"
DONE = "first_user.done"
NAME_ACTION = "first_user.domain"
LOCAL_PART_ACTION = "first_user.local_part"

TITLE = "Add a domain"


@dataclass(frozen=True, slots=True)
class Entries:
    """What the form is filled with, as it was typed. `place`: see handlers/place.py."""

    account: str
    title: str
    domain: str = ""
    local_part: str = ""
    extras: Extras = field(default_factory=Extras)
    place: str = ""


def register(app: AsyncApp, services: Services) -> None:
    password_fields.register(app, services, FORM, rebuild, _words)
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def empty(turn: Turn, account: str) -> View:
    """The form, for that account."""
    entries = Entries(account, turn.services.users.title(account), place=turn.place)
    return await _filled(turn, entries, password_fields.parts(FORM))


async def rebuild(turn: Turn, parts: Sequence[Block]) -> View:
    nonce = str(turn.modal.metadata.get("nonce", ""))
    return await _filled(turn, entries_of(turn, turn.modal), parts, nonce=nonce)


async def submit(turn: Turn) -> None:
    sent = turn.modal

    async def back(message: str) -> View:
        parts = password_fields.parts(FORM, password_fields.mode_of(FORM, sent))
        return await _filled(turn, entries_of(turn, sent), parts, problem=message)

    turn.recover = back
    entries = entries_of(turn, sent)
    password = password_fields.read(FORM, sent)
    wanted = parse(entries, password)

    async def create() -> View:
        try:
            created = await turn.services.new_domains.add_with_user(
                turn.operator,
                nonce=str(sent.metadata.get("nonce", "")),
                account=entries.account,
                wanted=wanted,
            )
        except (AlreadyExists, DeletionOpen) as error:
            raise InvalidInput(str(error), field=LOCAL_PART) from error
        return done(created, password, await shared_notes(turn), several=turn.several, place=sent.place)

    await turn.carry_out(
        create(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Creating {wanted.address} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{blocks.code(wanted.address)} was created, but its password could not be shown: the window was closed. "
        "Set a new one with /mail-password.",
        insist=True,
    )


def form(
    entries: Entries,
    password_parts: Sequence[Block],
    offered: Collection[Capability],
    notes: Sequence[Block] = (),
    *,
    nonce: str = "",
    problem: str | None = None,
    several: bool = False,
) -> View:
    """A form without a `nonce` is a new one, and may be sent once. `offered`, `notes`: as in create_user.form."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    title = blocks.escape(entries.title, 100)
    where = f" To the account *{blocks.escape(entries.account, 100)}*." if several else ""
    parts += [
        *notes,
        blocks.section(
            f"{title} has a domain as soon as it has an address of it, so a domain is added with its first mail user.{where}"
        ),
        InputBlock(
            block_id=DOMAIN,
            label="Domain",
            element=PlainTextInputElement(
                action_id=NAME_ACTION,
                initial_value=blocks.cut(entries.domain, 255) or None,
                placeholder=blocks.plain("example.org"),
                max_length=255,
            ),
        ),
        create_user.local_part_input(entries.local_part, LOCAL_PART_ACTION),
        *mailbox_fields.inputs(offered, entries.extras, empty="Empty: no limit."),
        *password_parts,
    ]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=FORM,
        submit="Create",
        close="Cancel",
        metadata=pack(nonce=nonce or uuid.uuid4().hex, account=entries.account, place=entries.place),
    )


def entries_of(turn: Turn, view: OpenView) -> Entries:
    account = str(view.metadata.get("account", ""))
    return Entries(
        account,
        turn.services.users.title(account),
        view.text(DOMAIN, NAME_ACTION).strip()[:255],
        view.text(LOCAL_PART, LOCAL_PART_ACTION).strip()[:64],
        mailbox_fields.typed(view),
        view.place,
    )


def parse(entries: Entries, password: Password) -> Wanted:
    """Raises InvalidInput at the field that is wrong."""
    name = domain_name(entries.domain)
    local_part, at, rest = entries.local_part.lower().partition("@")
    if at and rest != name:
        raise InvalidInput("Type only the part before the @; the domain is typed above.", field=LOCAL_PART)
    if not local_part:
        raise InvalidInput("Type the part before the @.", field=LOCAL_PART)
    return Wanted(
        f"{local_part}@{name}",
        password.value,
        admin=entries.extras.admin,
        quota=mailbox_fields.quota_of(entries.extras),
    )


def done(
    created: UserCreated,
    password: Password,
    notes: Sequence[Block] = (),
    *,
    several: bool = False,
    place: str = "",
) -> View:
    """What was made, with the password, and a way to the records of the new domain."""
    domain = created.address.partition("@")[2]
    where = f" (account {created.account})" if several else ""
    told = f"{dns_words.readable(domain)} is there with its first mail user, at {created.provider}{where}."
    records = blocks.button(
        domain_records.TITLE, domain_records.OPEN, value=dns_report.reference(created.account, domain)
    )
    return blocks.modal(
        "Domain added",
        [
            *(blocks.warning(sentence) for sentence in created.missing),
            blocks.words(told),
            *notes,
            *password_fields.handover(created.address, password.value),
            blocks.actions(records),
            blocks.context(
                "So that its mail arrives, publish its records, or name the box as its name server."
            ),
        ],
        callback_id=DONE,
        close="Done",
        metadata=pack(place=place),
        tells=True,
    )


async def _filled(
    turn: Turn, entries: Entries, parts: Sequence[Block], *, nonce: str = "", problem: str | None = None
) -> View:
    return form(
        entries,
        parts,
        await turn.services.users.offers(entries.account),
        await stale_notes(turn, entries.account),
        nonce=nonce,
        problem=problem,
        several=turn.several,
    )


def _words(view: OpenView) -> list[str]:
    domain = view.text(DOMAIN, NAME_ACTION).strip().lower()
    local_part = view.text(LOCAL_PART, LOCAL_PART_ACTION).strip()
    return [word for word in (local_part, domain, f"{local_part}@{domain}") if word.strip("@")]
