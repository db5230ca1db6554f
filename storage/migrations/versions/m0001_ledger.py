"""The ledger, the outbox and the dead letters."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_uploads()
    _create_verdicts()
    _index_verdicts()
    _create_tracks()
    _create_outbox()
    _create_dead_letters()


def downgrade() -> None:
    for table in ("dead_letters", "outbox", "verdict_tracks", "verdicts", "uploads"):
        op.drop_table(table)


def _create_uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("lane", sa.String(16), nullable=False),
        sa.Column("announced_at", _TIME, nullable=False),
        sa.Column("announcements", sa.Integer(), nullable=False),
        sa.Column("deadline_at", _TIME, nullable=False),
        sa.Column("concluded_at", _TIME),
        sa.Column("upload", sa.JSON(), nullable=False),
        sa.CheckConstraint("announcements >= 1", name=op.f("ck_uploads_announced")),
        sa.PrimaryKeyConstraint("upload_id", name="pk_uploads"),
    )
    op.create_index(
        "ix_uploads_without_end",
        "uploads",
        ["deadline_at"],
        sqlite_where=sa.text("concluded_at IS NULL"),
        postgresql_where=sa.text("concluded_at IS NULL"),
    )
    op.create_index("ix_uploads_by_tenant", "uploads", ["tenant", "announced_at", "upload_id"])


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("lineage_digest", sa.String(64), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("supersedes", sa.String(128)),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("fake_probability", sa.Float()),
        sa.Column("rejection_reason", sa.String(64)),
        sa.Column("model_name", sa.String(255)),
        sa.Column("model_version", sa.String(255)),
        sa.Column("policy_name", sa.String(255), nullable=False),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "fake_probability BETWEEN 0 AND 1", name=op.f("ck_verdicts_probability")
        ),
        sa.CheckConstraint("supersedes <> verdict_id", name=op.f("ck_verdicts_not_itself")),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["verdicts.verdict_id"], name="fk_verdicts_supersedes"
        ),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.upload_id"], name="fk_verdicts_upload_id"),
        sa.PrimaryKeyConstraint("verdict_id", name="pk_verdicts"),
        sa.UniqueConstraint("supersedes", name="uq_verdicts_supersedes"),
        sa.UniqueConstraint(
            "upload_id", "lineage_digest", name="uq_verdicts_upload_id_lineage_digest"
        ),
    )


def _index_verdicts() -> None:
    _index_current("uq_verdicts_current", ["upload_id"], unique=True)
    _index_current("ix_verdicts_by_label", ["tenant", "label", "decided_at", "verdict_id"])
    _index_current("ix_verdicts_by_time", ["tenant", "decided_at", "verdict_id"])
    op.create_index("ix_verdicts_by_model", "verdicts", ["model_name", "model_version"])
    op.create_index("ix_verdicts_by_policy", "verdicts", ["policy_name", "decided_at"])


def _index_current(name: str, columns: list[str], *, unique: bool = False) -> None:
    op.create_index(
        name,
        "verdicts",
        columns,
        unique=unique,
        # SQLite uses a partial index only where the query says the same in the same words.
        sqlite_where=sa.text("is_current IS 1"),
        postgresql_where=sa.text("is_current IS true"),
    )


def _create_tracks() -> None:
    op.create_table(
        "verdict_tracks",
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("track_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", sa.String(16), nullable=False),
        sa.Column("fake_probability", sa.Float()),
        sa.Column("first_seconds", sa.Float(), nullable=False),
        sa.Column("last_seconds", sa.Float(), nullable=False),
        sa.Column("crops_judged", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["verdict_id"],
            ["verdicts.verdict_id"],
            name="fk_verdict_tracks_verdict_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("verdict_id", "track_id", name="pk_verdict_tracks"),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("outbox_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("topic", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name="pk_outbox"),
        sqlite_autoincrement=True,
    )


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("dead_letter_id", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("origin_topic", sa.String(255), nullable=False),
        sa.Column("origin_partition", sa.Integer(), nullable=False),
        sa.Column("origin_offset", _NUMBER, nullable=False),
        sa.Column("key", sa.LargeBinary()),
        sa.Column("value", sa.LargeBinary()),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("fault", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("failed_at", _TIME, nullable=False),
        sa.Column("redriven_at", _TIME),
        sa.PrimaryKeyConstraint("dead_letter_id", name="pk_dead_letters"),
        sa.UniqueConstraint(
            "origin_topic", "origin_partition", "origin_offset", name="uq_dead_letters_origin"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dead_letters_by_time", "dead_letters", ["failed_at", "dead_letter_id"])
    op.create_index("ix_dead_letters_by_reason", "dead_letters", ["reason", "failed_at"])
