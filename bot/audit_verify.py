"""`mailwarden audit verify`: whether anybody has tampered with the audit trail. It only looks."""

import re

from bot import audit_trail
from bot.audit_trail import Verdict
from bot.errors import ConfigError
from bot.settings import Settings
from bot.storage.database import Database

_SEAL = re.compile(r"([0-9]{1,9}):([0-9a-f]{8,64})")


def known_seal(text: str) -> tuple[int, str]:
    """`1234:9f86d081884c7d65` as number and digest; the digest may be cut. Raises ValueError."""
    found = _SEAL.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("expected a seal such as 1234:9f86d081884c7d65")
    return int(found[1]), found[2]


async def verdict(settings: Settings, known: tuple[int, str] | None = None) -> Verdict:
    """Raises ConfigError where the database can't be used, or is not of this version."""
    database = Database(settings.database.url, settings.database.password)
    try:
        if not await database.is_current():
            problem = (
                f"database.url: {database.place} was not used by this version of Mailwarden yet. Start the bot once: "
                "what is on record then gets its seals."
            )
            raise ConfigError([problem])
        return await audit_trail.verify(database, known)
    finally:
        await database.aclose()


def report(found: Verdict) -> str:
    """For the person at the command line."""
    if found.newest is None and found.holds:
        return "Nothing is on record yet."
    lines = [*found.problems]
    if found.wrong > len(found.problems):
        lines.append(f"{found.wrong - len(found.problems)} more problems are like these.")
    sealed = "1 entry" if found.sealed == 1 else f"{found.sealed} entries"
    if found.holds:
        lines.append(f"The audit trail is whole: {sealed}, each as it was written.")
    if found.newest is not None:
        lines.append(f"The newest seal is {found.newest.number}:{found.newest.digest}")
        lines.append("Keep it outside of the database: --seal compares it with the trail later.")
    return "\n".join(lines)
