"""Add a domain: the account → its ownership record, looked up before the mail system is asked → what to publish for mail.

Where a domain is there because of its addresses, it is added with its first mail user: handlers/first_user.py.
"""

import asyncio
import uuid
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, InputBlock, PlainTextInputElement, StaticSelectElement
from slack_sdk.models.views import View

from bot.errors import InvalidInput, ProviderError
from bot.model import Capability, DnsRecord, Finding, Role
from bot.new_domains import domain_name
from bot.services import Services
from bot.users import DOMAIN
from handlers import blocks, dns_words, domain_records, first_user
from handlers.account_notes import shared_notes
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

ASK = "add_domain.ask"
PICKED = "add_domain.picked"
ACCOUNT = "account"
ACCOUNT_ACTION = "add_domain.account"
FORM = "add_domain"
NAME_ACTION = "add_domain.name"
CHECK = "add_domain.check"

TITLE = "Add a domain"
MOST_ACCOUNTS = 100

AT_ONCE = 1.2
"""Seconds in which the ownership record may come before the window opens; a trigger is good for three."""


@dataclass(frozen=True, slots=True)
class Entries:
    """What the form holds. `code`: the account's ownership record, None while it is not known. `name` as it was typed.

    `place`: see handlers/place.py.
    """

    account: str
    title: str
    code: str | None = None
    name: str = ""
    proof: Finding | None = None
    place: str = ""


