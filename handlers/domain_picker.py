"""Picking a domain: a select, by account where there are several, and searched where there are too many to list."""

from collections.abc import Sequence

from slack_bolt.async_app import AsyncApp
from slack_sdk.models.blocks import (
    Block,
    ExternalDataSelectElement,
    InputBlock,
    Option,
    OptionGroup,
    StaticSelectElement,
)

from bot.model import MailDomain, Role
from bot.services import Services
from bot.users import DOMAIN
from handlers import blocks, dns_words
from handlers.listening import listener
from handlers.turn import Turn

DOMAIN_ACTION = "create_user.domain"

MANY = 100
"""Options a static select holds; more domains than that are searched instead."""


def register(app: AsyncApp, services: Services) -> None:
    app.options(DOMAIN_ACTION)(listener(services, offer, need=Role.ADMIN))


async def offer(turn: Turn) -> None:
    domains = await turn.services.directory.domains()
    fitting = [domain for domain in domains if dns_words.fits(domain.name, turn.text)]
    if turn.several and fitting:
        await turn.ack(option_groups=_groups(fitting[:MANY]))
    else:
        await turn.ack(options=[_option(domain, several=turn.several) for domain in fitting[:MANY]])


def picker(
    domains: Sequence[MailDomain], chosen: str, *, several: bool, action_id: str = DOMAIN_ACTION
) -> Block:
    """`chosen`: the value of the option that is picked already, "" for none."""
    options = [_option(domain, several=several) for domain in domains]
    initial = next((option for option in options if option.value == chosen), None)
    placeholder = blocks.plain("Pick a domain")
    element = (
        StaticSelectElement(
            action_id=action_id,
            options=None if several else options,
            option_groups=_groups(domains) if several else None,
            initial_option=initial,
            placeholder=placeholder,
        )
        if len(options) <= MANY
        else ExternalDataSelectElement(
            action_id=action_id, min_query_length=0, initial_option=initial, placeholder=placeholder
        )
    )
    # Accounts of different mail systems have different fields below in the first form: there, the choice brings them.
    dispatch = (several and action_id == DOMAIN_ACTION) or None
    return InputBlock(block_id=DOMAIN, label="Domain", element=element, dispatch_action=dispatch)


def options(domains: Sequence[MailDomain]) -> list[Option]:
    """Of one account, to answer a search."""
    return [_option(domain, several=False) for domain in domains]


def _groups(domains: Sequence[MailDomain]) -> list[OptionGroup]:
    accounts = sorted({domain.account for domain in domains})
    return [
        OptionGroup(
            label=blocks.plain(account, blocks.OPTION),
            options=[_option(domain, several=True) for domain in domains if domain.account == account],
        )
        for account in accounts
    ]


def _option(domain: MailDomain, *, several: bool) -> Option:
    return blocks.option(dns_words.label(domain.account, domain.name, several=several), value(domain))


def value(domain: MailDomain) -> str:
    """The domain and its account as the value of an option."""
    # Longer ones exist on paper only; such an option would not be taken by Slack, and is refused as no domain of ours.
    return f"{domain.name} {domain.account}"[: blocks.OPTION_VALUE]
