"""Events about message metadata: what the app subscribes to, and sending it (docs.slack.dev, reference/events)."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.faults import EVENTS, Faults
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import APP, Channel, Message, Workspace

log = logging.getLogger(__name__)

POSTED = "message_metadata_posted"
DELETED = "message_metadata_deleted"
ANY_APP = "*"

SCOPES = {"app_home_opened": None, POSTED: "metadata.message:read", DELETED: "metadata.message:read"}
"""The events this Slack knows, and the bot scope that each one takes, as its page names it."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """`settings.event_subscriptions` of a manifest. `metadata`: (app id or "*", type of the metadata)."""

    events: frozenset[str] = frozenset()
    metadata: frozenset[tuple[str, str]] = frozenset()


NOTHING = Subscriptions()


class MetadataEvents:
    """Tells the app of messages that carry metadata it subscribed to, at the moment they come and go.

    Each event is sent once; one that the app does not ack is lost, though Slack would try again for a while.
    """

    def __init__(
        self,
        workspace: Workspace,
        socket: SocketMode,
        faults: Faults,
        *,
        scopes: frozenset[str],
        subscriptions: Subscriptions,
    ) -> None:
        self._workspace = workspace
        self._socket = socket
        self._faults = faults
        self._metadata = subscriptions.metadata
        self._heard = {event for event in subscriptions.events if SCOPES.get(event) in scopes}
        self._under_way: set[asyncio.Task[None]] = set()
        workspace.on_posted = self._posted
        workspace.on_removed = self._removed

    async def quiet(self) -> None:
        """Return when every event so far has been acked or given up."""
        while self._under_way:
            _ = await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            _ = task.cancel()
        await self.quiet()

    def _posted(self, channel: Channel, message: Message) -> None:
        if self._wanted(POSTED, message):
            self._send(payloads.metadata_posted(channel, message))

    def _removed(self, channel: Channel, message: Message) -> None:
        if self._wanted(DELETED, message):
            self._send(payloads.metadata_deleted(self._workspace, channel, message))

    def _wanted(self, event: str, message: Message) -> bool:
        if event not in self._heard or message.metadata is None:
            return False
        kind = message.metadata["event_type"]
        return not self._metadata.isdisjoint({(ANY_APP, kind), (APP, kind)})

    def _send(self, payload: dict[str, Any]) -> None:
        task = asyncio.create_task(self._deliver(payload))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _deliver(self, payload: dict[str, Any]) -> None:
        fault = self._faults.take(EVENTS)
        if fault.silent_success:
            return
        await asyncio.sleep(fault.delay_seconds)
        try:
            _ = await self._socket.deliver("events_api", payload, answerable=False, fault=fault)
        except (TimeoutError, PersonError, ConnectionError) as error:
            log.warning("the app did not ack %s (%s)", payload["event"]["type"], type(error).__name__)
