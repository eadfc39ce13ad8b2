"""Requests of several targets, holds, removed notices, lost answers, one message a second"""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OPEN = "state IN ('requested', 'held', 'pending', 'executing')"
_FINISHED = "state IN ('deleted', 'cancelled', 'failed', 'dropped')"


def upgrade() -> None:
    op.drop_index("ix_deletions_open", "deletions")
    op.drop_index("uq_deletions_open_target", "deletions")
    with op.batch_alter_table("deletions") as deletions:
        deletions.add_column(sa.Column("request_id", sa.String(32), nullable=True))
        deletions.add_column(sa.Column("snapshot", sa.JSON(), nullable=False, server_default="{}"))
        deletions.add_column(sa.Column("reminded_at", UtcDateTime(), nullable=True))
        deletions.add_column(sa.Column("hold_id", sa.String(32), nullable=True))
        deletions.add_column(sa.Column("released_by", sa.String(40), nullable=True))
        deletions.add_column(sa.Column("removals", sa.Integer(), nullable=False, server_default="0"))
        deletions.add_column(sa.Column("can_retry", sa.Boolean(), nullable=False, server_default=sa.false()))
        deletions.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    # Each was a request of its own, and its notice has that id as its subject.
    op.execute("UPDATE deletions SET request_id = id")
    with op.batch_alter_table("deletions") as deletions:
        deletions.alter_column("request_id", existing_type=sa.String(32), nullable=False)
        for column, kind in (
            ("snapshot", sa.JSON()),
            ("removals", sa.Integer()),
            ("can_retry", sa.Boolean()),
            ("version", sa.Integer()),
        ):
            deletions.alter_column(column, existing_type=kind, existing_nullable=False, server_default=None)
    open_, finished = sa.text(_OPEN), sa.text(_FINISHED)
    op.create_index(
        "ix_deletions_open", "deletions", ["execute_at"], sqlite_where=open_, postgresql_where=open_
    )
    op.create_index(
        "uq_deletions_open_target",
        "deletions",
        ["account", "kind", "target_id"],
        unique=True,
        sqlite_where=open_,
        postgresql_where=open_,
    )
    op.create_index(
        "ix_deletions_finished",
        "deletions",
        ["finished_at", "id"],
        sqlite_where=finished,
        postgresql_where=finished,
    )
    op.create_index("ix_deletions_request", "deletions", ["request_id"])
    op.create_index("ix_deletions_hold", "deletions", ["hold_id"])
    op.create_index("ix_deletions_operator", "deletions", ["requested_by", "requested_at"])
    op.create_index("ix_deletions_target", "deletions", ["target_id"])

    with op.batch_alter_table("notices") as notices:
        notices.add_column(sa.Column("post_key", sa.String(32), nullable=True))
        notices.add_column(sa.Column("open_until", UtcDateTime(), nullable=True))
        notices.add_column(sa.Column("seen_channel", sa.String(40), nullable=True))
        notices.add_column(sa.Column("seen_ts", sa.String(40), nullable=True))
    op.create_index("ix_notices_message", "notices", ["ts"])

    op.create_table(
        "paces",
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_paces")),
    )
