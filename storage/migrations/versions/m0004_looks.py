"""Which uploads have the same bytes, and what they look like."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BANDS = range(16)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PDQ = sa.LargeBinary(32).with_variant(BIT(256), "postgresql")


def upgrade() -> None:
    op.create_table(
        "seen_media",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["uploads.upload_id"],
            name="fk_seen_media_upload_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("upload_id", name="pk_seen_media"),
    )
    op.create_index("ix_seen_media_by_bytes", "seen_media", ["tenant", "sha256", "upload_id"])
    op.create_table(
        "looks",
        sa.Column("look_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("at_seconds", sa.Float(), nullable=False),
        sa.Column("quality", sa.SmallInteger(), nullable=False),
        sa.Column("pdq", _PDQ, nullable=False),
        *(sa.Column(f"band_{number}", sa.SmallInteger(), nullable=False) for number in _BANDS),
        sa.ForeignKeyConstraint(
            ["upload_id"],
            ["seen_media.upload_id"],
            name="fk_looks_upload_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("look_id", name="pk_looks"),
    )
    op.create_index("ix_looks_by_upload", "looks", ["upload_id"])
    for number in _BANDS:
        op.create_index(f"ix_looks_by_band_{number}", "looks", ["tenant", f"band_{number}", "pdq"])


def downgrade() -> None:
    op.drop_table("looks")
    op.drop_table("seen_media")
