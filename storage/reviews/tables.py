"""The tables of reviews. Decisions are append-only: the database itself refuses all else."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import UtcTime
from storage.table_parts import gone_with, guard
from storage.tables import metadata, uploads, verdicts

review_jobs = Table(
    "review_jobs",
    metadata,
    Column("job_id", String(36), primary_key=True),
    Column("tenant", String(128), nullable=False),
    gone_with(uploads.c.upload_id),
    gone_with(verdicts.c.verdict_id),
    Column("queue", String(255), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("about", String(36)),
    Column("opened_at", UtcTime, nullable=False),
    Column("deadline_at", UtcTime, nullable=False),
    Column("locked_by", String(128)),
    Column("locked_until", UtcTime),
    Column("decision_id", String(36)),
    Column("appeal", Text),
    Column("ended_at", UtcTime),
    CheckConstraint("(locked_by IS NULL) = (locked_until IS NULL)", name="lock"),
    CheckConstraint("(ended_at IS NULL) = (state IN ('waiting', 'skipped'))", name="ended"),
    CheckConstraint("(decision_id IS NULL) = (state <> 'decided')", name="decided"),
)
# What `next` reads, of all queues and of one, in the order in which it gives out jobs. They hold
# what is open, and stay small.
for _name, _first in (("open", ()), ("open_by_queue", (review_jobs.c.queue,))):
    Index(
        f"ix_review_jobs_{_name}",
        *_first,
        review_jobs.c.deadline_at,
        review_jobs.c.job_id,
        sqlite_where=review_jobs.c.ended_at.is_(None),
        postgresql_where=review_jobs.c.ended_at.is_(None),
    )
Index("ix_review_jobs_by_upload", review_jobs.c.upload_id)
Index(
    "ix_review_jobs_locked",
    review_jobs.c.locked_by,
    sqlite_where=review_jobs.c.locked_by.is_not(None),
    postgresql_where=review_jobs.c.locked_by.is_not(None),
)

review_skips = Table(
    "review_skips",
    metadata,
    gone_with(review_jobs.c.job_id, primary_key=True),
    Column("moderator", String(128), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("skipped_at", UtcTime, nullable=False),
)
# Leads look at the skips of some days, among all there ever were.
Index("ix_review_skips_by_time", review_skips.c.skipped_at)

# Nothing here refers to an upload's row: the proof outlives what was decided about.
decisions = Table(
    "decisions",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("decision_id", String(36), nullable=False, unique=True),
    Column("upload_id", String(128), nullable=False),
    Column("verdict_id", String(128), nullable=False),
    Column("job_id", String(36), nullable=False),
    Column("job_kind", String(16), nullable=False),
    Column("blind", Boolean, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("moderator", String(128), nullable=False),
    Column("token", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("effective_at", UtcTime, nullable=False),
    Column("action", String(16)),
    Column("first_impression", String(16)),
    Column("note_sha256", String(64)),
    Column("about", String(36)),
    Column("cancels", String(36), unique=True),
    # Of an upload that was erased the salt goes, and with it what the hash stands for.
    Column("subject", String(64)),
    Column("subject_salt", String(32)),
    Column("previous", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    UniqueConstraint("moderator", "token"),
    CheckConstraint("sequence >= 1", name="sequence"),
)
Index("ix_decisions_by_upload", decisions.c.upload_id, decisions.c.moderator)
Index("ix_decisions_by_time", decisions.c.tenant, decisions.c.made_at)

# Where each chain ends. Appending locks this row, so that a tenant's links come one by one.
decision_chains = Table(
    "decision_chains",
    metadata,
    Column("tenant", String(128), primary_key=True),
    Column("length", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
)

# Apart from the chain, which holds only a salted hash: a note may have to be erased.
decision_notes = Table(
    "decision_notes",
    metadata,
    Column("decision_id", String(36), primary_key=True),
    Column("salt", String(32), nullable=False),
    Column("note", Text, nullable=False),
)

# Decisions in their grace time. Who deletes a row lets it take effect, or undoes it; never both.
unsettled_decisions = Table(
    "unsettled_decisions",
    metadata,
    Column("decision_id", String(36), primary_key=True),
    Column("effective_at", UtcTime, nullable=False),
)
Index(
    "ix_unsettled_decisions_due",
    unsettled_decisions.c.effective_at,
    unsettled_decisions.c.decision_id,
)

standing_decisions = Table(
    "standing_decisions",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("decision_id", String(36), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("action", String(16), nullable=False),
    Column("since", UtcTime, nullable=False),
)
Index("ix_standing_decisions_by_time", standing_decisions.c.tenant, standing_decisions.c.since)

known_items = Table(
    "known_items",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("tenant", String(128), nullable=False),
    gone_with(verdicts.c.verdict_id),
    Column("action", String(16), nullable=False),
    Column("expected", String(24), nullable=False),
    Column("marked_by", String(128), nullable=False),
    Column("marked_at", UtcTime, nullable=False),
)
Index("ix_known_items_by_tenant", known_items.c.tenant, known_items.c.upload_id)

# A row never changes, but that its subject is taken away when the upload is erased.
_SUBJECT = ("upload_id", "verdict_id", "job_id", "token", "subject_salt")
_REST = ", ".join(column.name for column in decisions.c if column.name not in _SUBJECT)
_ERASES = (
    "NEW.upload_id = '' AND NEW.verdict_id = '' AND NEW.job_id = '' "
    "AND NEW.token = NEW.decision_id AND NEW.subject_salt IS NULL AND NEW.subject IS NOT NULL"
)
_SQLITE_GUARDS = (
    f"CREATE TRIGGER decisions_refuse_update BEFORE UPDATE OF {_REST} ON decisions "
    "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END",
    f"CREATE TRIGGER decisions_refuse_other_subject BEFORE UPDATE OF {', '.join(_SUBJECT)} "
    f"ON decisions WHEN NOT ({_ERASES}) "
    "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END",
    "CREATE TRIGGER decisions_refuse_delete BEFORE DELETE ON decisions "
    "BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END",
)
# The code is "restrict violation": of the class that `storage.database` calls a broken rule.
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION decisions_are_append_only() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'decisions are append-only' USING ERRCODE = '23001'; END $$",
    f"CREATE TRIGGER decisions_refuse_change BEFORE DELETE OR UPDATE OF {_REST} ON decisions "
    "FOR EACH ROW EXECUTE FUNCTION decisions_are_append_only()",
    "CREATE TRIGGER decisions_refuse_other_subject "
    f"BEFORE UPDATE OF {', '.join(_SUBJECT)} ON decisions "
    f"FOR EACH ROW WHEN (NOT ({_ERASES})) EXECUTE FUNCTION decisions_are_append_only()",
    "CREATE TRIGGER decisions_refuse_truncate BEFORE TRUNCATE ON decisions "
    "FOR EACH STATEMENT EXECUTE FUNCTION decisions_are_append_only()",
)
guard(decisions, sqlite=_SQLITE_GUARDS, postgresql=_POSTGRESQL_GUARDS)
