"""Which mail systems the sandbox of a test has. Without one of these it is PurelyMail."""

from collections.abc import Callable

import pytest

from bot.sandbox.accounts import BOX, Holdings, both_kinds, one_account
from bot.sandbox.mailinabox import sandbox_box
from bot.sandbox.mailinabox.data import SimulatedBox


def a_box() -> Holdings:
    return {BOX: sandbox_box()}


def an_old_box() -> Holdings:
    """From before version 73, without quotas."""
    box = sandbox_box()
    box.has_quotas, box.version = False, "v72"
    return {BOX: box}


def _on(**systems: Callable[[], Holdings]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("holdings", list(systems.values()), ids=list(systems), indirect=True)


on_a_box = _on(mailinabox=a_box)
on_an_old_box = _on(mailinabox_72=an_old_box)
on_either = _on(purelymail=one_account, mailinabox=a_box)
on_both = _on(both=both_kinds)
"""A PurelyMail account, the first one, and a box beside it."""


def the_box(holdings: Holdings) -> SimulatedBox:
    box = holdings[BOX]
    assert isinstance(box, SimulatedBox)
    return box
