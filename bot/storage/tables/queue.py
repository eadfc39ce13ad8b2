"""The deletion queue."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

OPEN = text("state IN ('requested', 'held', 'pending', 'executing')")
FINISHED = text("state IN ('deleted', 'cancelled', 'failed', 'dropped')")

deletions = Table(
    "deletions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("request_id", String(32), nullable=False),
    Column("account", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("target_id", String(400), nullable=False),
    Column("label", String(400), nullable=False),
    Column("reason", Text, nullable=False),
    Column("requested_by", String(40), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("grace_seconds", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("snapshot", JSON, nullable=False),
    Column("notice_channel", String(40), nullable=False),
    Column("notice_ts", String(40)),
    Column("noticed_at", UtcDateTime),
    Column("execute_at", UtcDateTime),
    Column("reminded_at", UtcDateTime),
    Column("hold_id", String(32)),
    Column("released_by", String(40)),
    Column("removals", Integer, nullable=False),
    Column("claimed_by", String(100)),
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("can_retry", Boolean, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("cancelled_by", String(40)),
    Column("version", Integer, nullable=False),
    # One open deletion per target, whatever races.
    Index(
        "uq_deletions_open_target",
        "account",
        "kind",
        "target_id",
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    ),
    # The tick looks only at what is open, however many rows are finished.
    Index("ix_deletions_open", "execute_at", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_deletions_finished", "finished_at", "id", sqlite_where=FINISHED, postgresql_where=FINISHED),
    Index("ix_deletions_request", "request_id"),
    Index("ix_deletions_hold", "hold_id"),
    # How many did this operator ask for within the last hour?
    Index("ix_deletions_operator", "requested_by", "requested_at"),
    # Is there a failed deletion of this target that may still be tried again?
    Index("ix_deletions_target", "target_id"),
)
