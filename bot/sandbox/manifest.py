"""What the app's manifest declares, for a Slack that has it installed."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bot.sandbox.slack.events import Subscriptions
from bot.sandbox.slack.people import Command
from bot.sandbox.slack.shortcuts import Shortcut

_INSTALLED = Path(__file__).parent / "manifest.yml"
_CHECKOUT = Path(__file__).parents[2] / "manifest.yml"
"""At the top of a checkout; a wheel carries a copy beside this module."""


@dataclass(frozen=True, slots=True)
class Manifest:
    commands: tuple[Command, ...]
    shortcuts: tuple[Shortcut, ...]
    scopes: frozenset[str]
    messages_tab: bool
    """Whether the app may send direct messages."""
    subscriptions: Subscriptions


@cache
def load_manifest() -> Manifest:
    path = _INSTALLED if _INSTALLED.exists() else _CHECKOUT
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    subscribed = content["settings"]["event_subscriptions"]
    return Manifest(
        commands=tuple(
            Command(
                entry["command"],
                entry["description"],
                entry.get("usage_hint", ""),
                bool(entry.get("should_escape")),
            )
            for entry in content["features"]["slash_commands"]
        ),
        shortcuts=tuple(Shortcut(**entry) for entry in content["features"]["shortcuts"]),
        scopes=frozenset(content["oauth_config"]["scopes"]["bot"]),
        messages_tab=bool(content["features"]["app_home"]["messages_tab_enabled"]),
        subscriptions=Subscriptions(
            events=frozenset(subscribed["bot_events"]),
            metadata=frozenset(
                (entry["app_id"], entry["event_type"]) for entry in subscribed["metadata_subscriptions"]
            ),
        ),
    )
