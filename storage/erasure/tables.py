"""The tables of erasures: what is asked for, what is being worked on, and what remains as proof."""

from __future__ import annotations

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table

from storage.columns import UtcTime
from storage.table_parts import gone_with
from storage.tables import metadata, uploads

# Who sent an upload, in the platform's own words: only where the announcement says it.
upload_senders = Table(
    "upload_senders",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("uploader_id", String(128), nullable=False),
)
Index(
    "ix_upload_senders_by_uploader",
    upload_senders.c.tenant,
    upload_senders.c.uploader_id,
    upload_senders.c.upload_id,
)

# `target` says in plain words what to erase, and goes when that is done: what is left is the proof.
erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", String(36), primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("target", String(128)),
    Column("subject", String(64), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("reference", String(64), nullable=False),
    Column("asked_by", String(128), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("uploads", Integer, nullable=False),
    Column("removed", JSON, nullable=False),
    Column("finished_at", UtcTime),
    CheckConstraint("(target IS NULL) = (state = 'done')", name="proof"),
    CheckConstraint("(finished_at IS NULL) = (state <> 'done')", name="finished"),
)
Index(
    "ix_erasures_due",
    erasures.c.due_at,
    sqlite_where=erasures.c.finished_at.is_(None),
    postgresql_where=erasures.c.finished_at.is_(None),
)
Index("ix_erasures_by_time", erasures.c.tenant, erasures.c.asked_at, erasures.c.erasure_id)

# What an erasure works on, until it is done. `places` are keys and folders of the media store:
# they outlive the rows that named them, so that a crash between the two forgets nothing.
erasure_targets = Table(
    "erasure_targets",
    metadata,
    Column("upload_id", String(128), primary_key=True),
    Column("erasure_id", String(36), ForeignKey("erasures.erasure_id"), nullable=False),
    Column("places", JSON, nullable=False),
    Column("passes", Integer, nullable=False),
)
Index("ix_erasure_targets_by_erasure", erasure_targets.c.erasure_id, erasure_targets.c.passes)

# What must never come back, by a keyed hash of its id.
erased_uploads = Table(
    "erased_uploads",
    metadata,
    Column("upload_digest", String(64), primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("erasure_id", String(36), ForeignKey("erasures.erasure_id"), nullable=False),
)
Index("ix_erased_uploads_by_erasure", erased_uploads.c.erasure_id)

# The key of those hashes, one row: without it nobody can try ids out.
erasure_key = Table(
    "erasure_key",
    metadata,
    Column("key_id", Integer, primary_key=True, autoincrement=False),
    Column("secret", String(64), nullable=False),
)
