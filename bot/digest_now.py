"""The digest beside its hour: printed as it would be now, or asked for. Nothing here calls Slack."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import SystemClock
from bot.errors import ConfigError
from bot.notices import SlackPoster
from bot.services import Services, open_services
from bot.settings import Settings
from handlers.digest_text import digest_text
from handlers.notices import RENDERERS
from handlers.people import SlackPeople


async def printed(settings: Settings) -> str:
    """The digest of this moment as plain text, from what the database holds.

    Domains that nobody has looked at yet are looked at first. Raises ConfigError where the database can't be used, or an
    account's domains have never been listed and can't be now.
    """
    async with _services(settings) as services:
        await _list_domains(services)
        seen = {(health.account, health.domain) for health in await services.dns.latest()}
        domains = await services.directory.domains()
        _ = await services.dns.check_several([d for d in domains if (d.account, d.name) not in seen])
        return digest_text(await services.digest.preview(), settings.times.timezone)


async def ask(settings: Settings) -> None:
    """Have the running bot post a digest beside the regular ones. Raises ConfigError where the database can't be used."""
    async with _services(settings) as services:
        await services.digest.ask()


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    silent = AsyncWebClient(base_url=settings.slack.api_url)
    async with open_services(
        settings,
        clock=SystemClock(),
        people=SlackPeople(silent),
        poster=SlackPoster(silent),
        renderers=RENDERERS,
    ) as services:
        yield services


async def _list_domains(services: Services) -> None:
    ages = await services.directory.ages()
    if all(account in ages and ages[account].refreshed_at is not None for account in services.providers):
        return
    await services.directory.run_due()
    ages = await services.directory.ages()
    missing = [account for account in services.providers if ages[account].refreshed_at is None]
    if missing:
        raise ConfigError(
            [
                f"The domains of account {account} can't be listed: {ages[account].last_error}"
                for account in missing
            ]
        )
