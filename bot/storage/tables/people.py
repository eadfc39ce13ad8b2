"""Who may do what, and whose Home tab is open."""

from sqlalchemy import Column, Index, Integer, String, Table

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

operators = Table(
    "operators",
    metadata,
    Column("slack_id", String(40), primary_key=True),
    # As bot.model.Role counts.
    Column("role", Integer, nullable=False),
    Column("granted_by", String(40), nullable=False),
    Column("granted_at", UtcDateTime, nullable=False),
)

operator_changes = Table(
    "operator_changes",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(40), nullable=False),
    Column("slack_id", String(40), nullable=False),
    Column("before", Integer),
    Column("after", Integer),
)

home_tabs = Table(
    "home_tabs",
    metadata,
    Column("person", String(40), primary_key=True),
    Column("team", String(40), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("shown_at", UtcDateTime, nullable=False),
    Column("shown", String(64), nullable=False),
    Index("ix_home_tabs_opened_at", "opened_at"),
)
