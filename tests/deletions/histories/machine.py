"""Histories of the deletion queue: all that can happen, in any order."""

from tests.deletions.histories.elsewhere import Elsewhere
from tests.deletions.histories.operators import Operators


class Histories(Operators, Elsewhere):
    pass
