"""What is to be said in Slack, and how fast."""

from sqlalchemy import Column, Index, Integer, String, Table, Text, text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

_UNDELIVERED = text("wanted > posted")

notices = Table(
    "notices",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("subject", String(100), primary_key=True),
    Column("channel", String(40), nullable=False),
    Column("wanted", Integer, nullable=False),
    Column("posted", Integer, nullable=False),
    Column("ts", String(40)),
    Column("attempts", Integer, nullable=False),
    Column("next_try_at", UtcDateTime, nullable=False),
    Column("claimed_by", String(100)),
    Column("lease_until", UtcDateTime),
    Column("last_error", Text),
    # A post whose answer may have been lost is not repeated before this time: Slack tells of our own messages meanwhile.
    Column("post_key", String(32)),
    Column("open_until", UtcDateTime),
    Column("seen_channel", String(40)),
    Column("seen_ts", String(40)),
    Index("ix_notices_undelivered", "next_try_at", sqlite_where=_UNDELIVERED, postgresql_where=_UNDELIVERED),
    Index("ix_notices_message", "ts"),
)

paces = Table(
    "paces",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("next_at", UtcDateTime, nullable=False),
)
