"""What a look at one thing found."""

from dataclasses import dataclass

from typing_extensions import override


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `advice` says what to do where it is wrong, or what could not be looked at."""

    passed: bool
    what: str
    advice: str = ""

    @override
    def __str__(self) -> str:
        return f"{'✓' if self.passed else '✗'} {self.what}" + (
            f"\n    → {self.advice}" if self.advice else ""
        )
