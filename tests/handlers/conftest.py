import pytest

from bot.sandbox.run import Sandbox
from tests.support.systems import MailSystem


@pytest.fixture
def mail(sandbox: Sandbox) -> MailSystem:
    """The mail system that the sandbox's first account is on."""
    return MailSystem.of(sandbox)
