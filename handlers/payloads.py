"""What Slack sends, as values: the view a person has open, what they did in it, what they typed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.models.views import View

_VIEW_KEYS = (
    "type",
    "callback_id",
    "title",
    "submit",
    "close",
    "private_metadata",
    "clear_on_close",
    "notify_on_close",
)


class Kind(Enum):
    COMMAND = auto()
    ACTION = auto()
    SUBMISSION = auto()
    CLOSING = auto()
    OPTIONS = auto()
    EVENT = auto()


@dataclass(frozen=True, slots=True)
class OpenView:
    """A view that the person has open, as Slack describes it. `values`: block_id → action_id → the element's state."""

    id: str
    type: str
    callback_id: str
    hash: str | None
    metadata: dict[str, Any]
    values: dict[str, dict[str, dict[str, Any]]] = field(repr=False)
    blocks: list[dict[str, Any]] = field(repr=False)
    raw: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, view: dict[str, Any]) -> "OpenView":
        try:
            metadata = json.loads(view.get("private_metadata") or "{}")
        except ValueError:
            metadata = {}
        return cls(
            id=str(view.get("id", "")),
            type=str(view.get("type", "modal")),
            callback_id=str(view.get("callback_id", "")),
            hash=view.get("hash"),
            metadata=metadata if isinstance(metadata, dict) else {},
            values=(view.get("state") or {}).get("values") or {},
            blocks=list(view.get("blocks") or []),
            raw=view,
        )

    def text(self, block_id: str, action_id: str) -> str:
        """What is typed into a text input, "" if nothing. Without NUL, which no database takes (PostgreSQL's text)."""
        return str(self._state(block_id, action_id).get("value") or "").replace("\0", "")

    def choice(self, block_id: str, action_id: str) -> str:
        """The value of the selected option, "" if none is."""
        return str((self._state(block_id, action_id).get("selected_option") or {}).get("value") or "")

    def picked(self, block_id: str, action_id: str) -> str:
        """The Slack id of the selected person, or the selected day (`2026-11-21`); "" if none is."""
        state = self._state(block_id, action_id)
        return str(state.get("selected_user") or state.get("selected_date") or "")

    def choices(self, block_id: str, action_id: str) -> list[str]:
        """The values of the selected options of a multi-select."""
        chosen = self._state(block_id, action_id).get("selected_options") or []
        return [str(option.get("value") or "") for option in chosen]

    def person(self, block_id: str, action_id: str) -> str:
        """The Slack id of the picked person, "" if nobody is."""
        return str(self._state(block_id, action_id).get("selected_user") or "")

    def files(self, block_id: str, action_id: str) -> list[dict[str, Any]]:
        """The files that were given, as Slack describes them."""
        given = self._state(block_id, action_id).get("files") or []
        return [file for file in given if isinstance(file, dict)]

    def _state(self, block_id: str, action_id: str) -> dict[str, Any]:
        return self.values.get(block_id, {}).get(action_id) or {}

    @property
    def beneath(self) -> str:
        """The id of the window that this one was opened on top of, "" where there is none."""
        return str(self.raw.get("previous_view_id") or "")

    @property
    def place(self) -> str:
        """Where the person is in the list that this is, or is on top of: see handlers/place.py."""
        return str(self.metadata.get("place", ""))

    @property
    def trail(self) -> str:
        """Where the person is in the list of mail users, in all windows that were opened on the way from it."""
        return str(self.metadata.get("trail", ""))

    @property
    def input_ids(self) -> list[str]:
        """The block_ids that an error can be shown at."""
        return [str(block["block_id"]) for block in self.blocks if block.get("type") == "input"]

    def with_blocks(self, blocks: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """The same view for views.update, with other blocks."""
        kept = {key: self.raw[key] for key in _VIEW_KEYS if self.raw.get(key)}
        return kept | {"blocks": list(blocks)[:100]}


@dataclass(frozen=True, slots=True)
class Action:
    """What was clicked, picked or typed. `at` orders the actions of a person; `value` may be a secret."""

    block_id: str
    action_id: str
    value: str = field(repr=False)
    at: float = 0.0

    @classmethod
    def read(cls, action: dict[str, Any]) -> "Action":
        chosen = action.get("selected_option") or {}
        return cls(
            block_id=str(action.get("block_id", "")),
            action_id=str(action.get("action_id", "")),
            value=str(action.get("value") or chosen.get("value") or ""),
            at=float(action.get("action_ts") or 0),
        )


def pack(**values: Any) -> str:
    """private_metadata: ids and nonces only. It travels through the person's client, so nothing secret may be in it."""
    return json.dumps(values, separators=(",", ":"))


def on_trail(view: View, trail: str) -> View:
    """The same view, with the trail in its metadata, unless it has one of its own."""
    metadata = json.loads(view.private_metadata or "{}")
    if trail and "trail" not in metadata:
        view.private_metadata = pack(**metadata, trail=trail)
    return view


def clean(text: str) -> str:
    """What a person typed after a command: trimmed, and without the link that Slack makes of an address."""
    words = []
    for word in text.split():
        if word.startswith("<mailto:") and word.endswith(">"):
            word = word[1:-1].removeprefix("mailto:").partition("|")[0]  # noqa: PLW2901 - the same word, unwrapped
        words.append(word.lower())
    return " ".join(words)


def error_code(error: SlackApiError) -> str:
    """Slack's own code for what went wrong."""
    data = error.response.data if hasattr(error.response, "data") else error.response
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def kind_of(body: dict[str, Any]) -> Kind:
    """What sort of request from Slack a body is."""
    if "command" in body:
        return Kind.COMMAND
    match body.get("type"):
        case "view_submission":
            return Kind.SUBMISSION
        case "view_closed":
            return Kind.CLOSING
        case "block_suggestion":
            return Kind.OPTIONS
        case "event_callback":
            return Kind.EVENT
        case _:
            return Kind.ACTION
