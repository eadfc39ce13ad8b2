"""From mailwarden.toml and the environment to `Settings`, or to the whole list of what is wrong."""

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from bot.errors import ConfigError
from bot.model import ProviderKind
from bot.settings.accounts import ACCOUNT_MODELS, NO_ACCOUNTS
from bot.settings.environment import (
    API_TOKEN,
    APP_TOKEN,
    BOT_TOKEN,
    LOGIN_PASSWORD,
    SecretKind,
    read_password,
    read_secret,
)
from bot.settings.keys import ConfigKey, account_keys, config_keys
from bot.settings.models import Settings
from bot.settings.values import split_password

_SLACK_SECRETS = {"bot_token": ("SLACK_BOT_TOKEN", BOT_TOKEN), "app_token": ("SLACK_APP_TOKEN", APP_TOKEN)}
_DATABASE_PASSWORD = "DATABASE_PASSWORD"  # noqa: S105 - the name of a variable, not a secret
_SECRET_KEYS = frozenset({*_SLACK_SECRETS, "api_token", "password"})
_SECRET_VALUE = re.compile(r"xox[a-z]-|xapp-|pm-(live|test)-")
_ACCOUNT_SECRETS = {
    ProviderKind.PURELYMAIL: ("api_token", API_TOKEN),
    ProviderKind.MAILINABOX: ("password", LOGIN_PASSWORD),
}
_KEYS = {key.path: key for key in config_keys() if key.provider is None}
_ACCOUNT_KEYS = {kind: account_keys(kind) for kind in ACCOUNT_MODELS}
_ACCOUNTS_SHAPE = (
    "accounts: expected a list of tables; write [[accounts]], with two pairs of brackets, above each."
)
_NO_PROVIDER = {"union_tag_invalid": "literal_error", "union_tag_not_found": "missing"}
"""What pydantic says of an account whose provider is unknown or missing, and what that comes to."""

_UNREAD = SecretStr("unread")
"""Stands where a secret is missing, so that its absence is told once."""

_Location = tuple[int | str, ...]


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of the file at `path`, with the secrets of `environ`. Raises ConfigError with all problems at once."""
    problems: list[str] = []
    document = _read(path, problems)
    found = document if document is not None else {}
    problems += _without_secrets(found)
    _add_secrets(found, environ, problems)
    if document is None:
        raise ConfigError(problems)
    problems += _repeated_names(found)
    try:
        settings = Settings.model_validate(found, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ConfigError([*problems, *(_problem(found, detail) for detail in error.errors())]) from None
    if problems:
        raise ConfigError(problems)
    return settings


def _read(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{path}: there is no such file. Copy mailwarden.example.toml there and fill it in.")
    except OSError as error:
        problems.append(f"{path}: can't be read ({error.strerror})")
    except UnicodeDecodeError:
        problems.append(f"{path}: expected a text in UTF-8")
    except ValueError as error:
        problems.append(f"{path}: expected TOML: {error}")
    return None


def _without_secrets(value: Any, at: _Location = ()) -> Iterator[str]:
    """Takes the tokens out of the document, in place; says of each where it belongs."""
    pairs = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in pairs:
        if key in _SECRET_KEYS or (isinstance(inner, str) and _SECRET_VALUE.match(inner)):
            value[key] = ""
            if isinstance(value, dict):
                del value[key]
            what, name = "token", "the environment variable that api_token_env names"
            if key == "password":
                what, name = "password", _DATABASE_PASSWORD
                if at[:1] == ("accounts",):
                    name = "the environment variable that password_env names"
            for slack_key, (variable, kind) in _SLACK_SECRETS.items():
                if key == slack_key or str(inner).startswith(kind.prefix):
                    name = variable
            yield f"{_spell((*at, key))}: a {what} has no place in this file. Delete it here and set {name} instead."
        else:
            yield from _without_secrets(inner, (*at, key))


def _add_secrets(document: dict[str, Any], environ: Mapping[str, str], problems: list[str]) -> None:
    for table in Settings.model_fields:
        if table != "accounts":
            document.setdefault(table, {})

    def secret(name: str, kind: SecretKind) -> SecretStr:
        try:
            return read_secret(name, kind, environ)
        except ConfigError as error:
            problems.extend(error.problems)
            return _UNREAD

    for key, (name, kind) in _SLACK_SECRETS.items():
        value = secret(name, kind)
        if isinstance(document["slack"], dict):
            document["slack"][key] = value
    problems += _add_password(document["database"], environ)
    _add_account_secrets(document, secret, problems)


def _add_account_secrets(
    document: dict[str, Any], secret: Callable[[str, SecretKind], SecretStr], problems: list[str]
) -> None:
    users: dict[str, int] = {}
    for index, account in _account_tables(document):
        provider = _provider_of(account)
        if provider is None:
            continue
        key, kind = _ACCOUNT_SECRETS[provider]
        account[key] = _UNREAD
        default = ACCOUNT_MODELS[provider].model_fields[f"{key}_env"].default
        name = account.get(f"{key}_env", default)
        if not isinstance(name, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]*", name):
            continue
        if name in users:
            what = "password" if kind.is_password else "token"
            problems.append(
                f"accounts[{index}].{key}_env: {name} already holds the {what} of accounts[{users[name]}]; "
                f"expected another variable, because each account has a {what} of its own"
            )
            continue
        users[name] = index
        account[key] = secret(name, kind)


def _provider_of(account: dict[str, Any]) -> ProviderKind | None:
    """The mail system of an account's table, as far as it names one that is known."""
    named = account.get("provider")
    return next((kind for kind in ProviderKind if kind == named), None)


