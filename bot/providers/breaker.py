"""A mail system that does not answer is left alone for a while, so that nobody waits for it again and again.

After FAILURES failed calls in a row the account counts as down: calls are refused at once, without a word to the mail
system, until a pause is over; then one call is let through, which ends the outage or begins a longer pause. That also
keeps a box from locking the bot out: twenty refused logins within half a minute would (Mail-in-a-Box, conf/fail2ban).

Each process knows only what it has seen itself; bot/outages.py brings it together.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import (
    AlreadyExists,
    NotFound,
    ProviderConfused,
    ProviderError,
    ProviderRefused,
    ProviderUnauthorized,
    ProviderUnavailable,
)

FAILURES = 3
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)

_FAILING = (ProviderUnavailable, ProviderUnauthorized, ProviderConfused)
_ANSWERS = (ProviderRefused, NotFound, AlreadyExists)
"""The mail system said no, but it said it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Calls have failed since then, without one that did not. `error`: what the last of them came to."""

    since: datetime
    error: str
    failures: int
    is_open: bool
    """Whether calls are refused meanwhile, because there were too many of them."""


class Breaker:
    """What is known of one account's mail system from the calls to it. `who` names it in sentences."""

    def __init__(self, who: str, *, clock: Clock) -> None:
        self._who = who
        self._clock = clock
        self._trouble: Trouble | None = None
        self._answered_at: datetime | None = None
        self._pause = FIRST_PAUSE
        self._retry_at: datetime | None = None
        self._trying = False

    @property
    def trouble(self) -> Trouble | None:
        return self._trouble

    @property
    def answered_at(self) -> datetime | None:
        """When it last gave an answer; None if it never did since the start."""
        return self._answered_at

    @property
    def may_try(self) -> bool:
        """Whether a call would be let through now."""
        return self._retry_at is None or (not self._trying and self._clock.now() >= self._retry_at)

    @asynccontextmanager
    async def watching(self, *, proves: bool = True) -> AsyncIterator[None]:
        """Around one call. Raises ProviderUnavailable, certainly before it, while the mail system counts as down.

        `proves`: a return shows that the mail system answers. What some clients know without asking does not.
        """
        is_trial = self._retry_at is not None
        if not self.may_try:
            raise self._refusal()
        self._trying = is_trial
        try:
            yield
        except _FAILING as error:
            self._failed(error)
            raise
        except _ANSWERS:
            self._answered()
            raise
        else:
            if proves:
                self._answered()
        finally:
            if is_trial:
                self._trying = False

    def _answered(self) -> None:
        self._trouble = None
        self._retry_at = None
        self._pause = FIRST_PAUSE
        self._answered_at = self._clock.now()

    def _failed(self, error: ProviderError) -> None:
        now = self._clock.now()
        before = self._trouble
        failures = 1 if before is None else before.failures + 1
        self._trouble = Trouble(
            now if before is None else before.since, str(error), failures, is_open=failures >= FAILURES
        )
        if failures < FAILURES or (self._retry_at is not None and not self._trying):
            return  # a call that was under way when it was given up says nothing new
        self._retry_at = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)

    def _refusal(self) -> ProviderUnavailable:
        now = self._clock.now()
        wait = 0 if self._retry_at is None else max(0, round((self._retry_at - now).total_seconds()))
        why = "" if self._trouble is None else f" {self._trouble.error}"
        again = f"It is tried again in {wait} s." if wait else "It is being tried again just now."
        return ProviderUnavailable(f"{self._who} is left alone for now.{why} {again}", unclear=False)
