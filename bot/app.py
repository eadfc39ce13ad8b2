"""Top of the house: the services, the Slack app with its listeners, and the wake-ups; started and stopped in order."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import httpx
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.http_retry.builtin_async_handlers import AsyncConnectionErrorRetryHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

import handlers
from bot.clock import Clock, SystemClock
from bot.dns import Outside
from bot.jobs import Jobs
from bot.notices import GAP, SlackPoster
from bot.observability import cap_loggers
from bot.services import Services, open_services
from bot.settings import Settings
from handlers.notices import RENDERERS
from handlers.open_homes import OpenHomes
from handlers.people import SlackPeople
from handlers.runner import ListenerRunner

log = logging.getLogger(__name__)

SLACK_TIMEOUT = aiohttp.ClientTimeout(total=20, connect=5)

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

DRAIN = 60.0
"""Seconds that work under way may take after we were asked to stop: longer than one slow mail system call."""


@dataclass(frozen=True, slots=True)
class RunningBot:
    services: Services
    jobs: Jobs
    runner: ListenerRunner

    async def wake(self) -> None:
        """Run everything that is due now; return when it is done."""
        await self.jobs.wake()

    async def settled(self) -> None:
        """Return when no listener is running."""
        await self.runner.settled()


@asynccontextmanager
async def running_bot(
    settings: Settings,
    *,
    clock: Clock | None = None,
    gap: timedelta = GAP,
    outside: Outside | None = None,
) -> AsyncIterator[RunningBot]:
    """Connect to Slack over Socket Mode and work until the block is left; then finish what is under way.

    `gap` and `outside` as in `open_services`. Raises SlackApiError where Slack does not accept the tokens.
    """
    cap_loggers()  # before Bolt copies the root's level into loggers of its own
    clock = clock or SystemClock()
    # One session for all calls: slack_sdk would otherwise open a connection for each.
    async with aiohttp.ClientSession(timeout=SLACK_TIMEOUT) as session:
        token = settings.slack.bot_token.get_secret_value()
        reading = _client(settings, session, token=token, retries=True)
        posting = _client(settings, session, token=token, retries=False)
        identity = await reading.auth_test()

        async def authorize() -> AuthorizeResult:
            # Bolt would ask auth.test itself, inside the three seconds of the first request.
            return AuthorizeResult.from_auth_test_response(auth_test_response=identity, bot_token=token)

        poster = SlackPoster(posting)
        async with open_services(
            settings,
            clock=clock,
            people=SlackPeople(reading),
            poster=poster,
            uploader=poster,
            renderers=RENDERERS,
            gap=gap,
            outside=outside,
            granted=_scopes(identity.headers),
        ) as services:
            app = AsyncApp(
                name="mailwarden",
                client=_client(settings, session, token=None, retries=False),
                authorize=authorize,
                # What Slack tells of our own messages is how a lost answer is made up for.
                ignoring_self_events_enabled=False,
                logger=logging.getLogger("slack_bolt"),
            )
            runner = ListenerRunner.install(app)
            handlers.register(app, services)
            socket = _Socket(app, settings.slack.app_token.get_secret_value(), reading)
            jobs = Jobs(services, also=[OpenHomes(services, posting).run_due])
            await socket.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
            jobs.start()
            log.info("connected to Slack")
            try:
                yield RunningBot(services, jobs, runner)
            finally:
                await _stop(socket, jobs, runner)


class _Socket(AsyncSocketModeHandler):
    """Knows which envelopes are being answered: an ack is given well before it has left over the socket."""

    def __init__(self, app: AsyncApp, app_token: str, client: AsyncWebClient) -> None:
        super().__init__(app, app_token, web_client=client, logger=logging.getLogger("slack_sdk.socket_mode"))
        self.client.proxy = client.proxy  # it would read the environment by itself
        self._idle = asyncio.Event()
        self._idle.set()
        self._answering = 0

    @override
    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]  # as in Bolt
        self._answering += 1
        self._idle.clear()
        try:
            await super().handle(client, req)
        finally:
            self._answering -= 1
            if not self._answering:
                self._idle.set()

    async def answered(self) -> None:
        _ = await self._idle.wait()


async def _stop(socket: _Socket, jobs: Jobs, runner: ListenerRunner) -> None:
    # The socket stays open to the last: acks travel over it, and what still arrives meanwhile is answered too.
    try:
        await asyncio.gather(jobs.stop(DRAIN), runner.drain(DRAIN))
        await socket.answered()
    finally:
        await socket.close_async()  # type: ignore[no-untyped-call]  # as above
        # What has arrived since the drain is acked, so nobody would ask for it again.
        _ = await runner.drain(DRAIN)


def _scopes(headers: Mapping[str, str]) -> frozenset[str]:
    """What the token may do, as Slack says with every answer."""
    told = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), "")
    return frozenset(scope.strip() for scope in told.split(",")) - {""}


def _client(
    settings: Settings, session: aiohttp.ClientSession, *, token: str | None, retries: bool
) -> AsyncWebClient:
    client = AsyncWebClient(
        token=token,
        base_url=settings.slack.api_url,
        session=session,
        logger=logging.getLogger("slack_sdk"),
        retry_handlers=[AsyncConnectionErrorRetryHandler(max_retry_count=1)] if retries else [],
    )
    if httpx.URL(settings.slack.api_url).host in LOOPBACK:
        client.proxy = None  # slack_sdk reads HTTPS_PROXY and knows no NO_PROXY
    return client
