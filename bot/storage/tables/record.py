"""What was done: the audit trail, and which forms were sent."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("act", String(40), nullable=False),
    Column("account", String(100), nullable=False),
    Column("target", String(400), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_audit_target", "target"),
    Index("ix_audit_actor", "actor"),
)

# Each seal is made from its entry and the seal before: bot/storage/seals.py.
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("entry", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Index("uq_audit_seals_entry", "entry", unique=True),
)

submissions = Table(
    "submissions",
    metadata,
    Column("nonce", String(40), primary_key=True),
    Column("operator", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("outcome", Text),
)
