"""Logging that can't leak: one line a record, secrets taken out, and the libraries that log bodies kept quiet.

slack_bolt and slack_sdk write whole payloads at DEBUG (and a stale request's body at INFO), and payloads carry typed
passwords. So these libraries are capped whatever level is configured, twice: at their loggers, which holds for anybody's
handlers, and at our handler, which holds whatever level a child logger of theirs is given later.
"""

import json
import logging
import re
import secrets
import sys
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TextIO
from urllib.parse import quote

from typing_extensions import override

CAPPED = MappingProxyType(
    {
        "slack_bolt": logging.WARNING,
        "slack_sdk": logging.WARNING,
        "mailwarden": logging.WARNING,  # not ours: Bolt names the loggers of its listeners `<app name>:<class>`
        "aiohttp": logging.WARNING,
        "httpx": logging.WARNING,
        "httpcore": logging.WARNING,
        "websockets": logging.WARNING,
        "aiosqlite": logging.WARNING,
        "sqlalchemy": logging.WARNING,
        "alembic": logging.WARNING,
        "apscheduler": logging.WARNING,
    }
)
"""The lowest level of each library that is ever written."""

_UNAMBIGUOUS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_REDACTED = "[redacted]"
_KNOWN_SECRETS = re.compile(
    r"""
    (?:xox[a-z]|xapp)-[A-Za-z0-9-]+                                     # Slack's tokens
    | (?<![A-Za-z0-9])pm-(?:live|test)-[A-Za-z0-9-]+                    # PurelyMail's
    | (?i:(?P<header>purelymail-api-token\W{1,6}(?:b['"])?))[^\s'",}\])]+  # and whatever stands in its header
    """,
    re.VERBOSE,
)
_SHORTEST_SECRET = 6
"""Shorter texts are not registered: they would blot out ordinary words."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)} | {
    0x0A: "\\n",
    0x0D: "\\r",
    0x09: "\\t",
}

_registered: set[str] = set()


def reference() -> str:
    """Eight characters that tie what a person was shown to the log; none is mistaken for another when read aloud."""
    return "".join(secrets.choice(_UNAMBIGUOUS) for _ in range(8))


def register_secret(value: str) -> None:
    """Never write this value from now on, in no spelling that repr, JSON or a URL would give it."""
    if len(value) >= _SHORTEST_SECRET:
        _registered.update({value, repr(value)[1:-1], json.dumps(value)[1:-1], quote(value, safe="")})


def redact(text: str) -> str:
    """The text without any secret we know or can tell by its looks."""
    for secret in sorted(_registered, key=len, reverse=True):
        text = text.replace(secret, _REDACTED)
    return _KNOWN_SECRETS.sub(lambda match: (match["header"] or "") + _REDACTED, text)


class RedactingFormatter(logging.Formatter):
    """`2026-11-21T09:00:00.000Z INFO bot.app: connected to Slack`, in UTC, tracebacks below.

    It works on the finished text, so message, arguments, traceback and stack are all covered.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    @override
    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return (
            datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            + f".{int(record.msecs):03}Z"
        )

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        # What came from outside must not begin a line of its own and look like another record.
        return super().formatMessage(record).translate(_CONTROLS)

    @override
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def within_cap(record: logging.LogRecord) -> bool:
    """Whether the record may be written: False for chatter of a capped library."""
    cap = CAPPED.get(re.split("[.:]", record.name, maxsplit=1)[0])
    return cap is None or record.levelno >= cap


def cap_loggers() -> None:
    """Silence what may carry bodies, for every handler there is. Doing it twice is fine."""
    for name, cap in CAPPED.items():
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, cap))


def configure_logging(level: str, stream: TextIO | None = None) -> logging.Handler:
    """Log to `stream` (standard error) from `level` up, in place of the handlers that were there. Returns its handler."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(RedactingFormatter())
    handler.addFilter(within_cap)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    cap_loggers()
    return handler
