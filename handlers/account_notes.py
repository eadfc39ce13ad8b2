"""What screens say of the accounts beside what they show: what is out of date, and domains that are on two of them."""

from collections.abc import Iterable, Mapping, Sequence

from slack_sdk.models.blocks import Block

from bot.directory import Staleness
from handlers import blocks
from handlers.turn import Turn

NAMED = 5
"""So many accounts, or domains, are named; the others are counted."""


async def stale_notes(turn: Turn, *accounts: str) -> list[Block]:
    """One line for each of these accounts (all, if none is named) of which what is shown may be out of date."""
    stale = await turn.services.directory.stale()
    return stale_lines(
        [one for one in stale if not accounts or one.account in accounts], several=turn.several
    )


async def shared_notes(turn: Turn) -> list[Block]:
    """One line for each domain that is on several accounts."""
    return shared_lines(await turn.services.directory.shared_domains()) if turn.several else []


def stale_lines(stale: Sequence[Staleness], *, several: bool) -> list[Block]:
    return _lines(
        (_stale(one, several=several) for one in stale), len(stale), "accounts are out of date, too"
    )


def shared_lines(shared: Mapping[str, Sequence[str]]) -> list[Block]:
    """`shared`: domain → accounts."""
    return _lines(
        (
            f":warning: {blocks.code(domain)} is a domain of the accounts {_both(accounts)}. Mail arrives at the one that its "
            "MX record names: remove the domain from the other."
            for domain, accounts in sorted(shared.items())
        ),
        len(shared),
        "domains are on several accounts",
    )


def _lines(lines: Iterable[str], number: int, what: str) -> list[Block]:
    named: list[Block] = [blocks.context(line) for line, _ in zip(lines, range(NAMED), strict=False)]
    return [*named, blocks.context(f":warning: {number - NAMED} more {what}.")] if number > NAMED else named


def _stale(stale: Staleness, *, several: bool) -> str:
    who = f"The account *{blocks.escape(stale.account, 100)}*" if several else "The mail system"
    if stale.since is not None:
        trouble = f"{who} can't be used since {blocks.date(stale.since)}."
    elif stale.error is not None:
        trouble = f"{who} could not be read lately: {blocks.sentence(stale.error, 300)}"
    else:
        trouble = f"{who} was not read lately."
    if stale.as_of is None:
        return f":warning: {trouble} Nothing is known of it yet."
    return f":warning: {trouble} What is shown of it is from {blocks.date(stale.as_of)}."


def _both(accounts: Sequence[str]) -> str:
    return " and ".join(f"*{blocks.escape(account, 100)}*" for account in accounts)
