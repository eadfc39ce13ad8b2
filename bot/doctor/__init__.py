"""`mailwarden doctor`: everything the bot depends on, looked at once, with what to do about each thing that is wrong.

It only looks: nothing is posted, written or migrated.
"""

from collections.abc import AsyncIterator

import aiohttp

from bot.doctor.account import look_at_account
from bot.doctor.check import Check
from bot.doctor.database import look_at_database
from bot.doctor.resolvers import ask_resolvers
from bot.doctor.slack import SlackDoctor
from bot.model import MailDomain
from bot.settings import Settings

__all__ = ["Check", "examine"]

_TIMEOUT = aiohttp.ClientTimeout(total=15)


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """All checks, each as soon as it is known. Wrong settings and dead servers are findings, not exceptions."""
    yield await look_at_database(settings.database)
    async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
        slack = SlackDoctor(settings.slack, session)
        async for check in slack.tokens():
            yield check
        if slack.is_in:
            for purpose, channel in (
                ("deletions", settings.channels.deletions),
                ("digest", settings.channels.digest),
            ):
                yield await slack.channel(f"channels.{purpose}", channel)
            async for check in slack.operators(settings.operators):
                yield check
    known: list[MailDomain] = []
    for account in settings.accounts:
        checks, domains = await look_at_account(account)
        for check in checks:
            yield check
        known += domains
    async for check in ask_resolvers(settings.dns.resolvers, known[0].name if known else "."):
        yield check
