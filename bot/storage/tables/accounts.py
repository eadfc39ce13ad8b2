"""How the accounts of mail systems are: whether they answer, and what is left of their credit."""

from sqlalchemy import Column, Index, String, Table, Text, text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

_LASTING = text("over_at IS NULL")

outages = Table(
    "outages",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(100), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("error", Text, nullable=False),
    Column("seen_by", String(100), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("over_at", UtcDateTime),
    Index("uq_outages_lasting", "account", unique=True, sqlite_where=_LASTING, postgresql_where=_LASTING),
)

account_credits = Table(
    "account_credits",
    metadata,
    Column("account", String(100), primary_key=True),
    # A decimal number, which a mail system may give with more digits than a NUMERIC of each database keeps.
    Column("amount", String(100), nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

low_credits = Table(
    "low_credits",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("account", String(100), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("amount", String(100), nullable=False),
    Column("threshold", String(100), nullable=False),
    Column("over_at", UtcDateTime),
    Index("uq_low_credits_lasting", "account", unique=True, sqlite_where=_LASTING, postgresql_where=_LASTING),
)
