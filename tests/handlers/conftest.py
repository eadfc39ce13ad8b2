"""A person in the sandbox: the bot unchanged, against a Slack, a PurelyMail and a DNS on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sandbox.run import Sandbox, open_sandbox
from bot.sandbox.slack.screen import Screen


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with open_sandbox(tmp_path / "data", page=False) as sandbox:
        yield sandbox


@pytest.fixture
def ada(sandbox: Sandbox) -> Screen:
    """An admin."""
    return sandbox.screen("ada")


@pytest.fixture
def ben(sandbox: Sandbox) -> Screen:
    """Another admin."""
    return sandbox.screen("ben")


@pytest.fixture
def vic(sandbox: Sandbox) -> Screen:
    """A viewer."""
    return sandbox.screen("vic")


@pytest.fixture
def eve(sandbox: Sandbox) -> Screen:
    """No operator."""
    return sandbox.screen("eve")
