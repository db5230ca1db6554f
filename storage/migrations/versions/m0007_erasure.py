"""Uploads can be erased, and their parts have a time: what a decision is about stands apart."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_OF_DECISION = (
    "tenant, sequence, decision_id, job_kind, blind, kind, reason, moderator, made_at, "
    "effective_at, action, first_impression, note_sha256, about, cancels, subject, previous, digest"
)
_ABOUT = "upload_id, verdict_id, job_id, token, subject_salt"
_ERASES_ABOUT = (
    "NEW.upload_id = '' AND NEW.verdict_id = '' AND NEW.job_id = '' "
    "AND NEW.token = NEW.decision_id AND NEW.subject_salt IS NULL AND NEW.subject IS NOT NULL"
)
_OF_ACCESS = "access_id, at, person_id, token_id, tenant, part, reason"
_ERASES_ACCESS = "NEW.upload_id = '' AND NEW.detail = ''"
_APPEND_ONLY = "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END"
_STAYS = "BEGIN SELECT RAISE(ABORT, 'what was looked at is not rewritten'); END"
_SQLITE = (
    "DROP TRIGGER decisions_refuse_update",
    f"CREATE TRIGGER decisions_refuse_update BEFORE UPDATE OF {_OF_DECISION} ON decisions "
    f"{_APPEND_ONLY}",
    f"CREATE TRIGGER decisions_refuse_other_subject BEFORE UPDATE OF {_ABOUT} "
    f"ON decisions WHEN NOT ({_ERASES_ABOUT}) {_APPEND_ONLY}",
    "DROP TRIGGER media_accesses_refuse_update",
    f"CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE OF {_OF_ACCESS} ON media_accesses "
    f"{_STAYS}",
    "CREATE TRIGGER media_accesses_refuse_other_upload BEFORE UPDATE OF upload_id, detail "
    f"ON media_accesses WHEN NOT ({_ERASES_ACCESS}) {_STAYS}",
)
_POSTGRESQL = (
    "DROP TRIGGER decisions_refuse_change ON decisions",
    f"CREATE TRIGGER decisions_refuse_change BEFORE DELETE OR UPDATE OF {_OF_DECISION} "
    "ON decisions FOR EACH ROW EXECUTE FUNCTION decisions_are_append_only()",
    f"CREATE TRIGGER decisions_refuse_other_subject BEFORE UPDATE OF {_ABOUT} ON decisions "
    f"FOR EACH ROW WHEN (NOT ({_ERASES_ABOUT})) EXECUTE FUNCTION decisions_are_append_only()",
    "DROP TRIGGER media_accesses_refuse_update ON media_accesses",
    f"CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE OF {_OF_ACCESS} ON media_accesses "
    "FOR EACH ROW EXECUTE FUNCTION media_accesses_stay()",
    "CREATE TRIGGER media_accesses_refuse_other_upload BEFORE UPDATE OF upload_id, detail "
    f"ON media_accesses FOR EACH ROW WHEN (NOT ({_ERASES_ACCESS})) "
    "EXECUTE FUNCTION media_accesses_stay()",
)
# As they were before.
_SQLITE_BEFORE = (
    "DROP TRIGGER decisions_refuse_other_subject",
    "DROP TRIGGER decisions_refuse_update",
    f"CREATE TRIGGER decisions_refuse_update BEFORE UPDATE ON decisions {_APPEND_ONLY}",
    "DROP TRIGGER media_accesses_refuse_other_upload",
    "DROP TRIGGER media_accesses_refuse_update",
    f"CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE ON media_accesses {_STAYS}",
)
_POSTGRESQL_BEFORE = (
    "DROP TRIGGER decisions_refuse_other_subject ON decisions",
    "DROP TRIGGER decisions_refuse_change ON decisions",
    "CREATE TRIGGER decisions_refuse_change BEFORE UPDATE OR DELETE ON decisions "
    "FOR EACH ROW EXECUTE FUNCTION decisions_are_append_only()",
    "DROP TRIGGER media_accesses_refuse_other_upload ON media_accesses",
    "DROP TRIGGER media_accesses_refuse_update ON media_accesses",
    "CREATE TRIGGER media_accesses_refuse_update BEFORE UPDATE ON media_accesses "
    "FOR EACH ROW EXECUTE FUNCTION media_accesses_stay()",
)


def upgrade() -> None:
    op.add_column("decisions", sa.Column("subject", sa.String(64)))
    op.add_column("decisions", sa.Column("subject_salt", sa.String(32)))
    _run(_SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL)
    _create_erasures()
    _create_erased()
    _create_retention()


def downgrade() -> None:
    op.drop_index("ix_uploads_by_end", "uploads")
    for table in (
        "leases",
        "retention_holds",
        "retention_marks",
        "erasure_key",
        "erased_uploads",
        "erasure_targets",
        "erasures",
        "upload_senders",
    ):
        op.drop_table(table)
    _run(_SQLITE_BEFORE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_BEFORE)
    op.drop_column("decisions", "subject_salt")
    op.drop_column("decisions", "subject")


def _run(statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)


def _create_erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("target", sa.String(128)),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("asked_by", sa.String(128), nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("uploads", sa.Integer(), nullable=False),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.Column("finished_at", _TIME),
        sa.CheckConstraint("(target IS NULL) = (state = 'done')", name=op.f("ck_erasures_proof")),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state <> 'done')", name=op.f("ck_erasures_finished")
        ),
        sa.PrimaryKeyConstraint("erasure_id", name="pk_erasures"),
    )
    op.create_index(
        "ix_erasures_due",
        "erasures",
        ["due_at"],
        sqlite_where=sa.text("finished_at IS NULL"),
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_index("ix_erasures_by_time", "erasures", ["tenant", "asked_at", "erasure_id"])
    op.create_table(
        "erasure_targets",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("erasure_id", sa.String(36), nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        _of_erasure("erasure_targets"),
        sa.PrimaryKeyConstraint("upload_id", name="pk_erasure_targets"),
    )
    op.create_index("ix_erasure_targets_by_erasure", "erasure_targets", ["erasure_id", "passes"])


def _create_erased() -> None:
    op.create_table(
        "erased_uploads",
        sa.Column("upload_digest", sa.String(64), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("erasure_id", sa.String(36), nullable=False),
        _of_erasure("erased_uploads"),
        sa.PrimaryKeyConstraint("upload_digest", name="pk_erased_uploads"),
    )
    op.create_index("ix_erased_uploads_by_erasure", "erased_uploads", ["erasure_id"])
    op.create_table(
        "erasure_key",
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name="pk_erasure_key"),
    )
    op.create_table(
        "upload_senders",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("uploader_id", sa.String(128), nullable=False),
        _of_upload("upload_senders"),
        sa.PrimaryKeyConstraint("upload_id", name="pk_upload_senders"),
    )
    op.create_index(
        "ix_upload_senders_by_uploader", "upload_senders", ["tenant", "uploader_id", "upload_id"]
    )


def _create_retention() -> None:
    op.create_table(
        "retention_marks",
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "part", name="pk_retention_marks"),
    )
    op.create_table(
        "retention_holds",
        sa.Column("upload_id", sa.String(128), nullable=False),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("tenant", sa.String(128), nullable=False),
        sa.Column("ended_at", _TIME, nullable=False),
        _of_upload("retention_holds"),
        sa.PrimaryKeyConstraint("upload_id", "part", name="pk_retention_holds"),
    )
    op.create_index("ix_retention_holds_by_part", "retention_holds", ["part", "tenant", "ended_at"])
    op.create_index(
        "ix_uploads_by_end",
        "uploads",
        ["tenant", "concluded_at", "upload_id"],
        sqlite_where=sa.text("concluded_at IS NOT NULL"),
        postgresql_where=sa.text("concluded_at IS NOT NULL"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("until", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )


def _of_erasure(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["erasure_id"], ["erasures.erasure_id"], name=f"fk_{table}_erasure_id"
    )


def _of_upload(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["upload_id"], ["uploads.upload_id"], name=f"fk_{table}_upload_id", ondelete="CASCADE"
    )
