"""One line of a bulk creation: create it once, look up what is not known of it, give it a password that can be shown."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot import creation
from bot.audit import Act
from bot.clock import Clock
from bot.errors import OperatorError, ProviderError, ProviderRefused, TooLate
from bot.model import Line, LineState, Operator, Run
from bot.passwords import generate
from bot.providers.base import MailProvider
from bot.storage import audit, submissions
from bot.storage import bulk as rows
from bot.storage.audit import AuditFilter
from bot.storage.database import Database
from bot.storage.submissions import Submission
from bot.users import Users

LEASE = timedelta(minutes=5)
"""For so long whoever is at a run is believed to be alive: longer than one mail user takes."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `passwords`: by line number, those that were set since it was begun or gone on with."""

    run: Run
    passwords: Mapping[int, str] = field(repr=False)


@dataclass(slots=True)
class Claimed:
    """A run that this process is at."""

    run: Run
    claim: str
    operator: Operator
    passwords: dict[int, str] = field(default_factory=dict, repr=False)
    handed: set[int] = field(default_factory=set)

    def note(self, line: Line) -> None:
        lines = [line if known.number == line.number else known for known in self.run.lines]
        self.run = replace(self.run, lines=lines)


class Stop(Exception):
    """The run can't go on now; says why."""


class Worker:
    def __init__(
        self, *, database: Database, clock: Clock, users: Users, providers: Mapping[str, MailProvider]
    ) -> None:
        self._database = database
        self._clock = clock
        self._users = users
        self._providers = providers

    async def see_to(self, work: Claimed, line: Line) -> None:
        """Do what is to be done about a line. Raises Stop where the mail system can't be used, and TooLate."""
        if line.account not in self._providers:
            line = replace(line, state=LineState.FAILED, told=f"There is no account {line.account} any more.")
            await self._put(work, line)
            return
        if line.state is LineState.CREATING:
            line = await self._look(work, line)
        if line.is_unshown:
            await self._give_password(work, line)
        elif line.state is LineState.WAITING:
            await self._create(work, line)

    async def _look(self, work: Claimed, line: Line) -> Line:
        """What came of a creation whose end was not seen."""
        async with self._database.reading() as session:
            asked = await submissions.get(session, line.nonce or "")
            others = asked is not None and await self._is_anothers(session, work.run, line, asked)
        if asked is None:
            # The mail system was not asked yet. Whoever is there is found when it is.
            again = replace(line, state=LineState.WAITING, nonce=None)
            await self._put(work, again)
            return again
        if others:
            told = "Somebody else has created it meanwhile: its password was left alone."
            left_alone = replace(line, state=LineState.FAILED, told=told)
            await self._put(work, left_alone)
            return left_alone
        try:
            there = await self._providers[line.account].user_exists(line.address)
        except ProviderError as error:
            raise Stop(str(error)) from error
        if there is None:
            told = "It may have been created or not: the list of users is too long to tell. Look for it, and set a password."
            found = replace(line, state=LineState.FAILED, told=told)
        elif there:
            found = replace(line, state=LineState.CREATED, handed=False)
        else:
            found = replace(line, state=LineState.WAITING, nonce=None)
        await self._put(work, found)
        return found

    async def _is_anothers(self, session: AsyncSession, run: Run, line: Line, asked: Submission) -> bool:
        """Whether it is on record that it was created since, and not by the form of this line."""
        if asked.outcome == creation.outcome(line.address):
            return False
        matching = AuditFilter(
            targets=(line.address,), account=line.account, since=run.at, acts=(Act.CREATED.value,)
        )
        return bool(await audit.newest(session, limit=1, matching=matching))

    async def _give_password(self, work: Claimed, line: Line) -> None:
        password = generate()
        try:
            _ = await self._users.reset_password(
                work.operator,
                nonce=uuid.uuid4().hex,
                account=line.account,
                address=line.address,
                password=password,
            )
        except ProviderRefused as error:
            await self._put(work, replace(line, state=LineState.FAILED, told=f"It was created. {error}"))
            return
        except ProviderError as error:
            raise Stop(str(error)) from error
        except OperatorError as error:
            await self._put(work, replace(line, state=LineState.FAILED, told=f"It was created. {error}"))
            return
        work.passwords[line.number] = password
        await self._put(work, line)

    async def _create(self, work: Claimed, line: Line) -> None:
        password = generate()
        asked = replace(line, state=LineState.CREATING, nonce=uuid.uuid4().hex)
        await self._put(work, asked)
        try:
            created = await self._users.create(
                work.operator,
                nonce=asked.nonce or "",
                account=line.account,
                address=line.address,
                password=password,
                admin=line.admin,
                quota=line.quota,
            )
        except ProviderRefused as error:
            await self._put(work, replace(asked, state=LineState.FAILED, told=str(error)))
        except ProviderError as error:
            # What is not known to have failed stays as it is, and is looked for before it is tried again.
            if not error.unclear:
                await self._put(work, replace(asked, state=LineState.WAITING, nonce=None))
            raise Stop(str(error)) from error
        except OperatorError as error:
            await self._put(work, replace(asked, state=LineState.FAILED, told=str(error)))
        else:
            work.passwords[line.number] = password
            told = [*created.missing]
            if not created.verified:
                told.append("The list of users is too long to see it in there: try to log in.")
            await self._put(work, replace(asked, state=LineState.CREATED, told=" ".join(told)))

    async def _put(self, work: Claimed, line: Line) -> None:
        async with self._database.transaction() as session:
            until = self._clock.now() + LEASE
            if not await rows.hold(session, work.run.id, work.claim, lease_until=until):
                raise TooLate("Somebody else has gone on with this list, so it stops here.")
            await rows.put(session, work.run.id, line)
        work.note(line)
