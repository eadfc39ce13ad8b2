"""Operators: those whom the configuration names, and those whom owners have added in Slack.

The two stand side by side, and whoever is in both has the higher role. What the configuration says is changed there only.
Every change is on record and told in the channel.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import audit
from bot.access import Access
from bot.audit import Act
from bot.clock import Bell, Clock
from bot.errors import AlreadySubmitted, InvalidInput, NotAllowed, NotFound, Protected
from bot.model import Grant, NoticeKind, Operator, OperatorChange, Role
from bot.notices import want
from bot.settings import OperatorSettings
from bot.storage import operators as rows
from bot.storage import submissions
from bot.storage.database import Database, serialise

PERSON = "person"
"""The name of the form field."""

_LOCK = "mailwarden: operators"


@dataclass(frozen=True, slots=True)
class Roster:
    """`configured`: Slack ids of people and user groups by role. `granted`: one page of `total` added in Slack."""

    configured: Mapping[Role, Sequence[str]]
    granted: Sequence[Grant]
    total: int


class Operators:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        bell: Bell,
        access: Access,
        settings: OperatorSettings,
        channel: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._access = access
        self._configured = {
            Role.OWNER: settings.owners,
            Role.ADMIN: settings.admins,
            Role.VIEWER: settings.viewers,
        }
        self._channel = channel

    async def roster(self, *, offset: int = 0, limit: int = 10) -> Roster:
        async with self._database.reading() as session:
            granted, total = await rows.page(session, offset=offset, limit=limit)
        return Roster(self._configured, granted, total)

    async def grant(
        self, operator: Operator, *, nonce: str, slack_id: str, team_id: str, role: Role
    ) -> OperatorChange:
        """Give somebody a role, a higher or a lower one than before.

        Raises InvalidInput (PERSON) for who has it or a higher one by the configuration, or could not use it; NotAllowed,
        Protected (the last owner) and AlreadySubmitted.
        """
        try:
            await self._access.vet(slack_id, team_id=team_id)
        except NotAllowed as error:
            raise InvalidInput(str(error), field=PERSON) from error
        return await self._change(operator, nonce, slack_id, role)

    async def withdraw(self, operator: Operator, *, nonce: str, slack_id: str) -> OperatorChange:
        """Take away what was added in Slack. Raises NotFound, NotAllowed, Protected (the last owner) and AlreadySubmitted."""
        return await self._change(operator, nonce, slack_id, None)

    async def _change(
        self, operator: Operator, nonce: str, slack_id: str, role: Role | None
    ) -> OperatorChange:
        configured = await self._access.configured(slack_id)
        by_configuration = await self._access.configured(operator.slack_id) is Role.OWNER
        if role is not None and configured is not None and configured >= role:
            raise InvalidInput(
                f"<@{slack_id}> is {_a(configured)} by the configuration, and that is changed there.",
                field=PERSON,
            )
        now = self._clock.now()
        async with self._database.transaction() as session:
            await serialise(session, _LOCK)
            first = await submissions.begin(session, nonce, operator=operator.slack_id, now=now)
            if first is not None:
                raise AlreadySubmitted(first.outcome or "This form was already sent.")
            if not by_configuration:
                own = await rows.get(session, operator.slack_id)
                if own is None or own.role < Role.OWNER:
                    raise NotAllowed("Only an owner may change who is an operator.")
            known = await rows.get(session, slack_id)
            if role is None and known is None:
                raise NotFound(_unknown(slack_id, configured))
            if role is not None and known is not None and known.role is role:
                raise InvalidInput(f"<@{slack_id}> is {_a(role)} already.", field=PERSON)
            if known is not None and known.role is Role.OWNER and not self._configured[Role.OWNER]:
                left = await rows.count(session, Role.OWNER, but=slack_id)
                if not left:
                    raise Protected("One owner has to be left: make somebody else an owner first.")
            before = _higher(configured, None if known is None else known.role)
            change = OperatorChange(
                uuid.uuid4().hex, now, operator.slack_id, slack_id, before, _higher(configured, role)
            )
            if role is None:
                await rows.remove(session, slack_id)
            else:
                await rows.put(session, Grant(slack_id, role, operator.slack_id, now))
            await rows.add_change(session, change)
            await submissions.finish(session, nonce, f"{told(change)} That was done.")
            await audit.record(
                session,
                at=now,
                actor=operator.slack_id,
                act=Act.OPERATOR_WITHDRAWN if role is None else Act.OPERATOR_GRANTED,
                account="",
                target=slack_id,
                detail=f"{name(change.before)} → {name(change.after)}",
            )
            await want(session, NoticeKind.OPERATORS, change.id, channel=self._channel, now=now)
        self._bell.ring()
        return change


def name(role: Role | None) -> str:
    """`admin`; `no operator` for None."""
    return "no operator" if role is None else role.name.lower()


def told(change: OperatorChange) -> str:
    """What has changed, in a sentence."""
    if change.after is None:
        return f"<@{change.slack_id}> is no operator any more."
    return f"<@{change.slack_id}> is now {_a(change.after)}."


def _a(role: Role) -> str:
    return f"{'a' if role is Role.VIEWER else 'an'} {name(role)}"


def _unknown(slack_id: str, configured: Role | None) -> str:
    if configured is None:
        return f"<@{slack_id}> is no operator (any more)."
    return f"<@{slack_id}> is {_a(configured)} by the configuration, and that is changed there."


def _higher(one: Role | None, other: Role | None) -> Role | None:
    roles = [role for role in (one, other) if role is not None]
    return max(roles, default=None)
