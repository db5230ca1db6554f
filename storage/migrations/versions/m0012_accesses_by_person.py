"""Whoever asks who looked at media may ask for one person, among millions of looks."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_media_accesses_by_person", "media_accesses", ["person_id", "access_id"])


def downgrade() -> None:
    op.drop_index("ix_media_accesses_by_person", "media_accesses")
