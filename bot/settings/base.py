"""What every table of mailwarden.toml is made of."""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class Key:
    """What a key of mailwarden.toml means, and what belongs there."""

    meaning: str
    expected: str
    hint: str = ""
    """Where to find the right value."""
    private: bool = False
    """Its value is never shown: secrets end up there by mistake."""


class Table(BaseModel):
    """A table of mailwarden.toml. Built in code it takes field names, built from the file the file's names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True)
