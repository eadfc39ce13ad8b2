"""What Slack sends to an app, in Slack's shapes (docs.slack.dev: interaction payloads, slash commands, Events API)."""

import secrets
import time
from typing import Any

from bot.sandbox.slack.workspace import APP, BOT_ID, BOT_USER, TEAM, Channel, Message, Person, View, Workspace

_COMMON = {"api_app_id": APP, "token": "not-a-secret", "is_enterprise_install": False, "enterprise": None}
_TEAM = {"id": TEAM, "domain": "sandbox"}


def view_object(view: View) -> dict[str, Any]:
    """A view as Slack shows it to the app."""
    return {
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "title": None,
        **view.content,
        "id": view.id,
        "team_id": TEAM,
        "app_id": APP,
        "app_installed_team_id": TEAM,
        "bot_id": BOT_ID,
        "hash": view.hash,
        "root_view_id": view.root_id,
        "previous_view_id": view.previous_id,
        "state": {"values": view.state()},
    }


def message_object(message: Message) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "user": message.user,
        "blocks": message.blocks,
    }
    if message.user == BOT_USER:
        shown |= {"bot_id": BOT_ID, "app_id": APP, "team": TEAM}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.metadata:
        shown["metadata"] = message.metadata
    if message.files:
        shown["files"] = [{"id": id_} for id_ in message.files]
    return shown


def slash_command(
    slack: Workspace, person: Person, channel: Channel, command: str, text: str
) -> dict[str, Any]:
    return {
        "token": _COMMON["token"],
        "team_id": TEAM,
        "team_domain": "sandbox",
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.is_im else channel.name,
        "user_id": person.id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.invalid/commands/unused",
        "trigger_id": slack.new_trigger(person.id),
    }


def block_actions(
    slack: Workspace,
    person: Person,
    action: dict[str, Any],
    *,
    view: View | None,
    at: tuple[Channel, Message] | None,
) -> dict[str, Any]:
    payload = {
        "type": "block_actions",
        "user": _user(person),
        "team": _TEAM,
        "trigger_id": slack.new_trigger(person.id),
        "actions": [action],
        **_COMMON,
    }
    if view is not None:
        return payload | {"container": {"type": "view", "view_id": view.id}, "view": view_object(view)}
    assert at is not None, "an action is in a view or in a message"
    channel, message = at
    state: dict[str, dict[str, Any]] = {}
    for (block_id, action_id), value in message.clicked.items():
        state.setdefault(block_id, {})[action_id] = value
    return payload | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.ephemeral_for is not None,
        },
        "channel": {"id": channel.id, "name": channel.name},
        "message": message_object(message),
        "state": {"values": state},
        "response_url": "https://hooks.slack.invalid/actions/unused",
    }


def view_submission(slack: Workspace, person: Person, view: View) -> dict[str, Any]:
    return {
        "type": "view_submission",
        "team": _TEAM,
        "user": _user(person),
        "trigger_id": slack.new_trigger(person.id),
        "view": view_object(view),
        "response_urls": [],
        **_COMMON,
    }


def view_closed(person: Person, view: View, *, is_cleared: bool) -> dict[str, Any]:
    return {
        "type": "view_closed",
        "team": _TEAM,
        "user": _user(person),
        "view": view_object(view),
        "is_cleared": is_cleared,
        **_COMMON,
    }


def block_suggestion(person: Person, view: View, block_id: str, action_id: str, query: str) -> dict[str, Any]:
    return {
        "type": "block_suggestion",
        "user": _user(person),
        "container": {"type": "view", "view_id": view.id},
        "team": _TEAM,
        "action_id": action_id,
        "block_id": block_id,
        "value": query,
        "view": view_object(view),
        **_COMMON,
    }


def global_shortcut(slack: Workspace, person: Person, callback_id: str) -> dict[str, Any]:
    return {
        "type": "shortcut",
        "token": _COMMON["token"],
        "action_ts": slack.next_ts(),
        "team": _TEAM,
        "user": _user(person),
        "is_enterprise_install": False,
        "enterprise": None,
        "callback_id": callback_id,
        "trigger_id": slack.new_trigger(person.id),
    }


def message_shortcut(
    slack: Workspace, person: Person, callback_id: str, channel: Channel, message: Message
) -> dict[str, Any]:
    return global_shortcut(slack, person, callback_id) | {
        "type": "message_action",
        "channel": {"id": channel.id, "name": "directmessage" if channel.is_im else channel.name},
        "message_ts": message.ts,
        "message": message_object(message),
        "response_url": "https://hooks.slack.invalid/app/unused",
    }


def app_home_opened(slack: Workspace, person: Person) -> dict[str, Any]:
    home = slack.homes.get(person.id)
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": slack.direct_messages(person.id).id,
        "tab": "home",
        "event_ts": slack.next_ts(),
    }
    if home is not None:
        event["view"] = view_object(home)
    return _event_callback(event)


def metadata_posted(channel: Channel, message: Message) -> dict[str, Any]:
    return _event_callback(
        {"type": "message_metadata_posted"}
        | _origin(channel, message)
        | {"metadata": message.metadata, "event_ts": message.ts}
    )


def metadata_deleted(slack: Workspace, channel: Channel, message: Message) -> dict[str, Any]:
    """`message` as it was before it was removed."""
    now = slack.next_ts()
    return _event_callback(
        {"type": "message_metadata_deleted"}
        | _origin(channel, message)
        | {"previous_metadata": message.metadata, "event_ts": now, "deleted_ts": now}
    )


def _origin(channel: Channel, message: Message) -> dict[str, Any]:
    return {
        "app_id": APP,
        "bot_id": BOT_ID,
        "user_id": message.user,
        "team_id": TEAM,
        "channel_id": channel.id,
        "message_ts": message.ts,
    }


def _event_callback(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "token": _COMMON["token"],
        "team_id": TEAM,
        "api_app_id": APP,
        "type": "event_callback",
        "event": event,
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM,
                "user_id": BOT_USER,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
    }


def _user(person: Person) -> dict[str, str]:
    return {"id": person.id, "username": person.name, "name": person.name, "team_id": TEAM}
