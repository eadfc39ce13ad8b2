"""Looks at domains: when, what is believed, the grade of each day; alerts and who has muted what"""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "domain_looks",
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("domain", sa.String(260), nullable=False),
        sa.Column("next_look_at", UtcDateTime(), nullable=False),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("looked_at", UtcDateTime(), nullable=True),
        sa.Column("wholly_at", UtcDateTime(), nullable=True),
        sa.Column("standing", sa.Integer(), nullable=False),
        sa.Column("standing_since", UtcDateTime(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("unanswered", sa.Integer(), nullable=False),
        sa.Column("confirmable_at", UtcDateTime(), nullable=True),
        sa.Column("was_good", sa.Boolean(), nullable=False),
        sa.Column("states", sa.JSON(), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("asked_times", sa.Integer(), nullable=False),
        sa.Column("asked_about", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("account", "domain", name=op.f("pk_domain_looks")),
    )
    op.create_index("ix_domain_looks_due", "domain_looks", ["next_look_at"])
    op.create_table(
        "day_grades",
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("domain", sa.String(260), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("grade", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("account", "domain", "day", name=op.f("pk_day_grades")),
    )
    op.create_index("ix_day_grades_day", "day_grades", ["day"])
    op.create_table(
        "mutes",
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("domain", sa.String(260), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("muted_by", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("account", "domain", name=op.f("pk_mutes")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_added", "alerts", ["added_at"])
    op.create_table(
        "alert_items",
        sa.Column("alert_id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("domain", sa.String(260), nullable=False),
        sa.Column("subject", sa.String(20), nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.Column("turn", sa.String(20), nullable=False),
        sa.Column("grade", sa.String(20), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint(
            "alert_id", "account", "domain", "subject", "tag", name=op.f("pk_alert_items")
        ),
    )
    op.create_index("ix_alert_items_domain", "alert_items", ["account", "domain"])
