"""Every key of mailwarden.toml with its meaning, for messages and for the README."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any

from bot.model import ProviderKind
from bot.settings.accounts import ACCOUNT_MODELS
from bot.settings.base import Key, Table
from bot.settings.models import Settings


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key of mailwarden.toml: `times.digest`, `accounts[].name`. `default` as the file spells it, None if required.

    `provider`: the mail system whose accounts have it; None where that does not matter.
    """

    path: str
    about: Key
    default: str | None
    provider: ProviderKind | None = None


def config_keys() -> Iterator[ConfigKey]:
    """Every key of mailwarden.toml, in the order of the models. The keys that all accounts have come once."""
    for table, field in Settings.model_fields.items():
        if table == "accounts":
            yield from _account_keys()
        else:
            yield from _keys(table, field.annotation)


def account_keys(provider: ProviderKind) -> dict[str, ConfigKey]:
    """The keys of an account of that mail system, by path."""
    return {key.path: key for key in _keys("accounts[]", ACCOUNT_MODELS[provider])}


def _account_keys() -> Iterator[ConfigKey]:
    kinds = {kind: account_keys(kind) for kind in ACCOUNT_MODELS}
    first, *others = kinds.values()
    common = {path for path, key in first.items() if all(other.get(path) == key for other in others)}
    yield from (key for path, key in first.items() if path in common)
    for kind, keys in kinds.items():
        yield from (replace(key, provider=kind) for path, key in keys.items() if path not in common)


def _keys(prefix: str, model: Any) -> Iterator[ConfigKey]:
    assert issubclass(model, Table)
    for name, field in model.model_fields.items():
        about = next((item for item in field.metadata if isinstance(item, Key)), None)
        if about is not None:
            alias = str(field.validation_alias or name)
            default = None if field.is_required() else _as_toml(field.default, alias)
            yield ConfigKey(f"{prefix}.{alias}", about, default)


def _as_toml(value: Any, key: str) -> str:
    match value:
        case timedelta():
            unit = timedelta(minutes=1) if key.endswith("_minutes") else timedelta(hours=1)
            return f"{value / unit:g}"
        case time():
            return f'"{value:%H:%M}"'
        case tuple():
            return "[{}]".format(", ".join(_as_toml(item, key) for item in value))
        case bool():
            return str(value).lower()
        case float() | int():
            return f"{value:g}"
        case _:
            return f'"{value}"'
