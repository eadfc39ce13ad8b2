"""Socket Mode, judged by the real slack_bolt: a small app that knows nothing of the sandbox."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import FrozenClock
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.people import Command, People
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.shortcuts import TROUBLE
from bot.sandbox.slack.workspace import BOT_USER, Channel, Person, Workspace

ADA = Person("U0ADA", "ada", "admin")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(title: str) -> dict[str, Any]:
    picker = {
        "type": "external_select",
        "action_id": "pick",
        "min_query_length": 1,
        "placeholder": plain("Pick"),
    }
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain(title),
        "submit": plain("Go"),
        "blocks": [
            {
                "type": "input",
                "block_id": "name",
                "label": plain("Name"),
                "dispatch_action": True,
                "element": {
                    "type": "plain_text_input",
                    "action_id": "typed",
                    "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
                },
            },
            {"type": "input", "block_id": "who", "optional": True, "label": plain("Who"), "element": picker},
            {
                "type": "actions",
                "block_id": "buttons",
                "elements": [{"type": "button", "action_id": "press", "value": "7", "text": plain("Press")}],
            },
        ],
    }


class Heard:
    """What the app was told, in order."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.actions: list[tuple[str, Any]] = []
        self.messages: list[tuple[str, str | None]] = []


def listen(app: AsyncApp, heard: Heard) -> None:
    async def form(ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        heard.commands.append(body["text"])
        if body["text"] == "mute":
            return
        if body["text"] == "talk":
            await ack("Hello.")
            return
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal("Form"))

    async def submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        wish = body["view"]["state"]["values"]["name"]["typed"]["value"]
        answers: dict[str, dict[str, Any]] = {
            "errors": {"errors": {"name": "Not this."}},
            "wrong": {"response_action": "errors", "errors": {"buttons": "No input."}},
            "update": {"view": modal("Updated")},
            "push": {"view": modal("Pushed")},
            "clear": {},
        }
        if wish not in answers:
            await ack()
            return
        await ack(**({"response_action": wish} | answers[wish]))

    async def options(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack(options=[{"text": plain(body["value"] + "!"), "value": "v"}])

    async def act(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        action = body["actions"][0]
        heard.actions.append((action["action_id"], action.get("value")))
        if "message" in body:
            heard.messages.append((body["container"]["message_ts"], body["message"].get("thread_ts")))

    app.command("/form")(form)
    app.view("form")(submit)
    app.options("pick")(options)
    app.action("typed")(act)
    app.action("press")(act)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    workspace = Workspace(
        people=[ADA, Person(BOT_USER, "bot", "app", is_bot=True)],
        channels=[Channel("C1", "ops", {"U0ADA", BOT_USER})],
        clock=FrozenClock(datetime(2026, 11, 21, 9, tzinfo=UTC)),
    )
    scopes = frozenset({"chat:write", "commands"})
    server = SlackServer(
        workspace, scopes=scopes, bot_token="xoxb-test", app_token="xapp-test", ack_seconds=0.5
    )
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def ada(server: SlackServer, heard: Heard) -> AsyncIterator[Screen]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token="xoxb-test", base_url=server.api_url, session=session)
        client.proxy = None
        app = AsyncApp(client=client, name="judge", raise_error_for_unhandled_request=False)
        listen(app, heard)
        handler = AsyncSocketModeHandler(app, "xapp-test", web_client=client)
        handler.client.proxy = None
        await handler.connect_async()  # type: ignore[no-untyped-call]  # Bolt leaves it bare
        await server.socket.connected()
        yield Screen(People(server.workspace, server.socket, [Command("/form", "A form")]), "ada")
        await handler.close_async()  # type: ignore[no-untyped-call]  # as above


async def open_form(ada: Screen) -> None:
    await ada.command("/form", channel="ops")
    await ada.sees("Form")


async def test_text_of_an_ack_is_seen_by_the_asker_alone(ada: Screen) -> None:
    await ada.command("/form", "talk", channel="ops")
    assert (await ada.told("Hello.", channel="ops")).ephemeral_for == "U0ADA"


async def test_command_that_is_never_acked_times_out(ada: Screen) -> None:
    with pytest.raises(PersonError, match="operation_timeout"):
        await ada.command("/form", "mute", channel="ops")


async def test_command_that_no_app_declares_is_not_valid(ada: Screen) -> None:
    with pytest.raises(PersonError, match="not a valid command"):
        await ada.command("/nonsense", channel="ops")


@pytest.mark.parametrize(
    ("wish", "action", "titles"),
    [
        ("update", "update", ["Updated"]),
        ("push", "push", ["Form", "Pushed"]),
        ("clear", "clear", []),
        ("anything", None, []),
    ],
)
async def test_answer_to_a_form_decides_what_is_open_next(
    ada: Screen, wish: str, action: str | None, titles: list[str]
) -> None:
    await open_form(ada)
    await ada.fill("name", wish)
    assert (await ada.submit()).response_action == action
    assert [view.content["title"]["text"] for view in ada.windows] == titles


async def test_errors_stay_at_their_field_with_what_was_typed(ada: Screen) -> None:
    await open_form(ada)
    await ada.fill("name", "errors")
    submitted = await ada.submit()
    assert submitted.errors == {"name": "Not this."}
    assert ada.windows[0].state()["name"]["typed"]["value"] == "errors"


async def test_error_at_a_block_that_is_no_input_is_trouble(ada: Screen) -> None:
    await open_form(ada)
    await ada.fill("name", "wrong")
    with pytest.raises(PersonError, match=TROUBLE[:20]):
        await ada.submit()


async def test_typing_and_pressing_reach_the_app_in_order(ada: Screen, heard: Heard) -> None:
    await open_form(ada)
    for text in ("a", "ab", "abc"):
        await ada.fill("name", text)
    await ada.press("Press")
    assert heard.actions == [("typed", "a"), ("typed", "ab"), ("typed", "abc"), ("press", "7")]


async def test_button_in_a_reply_says_which_message_it_was_in(
    ada: Screen, server: SlackServer, heard: Heard
) -> None:
    channel = server.workspace.channels["C1"]
    parent = server.workspace.post(channel, user=BOT_USER, text="parent")
    button = {"type": "actions", "elements": modal("Form")["blocks"][2]["elements"]}
    reply = server.workspace.post(channel, user=BOT_USER, text="reply", blocks=[button], thread_ts=parent.ts)
    await ada.press_in(reply, "Press", channel="ops")
    assert heard.actions == [("press", "7")]
    assert heard.messages == [(reply.ts, parent.ts)]


async def test_options_are_asked_for_from_the_first_letter_and_chosen_from(ada: Screen) -> None:
    await open_form(ada)
    assert await ada.options("who", "") == []
    await ada.choose("who", "bob")
    assert ada.windows[0].state()["who"]["pick"]["selected_option"]["text"]["text"] == "bob!"


async def test_option_that_was_never_offered_can_not_be_chosen(ada: Screen) -> None:
    await open_form(ada)
    with pytest.raises(PersonError, match="no option"):
        await ada.fill("who", "v")


async def test_envelope_can_come_twice(ada: Screen, server: SlackServer, heard: Heard) -> None:
    server.faults.inject("socket", 1, {"redeliver": True})
    await ada.command("/form", "talk", channel="ops")
    await ada.command("/form", "talk", channel="ops")
    assert heard.commands == ["talk"] * 3


async def test_lost_ack_is_trouble_for_the_person_though_the_app_did_its_work(
    ada: Screen, server: SlackServer, heard: Heard
) -> None:
    server.faults.inject("socket", 1, {"drop_response": True})
    with pytest.raises(PersonError, match="operation_timeout"):
        await ada.command("/form", "talk", channel="ops")
    assert heard.commands == ["talk"]


async def test_app_comes_back_when_it_is_asked_to_reconnect(
    ada: Screen, server: SlackServer, heard: Heard
) -> None:
    await server.socket.refresh()
    server.socket._ack_seconds = 10  # the SDK takes its time to come back
    await server.socket.connected()
    await ada.command("/form", "talk", channel="ops")
    assert heard.commands == ["talk"]
    assert server.calls.count("apps.connections.open") >= 2
