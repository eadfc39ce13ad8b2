"""Archived users, administrators, quotas and their use; accounts that do not answer"""

import sqlalchemy as sa
from alembic import op

from bot.storage.database import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LASTING = "over_at IS NULL"


def upgrade() -> None:
    with op.batch_alter_table("directory_users") as users:
        users.add_column(sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.false()))
        users.add_column(sa.Column("admin", sa.Boolean(), nullable=True))
        users.add_column(sa.Column("quota", sa.BigInteger(), nullable=True))
        users.add_column(sa.Column("used", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("directory_users") as users:
        users.alter_column(
            "archived", existing_type=sa.Boolean(), existing_nullable=False, server_default=None
        )
    op.create_table(
        "outages",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("account", sa.String(100), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("seen_by", sa.String(100), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("over_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    lasting = sa.text(_LASTING)
    op.create_index(
        "uq_outages_lasting",
        "outages",
        ["account"],
        unique=True,
        sqlite_where=lasting,
        postgresql_where=lasting,
    )
