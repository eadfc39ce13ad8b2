"""Whose Home tab is open, as far as that can be known: Slack tells when one is opened, and never when it is left."""

from datetime import timedelta

from bot.clock import Clock
from bot.storage import home_tabs as rows
from bot.storage.database import Database
from bot.storage.home_tabs import HomeTab

OPEN = timedelta(hours=12)
"""So long after it was opened, a tab is kept up to date: a working day."""


class HomeTabs:
    """In the database, so that any replica brings up to date what another one has shown."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def note(self, person: str, team: str, shown: str, *, opened: bool = False) -> None:
        """A person's tab shows what has this fingerprint. `opened`: they have just opened it."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            await rows.put(session, HomeTab(person, team, now, now, shown), opened=opened)

    async def open_ones(self) -> list[HomeTab]:
        async with self._database.reading() as session:
            return await rows.opened_since(session, self._clock.now() - OPEN)

    async def forget(self, person: str) -> None:
        """This person's tab is not kept up to date any more."""
        async with self._database.transaction() as session:
            await rows.forget(session, person)
