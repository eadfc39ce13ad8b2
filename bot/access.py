"""Who may act. Asked at every act; whatever can't be found out counts as no.

Three facts decide: the configuration names the person (by id or through a user group), the role is high enough, and
Slack says that this is a full, living, human member of our own workspace.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.clock import Clock
from bot.errors import NotAllowed
from bot.model import Operator, Role
from bot.settings import OperatorSettings
from bot.storage import operators as granted
from bot.storage.database import Database

MAX_AGE = timedelta(seconds=60)
"""How old a fact about a person may be where nothing is changed, and the members of a user group anywhere."""

GROUP_PREFIX = "S"

_MANY = 1000
"""From so many people on, facts that are too old to be used are thrown out."""

_NO_ANSWER = "Slack did not say who you are, so nothing was done. Try again in a minute."


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack says of somebody. `teams` are the further workspaces of an Enterprise organisation they are in."""

    id: str
    team_id: str
    is_bot: bool
    is_guest: bool
    is_deleted: bool
    is_stranger: bool = False
    teams: frozenset[str] = frozenset()


class Unanswered(NotAllowed):
    """Who it is could not be found out."""


class PeopleUnavailable(Exception):
    """Slack could not be asked, or answered nothing usable."""


class People(Protocol):
    """Both methods raise PeopleUnavailable, and must give up well within the 3 seconds that an ack may take."""

    async def person(self, slack_id: str) -> Person:
        """The present facts about somebody."""

    async def group_members(self, group_id: str) -> frozenset[str]:
        """The ids of the members of a user group."""


