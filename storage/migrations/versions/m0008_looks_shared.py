"""Uploads of the same bytes share looks, lists hold more, and PostgreSQL reads indexes alone."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BIT

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_BANDS = range(16)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PDQ = sa.LargeBinary(32).with_variant(BIT(256), "postgresql")


def upgrade() -> None:
    op.add_column("seen_media", sa.Column("looks_held_by", sa.String(128)))
    op.execute("UPDATE seen_media SET looks_held_by = upload_id")
    op.create_index("ix_seen_media_by_looks", "seen_media", ["looks_held_by", "upload_id"])
    _drop_bands()
    _index_bands("looks", postgresql_include=["look_id"])
    op.create_table(
        "listed_looks",
        sa.Column("look_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("list_name", sa.String(64), nullable=False),
        sa.Column("entry", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("pdq", _PDQ, nullable=False),
        *(sa.Column(f"band_{number}", sa.SmallInteger(), nullable=False) for number in _BANDS),
        sa.PrimaryKeyConstraint("look_id", name="pk_listed_looks"),
        sa.UniqueConstraint("tenant", "list_name", "pdq", name="uq_listed_looks"),
    )
    _index_bands("listed_looks", postgresql_include=["look_id"])


def downgrade() -> None:
    op.drop_table("listed_looks")
    op.drop_index("ix_seen_media_by_looks", "seen_media")
    op.drop_column("seen_media", "looks_held_by")
    _drop_bands()
    _index_bands("looks")


def _drop_bands() -> None:
    for number in _BANDS:
        op.drop_index(f"ix_looks_by_band_{number}", "looks")


def _index_bands(table: str, **words: Any) -> None:
    for number in _BANDS:
        op.create_index(
            f"ix_{table}_by_band_{number}", table, ["tenant", f"band_{number}", "pdq"], **words
        )
