"""How this Slack says no: to the app, and to a person."""

from typing import Any


class ApiError(Exception):
    """An answer `{"ok": false, "error": code, ...}`, with HTTP 200 as Slack has it."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


class PersonError(Exception):
    """What a person sees Slack itself say, or what they tried is not possible on their screen."""
