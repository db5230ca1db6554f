"""Current verdicts of all tenants in order of time, for who sees all."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, columns in (
        ("ix_verdicts_newest", ["decided_at", "verdict_id"]),
        ("ix_verdicts_newest_by_label", ["label", "decided_at", "verdict_id"]),
    ):
        op.create_index(
            name,
            "verdicts",
            columns,
            sqlite_where=sa.text("is_current IS 1"),
            postgresql_where=sa.text("is_current IS true"),
        )


def downgrade() -> None:
    op.drop_index("ix_verdicts_newest_by_label", "verdicts")
    op.drop_index("ix_verdicts_newest", "verdicts")
