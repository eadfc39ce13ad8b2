"""manifest.yml against Slack's rules and against the code: what it declares is what there is, no more and no less."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

import handlers
from bot.doctor.slack import OPTIONAL, SCOPES
from bot.sandbox.slack.events import SCOPES as SCOPES_OF_EVENTS
from bot.sandbox.slack.methods import METHODS
from bot.services import Services
from handlers import given_files

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
SUBSCRIBED: dict[str, Any] = MANIFEST["settings"]["event_subscriptions"]
COMMANDS: list[str] = [command["command"] for command in MANIFEST["features"]["slash_commands"]]


def closed(required: str, **properties: Any) -> dict[str, Any]:
    """An object with these properties, of which the ones in `required` must be there, and no others."""
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def text(shortest: int, longest: int, pattern: str = "") -> dict[str, Any]:
    return {"type": "string", "minLength": shortest, "maxLength": longest, "pattern": pattern}


FLAG = {"type": "boolean"}
SCOPE_LIST = {"type": "array", "uniqueItems": True, "items": text(1, 50)}
# The part of docs.slack.dev/reference/app-manifest that an app in Socket Mode can use: no urls anywhere.
SLACKS_RULES = closed(
    "_metadata display_information features oauth_config settings",
    _metadata=closed("major_version", major_version={"const": 2}, minor_version={"type": "integer"}),
    display_information=closed(
        "name description",
        name=text(1, 35),
        description=text(1, 140),
        long_description=text(175, 4000),
        background_color=text(4, 7, r"^#([0-9a-fA-F]{3}){1,2}$"),
    ),
    features=closed(
        "app_home bot_user slash_commands shortcuts",
        app_home=closed(
            "", home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG
        ),
        bot_user=closed("display_name", display_name=text(1, 80, r"^[a-z0-9._-]+$"), always_online=FLAG),
        slash_commands={
            "type": "array",
            "minItems": 1,
            "maxItems": 50,
            "items": closed(
                "command description",
                command=text(2, 32, r"^/[a-z0-9_-]+$"),
                description=text(1, 2000),
                usage_hint=text(1, 1000),
                should_escape=FLAG,
            ),
        },
        shortcuts={
            "type": "array",
            "minItems": 1,
            "maxItems": 10,
            "items": closed(
                "name type callback_id description",
                name=text(1, 24),
                type={"enum": ["message", "global"]},
                callback_id=text(1, 255),
                description=text(1, 150),
            ),
        },
    ),
    oauth_config=closed("scopes", scopes=closed("bot", bot=SCOPE_LIST, bot_optional=SCOPE_LIST)),
    settings=closed(
        "interactivity socket_mode_enabled",
        event_subscriptions=closed(
            "bot_events",
            bot_events={"type": "array", "uniqueItems": True, "items": text(1, 50), "maxItems": 100},
            metadata_subscriptions={
                "type": "array",
                "minItems": 1,
                "items": closed("app_id event_type", app_id=text(1, 50), event_type=text(1, 100)),
            },
        ),
        interactivity=closed("is_enabled", is_enabled=FLAG),
        org_deploy_enabled=FLAG,
        socket_mode_enabled={"const": True},
        token_rotation_enabled={"const": False},
    ),
)


def test_the_manifest_keeps_slacks_rules() -> None:
    jsonschema.Draft7Validator.check_schema(SLACKS_RULES)
    assert [error.message for error in jsonschema.Draft7Validator(SLACKS_RULES).iter_errors(MANIFEST)] == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("display_information.name", "M" * 36),
        ("display_information.title", "Mailwarden"),
        ("display_information.background_color", "blue"),
        ("settings.socket_mode_enabled", False),
        ("oauth_config.scopes.bot", ["commands", "commands"]),
        ("settings.event_subscriptions.metadata_subscriptions", [{"event_type": "no_app"}]),
        (
            "features.shortcuts",
            [{"name": "x" * 25, "type": "global", "callback_id": "x", "description": "x"}],
        ),
        ("oauth_config.scopes.bot_option", ["files:read"]),
        ("features.slash_commands", [{"command": "mail", "description": "no slash"}]),
    ],
)
def test_a_manifest_that_slack_would_refuse_is_refused(where: str, value: object) -> None:
    broken: dict[str, Any] = yaml.safe_load(yaml.safe_dump(MANIFEST))
    *path, last = where.split(".")
    inner = broken
    for part in path:
        inner = inner[part]
    inner[last] = value
    assert list(jsonschema.Draft7Validator(SLACKS_RULES).iter_errors(broken))


class Recorder(AsyncApp):
    """Remembers which commands, shortcuts and events listeners were registered for."""

    def __init__(self) -> None:
        super().__init__(name="recorder", token="xoxb-recorder", request_verification_enabled=False)
        self.commands: list[object] = []
        self.shortcuts: list[object] = []
        self.events: list[object] = []

    @override
    def command(self, command: Any, matchers: Any = None, middleware: Any = None) -> Any:
        self.commands.append(command)
        return super().command(command, matchers, middleware)

    @override
    def shortcut(self, constraints: Any, matchers: Any = None, middleware: Any = None) -> Any:
        self.shortcuts.append(constraints)
        return super().shortcut(constraints, matchers, middleware)

    @override
    def event(self, event: Any, matchers: Any = None, middleware: Any = None) -> Any:
        self.events.append(event)
        return super().event(event, matchers, middleware)


@pytest.fixture(scope="module")
def app() -> Recorder:
    recorder = Recorder()
    # Registering only keeps the services for later, so there need not be any.
    handlers.register(recorder, cast("Services", None))
    return recorder


def test_every_command_has_one_listener_and_every_listener_its_command(app: Recorder) -> None:
    assert sorted(map(str, app.commands)) == sorted(COMMANDS)


def test_every_shortcut_has_one_listener_and_every_listener_its_shortcut(app: Recorder) -> None:
    declared = [shortcut["callback_id"] for shortcut in MANIFEST["features"]["shortcuts"]]
    assert sorted(map(str, app.shortcuts)) == sorted([*declared, str(handlers.ANYTHING)])


def test_every_subscribed_event_has_one_listener_and_the_other_way_round(app: Recorder) -> None:
    assert sorted(map(str, app.events)) == sorted(SUBSCRIBED["bot_events"])


def test_every_subscribed_event_is_one_that_the_sandbox_sends() -> None:
    assert set(SUBSCRIBED["bot_events"]) <= SCOPES_OF_EVENTS.keys()


def test_events_about_metadata_name_the_metadata() -> None:
    about_metadata = any(event.startswith("message_metadata_") for event in SUBSCRIBED["bot_events"])
    assert about_metadata is bool(SUBSCRIBED.get("metadata_subscriptions"))


def test_what_takes_an_argument_has_a_usage_hint() -> None:
    without = {
        command["command"]
        for command in MANIFEST["features"]["slash_commands"]
        if "usage_hint" not in command
    }
    assert without == {"/mail", "/mail-bulk-create", "/mail-operators"}


def test_the_surfaces_that_the_code_uses_are_switched_on(app: Recorder) -> None:
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is ("app_home_opened" in app.events)


API_METHODS = {
    name
    for name, _ in inspect.getmembers(AsyncWebClient, inspect.iscoroutinefunction)
    if "_" in name.strip("_")
}
HELPERS = {"api_call"}
USED_BY_SOCKET_MODE = {"apps.connections.open"}


def web_api_methods(source: str) -> Iterator[str]:
    """The Web API methods that a module names, as Slack spells them: `chat_postMessage` is `chat.postMessage`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in API_METHODS - HELPERS:
            yield node.attr.replace("_", ".")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in HELPERS:
            yield ast.literal_eval(node.args[0])


