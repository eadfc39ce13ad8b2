"""The values that keys of mailwarden.toml may have. A check raises ValueError; its text, if any, is a further hint."""

import re
import ssl
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator

MIN_GRACE = timedelta(hours=1)
MAX_GRACE = timedelta(days=30)
MAX_REMINDER = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def _matching(pattern: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError
        return value

    return AfterValidator(check)


def _url(value: str) -> str:
    parts = urlsplit(value)
    # A token would travel in the clear over http, so that is for this machine only.
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
    if not safe or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError
    return value.rstrip("/")


def _slack_url(value: str) -> str:
    return _url(value) + "/"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _zone(value: object) -> ZoneInfo:
    if isinstance(value, ZoneInfo):
        return value
    if not isinstance(value, str):
        raise ValueError  # noqa: TRY004 - pydantic collects ValueErrors only
    names = available_timezones()
    if value not in names:
        near = get_close_matches(value, names, n=1)
        raise ValueError(f'Did you mean "{near[0]}"?' if near else "")
    return ZoneInfo(value)


def _time_of_day(value: object) -> time:
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        value = time.fromisoformat(value)
    if not isinstance(value, time) or value.tzinfo is not None:
        raise ValueError
    return value


def _hours(value: object) -> timedelta:
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= MAX_GRACE / timedelta(hours=1)
    ):
        value = timedelta(hours=value)
    if not isinstance(value, timedelta) or not MIN_GRACE <= value <= MAX_GRACE:
        raise ValueError
    return value


def _minutes(value: object) -> timedelta:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_REMINDER / MINUTE:
        value = timedelta(minutes=value)
    if not isinstance(value, timedelta) or not timedelta(0) <= value <= MAX_REMINDER:
        raise ValueError
    return value


def _ca_file(value: str) -> str:
    if value:
        try:
            _ = ssl.create_default_context(cafile=value)
        except ssl.SSLError:
            raise ValueError("It holds no certificate that can be read.") from None
        except OSError as error:
            raise ValueError(f"It can't be read ({error.strerror}).") from None
    return value


def _name(value: str) -> str:
    name = value.strip().lower()
    if not re.fullmatch(r"(?:[^@\s]+@)?[^@\s]+\.[^@\s.]+", name):
        raise ValueError
    return name


def endpoint(resolver: str) -> tuple[str, int]:
    """Address and port of a resolver as the settings spell it: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:5353`."""
    with_port = re.fullmatch(r"\[([^\]]+)\]:(\d{1,5})|([^:]+):(\d{1,5})", resolver)
    address, port = filter(None, with_port.groups()) if with_port else (resolver, "53")
    if not 0 < int(port) < 65_536:
        raise ValueError
    return str(ip_address(address)), int(port)


def _resolver(value: str) -> str:
    _ = endpoint(value)
    return value


def split_password(url: str) -> tuple[str, str | None]:
    """A database URL without its password, and the password, percent-decoded; None where there is none.

    The last `@` ends it, so that one which was not written as %40 does not leave half a password in the URL.
    """
    scheme, separator, rest = url.partition("://")
    if not scheme.startswith("postgres"):
        return url, None
    userinfo, at, place = rest.rpartition("@")
    user, colon, password = userinfo.partition(":")
    return f"{scheme}{separator}{user}{at}{place}", unquote(password) if colon else None


def _database_url(value: str) -> str:
    if value.startswith("postgres"):
        return _postgresql_url(value)
    if not re.fullmatch(r"sqlite\+aiosqlite:///[^?#]+", value) or value.endswith((":memory:", "/")):
        raise ValueError
    return value


def _postgresql_url(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    if not separator or not re.fullmatch(r"[a-z0-9+]+", scheme):
        raise ValueError
    if scheme != "postgresql+asyncpg":
        raise ValueError(f'Write "postgresql+asyncpg://" in place of "{scheme}://".')
    place, _, query = rest.partition("?")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if "sslmode" in options:
        raise ValueError('Write "ssl=" in place of "sslmode=".')
    if unknown := [name for name in options if name not in {"host", "port", "ssl"}]:
        raise ValueError(f"{unknown[0]}: unknown option; expected one of: ssl, host, port.")
    if options.get("ssl", _SSL[0]) not in _SSL:
        raise ValueError(f"ssl: expected one of: {', '.join(_SSL)}.")
    found = re.fullmatch(
        r"(?:[^:@/]+@)?(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])?(?::[0-9]{1,5})?/[^/#]+", place
    )
    if not found or (not found["host"] and not options.get("host")):
        raise ValueError
    return value


_SSL = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
"""As asyncpg's `ssl` parameter spells them (magicstack.github.io/asyncpg, Connection)."""

SlackIds = tuple[Annotated[str, _matching(r"[UWS][A-Z0-9]{2,}")], ...]
ChannelId = Annotated[str, _matching(r"[CG][A-Z0-9]{2,}")]
OptionalChannelId = Annotated[str, _matching(r"(?:[CG][A-Z0-9]{2,})?")]
AccountName = Annotated[str, _matching(r"[a-z0-9][a-z0-9_-]{0,31}")]
VariableName = Annotated[str, _matching(r"[A-Z_][A-Z0-9_]*")]
Url = Annotated[str, AfterValidator(_url)]
Login = Annotated[str, _matching(r"(?:[a-z0-9._-]+@[a-z0-9.-]+)?")]
CaFile = Annotated[str, AfterValidator(_ca_file)]
SlackUrl = Annotated[str, AfterValidator(_slack_url)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Hours = Annotated[timedelta, BeforeValidator(_hours)]
Minutes = Annotated[timedelta, BeforeValidator(_minutes)]
Names = tuple[Annotated[str, AfterValidator(_name)], ...]
Resolvers = tuple[Annotated[str, AfterValidator(_resolver)], ...]
Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Weekday = Literal["", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
