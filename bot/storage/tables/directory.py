"""What the mail systems were last seen to hold."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, String, Table, Text

from bot.storage.database import UtcDateTime
from bot.storage.tables.base import metadata

directory_users = Table(
    "directory_users",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("address", String(400), primary_key=True),
    Column("touched_at", UtcDateTime, nullable=False),
    Column("gone", Boolean, nullable=False),
    # Of who is gone: the mailbox is kept, and the details are those from before.
    Column("archived", Boolean, nullable=False),
    Column("admin", Boolean),
    Column("quota", BigInteger),
    Column("used", BigInteger),
    Index("ix_directory_users_address", "address"),
)

directory_domains = Table(
    "directory_domains",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("name", String(260), primary_key=True),
    Column("verdict", JSON),
)

directory_accounts = Table(
    "directory_accounts",
    metadata,
    Column("account", String(100), primary_key=True),
    Column("refreshed_at", UtcDateTime),
    Column("tried_at", UtcDateTime, nullable=False),
    Column("last_error", Text),
)
