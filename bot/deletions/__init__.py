"""The deletion queue: nothing is deleted before it was seen, and nothing after it was cancelled."""

from bot.deletions.execution import Execution
from bot.deletions.planning import MOST, Graces, Planner, Refusal, Scheduled
from bot.deletions.queue import Deletions
from bot.deletions.requests import Ended, Request, Trouble
from bot.deletions.safeguards import Safeguards
from bot.deletions.upkeep import Upkeep
from bot.deletions.vouching import Vouching

__all__ = [
    "MOST",
    "Deletions",
    "Ended",
    "Execution",
    "Graces",
    "Planner",
    "Refusal",
    "Request",
    "Safeguards",
    "Scheduled",
    "Trouble",
    "Upkeep",
    "Vouching",
]
