"""A request about many mail users asks a mail system no more than one about a few."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.deletions import Planner, Safeguards
from bot.model import Target, TargetKind
from bot.providers.mailinabox import MailInABox
from bot.sandbox.mailinabox import BoxUser, sandbox_box
from bot.sandbox.mailinabox.made_up import API_KEY
from bot.sandbox.run import Sandbox, open_sandbox
from tests.conftest import NOW

MANY = [f"u{number:03}@riverside.example" for number in range(60)]


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    box = sandbox_box()
    box.users |= {address: BoxUser(address, "a-password-of-before-9") for address in MANY}
    async with open_sandbox(
        tmp_path / "data", accounts={"box": box}, page=False, gap=timedelta(0), start=NOW
    ) as sandbox:
        yield sandbox


async def calls_for(sandbox: Sandbox, planner: Planner, number: int) -> int:
    before = len(sandbox.box.calls)
    plan = await planner.plan([Target("box", TargetKind.USER, address) for address in MANY[:number]])
    assert len(plan.accepted) == number
    return len(sandbox.box.calls) - before


async def test_sixty_mail_users_take_as_many_calls_as_two(sandbox: Sandbox) -> None:
    """With the box's key, which is no mail user: who is the last administrator has to be asked then."""
    box = MailInABox("box", base_url=sandbox.box.url, password=SecretStr(API_KEY))
    planner = Planner(
        directory=sandbox.bot.services.directory,
        providers={"box": box},
        safeguards=Safeguards(threshold=5, protected=()),
    )
    assert await calls_for(sandbox, planner, 2) == await calls_for(sandbox, planner, len(MANY)) == 2
    await box.aclose()
