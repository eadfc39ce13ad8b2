"""What a method gets: its arguments, whatever way they were sent, and the workspace."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.errors import ApiError
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `address` is where this Slack listens, `http://127.0.0.1:PORT`."""

    slack: Workspace
    socket: SocketMode
    address: str
    arguments: dict[str, Any]

    def text(self, name: str) -> str:
        """A required argument. Raises `invalid_arguments`."""
        value = self.arguments.get(name)
        if value is None or not str(value):
            raise ApiError(
                "invalid_arguments",
                response_metadata={"messages": [f"[ERROR] missing required field: {name}"]},
            )
        return str(value)

    def optional(self, name: str) -> str | None:
        value = self.arguments.get(name)
        return None if value is None or not str(value) else str(value)

    def structure(self, name: str, otherwise: str) -> Any:
        """An argument that is an object or a list, perhaps as JSON in a string. Raises `otherwise`."""
        value = self.arguments.get(name)
        if isinstance(value, str):
            try:
                return json.loads(value)
            except ValueError:
                raise ApiError(otherwise) from None
        return value


@dataclass(frozen=True, slots=True)
class Method:
    run: Callable[[Call], Awaitable[dict[str, Any]]]
    scope: str | None = None
    """The bot scope it needs, if any."""
    app_token: bool = False
    """Called with the app-level token instead of the bot's."""
