"""Skips of some days are found among all there ever were."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_review_skips_by_time", "review_skips", ["skipped_at"])


def downgrade() -> None:
    op.drop_index("ix_review_skips_by_time", "review_skips")
