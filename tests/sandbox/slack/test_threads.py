"""Replies, and what is left when a message is removed."""

import pytest

from bot.sandbox.slack.channel import REMOVED
from bot.sandbox.slack.errors import PersonError
from bot.sandbox.slack.screen import Screen
from bot.sandbox.slack.workspace import SLACKBOT, Person
from tests.sandbox.slack.conftest import ADA, Slack, refused

BUTTONS = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": "Press"}}],
    }
]


async def test_reply_says_what_it_answers(slack: Slack) -> None:
    parent = await slack.post()
    posted = await slack.client.chat_postMessage(channel="C1", text="answer", thread_ts=parent)
    assert posted["message"]["thread_ts"] == parent
    assert [message.thread_ts for message in slack.messages] == [None, parent]


async def test_reply_to_a_reply_joins_the_thread(slack: Slack) -> None:
    parent = await slack.post()
    reply = await slack.post(thread_ts=parent)
    _ = await slack.post(thread_ts=reply)
    assert [message.thread_ts for message in slack.messages] == [None, parent, parent]


async def test_reply_to_nothing_is_refused(slack: Slack) -> None:
    unknown = slack.client.chat_postMessage(channel="C1", text="x", thread_ts="1.000000")
    assert await refused(unknown) == "thread_not_found"
    private = await slack.client.chat_postEphemeral(channel="C1", user="U0ADA", text="x")
    below = slack.client.chat_postMessage(channel="C1", text="x", thread_ts=private["message_ts"])
    assert await refused(below) == "thread_not_found"
    gone = await slack.post()
    slack.server.workspace.remove("C1", gone)
    assert await refused(slack.client.chat_postMessage(channel="C1", text="x", thread_ts=gone)) == (
        "thread_not_found"
    )


async def test_client_msg_id_makes_nothing_happen_once_only(slack: Slack) -> None:
    for _ in range(2):
        body = {"channel": "C1", "text": "x", "client_msg_id": "4c3a2b8e-0000-4000-8000-000000000001"}
        await slack.client.api_call("chat.postMessage", json=body)
    assert len(slack.messages) == 2


async def test_removed_message_is_gone_without_a_trace(slack: Slack) -> None:
    ts = await slack.post(blocks=BUTTONS)
    Screen(slack.people, "ada").remove(ts, channel="ops")
    assert slack.messages == []
    client = slack.client
    assert await refused(client.chat_update(channel="C1", ts=ts, text="x")) == "message_not_found"
    assert await refused(client.chat_delete(channel="C1", ts=ts)) == "message_not_found"
    assert await refused(client.chat_getPermalink(channel="C1", message_ts=ts)) == "message_not_found"


async def test_tombstone_still_has_a_permalink_and_takes_nothing_else(slack: Slack) -> None:
    ts = await slack.post("was here", blocks=BUTTONS)
    answer = await slack.post("answer", thread_ts=ts)
    Screen(slack.people, "ada").remove(ts, channel="ops")
    grave, reply = slack.messages
    assert (grave.ts, grave.user, grave.text, grave.blocks) == (ts, SLACKBOT, REMOVED, [])
    assert reply.ts == answer
    client = slack.client
    assert (await client.chat_getPermalink(channel="C1", message_ts=ts))["ok"]
    assert await refused(client.chat_update(channel="C1", ts=ts, text="x")) == "message_not_found"
    assert await refused(client.chat_delete(channel="C1", ts=ts)) == "message_not_found"
    assert (grave.text, grave.blocks) == (REMOVED, [])


async def test_buttons_of_a_tombstone_are_gone(slack: Slack) -> None:
    ts = await slack.post(blocks=BUTTONS)
    (message,) = slack.messages
    _ = await slack.post(thread_ts=ts)
    slack.server.workspace.remove("C1", ts)
    with pytest.raises(PersonError, match="not there any more"):
        await Screen(slack.people, "ada").press_in(message, "Press", channel="ops")


async def test_deletion_by_the_app_leaves_a_tombstone_as_well(slack: Slack) -> None:
    ts = await slack.post()
    _ = await slack.post(thread_ts=ts)
    await slack.client.chat_delete(channel="C1", ts=ts)
    assert [message.is_tombstone for message in slack.messages] == [True, False]


async def test_removed_reply_leaves_no_tombstone(slack: Slack) -> None:
    parent = await slack.post()
    reply = await slack.post(thread_ts=parent)
    slack.server.workspace.remove("C1", reply)
    assert [message.ts for message in slack.messages] == [parent]


async def test_thread_goes_on_below_a_tombstone(slack: Slack) -> None:
    parent = await slack.post()
    _ = await slack.post(thread_ts=parent)
    slack.server.workspace.remove("C1", parent)
    _ = await slack.post(thread_ts=parent)
    assert [message.thread_ts for message in slack.messages] == [None, parent, parent]


async def test_person_removes_what_they_see_and_everybody_could_see(slack: Slack) -> None:
    ts = await slack.post()
    private = await slack.client.chat_postEphemeral(channel="C1", user="U0ADA", text="x")
    channel = slack.server.workspace.channels["C1"]
    with pytest.raises(PersonError, match="not in #ops"):
        slack.people.remove(Person("U0BEN", "ben", "admin"), channel, ts)
    with pytest.raises(PersonError, match="one person only"):
        slack.people.remove(ADA, channel, private["message_ts"])
    slack.people.remove(ADA, channel, ts)
    with pytest.raises(PersonError, match="not there any more"):
        slack.people.remove(ADA, channel, ts)
