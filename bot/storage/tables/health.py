"""The health of domains: what was found, when to look again, and what was said of it."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

domain_health = Table(
    "domain_health",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("domain", String(260), primary_key=True),
    Column("checked_at", UtcDateTime, nullable=False),
    Column("grade", String(20), nullable=False),
    Column("findings", JSON, nullable=False),
    Column("verdict", JSON),
)

domain_looks = Table(
    "domain_looks",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("domain", String(260), primary_key=True),
    Column("next_look_at", UtcDateTime, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("looked_at", UtcDateTime),
    Column("wholly_at", UtcDateTime),
    Column("standing", Integer, nullable=False),
    Column("standing_since", UtcDateTime),
    Column("tries", Integer, nullable=False),
    Column("unanswered", Integer, nullable=False),
    Column("confirmable_at", UtcDateTime),
    Column("was_good", Boolean, nullable=False),
    Column("states", JSON, nullable=False),
    Column("asked_at", UtcDateTime),
    Column("asked_times", Integer, nullable=False),
    Column("asked_about", JSON, nullable=False),
    Index("ix_domain_looks_due", "next_look_at"),
)

day_grades = Table(
    "day_grades",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("domain", String(260), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("grade", String(20), nullable=False),
    Index("ix_day_grades_day", "day"),
)

mutes = Table(
    "mutes",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("domain", String(260), primary_key=True),
    Column("until", UtcDateTime, nullable=False),
    Column("muted_by", String(40), nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("raised_at", UtcDateTime, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("over_at", UtcDateTime),
    Index("ix_alerts_added", "added_at"),
)

alert_items = Table(
    "alert_items",
    metadata,
    Column("alert_id", String(32), primary_key=True),
    Column("account", String(100), primary_key=True),
    Column("domain", String(260), primary_key=True),
    Column("subject", String(20), primary_key=True),
    Column("tag", String(60), primary_key=True),
    Column("turn", String(20), nullable=False),
    Column("grade", String(20), nullable=False),
    Column("summary", Text, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("over_at", UtcDateTime),
    Index("ix_alert_items_domain", "account", "domain"),
)
