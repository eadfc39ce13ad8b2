"""All tables. Secrets have no column: passwords and tokens are never stored."""

from bot.storage.tables.accounts import account_credits, low_credits, outages
from bot.storage.tables.base import metadata
from bot.storage.tables.bulk import UNFINISHED, bulk_lines, bulk_runs
from bot.storage.tables.daily import digests, slots
from bot.storage.tables.directory import directory_accounts, directory_domains, directory_users
from bot.storage.tables.health import alert_items, alerts, day_grades, domain_health, domain_looks, mutes
from bot.storage.tables.outbox import notices, paces
from bot.storage.tables.people import home_tabs, operator_changes, operators
from bot.storage.tables.queue import FINISHED, OPEN, deletions
from bot.storage.tables.record import audit, audit_seals, submissions

__all__ = [
    "FINISHED",
    "OPEN",
    "UNFINISHED",
    "account_credits",
    "alert_items",
    "alerts",
    "audit",
    "audit_seals",
    "bulk_lines",
    "bulk_runs",
    "day_grades",
    "deletions",
    "digests",
    "directory_accounts",
    "directory_domains",
    "directory_users",
    "domain_health",
    "domain_looks",
    "home_tabs",
    "low_credits",
    "metadata",
    "mutes",
    "notices",
    "operator_changes",
    "operators",
    "outages",
    "paces",
    "slots",
    "submissions",
]
