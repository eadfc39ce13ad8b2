"""Creating many mail users at once."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

UNFINISHED = text("state IN ('draft', 'running', 'paused')")

bulk_runs = Table(
    "bulk_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("operator", String(40), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("header", Text, nullable=False),
    Column("why", Text),
    # Who is at it: another one for each time that it is begun or gone on with.
    Column("claim", String(32)),
    Column("lease_until", UtcDateTime),
    Index("ix_bulk_runs_unfinished", "operator", "at", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
)

bulk_lines = Table(
    "bulk_lines",
    metadata,
    Column("run_id", String(32), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("account", String(100), nullable=False),
    Column("address", String(400), nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("quota", BigInteger),
    Column("state", String(20), nullable=False),
    Column("told", Text, nullable=False),
    # The nonce of the creation: another one for each attempt after one that is known to have done nothing.
    Column("nonce", String(40)),
    # Slack took a view with this user's password.
    Column("handed", Boolean, nullable=False),
)
