"""Many mail users from one list: looked through, created one after the other, and gone on with after a stop."""

from bot.bulk.listing import LIST, MOST
from bot.bulk.runs import Bulk
from bot.bulk.work import Claimed, Progress

__all__ = ["LIST", "MOST", "Bulk", "Claimed", "Progress"]
