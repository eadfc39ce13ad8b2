"""Files that people give to the app, and shortcuts, as Slack has them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.people import People
from bot.sandbox.slack.shortcuts import Shortcut
from bot.sandbox.slack.strict import view_problems
from tests.sandbox.slack.conftest import ADA, Slack

SHORTCUTS = [
    Shortcut("Look at this…", "message", "look", "Looks at a message"),
    Shortcut("Go", "global", "go", "Goes"),
]


def file_field(**more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": "f",
        "label": {"type": "plain_text", "text": "File"},
        "element": {"type": "file_input", "action_id": "a"} | more,
    }


def modal(*blocks: dict[str, Any], kind: str = "modal") -> dict[str, Any]:
    texts = {key: {"type": "plain_text", "text": "x"} for key in ("title", "submit")}
    return {"type": kind, "blocks": list(blocks), **(texts if kind == "modal" else {})}


def may_read(slack: Slack) -> None:
    slack.server.workspace.files.readable = True


async def fetched(slack: Slack, url: str, token: str) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {token}"}
    async with slack.session.get(url, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize("more", [{}, {"filetypes": ["csv"], "max_files": 1}, {"max_files": 10}])
def test_file_field_of_a_modal_is_taken(more: dict[str, Any]) -> None:
    assert view_problems(modal(file_field(**more))) == []


@pytest.mark.parametrize(
    "view",
    [
        modal(file_field(max_files=0)),
        modal(file_field(max_files=11)),
        modal(file_field(placeholder={"type": "plain_text", "text": "x"})),
        modal({"type": "actions", "elements": [file_field()["element"]]}),
        modal(file_field(), kind="home"),
    ],
)
def test_file_field_that_slack_would_refuse_is_refused(view: dict[str, Any]) -> None:
    assert view_problems(view)


async def test_file_field_takes_the_scope_for_reading(slack: Slack) -> None:
    with pytest.raises(SlackApiError) as refused:
        await slack.client.views_open(trigger_id=slack.trigger(), view=modal(file_field()))
    assert refused.value.response["error"] == "missing_scope"
    may_read(slack)
    assert (await slack.client.views_open(trigger_id=slack.trigger(), view=modal(file_field())))["ok"]


async def test_given_file_is_in_the_state_of_the_form_of_who_gave_it(slack: Slack) -> None:
    may_read(slack)
    answer = await slack.client.views_open(trigger_id=slack.trigger(), view=modal(file_field(max_files=1)))
    view_id = str(answer["view"]["id"])
    mine = slack.server.workspace.files.give("U0ADA", "a.csv", b"one")
    others = slack.server.workspace.files.give("U0BEN", "b.csv", b"two")
    await slack.people.fill(ADA, view_id, "f", "a", [mine.id])
    (file,) = slack.people.view(ADA, view_id).state()["f"]["a"]["files"]
    assert (file["id"], file["name"], file["size"], file["filetype"]) == (mine.id, "a.csv", 3, "csv")
    with pytest.raises(PersonError, match="no file"):
        await slack.people.fill(ADA, view_id, "f", "a", [others.id])
    with pytest.raises(PersonError, match="at most 1"):
        await slack.people.fill(ADA, view_id, "f", "a", [mine.id, mine.id])


async def test_given_file_is_handed_out_for_the_token_of_an_app_that_may_read_files(slack: Slack) -> None:
    file = slack.server.workspace.files.give("U0ADA", "ä b.csv", b"one")
    (told,) = slack.server.workspace.files.given_by("U0ADA")
    status, _ = await fetched(slack, told["url_private_download"], "xoxb-test")
    assert status == 302, "the scopes of this app have no files:read"
    assert file.content == b"one"


class App:
    """An app that is connected, and remembers what it is told."""

    def __init__(self, slack: Slack) -> None:
        self.heard: list[SocketModeRequest] = []
        self.client = SocketModeClient(app_token="xapp-test", web_client=slack.client_with("xoxb-test"))
        self.client.proxy = None
        self.client.socket_mode_request_listeners.append(self._hear)

    async def _hear(self, client: Any, request: SocketModeRequest) -> None:
        self.heard.append(request)
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))


@pytest.fixture
async def app(slack: Slack) -> AsyncIterator[App]:
    app = App(slack)
    await app.client.connect()  # type: ignore[no-untyped-call]  # slack_sdk does not say
    yield app
    await app.client.close()  # type: ignore[no-untyped-call]  # nor here


async def test_global_shortcut_names_no_channel_and_has_a_trigger(slack: Slack, app: App) -> None:
    people = People(slack.server.workspace, slack.server.socket, [], SHORTCUTS)
    await people.shortcuts.use(ADA, "Go")
    (request,) = app.heard
    payload = request.payload
    assert (request.type, payload["type"], payload["callback_id"]) == ("interactive", "shortcut", "go")
    assert payload["user"]["id"] == "U0ADA"
    assert "channel" not in payload
    opened = await slack.client.views_open(
        trigger_id=payload["trigger_id"],
        view=modal({"type": "divider"}),
    )
    assert opened["ok"]


async def test_message_shortcut_carries_the_message(slack: Slack, app: App) -> None:
    ts = await slack.post("anna@x.example has left")
    people = People(slack.server.workspace, slack.server.socket, [], SHORTCUTS)
    channel = slack.server.workspace.channels["C1"]
    await people.shortcuts.use_on(ADA, "look", channel, ts)
    (request,) = app.heard
    payload = request.payload
    assert (payload["type"], payload["message_ts"], payload["channel"]["id"]) == ("message_action", ts, "C1")
    assert payload["message"]["text"] == "anna@x.example has left"


async def test_shortcut_is_there_only_where_slack_has_it(slack: Slack) -> None:
    people = People(slack.server.workspace, slack.server.socket, [], SHORTCUTS)
    channel = slack.server.workspace.channels["C1"]
    private = slack.server.workspace.post(channel, user="U0BOT", text="x", ephemeral_for="U0ADA")
    for attempt, why in (
        (people.shortcuts.use(ADA, "look"), "no global shortcut"),
        (people.shortcuts.use_on(ADA, "go", channel, private.ts), "no message shortcut"),
        (people.shortcuts.use_on(ADA, "look", channel, private.ts), "for one person only"),
        (people.shortcuts.use_on(ADA, "look", channel, "1.1"), "not there any more"),
        (
            people.shortcuts.use_on(slack.server.workspace.people["U0BEN"], "look", channel, private.ts),
            "not in #ops",
        ),
    ):
        with pytest.raises(PersonError, match=why):
            await attempt
