"""Every key of mailwarden.toml with its meaning, for messages and for the README."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from bot.settings.models import AccountSettings, Key, Settings


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key of mailwarden.toml: `times.digest`, `accounts[].name`. `default` as the file spells it, None if required."""

    path: str
    about: Key
    default: str | None


def config_keys() -> Iterator[ConfigKey]:
    """Every key of mailwarden.toml, in the order of the models."""
    for table, field in Settings.model_fields.items():
        model = field.annotation
        listed = table == "accounts"
        prefix = f"{table}[]" if listed else table
        for name, inner in (AccountSettings if listed else model).model_fields.items():  # type: ignore[union-attr]
            about = next((item for item in inner.metadata if isinstance(item, Key)), None)
            if about is not None:
                alias = str(inner.validation_alias or name)
                default = None if inner.is_required() else _as_toml(inner.default, alias)
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
