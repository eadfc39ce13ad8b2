"""Events about message metadata, as the real slack_bolt hears them over Socket Mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.models.metadata import Metadata
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.sandbox.manifest import load_manifest
from bot.sandbox.slack.events import DELETED, POSTED, Subscriptions
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.workspace import APP, BOT_ID, BOT_USER, TEAM, Channel, Person, Workspace

KIND = "mailwarden_notice"
METADATA = {"event_type": KIND, "event_payload": {"notice": "deletion/7", "version": 2, "people": ["U0ADA"]}}
MANIFEST = load_manifest()


class App:
    """A Bolt app that listens for these events, and a client that posts as the same bot."""

    def __init__(self, server: SlackServer, client: AsyncWebClient) -> None:
        self.server = server
        self.client = client
        self.heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.bodies: list[dict[str, Any]] = []

    async def hear(self, event: dict[str, Any], body: dict[str, Any]) -> None:
        self.bodies.append(body)
        self.heard.put_nowait(event)

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self.heard.get()

    async def post(self, **more: Any) -> str:
        posted = await self.client.chat_postMessage(channel="C1", text="x", **({"metadata": METADATA} | more))
        return str(posted["ts"])

    async def nothing_more(self) -> bool:
        await self.server.events.quiet()
        return self.heard.empty()


@asynccontextmanager
async def installed(
    *,
    scopes: frozenset[str] = MANIFEST.scopes,
    subscriptions: Subscriptions = MANIFEST.subscriptions,
    ignoring_self: bool = False,
) -> AsyncIterator[App]:
    workspace = Workspace(
        people=[Person("U0ADA", "ada", "admin"), Person(BOT_USER, "bot", "app", is_bot=True)],
        channels=[Channel("C1", "ops", {"U0ADA", BOT_USER})],
        clock=FrozenClock(datetime(2026, 11, 21, 9, tzinfo=UTC)),
    )
    server = SlackServer(
        workspace,
        scopes=scopes,
        bot_token="xoxb-test",
        app_token="xapp-test",
        ack_seconds=5,
        subscriptions=subscriptions,
    )
    await server.start()
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(
            token="xoxb-test", base_url=server.api_url, session=session, retry_handlers=[]
        )
        client.proxy = None
        bolt = AsyncApp(client=client, name="judge", ignoring_self_events_enabled=ignoring_self)
        app = App(server, client)
        bolt.event(POSTED)(app.hear)
        bolt.event(DELETED)(app.hear)
        handler = AsyncSocketModeHandler(bolt, "xapp-test", web_client=client)
        handler.client.proxy = None
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
        await server.socket.connected()
        yield app
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above
    await server.stop()


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with installed() as app:
        yield app


async def test_posted_message_is_announced_with_its_metadata(app: App) -> None:
    ts = await app.post()
    assert await app.next() == {
        "type": POSTED,
        "app_id": APP,
        "bot_id": BOT_ID,
        "user_id": BOT_USER,
        "team_id": TEAM,
        "channel_id": "C1",
        "metadata": METADATA,
        "message_ts": ts,
        "event_ts": ts,
    }


async def test_removed_message_is_announced_with_the_metadata_it_had(app: App) -> None:
    ts = await app.post()
    _ = await app.next()
    app.server.workspace.remove("C1", ts)
    event = await app.next()
    assert float(event["deleted_ts"]) > float(ts)
    assert event == {
        "type": DELETED,
        "app_id": APP,
        "bot_id": BOT_ID,
        "user_id": BOT_USER,
        "team_id": TEAM,
        "channel_id": "C1",
        "previous_metadata": METADATA,
        "message_ts": ts,
        "event_ts": event["deleted_ts"],
        "deleted_ts": event["deleted_ts"],
    }


async def test_deletion_by_the_app_itself_is_announced_too(app: App) -> None:
    ts = await app.post()
    await app.client.chat_delete(channel="C1", ts=ts)
    assert {(await app.next())["type"], (await app.next())["type"]} == {POSTED, DELETED}


async def test_envelope_says_which_app_and_for_whom(app: App) -> None:
    _ = await app.post()
    _ = await app.next()
    (body,) = app.bodies
    assert (body["type"], body["api_app_id"], body["team_id"]) == ("event_callback", APP, TEAM)
    assert [one["user_id"] for one in body["authorizations"]] == [BOT_USER]
    assert body["event_id"].startswith("Ev")


async def test_message_is_announced_though_its_answer_is_dropped(app: App) -> None:
    app.server.faults.inject("chat.postMessage", 1, {"drop_response": True})
    with pytest.raises(aiohttp.ClientError):
        await app.post()
    (message,) = app.server.workspace.channels["C1"].messages
    assert (await app.next())["message_ts"] == message.ts


async def test_message_that_is_stored_after_the_client_gave_up_is_announced_then(app: App) -> None:
    app.server.faults.inject("chat.postMessage", 1, {"delay_seconds": 1.5})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await app.post()
    event = await app.next()
    assert [message.ts for message in app.server.workspace.channels["C1"].messages] == [event["message_ts"]]


async def test_message_that_was_never_stored_is_not_announced(app: App) -> None:
    app.server.faults.inject("chat.postMessage", 1, {"silent_success": True})
    _ = await app.post()
    assert await app.nothing_more()


async def test_message_without_metadata_comes_and_goes_in_silence(app: App) -> None:
    ts = await app.post(metadata=None)
    app.server.workspace.remove("C1", ts)
    assert await app.nothing_more()


async def test_metadata_nobody_subscribed_to_is_not_announced(app: App) -> None:
    ts = await app.post(metadata=METADATA | {"event_type": "other"})
    app.server.workspace.remove("C1", ts)
    assert await app.nothing_more()


@pytest.mark.parametrize(
    ("scopes", "subscriptions"),
    [
        (MANIFEST.scopes - {"metadata.message:read"}, MANIFEST.subscriptions),
        (MANIFEST.scopes, Subscriptions(frozenset({"app_home_opened"}), frozenset({("*", KIND)}))),
        (MANIFEST.scopes, Subscriptions(frozenset({POSTED}), frozenset())),
        (MANIFEST.scopes, Subscriptions(frozenset({POSTED}), frozenset({("A0OTHER", KIND)}))),
    ],
    ids=["no scope", "no event", "no metadata", "metadata of another app"],
)
async def test_nothing_is_announced_without(scopes: frozenset[str], subscriptions: Subscriptions) -> None:
    async with installed(scopes=scopes, subscriptions=subscriptions) as app:
        _ = await app.post()
        assert await app.nothing_more()


async def test_subscription_can_name_the_app_itself() -> None:
    own = Subscriptions(frozenset({POSTED}), frozenset({(APP, KIND)}))
    async with installed(subscriptions=own) as app:
        ts = await app.post()
        assert (await app.next())["message_ts"] == ts


async def test_bolt_hides_its_own_events_unless_it_is_told_not_to() -> None:
    async with installed(ignoring_self=True) as app:
        _ = await app.post()
        assert await app.nothing_more()


async def test_direct_messages_are_announced_as_well(app: App) -> None:
    posted = await app.client.chat_postMessage(channel="U0ADA", text="x", metadata=METADATA)
    assert (await app.next())["channel_id"] == posted["channel"] == "D0ADA"


async def test_event_can_come_twice_late_or_not_at_all(app: App) -> None:
    app.server.faults.inject("events", 1, {"redeliver": True})
    app.server.faults.inject("events", 1, {"silent_success": True})
    app.server.faults.inject("events", 1, {"delay_seconds": 0.01})
    first = await app.post()
    assert [(await app.next())["message_ts"] for _ in range(2)] == [first, first]
    _ = await app.post()
    third = await app.post()
    assert (await app.next())["message_ts"] == third
    assert await app.nothing_more()


async def test_fault_that_is_meant_for_a_persons_act_waits_for_one(app: App) -> None:
    app.server.faults.inject("socket", 1, {"drop_response": True})
    ts = await app.post()
    assert (await app.next())["message_ts"] == ts
    assert app.server.faults.take("socket").drop_response


async def test_event_that_is_never_acked_does_not_hold_up_the_end(app: App) -> None:
    app.server.faults.inject("events", 1, {"delay_seconds": 600})
    _ = await app.post()
    await app.server.events.close()
    assert app.heard.empty()


@pytest.mark.parametrize(
    "metadata",
    [
        METADATA,
        {"event_type": KIND, "event_payload": {}},
        {"event_type": KIND, "event_payload": {"text": "a", "number": 1.5, "flag": False, "list": [1, "b"]}},
        Metadata(KIND, {"id": "7"}),
    ],
)
async def test_metadata_is_taken(app: App, metadata: Any) -> None:
    _ = await app.post(metadata=metadata)
    assert (await app.next())["metadata"]["event_type"] == KIND


@pytest.mark.parametrize(
    "metadata",
    [
        "no json",
        [],
        {"event_type": KIND},
        {"event_payload": {}},
        {"event_type": "", "event_payload": {}},
        {"event_type": 7, "event_payload": {}},
        {"event_type": KIND, "event_payload": []},
        {"event_type": KIND, "event_payload": "text"},
        {"event_type": KIND, "event_payload": {"nested": {"a": 1}}},
        {"event_type": KIND, "event_payload": {"nothing": None}},
        {"event_type": KIND, "event_payload": {"list": [["nested"]]}},
        {"event_type": KIND, "event_payload": {}, "more": 1},
    ],
)
async def test_metadata_is_refused(app: App, metadata: Any) -> None:
    body = {"channel": "C1", "text": "x", "metadata": metadata}
    async with app.client.session.post(  # type: ignore[union-attr]  # given to it above
        f"{app.server.api_url}chat.postMessage", json=body, headers={"Authorization": "Bearer xoxb-test"}
    ) as response:
        assert (await response.json())["error"] == "invalid_metadata_format"
    assert app.server.workspace.channels["C1"].messages == []
