"""Slack knows an emoji by its name; the sandbox's page has to know those that we name, or it shows the name."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = sorted(
    {
        name
        for path in (ROOT / "handlers").rglob("*.py")
        for name in re.findall(r'(?<=["( ]):([a-z0-9_]+):(?=[" ])', path.read_text(encoding="utf-8"))
    }
)
KNOWN = set(re.findall(r'(\w+): "', (ROOT / "bot/sandbox/page/text.js").read_text(encoding="utf-8")))


def test_there_are_emoji_to_look_for() -> None:
    assert {"warning", "raised_hand"} <= set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_emoji_is_known_to_the_page(name: str) -> None:
    assert name in KNOWN
