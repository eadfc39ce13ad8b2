"""Home tabs that are open are brought up to date when what they show has changed."""

import asyncio
import logging

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.access import Unanswered
from bot.errors import NotAllowed
from bot.model import Role
from bot.services import Services
from bot.storage.home_tabs import HomeTab
from handlers import blocks
from handlers.home import everything, gathered, seen_by
from handlers.home_view import Home, fingerprint, home
from handlers.payloads import error_code

log = logging.getLogger(__name__)


class OpenHomes:
    def __init__(self, services: Services, client: AsyncWebClient) -> None:
        self._services = services
        self._client = client
        self._running = asyncio.Lock()

    async def run_due(self) -> None:
        """Publish anew each open tab that shows something else than it should."""
        if self._running.locked():
            return  # the next wake-up sees what has changed meanwhile
        async with self._running:
            tabs = await self._services.home_tabs.open_ones()
            if not tabs:
                return
            now = await everything(self._services)
            for tab in tabs:
                await self._bring_up_to_date(tab, now)

    async def _bring_up_to_date(self, tab: HomeTab, now: Home) -> None:
        """`now`: what there was to show a moment ago. Looked up once for all tabs, since most show it already."""
        services = self._services
        try:
            operator = await services.access.authorise(
                tab.person, team_id=tab.team, need=Role.VIEWER, fresh=False
            )
        except Unanswered:
            return
        except NotAllowed as error:
            if await self._publish(
                tab, View(type="home", blocks=[blocks.section(blocks.sentence(str(error)))])
            ):
                await services.home_tabs.forget(tab.person)
            return
        if fingerprint(await seen_by(services, now, operator)) == tab.shown:
            return
        shown = await gathered(services, operator)
        if await self._publish(tab, home(shown)):
            await services.home_tabs.note(tab.person, tab.team, fingerprint(shown))

    async def _publish(self, tab: HomeTab, view: View) -> bool:
        try:
            await self._client.views_publish(user_id=tab.person, view=view)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            code = error_code(error) if isinstance(error, SlackApiError) else type(error).__name__
            log.info("the Home tab of %s can't be brought up to date: %s", tab.person, code)
            return False
        return True
