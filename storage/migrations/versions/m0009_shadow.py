"""What a second bundle would have said of uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SAID = (
    ("label", sa.String(16)),
    ("action", sa.String(16)),
    ("probability", sa.Float()),
    ("seconds", sa.Float()),
)


def upgrade() -> None:
    op.create_table(
        "shadow_scores",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("shadow_sha256", sa.String(64), nullable=False),
        sa.Column("shadow_name", sa.String(255), nullable=False),
        sa.Column("shadow_version", sa.String(255), nullable=False),
        sa.Column("serving_name", sa.String(255), nullable=False),
        sa.Column("serving_version", sa.String(255), nullable=False),
        sa.Column("serving_sha256", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("verdict_id", sa.String(128)),
        sa.Column("lineage_digest", sa.String(64)),
        *(sa.Column(f"serving_{name}", kind) for name, kind in _SAID),
        *(sa.Column(f"shadow_{name}", kind) for name, kind in _SAID),
        sa.CheckConstraint(
            "(outcome = 'scored') = (serving_label IS NOT NULL)",
            name=op.f("ck_shadow_scores_serving_said"),
        ),
        sa.CheckConstraint(
            "(outcome = 'scored') = (shadow_label IS NOT NULL)",
            name=op.f("ck_shadow_scores_shadow_said"),
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["uploads.upload_id"],
            name="fk_shadow_scores_upload_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", "shadow_sha256", name="pk_shadow_scores"),
    )
    op.create_index("ix_shadow_scores_by_time", "shadow_scores", ["drawn_at", "upload_id"])


def downgrade() -> None:
    op.drop_table("shadow_scores")
