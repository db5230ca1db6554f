"""Review jobs, and decisions that the database itself keeps append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER decisions_refuse_{what} BEFORE {what.upper()} ON decisions "
        "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END"
        for what in ("update", "delete")
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION decisions_are_append_only() RETURNS trigger "
        "LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'decisions are append-only' USING ERRCODE = '23001'; END $$",
        "CREATE TRIGGER decisions_refuse_change BEFORE UPDATE OR DELETE ON decisions "
        "FOR EACH ROW EXECUTE FUNCTION decisions_are_append_only()",
        "CREATE TRIGGER decisions_refuse_truncate BEFORE TRUNCATE ON decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION decisions_are_append_only()",
    ),
}


def upgrade() -> None:
    _create_jobs()
    _create_decisions()
    _create_beside_the_chain()
    _create_standing()
    _create_known_items()
    for guard in _GUARDS[op.get_bind().dialect.name]:
        op.execute(guard)


def downgrade() -> None:
    for table in (
        *("known_items", "standing_decisions", "unsettled_decisions", "decision_notes"),
        *("decision_chains", "decisions", "review_skips", "review_jobs"),
    ):
        op.drop_table(table)


def _create_jobs() -> None:
    op.create_table(
        "review_jobs",
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("queue", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("about", sa.String(36)),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("deadline_at", _TIME, nullable=False),
        sa.Column("locked_by", sa.String(128)),
        sa.Column("locked_until", _TIME),
        sa.Column("decision_id", sa.String(36)),
        sa.Column("appeal", sa.Text()),
        sa.Column("ended_at", _TIME),
        sa.CheckConstraint(
            "(locked_by IS NULL) = (locked_until IS NULL)", name=op.f("ck_review_jobs_lock")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (state IN ('waiting', 'skipped'))",
            name=op.f("ck_review_jobs_ended"),
        ),
        sa.CheckConstraint(
            "(decision_id IS NULL) = (state <> 'decided')", name=op.f("ck_review_jobs_decided")
        ),
        _of_upload("review_jobs"),
        _of_verdict("review_jobs"),
        sa.PrimaryKeyConstraint("job_id", name="pk_review_jobs"),
    )
    _index_where("ix_review_jobs_open", ["deadline_at", "job_id"], "ended_at IS NULL")
    _index_where(
        "ix_review_jobs_open_by_queue", ["queue", "deadline_at", "job_id"], "ended_at IS NULL"
    )
    op.create_index("ix_review_jobs_by_upload", "review_jobs", ["upload_id"])
    _index_where("ix_review_jobs_locked", ["locked_by"], "locked_by IS NOT NULL")
    op.create_table(
        "review_skips",
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("moderator", sa.String(128), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("skipped_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["review_jobs.job_id"], name="fk_review_skips_job_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "moderator", name="pk_review_skips"),
    )


def _index_where(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "review_jobs",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _of_upload(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["upload_id"], ["uploads.upload_id"], name=f"fk_{table}_upload_id", ondelete="CASCADE"
    )


def _of_verdict(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["verdict_id"], ["verdicts.verdict_id"], name=f"fk_{table}_verdict_id", ondelete="CASCADE"
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("job_id", sa.String(36), nullable=False),
        sa.Column("job_kind", sa.String(16), nullable=False),
        sa.Column("blind", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("moderator", sa.String(128), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("effective_at", _TIME, nullable=False),
        sa.Column("action", sa.String(16)),
        sa.Column("first_impression", sa.String(16)),
        sa.Column("note_sha256", sa.String(64)),
        sa.Column("about", sa.String(36)),
        sa.Column("cancels", sa.String(36)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.CheckConstraint("sequence >= 1", name=op.f("ck_decisions_sequence")),
        sa.PrimaryKeyConstraint("tenant", "sequence", name="pk_decisions"),
        sa.UniqueConstraint("cancels", name="uq_decisions_cancels"),
        sa.UniqueConstraint("decision_id", name="uq_decisions_decision_id"),
        sa.UniqueConstraint("moderator", "token", name="uq_decisions_moderator_token"),
    )
    op.create_index("ix_decisions_by_upload", "decisions", ["upload_id", "moderator"])
    op.create_index("ix_decisions_by_time", "decisions", ["tenant", "made_at"])


def _create_beside_the_chain() -> None:
    op.create_table(
        "decision_chains",
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_decision_chains"),
    )
    op.create_table(
        "decision_notes",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision_notes"),
    )
    op.create_table(
        "unsettled_decisions",
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("effective_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_unsettled_decisions"),
    )
    op.create_index(
        "ix_unsettled_decisions_due", "unsettled_decisions", ["effective_at", "decision_id"]
    )


def _create_standing() -> None:
    op.create_table(
        "standing_decisions",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("since", _TIME, nullable=False),
        _of_upload("standing_decisions"),
        sa.PrimaryKeyConstraint("upload_id", name="pk_standing_decisions"),
    )
    op.create_index("ix_standing_decisions_by_time", "standing_decisions", ["tenant", "since"])


def _create_known_items() -> None:
    op.create_table(
        "known_items",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("verdict_id", sa.String(128), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("expected", sa.String(24), nullable=False),
        sa.Column("marked_by", sa.String(128), nullable=False),
        sa.Column("marked_at", _TIME, nullable=False),
        _of_upload("known_items"),
        _of_verdict("known_items"),
        sa.PrimaryKeyConstraint("upload_id", name="pk_known_items"),
    )
    op.create_index("ix_known_items_by_tenant", "known_items", ["tenant", "upload_id"])
