"""Failures on demand: for the next n calls of a Web API method, or for the socket."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.errors import PersonError

SOCKET = "socket"
"""The method name for what a person's act sends over the socket."""
EVENTS = "events"
"""The method name for events about messages, which come by themselves: they use up no fault meant for an act."""
UPLOAD = "upload"
"""The method name for a file's content, which is sent to a URL of its own."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `delay_seconds`: wait, then go on. `silent_success`: say ok, do nothing. `drop_response`: do the work, then close the
    connection without an answer; on the socket: the app's ack gets lost. `status` and/or `body`: answer that instead
    (429 carries Retry-After: 1 unless `retry_after` says otherwise). `redeliver` (socket, events): send the envelope
    twice. For events, `silent_success` loses the event. `unready` (files.completeUploadExternal): Slack still looks at the
    files, so that as many messages that show them are refused.
    """

    status: int | None = None
    delay_seconds: float = 0.0
    silent_success: bool = False
    drop_response: bool = False
    body: Any = None
    retry_after: int = 1
    redeliver: bool = False
    unready: int = 0

    @property
    def answers(self) -> bool:
        return self.status is not None or self.body is not None


class Faults:
    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def inject(self, method: str, times: int, fault: dict[str, Any]) -> None:
        """Let the next `times` calls of `method` ("*" for any) fail. Raises PersonError for unknown keys."""
        try:
            one = Fault(**fault)
        except TypeError:
            raise PersonError(f"a fault has the keys {', '.join(Fault.__slots__)}") from None
        self._waiting[method].extend([one] * times)

    def take(self, method: str) -> Fault:
        """The fault for a call that is happening now; one without effect if there is none."""
        for name in (method, "*"):
            if self._waiting[name] and not (name == "*" and method in {SOCKET, EVENTS}):
                return self._waiting[name].popleft()
        return Fault()
