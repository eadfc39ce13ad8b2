"""What keeps a rogue or a mistaken operator from doing harm: protected targets, and holds on mass deletions.

Asked when a deletion is requested and again right before it is executed: the last admin may have become that meanwhile.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.deletions import lifecycle
from bot.deletions.requests import Request, change
from bot.model import CANCELLABLE_STATES, Target, TargetKind
from bot.providers.base import MailProvider
from bot.storage import deletions

WINDOW = timedelta(hours=1)
"""In which an operator's requests are counted."""


class Safeguards:
    """`threshold`: more deletions by one operator within an hour are held. `protected`: addresses and domains to keep."""

    def __init__(self, *, threshold: int, protected: Sequence[str]) -> None:
        self.threshold = threshold
        self._protected = frozenset(protected)

    def named(self, target: Target) -> str | None:
        """The same as far as the configuration alone can tell."""
        if target.kind is not TargetKind.ROUTING_RULE and target.id in self._protected:
            return f"{target.id} is protected: the configuration names it under [deletions] protected."
        return None

    async def objection(
        self, provider: MailProvider, target: Target, users: Sequence[str] = ()
    ) -> str | None:
        """Why the target must stay, as a sentence; None if it may go. `users`: who goes along with a domain.

        Raises ProviderError.
        """
        if target.kind is TargetKind.ROUTING_RULE:
            return None
        if (named := self.named(target)) is not None:
            return named
        if target.kind is TargetKind.USER:
            reasons = await provider.protected_users()
            return reasons.get(target.id)
        kept = sorted(self._protected.intersection(users))
        if kept:
            return f"{target.id} can't go: its user {kept[0]} is protected by the configuration."
        reasons = await provider.protected_users()
        for user in users:
            if user in reasons:
                return f"{target.id} can't go with its user {user}: {reasons[user]}"
        return None

    async def hold(self, session: AsyncSession, operator: str, *, now: datetime) -> Request:
        """Hold what an operator has asked for within the last hour, if that is too much. What was asked for just now counts.

        Returns what is newly held. Within the caller's transaction, which must be the only one of this operator's
        (`serialise`).
        """
        recent = await deletions.unvouched(session, operator, since=now - WINDOW)
        hold_id = await deletions.held_by(session, operator)
        if len(recent) <= self.threshold and hold_id is None:
            return ()
        hold_id = hold_id or uuid.uuid4().hex
        held = [
            await change(session, row.id, lambda row: lifecycle.held(row, hold_id=hold_id))
            for row in recent
            if row.state in CANCELLABLE_STATES and row.hold_id is None
        ]
        return tuple(held)
