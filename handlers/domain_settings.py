"""The switches of a domain: account reset and symbolic subaddressing → as a read-back shows them."""

import uuid
from dataclasses import dataclass

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import Block, CheckboxesElement, InputBlock, Option
from slack_sdk.models.views import View

from bot.domains import words
from bot.errors import NotPossible, OperatorError
from bot.model import Capability, MailDomain, Role
from bot.providers.base import DomainSettings
from bot.services import Services
from handlers import blocks, dns_report, dns_words
from handlers.listening import listener
from handlers.payloads import OpenView, pack
from handlers.turn import Turn

OPEN = "domain_settings.open"
FORM = "domain_settings"
SWITCHES = "switches"
SWITCHES_ACTION = "domain_settings.switches"
ACCOUNT_RESET = "account_reset"
SUBADDRESSING = "subaddressing"

TITLE = "Domain settings"

WARNING = "Account reset: whoever controls the domain's DNS can then recover the whole account."


@dataclass(frozen=True, slots=True)
class Choice:
    account: str
    name: str
    nonce: str
    settings: DomainSettings


def register(app: AsyncApp, services: Services) -> None:
    app.action(OPEN)(listener(services, open_, need=Role.ADMIN))
    app.view(FORM)(listener(services, submit, need=Role.ADMIN, fresh=True))


async def open_(turn: Turn) -> None:
    await turn.ack()
    domain = await dns_report.named(turn, turn.value)
    title = turn.services.users.title(domain.account)
    if Capability.DOMAIN_SETTINGS not in await turn.services.users.offers(domain.account):
        raise NotPossible(f"{title} has no settings of a domain by itself.")
    # A window has to open within three seconds; the mail system may take longer.
    asking = blocks.words(f"Asking {title} how they are now …")
    await turn.open(blocks.modal(TITLE, [asking], callback_id=f"{FORM}.working"))

    async def back(message: str) -> View:
        return blocks.modal(TITLE, blocks.problem(message), callback_id=f"{FORM}.working")

    turn.recover = back
    details = await turn.services.domains.details(domain)
    if details.settings is None:
        raise OperatorError(details.problem or f"{title} did not tell the settings of {domain.name}.")
    await turn.show(form(domain, details.settings, several=turn.several))


async def submit(turn: Turn) -> None:
    sent = turn.modal
    choice = parse(sent)
    domain = MailDomain(choice.account, choice.name)

    async def back(message: str) -> View:
        return form(domain, choice.settings, several=turn.several, problem=message)

    turn.recover = back
    title = turn.services.users.title(choice.account)

    async def switch() -> View:
        found = await turn.services.domains.set_settings(
            turn.operator,
            nonce=choice.nonce,
            account=choice.account,
            name=choice.name,
            settings=choice.settings,
        )
        return done(domain, found, title, several=turn.several)

    await turn.carry_out(
        switch(),
        working=blocks.modal(
            TITLE, [blocks.words(f"Setting it for {choice.name} …")], callback_id=f"{FORM}.working"
        ),
        lost=f"{blocks.code(choice.name)} now has {words(choice.settings)}.",
        twice=True,
    )


def form(
    domain: MailDomain, settings: DomainSettings, *, several: bool = False, problem: str | None = None
) -> View:
    """`settings`: what the boxes are ticked for. The form may be sent once."""
    options = [
        (
            _option("Account reset", ACCOUNT_RESET, "By the domain's DNS, the account can be recovered"),
            settings.account_reset,
        ),
        (
            _option("Symbolic subaddressing", SUBADDRESSING, "Mail to anna+shop@ arrives at anna@"),
            settings.subaddressing,
        ),
    ]
    parts: list[Block] = [] if problem is None else blocks.problem(problem)
    parts += [
        blocks.header(dns_words.label(domain.account, domain.name, several=several)),
        InputBlock(
            block_id=SWITCHES,
            label="What is on",
            optional=True,
            element=CheckboxesElement(
                action_id=SWITCHES_ACTION,
                options=[option for option, _ in options],
                initial_options=[option for option, ticked in options if ticked] or None,
            ),
        ),
        blocks.context(WARNING),
    ]
    return blocks.modal(
        TITLE,
        parts,
        callback_id=FORM,
        submit="Save",
        close="Cancel",
        metadata=pack(nonce=uuid.uuid4().hex, account=domain.account, name=domain.name),
    )


def parse(view: OpenView) -> Choice:
    ticked = view.choices(SWITCHES, SWITCHES_ACTION)
    return Choice(
        str(view.metadata.get("account", "")),
        str(view.metadata.get("name", "")),
        str(view.metadata.get("nonce", "")),
        DomainSettings(account_reset=ACCOUNT_RESET in ticked, subaddressing=SUBADDRESSING in ticked),
    )


def done(domain: MailDomain, settings: DomainSettings, provider: str, *, several: bool = False) -> View:
    """`settings`: as the mail system has just told them."""
    return blocks.modal(
        "Settings saved",
        [
            blocks.success(f"Done, and read back from {provider}."),
            blocks.header(dns_words.label(domain.account, domain.name, several=several)),
            *shown(settings),
        ],
        callback_id=f"{FORM}.done",
        close="Done",
    )


def shown(settings: DomainSettings) -> list[Block]:
    """Both switches in words."""
    reset = (
        "*Account reset* is on: whoever controls this domain's DNS can recover the whole account."
        if settings.account_reset
        else "*Account reset* is off: this domain's DNS gives nobody the account."
    )
    symbols = (
        "*Symbolic subaddressing* is on: mail to anna+shop@ arrives at anna@."
        if settings.subaddressing
        else "*Symbolic subaddressing* is off: anna+shop@ is an address of its own."
    )
    return [blocks.section(f"{reset}\n{symbols}")]


def _option(text: str, value: str, description: str) -> Option:
    return Option(
        text=blocks.plain(text, blocks.OPTION), value=value, description=blocks.plain(description, 75)
    )
