"""The Web API, asked by the real slack_sdk client: Slack's answers and Slack's refusals."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack.methods import METHODS
from bot.sandbox.slack.workspace import BOT_USER
from tests.sandbox.slack.conftest import ADA, Slack, refused

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def modal(title: str = "Title", *blocks: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": list(blocks) or [SECTION],
    }


def field(block_id: str, initial: str = "") -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "a"} | ({"initial_value": initial} if initial else {})
    label = {"type": "plain_text", "text": "Name"}
    return {"type": "input", "block_id": block_id, "label": label, "element": element}


async def opened(slack: Slack, *blocks: dict[str, Any]) -> dict[str, Any]:
    answer = await slack.client.views_open(trigger_id=slack.trigger(), view=modal("Title", *blocks))
    view: dict[str, Any] = answer["view"]
    return view


async def test_tokens_are_looked_at(slack: Slack) -> None:
    assert (await slack.client.auth_test())["user_id"] == BOT_USER
    assert await refused(slack.client_with("xoxb-other").auth_test()) == "invalid_auth"
    assert await refused(slack.client_with("xapp-test").auth_test()) == "not_allowed_token_type"
    assert await refused(slack.client_with(None).auth_test()) == "not_authed"


async def test_app_token_opens_the_socket_and_the_bot_token_does_not(slack: Slack) -> None:
    opened = await slack.client.apps_connections_open(app_token="xapp-test")
    assert opened["url"].startswith("ws://127.0.0.1:")
    assert (
        await refused(slack.client.apps_connections_open(app_token="xoxb-test")) == "not_allowed_token_type"
    )


async def test_missing_scope_names_what_is_needed(slack: Slack) -> None:
    with pytest.raises(SlackApiError) as caught:
        await slack.client.usergroups_users_list(usergroup="S1")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "usergroups:read"


async def test_what_it_does_not_know_it_says_so(slack: Slack) -> None:
    assert (
        await refused(slack.client.reactions_add(channel="C1", name="x", timestamp="1")) == "unknown_method"
    )
    assert "reactions.add" not in METHODS


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ("C9", "channel_not_found"),
        ("C2", "not_in_channel"),
        ("C3", "is_archived"),
        ("U0NOBODY", "channel_not_found"),
    ],
)
async def test_channel_that_can_not_be_posted_to(slack: Slack, channel: str, error: str) -> None:
    assert await refused(slack.client.chat_postMessage(channel=channel, text="x")) == error


async def test_message_is_posted_edited_and_deleted(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="C1", text="one", blocks=[SECTION])
    (message,) = slack.server.workspace.channels["C1"].messages
    assert (message.ts, message.text, message.user) == (posted["ts"], "one", BOT_USER)
    await slack.client.chat_update(channel="C1", ts=posted["ts"], text="two")
    assert (message.text, message.blocks, message.edited) == ("two", [], True)
    assert await refused(slack.client.chat_update(channel="C1", ts="1.0", text="x")) == "message_not_found"
    assert (
        await refused(slack.client.chat_update(channel="C1", ts=posted["ts"], text="x" * 4001))
        == "msg_too_long"
    )
    await slack.client.chat_delete(channel="C1", ts=posted["ts"])
    assert slack.server.workspace.channels["C1"].messages == []


async def test_other_peoples_messages_are_not_ours_to_edit(slack: Slack) -> None:
    said = slack.people.say(ADA, slack.server.workspace.channels["C1"], "hi")
    assert (
        await refused(slack.client.chat_update(channel="C1", ts=said.ts, text="x")) == "cant_update_message"
    )


async def test_timestamps_grow_though_the_clock_stands_still(slack: Slack) -> None:
    stamps = [(await slack.client.chat_postMessage(channel="C1", text="x"))["ts"] for _ in range(5)]
    assert stamps == sorted(set(stamps))


async def test_ephemeral_message_reaches_members_only(slack: Slack) -> None:
    await slack.client.chat_postEphemeral(channel="C1", user="U0ADA", text="psst")
    assert slack.server.workspace.channels["C1"].messages[0].ephemeral_for == "U0ADA"
    assert (
        await refused(slack.client.chat_postEphemeral(channel="C1", user="U0BEN", text="x"))
        == "user_not_in_channel"
    )


async def test_bad_blocks_are_refused_with_reasons(slack: Slack) -> None:
    with pytest.raises(SlackApiError) as caught:
        await slack.client.chat_postMessage(channel="C1", text="x", blocks=[{"type": "nonsense"}])
    assert caught.value.response["error"] == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"]
    assert await refused(slack.client.api_call("chat.postMessage", json={"channel": "C1"})) == "no_text"


async def test_direct_message_goes_to_the_person_unless_the_app_has_no_messages_tab(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="U0ADA", text="for ada", blocks=[SECTION])
    assert posted["channel"] == "D0ADA"
    (message,) = slack.server.workspace.channels["D0ADA"].messages
    assert (message.ts, message.text, message.ephemeral_for) == (posted["ts"], "for ada", None)
    await slack.client.chat_update(channel="D0ADA", ts=posted["ts"], text="for ada, anew")
    assert message.text == "for ada, anew"
    slack.server.workspace._messages_tab = False
    assert await refused(slack.client.chat_postMessage(channel="U0ADA", text="x")) == "messages_tab_disabled"


async def test_permalink_tells_whether_a_message_is_there(slack: Slack) -> None:
    posted = await slack.client.chat_postMessage(channel="C1", text="x")
    assert "C1" in (await slack.client.chat_getPermalink(channel="C1", message_ts=posted["ts"]))["permalink"]
    slack.server.workspace.channels["C1"].messages.clear()
    assert (
        await refused(slack.client.chat_getPermalink(channel="C1", message_ts=posted["ts"]))
        == "message_not_found"
    )


async def test_trigger_is_good_once_for_three_seconds(slack: Slack) -> None:
    trigger = slack.trigger()
    await slack.client.views_open(trigger_id=trigger, view=modal())
    assert await refused(slack.client.views_open(trigger_id=trigger, view=modal())) == "exchanged_trigger_id"
    assert await refused(slack.client.views_open(trigger_id="1.2.3", view=modal())) == "invalid_trigger_id"
    slack.server.workspace._trigger_seconds = -1
    assert (
        await refused(slack.client.views_open(trigger_id=slack.trigger(), view=modal()))
        == "expired_trigger_id"
    )


async def test_bad_view_does_not_use_the_trigger_up(slack: Slack) -> None:
    trigger = slack.trigger()
    assert (
        await refused(slack.client.views_open(trigger_id=trigger, view=modal("x" * 25)))
        == "invalid_arguments"
    )
    await slack.client.views_open(trigger_id=trigger, view=modal())


async def test_view_is_updated_with_its_present_hash_only(slack: Slack) -> None:
    view = await opened(slack)
    updated = await slack.client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Two"))
    assert updated["view"]["hash"] != view["hash"]
    stale = slack.client.views_update(view_id=view["id"], hash=view["hash"], view=modal("Three"))
    assert await refused(stale) == "hash_conflict"
    await slack.people.close(ADA, view["id"])
    assert await refused(slack.client.views_update(view_id=view["id"], view=modal())) == "not_found"


async def test_stack_holds_three_views(slack: Slack) -> None:
    await opened(slack)
    await slack.client.views_push(trigger_id=slack.trigger(), view=modal("Two"))
    pushed = await slack.client.views_push(trigger_id=slack.trigger(), view=modal("Three"))
    assert pushed["view"]["root_view_id"] != pushed["view"]["id"]
    assert (
        await refused(slack.client.views_push(trigger_id=slack.trigger(), view=modal()))
        == "push_limit_reached"
    )


async def test_typed_text_survives_an_update_and_a_new_block_id_resets_it(slack: Slack) -> None:
    view = await opened(slack, field("one", "before"))
    await slack.people.fill(ADA, view["id"], "one", "a", "typed")

    async def value_after(block: dict[str, Any]) -> Any:
        updated = await slack.client.views_update(view_id=view["id"], view=modal("Title", block))
        return updated["view"]["state"]["values"][block["block_id"]]["a"]["value"]

    assert await value_after(field("one", "other")) == "typed"
    assert await value_after(field("two", "other")) == "other"


async def test_form_is_not_sent_while_a_required_field_is_empty(slack: Slack) -> None:
    view = await opened(slack, field("one"))
    submitted = await slack.people.submit(ADA, view["id"])
    assert submitted.errors == {"one": "Please complete this required field."}


async def test_reading_works_by_get_and_by_post(slack: Slack) -> None:
    assert (await slack.client.users_info(user="U0ADA"))["user"]["name"] == "ada"
    posted = await slack.client.api_call("users.info", http_verb="POST", json={"user": "U0ADA"})
    assert posted["user"]["team_id"] == "T0SANDBOX"
    assert await refused(slack.client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_rate_limit_names_the_wait(slack: Slack) -> None:
    slack.server.faults.inject("chat.postMessage", 1, {"status": 429, "retry_after": 7})
    with pytest.raises(SlackApiError) as caught:
        await slack.client.chat_postMessage(channel="C1", text="x")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    slack.server.faults.inject("chat.postMessage", 1, {"status": 429})
    with pytest.raises(SlackApiError) as caught:
        await slack.client.chat_postMessage(channel="C1", text="x")
    assert caught.value.response.headers["Retry-After"] == "1"
    await slack.client.chat_postMessage(channel="C1", text="x")


async def test_dropped_answer_did_the_work_and_silent_success_did_none(slack: Slack) -> None:
    messages = slack.server.workspace.channels["C1"].messages
    slack.server.faults.inject("chat.postMessage", 1, {"drop_response": True})
    with pytest.raises(aiohttp.ClientError):
        await slack.client.chat_postMessage(channel="C1", text="kept")
    assert [message.text for message in messages] == ["kept"]
    slack.server.faults.inject("chat.postMessage", 1, {"silent_success": True})
    assert (await slack.client.chat_postMessage(channel="C1", text="lost"))["ok"]
    assert [message.text for message in messages] == ["kept"]
