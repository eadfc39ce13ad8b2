"""Which mail systems the sandbox of a test has. Without one of these it is PurelyMail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox.accounts import BOX, Holdings, MailSimulator, both_kinds, one_account
from bot.sandbox.mailinabox import sandbox_box
from bot.sandbox.mailinabox.data import SimulatedBox
from bot.sandbox.purelymail import PurelyMailSimulator
from bot.sandbox.run import Sandbox


def a_box() -> Holdings:
    return {BOX: sandbox_box()}


def an_old_box() -> Holdings:
    """From before version 73, without quotas."""
    box = sandbox_box()
    box.has_quotas, box.version = False, "v72"
    return {BOX: box}


def _on(**systems: Callable[[], Holdings]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("made_up", list(systems.values()), ids=list(systems), indirect=True)


on_a_box = _on(mailinabox=a_box)
on_an_old_box = _on(mailinabox_72=an_old_box)
on_either = _on(purelymail=one_account, mailinabox=a_box)
on_both = _on(both=both_kinds)
"""A PurelyMail account, the first one, and a box beside it."""


def the_box(holdings: Holdings) -> SimulatedBox:
    box = holdings[BOX]
    assert isinstance(box, SimulatedBox)
    return box


@dataclass(frozen=True, slots=True)
class MailSystem:
    """The first account of a sandbox, in words that fit any mail system."""

    sandbox: Sandbox
    title: str
    methods: Mapping[str, str]
    deleted: str
    """What a search shows of somebody who is deleted."""
    warning: str
    """What the form for deletions begins with."""

    @classmethod
    def of(cls, sandbox: Sandbox) -> "MailSystem":
        first = next(iter(sandbox.accounts.values()))
        if isinstance(first, PurelyMailSimulator):
            methods = {"create": "createUser", "password": "modifyUser", "delete": "deleteUser"}
            return cls(sandbox, "PurelyMail", methods, "0 of ", "This deletes the mailboxes")
        methods = {
            "create": "POST /mail/users/add",
            "password": "POST /mail/users/password",
            "delete": "POST /mail/users/remove",
        }
        return cls(sandbox, "Mail-in-a-Box", methods, "archived", "This deletes the users")

    @property
    def simulator(self) -> MailSimulator:
        return next(iter(self.sandbox.accounts.values()))

    def fails(self, act: str, fault: dict[str, Any], *, times: int = 1) -> None:
        """Let the next calls of an act (`create`, `password`, `delete`; "*" for any call) fail."""
        self.simulator.inject(self.methods.get(act, act), times, fault)

    async def asked(self, act: str) -> None:
        """Wait until it was asked for the act."""
        await self.simulator.asked(self.methods[act])

    def lose(self, address: str) -> None:
        """Somebody else deletes the user, behind the bot's back."""
        if isinstance(self.simulator, PurelyMailSimulator):
            del self.simulator.account.users[address]
        else:
            del self.simulator.box.users[address]
            self.simulator.box.mailboxes.pop(address, None)
