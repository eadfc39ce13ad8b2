"""The digest: at its hour in its time zone, once, whoever wakes up for it and however often."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from bot.clock import Bell, Clock
from bot.dns.comparison import ADVISED, Believed, compare
from bot.dns.digest import Digest, Name, Picture, Problem
from bot.dns.digest_json import from_json, to_json
from bot.dns.kept import states_of
from bot.dns.rhythm import Rhythm
from bot.dns.strip import StripRow, alt_text, draw
from bot.model import DomainHealth, Grade, MailDomain, NoticeKind
from bot.notices import Uploader, try_to_upload, want
from bot.storage import alerts, digests, domain_looks, slots
from bot.storage.database import Database

log = logging.getLogger(__name__)

JOB = "digest"
ASKED = "digest_now"
"""Digests that somebody asked for, beside those of the rhythm."""

LEASE = timedelta(minutes=5)
"""Longer than building and drawing one, and PATIENCE."""

PATIENCE = 60.0
"""Seconds after which the digest goes out without its picture."""

ROUNDS = 8
"""Looking at due domains goes on at most for so many rounds, and only while they become fewer."""

PICTURE = "dns-health.png"
ALT_TEXT = 1_000
"""What a file's description may hold (docs.slack.dev, methods/files.getUploadURLExternal)."""


class Watch(Protocol):
    """What a digest needs of `DnsHealth`."""

    async def run_due(self) -> None: ...

    async def latest(self) -> list[DomainHealth]: ...

    async def history(self) -> Mapping[Name, list[Grade | None]]: ...


class DailyDigest:
    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        health: Watch,
        domains: Callable[[], Awaitable[list[MailDomain]]],
        bell: Bell,
        worker: str,
        channel: str,
        rhythm: Rhythm,
        uploader: Uploader | None = None,
    ) -> None:
        """`uploader`: takes the picture; without one there is none."""
        self._database = database
        self._clock = clock
        self._health = health
        self._domains = domains
        self._bell = bell
        self._worker = worker
        self._channel = channel
        self._rhythm = rhythm
        self._uploader = uploader
        self._running = asyncio.Lock()

    async def run_due(self) -> None:
        """Build and hand over the newest digest that is due and not made yet; older ones that were missed are not.

        On a database's first start the digest of the past hour is not made up for.
        """
        async with self._running:
            due = await self._due()
            if not due:
                return
            await self._look()
            for job, slot in due:
                now = self._clock.now()
                async with self._database.transaction() as session:
                    ours = await slots.claim(
                        session, job, slot, worker=self._worker, now=now, lease_until=now + LEASE
                    )
                if ours:
                    await self._make(job, slot)

    async def ask(self) -> None:
        """Have whoever runs the bot post a digest at once, beside those of the rhythm."""
        async with self._database.transaction() as session:
            await slots.ask(session, ASKED, f"now {self._clock.now():%Y-%m-%dT%H:%M:%S}")

    async def preview(self, *, advised: int | None = None) -> Digest:
        """The digest as it would be now, from what is believed. Nothing is looked up, kept or posted.

        `advised` as in `compare`.
        """
        present = [(domain.account, domain.name) for domain in await self._domains()]
        healths = await self._health.latest()
        now = self._clock.now()
        async with self._database.reading() as session:
            previous = await digests.newest(session)
            kept = await domain_looks.states(session)
            muted = await alerts.muted(session, now=now)
            blind = await alerts.open_blind(session)
        believed = Believed(
            now=now,
            zone=self._rhythm.zone,
            present=present,
            healths=healths,
            states={name: states_of(entries) for name, entries in kept.items()},
            muted=muted,
            blind_since=None if blind is None else blind.raised_at,
            next_at=self._rhythm.next(now),
        )
        return compare(believed, None if previous is None else from_json(previous), advised=advised)

    async def _due(self) -> list[tuple[str, str]]:
        """The jobs and slots that are to be done, or are being done by somebody."""
        now = self._clock.now()
        slot = self._rhythm.slot(now)
        async with self._database.reading() as session:
            is_known = await slots.known(session, JOB)
            newest = await slots.newest_done(session, JOB)
            asked = await slots.undone(session, ASKED)
        due = [(ASKED, name) for name in asked]
        if not is_known:
            async with self._database.transaction() as session:
                await slots.finish(session, JOB, slot, now=now)
        elif newest is None or newest < slot:
            due.append((JOB, slot))
        return due

    async def _look(self) -> None:
        """Have the due looks be in. A digest of what is known is better than none, so nothing that fails here matters."""
        try:
            left = await self._number_due()
            for _ in range(ROUNDS):
                before = left
                await self._health.run_due()
                left = await self._number_due()
                if not left or left >= before:
                    return
        except Exception:
            log.exception("the looks that are due failed; the digest tells what is known")

    async def _number_due(self) -> int:
        async with self._database.reading() as session:
            return await domain_looks.number_due(session, now=self._clock.now())

    async def _make(self, job: str, slot: str) -> None:
        async with self._database.reading() as session:
            begun = await digests.get(session, slot)
        if begun is None:
            digest = await self.preview(advised=ADVISED)
            # Kept before the picture is drawn: who takes over after a crash posts this, and nobody uploads twice.
            async with self._database.transaction() as session:
                await digests.add(session, slot, built_at=digest.built_at, content=to_json(digest))
            picture = await self._picture(digest)
            if picture is not None:
                async with self._database.transaction() as session:
                    await digests.replace(session, slot, to_json(replace(digest, picture=picture)))
        now = self._clock.now()
        async with self._database.transaction() as session:
            await slots.finish(session, job, slot, now=now)
            await want(session, NoticeKind.DIGEST, slot, channel=self._channel, now=now)
        self._bell.ring()

    async def _picture(self, digest: Digest) -> Picture | None:
        """Drawn and uploaded; None where there is nothing to show, or it can't be had in time."""
        if self._uploader is None or not digest.names:
            return None
        try:
            async with asyncio.timeout(PATIENCE):
                rows = strip_rows(digest, await self._health.history())
                words = alt_text(rows, limit=ALT_TEXT)
                picture = await asyncio.to_thread(draw, rows, until=digest.day)
                file = await try_to_upload(self._uploader, PICTURE, picture, words)
        except Exception:
            log.exception("the picture of the digest could not be had, so the digest goes out without it")
            return None
        return None if file is None else Picture(file, words)


def strip_rows(digest: Digest, history: Mapping[Name, Sequence[Grade | None]]) -> list[StripRow]:
    """A row for each domain that there is, with a few words on what is the matter with it."""
    wrong: dict[Name, list[Problem]] = {}
    for problem in digest.problems:
        wrong.setdefault(problem.name, []).append(problem)
    return [
        StripRow(name[1], tuple(history.get(name, ())), _note(wrong.get(name, ()))) for name in digest.names
    ]


def _note(problems: Sequence[Problem]) -> str:
    subjects = dict.fromkeys(problem.key.subject.upper().replace("_", "-") for problem in problems)
    since = min((problem.since for problem in problems if problem.since is not None), default=None)
    return ", ".join(subjects) + ("" if since is None else f" since {since.day} {since:%b}")