def methods_in_use() -> set[str]:
    files = [*(ROOT / "handlers").rglob("*.py"), *(ROOT / "bot").rglob("*.py")]
    ours = [path for path in files if not path.is_relative_to(ROOT / "bot" / "sandbox")]
    return USED_BY_SOCKET_MODE | {
        method for path in ours for method in web_api_methods(path.read_text(encoding="utf-8"))
    }


def test_the_scan_sees_calls_references_and_bare_api_calls() -> None:
    source = """
async def f(client, later):
    await client.chat_postMessage(channel="C0")
    later(client.usergroups_users_list)
    await client.api_call("team.info")
    client.unrelated_thing()
"""
    assert set(web_api_methods(source)) == {"chat.postMessage", "usergroups.users.list", "team.info"}


def test_the_manifest_asks_for_the_scopes_that_the_code_needs_and_no_others() -> None:
    needed = {METHODS[method].scope for method in methods_in_use()}
    needed |= {SCOPES_OF_EVENTS[event] for event in SUBSCRIBED["bot_events"]}
    optional = {given_files.SCOPE}  # no method needs it: it is for the files that people pick in a window
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed - {None, ""} | {"commands"} | optional
    assert set(MANIFEST["oauth_config"]["scopes"]["bot_optional"]) == optional


def test_the_doctor_looks_for_the_scopes_of_the_manifest() -> None:
    assert sorted([*SCOPES, *OPTIONAL]) == MANIFEST["oauth_config"]["scopes"]["bot"]
    assert sorted(OPTIONAL) == MANIFEST["oauth_config"]["scopes"]["bot_optional"]
