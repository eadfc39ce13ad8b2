"""The README's table of what a panel does and what does it here: each row is said by the test that proves it."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")
Test = Callable[P, Awaitable[None]]

PURELYMANAGE = "PurelyManage"
BOX_PAGE = "Mail-in-a-Box"


def replaces(panel: str, job: str, here: str) -> Callable[[Test[P]], Test[P]]:
    """`job`: what people do in that panel. `here`: with what they do it in Slack. tests/architecture reads all three."""
    assert panel
    assert job
    assert here

    def unchanged(test: Test[P]) -> Test[P]:
        return test

    return unchanged
