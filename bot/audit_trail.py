"""Looking at the audit trail: what was done, by whom and to what; and whether anybody has tampered with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from bot import audit
from bot.audit import Act
from bot.clock import Clock
from bot.model import Operator
from bot.storage import audit as rows
from bot.storage import seals
from bot.storage.audit import ALL, AuditEntry, AuditFilter
from bot.storage.database import Database
from bot.storage.seals import Seal

MOST = 50_000
"""So many entries are exported at once, the newest ones."""

NAMED = 20
"""So many problems are told of."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`matching` of `total` entries match; `entries` are some of them, the newest first.

    `newest`: the newest seal. `until`: the id of the newest entry when this was looked at first, so that pages stay put.
    """

    entries: Sequence[AuditEntry]
    matching: int
    total: int
    newest: Seal | None
    until: int


@dataclass(frozen=True, slots=True)
class AuditExport:
    """`entries` with their seals, the newest first; None for one that has no seal. `left_out`: older ones that match, too."""

    entries: Sequence[tuple[AuditEntry, Seal | None]]
    left_out: int
    newest: Seal | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What looking at all seals came to. `problems`: sentences, at most NAMED of them, of `wrong` in all."""

    sealed: int
    newest: Seal | None
    problems: tuple[str, ...]
    wrong: int

    @property
    def holds(self) -> bool:
        return not self.wrong


class AuditTrail:
    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def page(
        self, matching: AuditFilter = ALL, *, offset: int = 0, limit: int = 10, until: int | None = None
    ) -> AuditPage:
        """`until`: as an earlier page had it, to leaf through the same entries."""
        async with self._database.reading() as session:
            last = await rows.last_id(session) if until is None else until
            seen = replace(matching, until=last)
            return AuditPage(
                await rows.newest(session, limit=limit, matching=seen, offset=offset),
                await rows.count(session, seen),
                await rows.count(session, AuditFilter(until=last)),
                await seals.newest(session),
                last,
            )

    async def latest(self, matching: AuditFilter = ALL, *, limit: int) -> list[AuditEntry]:
        """The newest entries first, without what only led to something else."""
        async with self._database.reading() as session:
            return await rows.newest(session, limit=limit, matching=replace(matching, effects=True))

    async def export(
        self, operator: Operator, matching: AuditFilter = ALL, *, label: str = ""
    ) -> AuditExport:
        """All entries that match, as far as MOST goes. That somebody took them along is put on record, too.

        `label`: what was asked for, in words.
        """
        async with self._database.reading() as session:
            total = await rows.count(session, matching)
            entries = await rows.newest(session, limit=MOST, matching=matching)
            sealed = await seals.of_entries(session, [entry.id for entry in entries if entry.id is not None])
            newest = await seals.newest(session)
        exported = AuditExport(
            [(entry, None if entry.id is None else sealed.get(entry.id)) for entry in entries],
            total - len(entries),
            newest,
        )
        async with self._database.transaction() as session:
            await audit.record(
                session,
                at=self._clock.now(),
                actor=operator.slack_id,
                act=Act.AUDIT_EXPORTED,
                account="",
                target="",
                detail=f"{label or 'everything'}: {len(entries)}",
            )
        return exported


async def verify(database: Database, known: tuple[int, str] | None = None) -> Verdict:
    """Look at each seal and each entry. `known`: number and digest (or its beginning) of a seal from elsewhere."""
    async with database.reading() as session:
        return await _verdict(session, known)


async def _verdict(session: AsyncSession, known: tuple[int, str] | None) -> Verdict:
    problems: list[str] = []
    wrong = number = 0

    def note(problem: str) -> None:
        nonlocal wrong
        wrong += 1
        if len(problems) < NAMED:
            problems.append(problem)

    newest: Seal | None = None
    async for sealed in seals.walk(session):
        newest = sealed.seal
        if newest.number != number + 1:
            note(_gap(number + 1, newest.number - 1))
        number = newest.number
        if sealed.called_for is None:
            note(f"Entry {newest.entry} (seal {number}) is missing.")
        elif sealed.called_for != newest.digest:
            note(f"Entry {newest.entry} does not fit its seal {number}: it or a seal was changed afterwards.")
    for entry in await seals.unsealed(session, limit=NAMED):
        note(f"Entry {entry} has no seal: it was not written by Mailwarden, or its seal was removed.")
    wrong += max(0, await seals.count_unsealed(session) - NAMED)
    if known is not None:
        problem = await _known(session, *known)
        if problem is not None:
            note(problem)
    return Verdict(number, newest, tuple(problems), wrong)


async def _known(session: AsyncSession, number: int, digest: str) -> str | None:
    seal = await seals.get(session, number)
    if seal is None:
        return f"Seal {number}, which you know, is not there: entries were removed from the end, or all were made anew."
    if not seal.digest.startswith(digest):
        return f"Seal {number} is not the one that you know: entries up to it were changed, and sealed anew."
    return None


def _gap(first: int, last: int) -> str:
    return f"Seal {first} is missing." if first == last else f"The seals {first} to {last} are missing."