class Access:
    def __init__(
        self, operators: OperatorSettings, people: People, clock: Clock, database: Database | None = None
    ) -> None:
        """`database`: where it is kept who was made an operator in Slack; without it only the configuration counts."""
        self._database = database
        self._ids = {
            Role.OWNER: operators.owners,
            Role.ADMIN: operators.admins,
            Role.VIEWER: operators.viewers,
        }
        self._people = people
        self._clock = clock
        self._persons: dict[str, tuple[datetime, Person]] = {}
        self._groups: dict[str, tuple[datetime, frozenset[str]]] = {}

    async def authorise(self, slack_id: str, *, team_id: str, need: Role, fresh: bool) -> Operator:
        """The person as an operator of at least the role `need`. Raises NotAllowed with a sentence for them.

        `team_id` is the workspace the bot is installed in. `fresh`: ask Slack about the person now.
        """
        role = await self._role(slack_id, need)
        await self._check(slack_id, team_id=team_id, fresh=fresh)
        return Operator(slack_id, role)

    async def vet(self, slack_id: str, *, team_id: str) -> None:
        """Raises NotAllowed for somebody who could not act here with any role, or about whom Slack can't be asked."""
        await self._check(slack_id, team_id=team_id, fresh=True)

    async def configured(self, slack_id: str) -> Role | None:
        """The role that the configuration gives, by id or by user group. Raises NotAllowed if that can't be found out."""
        found, uncertain = await self._configured(slack_id)
        if uncertain:
            raise Unanswered(_NO_ANSWER)
        return found

    async def other_owner(self, than: str) -> str | None:
        """Somebody else who could act as an owner now; None if there is nobody. Raises NotAllowed if that can't be found out."""
        ids, uncertain = await self._owners()
        for slack_id in ids:
            if slack_id == than:
                continue
            stands = await self.stands(slack_id, need=Role.OWNER)
            if stands:
                return slack_id
            uncertain = uncertain or stands is None
        if uncertain:
            raise Unanswered(
                "Slack did not say whether there is another owner, so nothing was done. Try again in a minute."
            )
        return None

    async def stands(self, slack_id: str, *, need: Role) -> bool | None:
        """Whether somebody who has asked for something is still an operator of that role; None if that can't be found out."""
        try:
            _ = await self._role(slack_id, need)
            person = await self._person(slack_id, fresh=False)
        except (Unanswered, PeopleUnavailable):
            return None
        except NotAllowed:
            return False
        return not (person.is_bot or person.is_deleted or person.is_guest or person.is_stranger)

    async def _check(self, slack_id: str, *, team_id: str, fresh: bool) -> None:
        try:
            person = await self._person(slack_id, fresh=fresh)
        except PeopleUnavailable as error:
            raise Unanswered(_NO_ANSWER) from error
        if person.is_stranger or not team_id or (person.team_id != team_id and team_id not in person.teams):
            raise NotAllowed("Mailwarden serves the members of its own workspace only.")
        if person.is_bot or person.is_deleted:
            raise NotAllowed("Mailwarden serves people with an active Slack account only.")
        if person.is_guest:
            raise NotAllowed("Guest accounts can't use Mailwarden, even where they are named as operators.")

    async def _role(self, slack_id: str, need: Role) -> Role:
        """The higher one of what the configuration gives and what was given in Slack."""
        given = await self._given(slack_id)
        configured, uncertain = await self._configured(slack_id, above=given)
        found = configured or given
        if found is None:
            if uncertain:
                raise Unanswered(_NO_ANSWER)
            raise NotAllowed(
                "Mailwarden is for the people who run mail here, and you are not one of them."
                f"{self._whom_to_ask()} Your Slack id is {slack_id}."
            )
        if found < need:
            if uncertain:
                raise Unanswered(_NO_ANSWER)
            raise NotAllowed(f"{_may(found)} this needs the role {need.name.lower()}.{self._whom_to_ask()}")
        return found

    async def _given(self, slack_id: str) -> Role | None:
        # Who is an owner by id can't have a higher role, so nothing needs to be looked up.
        if self._database is None or slack_id in self._ids[Role.OWNER]:
            return None
        async with self._database.reading() as session:
            grant = await granted.get(session, slack_id)
        return None if grant is None else grant.role

    async def _configured(self, slack_id: str, *, above: Role | None = None) -> tuple[Role | None, bool]:
        """The highest role that the configuration gives, if it is above that one; and whether a group could not be asked."""
        uncertain = False
        for role in sorted(self._ids, reverse=True):
            if above is not None and role <= above:
                break
            if slack_id in self._ids[role]:
                return role, uncertain
            groups = [id_ for id_ in self._ids[role] if id_.startswith(GROUP_PREFIX)]
            answers = await asyncio.gather(*(self._is_member(slack_id, group) for group in groups))
            if True in answers:
                return role, uncertain
            uncertain = uncertain or None in answers
        return None, uncertain

    async def _owners(self) -> tuple[list[str], bool]:
        """Everybody who is named or was made an owner; and whether a group could not be asked."""
        ids = [id_ for id_ in self._ids[Role.OWNER] if not id_.startswith(GROUP_PREFIX)]
        if self._database is not None:
            async with self._database.reading() as session:
                ids += await granted.with_role(session, Role.OWNER)
        uncertain = False
        for group in (id_ for id_ in self._ids[Role.OWNER] if id_.startswith(GROUP_PREFIX)):
            members = await self._members(group)
            uncertain = uncertain or members is None
            ids += sorted(members or ())
        return list(dict.fromkeys(ids)), uncertain

    async def _person(self, slack_id: str, *, fresh: bool) -> Person:
        known = self._persons.get(slack_id)
        if known is not None and not fresh and self._is_recent(known[0]):
            return known[1]
        asked_at = self._clock.now()
        person = await self._people.person(slack_id)
        if len(self._persons) >= _MANY:
            self._persons = {key: fact for key, fact in self._persons.items() if self._is_recent(fact[0])}
        self._persons[slack_id] = (asked_at, person)
        return person

    async def _is_member(self, slack_id: str, group: str) -> bool | None:
        """None where it can't be found out."""
        members = await self._members(group)
        return None if members is None else slack_id in members

    async def _members(self, group: str) -> frozenset[str] | None:
        """None where it can't be found out."""
        known = self._groups.get(group)
        if known is None or not self._is_recent(known[0]):
            asked_at = self._clock.now()
            try:
                known = (asked_at, await self._people.group_members(group))
            except PeopleUnavailable:
                return None
            self._groups[group] = known
        return known[1]

    def _is_recent(self, at: datetime) -> bool:
        return self._clock.now() - at <= MAX_AGE

    def _whom_to_ask(self) -> str:
        mentions = list(self._mentions())
        return f" Ask {' or '.join(mentions[:3])}." if mentions else ""

    def _mentions(self) -> Iterator[str]:
        for role in (Role.OWNER, Role.ADMIN):
            for id_ in self._ids[role]:
                if not id_.startswith(GROUP_PREFIX):
                    yield f"<@{id_}>"


def _may(role: Role) -> str:
    return "You may look, and change nothing:" if role is Role.VIEWER else "You may not do that:"
