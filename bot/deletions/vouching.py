"""Who may release what is held: an owner who has not asked for it.

Where nobody else is an owner, another admin may, or what the only owner has asked for would be held for ever.
"""

from collections.abc import Collection

from bot.access import Access
from bot.errors import NotAllowed
from bot.model import Operator, Role

OWN = "You asked for these deletions yourself: somebody else has to release them."


class Vouching:
    def __init__(self, access: Access) -> None:
        self._access = access

    async def require(self, operator: Operator, requested_by: str) -> None:
        """Raises NotAllowed for whom may not release what that person has asked for, or if that can't be found out."""
        if operator.slack_id == requested_by:
            raise NotAllowed(OWN)
        if operator.role >= Role.OWNER:
            return
        if operator.role < Role.ADMIN:
            raise NotAllowed("Releasing deletions needs an owner.")
        owner = await self._access.other_owner(requested_by)
        if owner is not None:
            raise NotAllowed(f"Releasing these deletions needs an owner. Ask <@{owner}>.")

    async def may(self, operator: Operator, requesters: Collection[str]) -> frozenset[str]:
        """Those of these people whose deletions the operator may release."""
        released = set()
        for requested_by in set(requesters):
            try:
                await self.require(operator, requested_by)
            except NotAllowed:
                continue
            released.add(requested_by)
        return frozenset(released)
