"""Seals over the audit trail, accounts' credit, opened Home tabs"""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcDateTime
from bot.storage.seals import AT_ONCE, NOTHING_BEFORE, digest

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_LASTING = "over_at IS NULL"


def upgrade() -> None:
    _seals()
    _credits()
    _home_tabs()
    _operators()
    _bulk_creation()


def _seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
    )
    op.create_index("uq_audit_seals_entry", "audit_seals", ["entry"], unique=True)
    op.create_index("ix_audit_actor", "audit", ["actor"])
    _seal_what_is_there()


def _seal_what_is_there() -> None:
    texts = ("actor", "act", "account", "target", "detail")
    audit = sa.table(
        "audit",
        sa.column("id", sa.Integer()),
        sa.column("at", UtcDateTime()),
        *(sa.column(name, sa.Text()) for name in texts),
    )
    seals = sa.table(
        "audit_seals",
        sa.column("number", sa.Integer()),
        sa.column("entry", sa.Integer()),
        sa.column("digest", sa.String()),
    )
    connection = op.get_bind()
    number, previous, last = 0, NOTHING_BEFORE, 0
    while True:
        query = sa.select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(AT_ONCE)
        entries = connection.execute(query).mappings().all()
        if not entries:
            return
        made = []
        for entry in entries:
            number, last = number + 1, entry["id"]
            previous = digest(previous, number, entry)
            made.append({"number": number, "entry": last, "digest": previous})
        _ = connection.execute(sa.insert(seals), made)


def _credits() -> None:
    op.create_table(
        "account_credits",
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("amount", sa.String(100), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_credits")),
    )
    op.create_table(
        "low_credits",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("amount", sa.String(100), nullable=False),
        sa.Column("threshold", sa.String(100), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_low_credits")),
    )
    lasting = sa.text(_LASTING)
    op.create_index(
        "uq_low_credits_lasting",
        "low_credits",
        ["account"],
        unique=True,
        sqlite_where=lasting,
        postgresql_where=lasting,
    )


def _home_tabs() -> None:
    op.create_table(
        "home_tabs",
        sa.Column("person", sa.String(40), nullable=False),
        sa.Column("team", sa.String(40), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("shown_at", UtcDateTime(), nullable=False),
        sa.Column("shown", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_home_tabs")),
    )
    op.create_index("ix_home_tabs_opened_at", "home_tabs", ["opened_at"])


def _operators() -> None:
    op.create_table(
        "operators",
        sa.Column("slack_id", sa.String(40), nullable=False),
        sa.Column("role", sa.Integer(), nullable=False),
        sa.Column("granted_by", sa.String(40), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_operators")),
    )
    op.create_table(
        "operator_changes",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("slack_id", sa.String(40), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_changes")),
    )


def _bulk_creation() -> None:
    op.create_table(
        "bulk_runs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("operator", sa.String(40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("claim", sa.String(32), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_runs")),
    )
    unfinished = sa.text("state IN ('draft', 'running', 'paused')")
    op.create_index(
        "ix_bulk_runs_unfinished",
        "bulk_runs",
        ["operator", "at"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "bulk_lines",
        sa.Column("run_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("address", sa.String(400), nullable=False),
        sa.Column("admin", sa.Boolean(), nullable=False),
        sa.Column("quota", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("nonce", sa.String(40), nullable=True),
        sa.Column("handed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "number", name=op.f("pk_bulk_lines")),
    )