def register(app: AsyncApp, services: Services) -> None:
    app.action(ASK)(listener(services, ask, need=Role.ADMIN))
    app.view(PICKED)(listener(services, pick, need=Role.ADMIN))
    app.action(CHECK)(listener(services, check, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def ask(turn: Turn) -> None:
    await turn.ack()
    accounts = {name: turn.services.users.title(name) for name in turn.services.providers}
    if len(accounts) > 1:
        await turn.open(choice(accounts, place=turn.place))
        return
    (account,) = accounts
    if not await _by_itself(turn, account):
        await turn.open(await first_user.empty(turn, account))
        return
    asking = asyncio.ensure_future(turn.services.domains.ownership(account))
    await asyncio.wait({asking}, timeout=AT_ONCE)
    if asking.done() and asking.exception() is None:
        await turn.open(form(_entries(turn, account, asking.result())))
        return
    await turn.open(_wait(accounts[account], turn.place))
    await _show_form(turn, account, asking)


async def pick(turn: Turn) -> None:
    account = turn.modal.choice(ACCOUNT, ACCOUNT_ACTION)
    if account not in turn.services.providers:
        raise InvalidInput("Pick an account.", field=ACCOUNT)
    if not await _by_itself(turn, account):
        await turn.ack(response_action="update", view=await first_user.empty(turn, account))
        return
    await turn.ack(response_action="update", view=_wait(turn.services.users.title(account), turn.place))
    await _show_form(turn, account, asyncio.ensure_future(turn.services.domains.ownership(account)))


async def check(turn: Turn) -> None:
    """Look the ownership record up, and show what DNS says."""
    await turn.ack()
    account, typed = _account(turn.modal), turn.modal.text(DOMAIN, NAME_ACTION)
    nonce = str(turn.modal.metadata.get("nonce", ""))

    async def back(message: str) -> View:
        return form(await _known(turn, account, typed), problem=message, several=turn.several, nonce=nonce)

    turn.recover = back
    proof = await turn.services.domains.proof(account, domain_name(typed))
    entries = await _known(turn, account, typed, proof)
    await turn.show(form(entries, several=turn.several, nonce=nonce))


async def submit(turn: Turn) -> None:
    account, typed = _account(turn.modal), turn.modal.text(DOMAIN, NAME_ACTION)
    nonce = str(turn.modal.metadata.get("nonce", ""))

    async def back(message: str) -> View:
        return form(await _known(turn, account, typed), problem=message, several=turn.several)

    turn.recover = back
    name = domain_name(typed)

    async def add() -> View:
        added = await turn.services.new_domains.add(turn.operator, nonce=nonce, account=account, name=name)
        told = f"{dns_words.readable(name)} was added, and {turn.services.users.title(account)} lists it."
        publish = blocks.section("Now publish these records, so that its mail arrives and is trusted:")
        return await domain_records.looked_up(
            turn, added, [blocks.success(told), *await shared_notes(turn), publish], place=turn.place
        )

    await turn.carry_out(
        add(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Adding {dns_words.readable(name)} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{blocks.code(name)} was added. What to publish for it is in /mail-domains.",
        twice=True,
    )


def choice(accounts: dict[str, str], *, place: str = "") -> View:
    """`accounts`: with the name of the mail system of each. `place`: see handlers/place.py."""
    options = [
        blocks.option(f"{account} ({title})", account)
        for account, title in list(accounts.items())[:MOST_ACCOUNTS]
    ]
    return blocks.modal(
        TITLE,
        [
            InputBlock(
                block_id=ACCOUNT,
                label="To which account?",
                element=StaticSelectElement(
                    action_id=ACCOUNT_ACTION, options=options, placeholder=blocks.plain("Pick an account")
                ),
            )
        ],
        callback_id=PICKED,
        submit="Next",
        close="Cancel",
        metadata=pack(place=place),
    )


def form(entries: Entries, *, several: bool = False, problem: str | None = None, nonce: str = "") -> View:
    """A form without a `nonce` is a new one, and may be sent once."""
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    if several:
        account = blocks.escape(entries.account, 100)
        parts.append(blocks.section(f"To the account *{account}* ({blocks.escape(entries.title, 100)})"))
    parts.append(
        InputBlock(
            block_id=DOMAIN,
            label="Domain",
            element=PlainTextInputElement(
                action_id=NAME_ACTION,
                initial_value=blocks.cut(entries.name, 255) or None,
                placeholder=blocks.plain("example.org"),
                max_length=255,
            ),
        )
    )
    if entries.code is not None:
        title = blocks.escape(entries.title, 100)
        parts += [
            blocks.section(
                f"*Before that, publish this record.* {title} takes a domain only while it is there:"
            ),
            blocks.preformatted(dns_words.record(DnsRecord(_at(entries.name), "TXT", entries.code))),
        ]
        if entries.proof is not None:
            told = blocks.escape(f"{entries.proof.summary} {entries.proof.why}".rstrip(), 1500)
            parts.append(blocks.section(f"{dns_words.MARKS[entries.proof.grade]} {told}"))
        parts.append(blocks.actions(blocks.button("Check DNS", CHECK)))
    parts.append(blocks.context("The records that its mail needs are shown as soon as it is added."))
    return blocks.modal(
        TITLE,
        parts,
        callback_id=FORM,
        submit="Add domain",
        close="Cancel",
        metadata=pack(nonce=nonce or uuid.uuid4().hex, account=entries.account, place=entries.place),
    )


async def _show_form(turn: Turn, account: str, asking: "asyncio.Future[str | None]") -> None:
    async def back(message: str) -> View:
        return blocks.modal(TITLE, blocks.problem(message), callback_id=f"{FORM}.working")

    turn.recover = back
    await turn.show(form(_entries(turn, account, await asking), several=turn.several))


async def _known(turn: Turn, account: str, typed: str, proof: Finding | None = None) -> Entries:
    """What the form goes on with. The record was shown once, so it is known."""
    try:
        code = await turn.services.domains.ownership(account)
    except ProviderError:
        code = None
    return Entries(account, turn.services.users.title(account), code, typed, proof, turn.place)


def _entries(turn: Turn, account: str, code: str | None) -> Entries:
    return Entries(account, turn.services.users.title(account), code, place=turn.place)


async def _by_itself(turn: Turn, account: str) -> bool:
    return Capability.DOMAINS in await turn.services.users.offers(account)


def _wait(title: str, place: str) -> View:
    return blocks.modal(
        TITLE,
        [blocks.words(f"Asking {title} for the ownership record of the account …")],
        callback_id=f"{FORM}.working",
        metadata=pack(place=place),
    )


def _account(view: OpenView) -> str:
    return str(view.metadata.get("account", ""))


def _at(typed: str) -> str:
    """Where the record stands, in words as long as no domain is typed."""
    try:
        return domain_name(typed)
    except InvalidInput:
        return "the domain itself (often written as @)"
