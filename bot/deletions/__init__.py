"""The deletion queue: nothing is deleted before it was seen, and nothing after it was cancelled."""

from bot.deletions.execution import Execution
from bot.deletions.queue import Deletions

__all__ = ["Deletions", "Execution"]