def _add_password(database: Any, environ: Mapping[str, str]) -> list[str]:
    try:
        password = read_password(_DATABASE_PASSWORD, environ)
    except ConfigError as error:
        return error.problems
    if password is None or not isinstance(database, dict):
        return []
    if split_password(str(database.get("url")))[1] is not None:
        return [f"{_DATABASE_PASSWORD}: database.url has a password already; keep one of them"]
    database["password"] = password
    return []


def _account_tables(document: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    accounts = document.get("accounts")
    for index, account in enumerate(accounts if isinstance(accounts, list) else []):
        if isinstance(account, dict):
            yield index, account


def _repeated_names(document: dict[str, Any]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for index, account in _account_tables(document):
        name = account.get("name")
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            yield f'accounts[{index}].name: "{name}" is the name of accounts[{seen[name]}] too; expected another one'


def _problem(document: dict[str, Any], detail: Any) -> str:
    at: _Location = detail["loc"]
    kind: str = detail["type"]
    keys = _KEYS
    if at[:1] == ("accounts",) and len(at) > 1:
        if kind in _NO_PROVIDER:
            at, kind = (*at, "provider"), _NO_PROVIDER[kind]
        elif len(at) > 2:
            keys = _ACCOUNT_KEYS[ProviderKind(str(at[2]))]
            at = (*at[:2], *at[3:])
        else:
            return _ACCOUNTS_SHAPE
    said = str(detail["ctx"]["error"]) if kind == "value_error" else ""
    key = keys.get(re.sub(r"\[\d+\]", "[]", _spell(at)).removesuffix("[]"))
    if kind == "extra_forbidden":
        return _unknown_key(at, keys)
    if key is not None:
        about = key.about
        found = (
            "missing" if kind == "missing" else f"found {_shown(_at(document, at), private=about.private)}"
        )
        where = _spell(at)
        if isinstance(at[-1], int):
            where, found = _spell(at[:-1]), f"{found} in it"
        return " ".join(filter(None, [f"{where}: expected {about.expected}; {found}.", said, about.hint]))
    if at == ("accounts",) and not said:
        return NO_ACCOUNTS if kind == "missing" else _ACCOUNTS_SHAPE
    return said or f"{_spell(at)}: expected a table, written as [{_spell(at)}]."


def _unknown_key(at: _Location, keys: Mapping[str, ConfigKey]) -> str:
    spelled = _spell(at)
    key = str(at[-1])
    table = re.sub(r"\[\d+\]", "[]", _spell(at[:-1]))
    here = (
        [path.removeprefix(f"{table}.") for path in keys if path.startswith(f"{table}.")]
        if table
        else list(Settings.model_fields)
    )
    near = get_close_matches(key, here, n=1)
    if near:
        return f"{spelled}: unknown key. Did you mean {near[0]}?"
    if table == "accounts[]" and any(f"{table}.{key}" in others for others in _ACCOUNT_KEYS.values()):
        return f"{spelled}: accounts of this provider have no such key. Expected one of: {', '.join(here)}."
    elsewhere = [path for path in _KEYS if path.rpartition(".")[2] == key]
    if elsewhere:
        return f"{spelled}: unknown key. Did you mean {elsewhere[0]}?"
    return f"{spelled}: unknown key. Expected one of: {', '.join(here)}."


def _spell(at: _Location) -> str:
    text = ""
    for part in at:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            word = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part)
            text += f".{word}" if text else word
    return text


def _at(document: Any, at: _Location) -> Any:
    for part in at:
        try:
            document = document[part]
        except (LookupError, TypeError):
            return None
    return document


def _shown(value: Any, *, private: bool) -> str:
    if private:
        return "something else (not shown here, because it may hold a secret)"
    if isinstance(value, str):
        cut = value if len(value) <= 60 else value[:60] + "…"
        return json.dumps(cut, ensure_ascii=False)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    return str(value)
