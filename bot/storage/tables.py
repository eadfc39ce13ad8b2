"""All tables. Secrets have no column: passwords and tokens are never stored."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from bot.storage.database import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

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
