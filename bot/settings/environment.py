"""Secrets come from the environment only: never from a file that people copy, mail or commit.

Each may also be given as NAME_FILE, the path of a file that holds nothing else (Docker and systemd hand out secrets so).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.errors import ConfigError

_PLACEHOLDER = re.compile(r"[<>…]|\.\.\.|(?i:(^|[-_ ])(your|changeme|example|placeholder|x{3,})([-_ ]|$))")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")


@dataclass(frozen=True, slots=True)
class SecretKind:
    """What a secret looks like and where a person finds it. `prefix` is "" where the format is not published."""

    prefix: str
    where: str
    strangers: Mapping[str, str]
    """Prefixes of other secrets that get mixed up with this one, each with what it is."""
    what: str = "an API token"
    is_password: bool = False
    """It may look like anything, as long as it is ASCII."""


BOT_TOKEN = SecretKind(
    prefix="xoxb-",
    where='api.slack.com/apps → your app → "OAuth & Permissions" → "Bot User OAuth Token"',
    strangers={"xapp-": "an app-level token: that is SLACK_APP_TOKEN", "xoxp-": "a user token"},
)
APP_TOKEN = SecretKind(
    prefix="xapp-",
    where='api.slack.com/apps → your app → "Basic Information" → "App-Level Tokens", with the scope connections:write',
    strangers={"xoxb-": "a bot token: that is SLACK_BOT_TOKEN", "xoxp-": "a user token"},
)
API_TOKEN = SecretKind(
    prefix="",
    where="your mail provider's account settings (PurelyMail: purelymail.com → Account → API)",
    strangers={"xoxb-": "a Slack bot token", "xapp-": "a Slack app-level token"},
)
LOGIN_PASSWORD = SecretKind(
    prefix="",
    where="the box: that of the account's login, or without one the API key in /var/lib/mailinabox/api.key",
    strangers={"xoxb-": "a Slack bot token", "xapp-": "a Slack app-level token"},
    what="a password in ASCII",  # a box can't decode any other in HTTP's Basic authentication
    is_password=True,
)


def read_secret(name: str, kind: SecretKind, environ: Mapping[str, str]) -> SecretStr:
    """The secret `name`, or of the file that NAME_FILE names. Raises ConfigError, which never shows the value."""
    value, from_file = _given(name, environ)
    looks = f"a token that begins with {kind.prefix}" if kind.prefix else kind.what
    wanted = f"expected {looks}, from {kind.where}"
    if not value:
        empty = f"the file of {name}_FILE is empty" if from_file else "not set in the environment"
        raise ConfigError([f"{name}: {empty}; {wanted}"])
    for prefix, what in kind.strangers.items():
        if value.startswith(prefix):
            raise ConfigError([f"{name}: holds {what}; {wanted}"])
    if kind.is_password:
        if not value.isascii() or not value.isprintable():
            raise ConfigError([f"{name}: does not look right; {wanted}"])
        return SecretStr(value)
    bare = value.removeprefix(kind.prefix)
    if _PLACEHOLDER.search(bare) or not bare.strip("-_.xX*"):
        raise ConfigError([f"{name}: still holds a placeholder; {wanted}"])
    if (
        not value.startswith(kind.prefix)
        or not value.isascii()
        or any(character.isspace() for character in value)
    ):
        raise ConfigError([f"{name}: does not look right; {wanted}, without blanks"])
    return SecretStr(value)


def read_password(name: str, environ: Mapping[str, str]) -> SecretStr | None:
    """A secret that may be missing and look like anything, `name` or in NAME_FILE. Raises ConfigError as `read_secret`."""
    value, from_file = _given(name, environ)
    if from_file and not value:
        raise ConfigError([f"{name}: the file of {name}_FILE is empty; expected a password in it"])
    return SecretStr(value) if value else None


def _given(name: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """The value, "" where there is none, and the file it is from."""
    from_file = environ.get(f"{name}_FILE", "").strip()
    value = environ.get(name, "").strip()
    if value and from_file:
        raise ConfigError([f"{name}: set both as {name} and as {name}_FILE; keep one of them"])
    return (_read_file(name, from_file), from_file) if from_file else (value, "")


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise ConfigError(
            [f"{name}_FILE: {path} is not text; expected a file that holds nothing else"]
        ) from None
    except OSError as error:
        raise ConfigError([f"{name}_FILE: {path} can't be read ({error.strerror})"]) from error


def read_env_file(path: Path) -> dict[str, str]:
    """The NAME=VALUE lines of a file; blank lines, # comments, `export` and quotes around a value are fine.

    Raises ConfigError, which names the line and never shows it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ConfigError([f"{path} is not text in UTF-8"]) from None
    except OSError as error:
        raise ConfigError([f"{path} can't be read ({error.strerror})"]) from error
    found: dict[str, str] = {}
    problems = []
    for number, line in enumerate(map(str.strip, lines), start=1):
        if not line or line.startswith("#"):
            continue
        if match := _LINE.fullmatch(line):
            name, value = match.groups()
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[name] = value[1:-1] if quoted else value
        else:
            problems.append(f"{path}, line {number}: expected NAME=VALUE")
    if problems:
        raise ConfigError(problems)
    return found
