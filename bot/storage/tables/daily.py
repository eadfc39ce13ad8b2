"""What happens once for each time of day, whoever does it."""

from sqlalchemy import JSON, Column, String, Table

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

slots = Table(
    "slots",
    metadata,
    Column("job", String(40), primary_key=True),
    Column("slot", String(40), primary_key=True),
    Column("claimed_by", String(100)),
    Column("lease_until", UtcDateTime),
    Column("done_at", UtcDateTime),
)

digests = Table(
    "digests",
    metadata,
    Column("slot", String(40), primary_key=True),
    Column("built_at", UtcDateTime, nullable=False),
    Column("content", JSON, nullable=False),
)
