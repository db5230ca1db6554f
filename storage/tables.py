"""The tables of the ledger; their constraints hold whatever the code does.

An upload and a verdict are kept whole, as JSON; the columns beside it are
those that are searched, sorted by, or constrained. The scores of single crops
have no table: they lie in the media store's score pack, and the strongest
frames in the verdict.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from storage.columns import ForeignText, Headers, RowNumber, UtcTime
from storage.table_parts import gone_with

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_id", String(128), primary_key=True),
    Column("tenant", String(128), nullable=False),
    Column("lane", String(16), nullable=False),
    Column("announced_at", UtcTime, nullable=False),
    Column("announcements", Integer, nullable=False),
    Column("deadline_at", UtcTime, nullable=False),
    Column("concluded_at", UtcTime),
    Column("upload", JSON, nullable=False),
    CheckConstraint("announcements >= 1", name="announced"),
)
# `overdue` reads this one: it holds uploads that have no end, and stays small.
Index(
    "ix_uploads_without_end",
    uploads.c.deadline_at,
    sqlite_where=uploads.c.concluded_at.is_(None),
    postgresql_where=uploads.c.concluded_at.is_(None),
)
Index("ix_uploads_by_tenant", uploads.c.tenant, uploads.c.announced_at, uploads.c.upload_id)

verdicts = Table(
    "verdicts",
    metadata,
    Column("verdict_id", String(128), primary_key=True),
    Column("upload_id", String(128), ForeignKey("uploads.upload_id"), nullable=False),
    Column("lineage_digest", String(64), nullable=False),
    Column("is_current", Boolean, nullable=False),
    Column("supersedes", String(128), ForeignKey("verdicts.verdict_id"), unique=True),
    Column("tenant", String(128), nullable=False),
    Column("label", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("fake_probability", Float),
    Column("rejection_reason", String(64)),
    Column("model_name", String(255)),
    Column("model_version", String(255)),
    Column("policy_name", String(255), nullable=False),
    Column("decided_at", UtcTime, nullable=False),
    Column("verdict", JSON, nullable=False),
    # The upload's lane; its default is for rows from before there was the column.
    Column("lane", String(16), nullable=False, server_default="live"),
    Column("policy_sha256", String(64)),
    Column("provenance_state", String(16)),
    # Which twentieth of the probabilities, from 0 on: rare scores are read by their own index.
    Column("score_band", SmallInteger),
    UniqueConstraint("upload_id", "lineage_digest"),
    CheckConstraint("fake_probability BETWEEN 0 AND 1", name="probability"),
    CheckConstraint("supersedes <> verdict_id", name="not_itself"),
)
Index(
    "uq_verdicts_current",
    verdicts.c.upload_id,
    unique=True,
    sqlite_where=verdicts.c.is_current.is_(True),
    postgresql_where=verdicts.c.is_current.is_(True),
)
# What moderators page through: current verdicts in order of time, all of them or those of one
# label, lane, …; of one tenant, and for who sees every tenant. An index takes about a fiftieth of
# the disk that the verdicts themselves take.
_IN_ORDER = (verdicts.c.decided_at, verdicts.c.verdict_id)
_PAGED: dict[str, tuple[tuple[Column[Any], ...], tuple[Column[Any], ...]]] = {
    # what they are narrowed to, and what is looked at on the way
    "time": ((), ()),
    "label": ((verdicts.c.label,), ()),
    "lane": ((verdicts.c.lane,), ()),
    "score": ((verdicts.c.score_band,), (verdicts.c.fake_probability,)),
    "model": ((verdicts.c.model_name, verdicts.c.model_version), ()),
    "policy": ((verdicts.c.policy_name, verdicts.c.policy_sha256), ()),
}
for _name, (_narrowed, _looked_at) in _PAGED.items():
    _newest = "newest" if _name == "time" else f"newest_by_{_name}"
    for _index, _first in ((f"by_{_name}", (verdicts.c.tenant,)), (_newest, ())):
        Index(
            f"ix_verdicts_{_index}",
            *_first,
            *_narrowed,
            *_IN_ORDER,
            *_looked_at,
            sqlite_where=verdicts.c.is_current.is_(True),
            postgresql_where=verdicts.c.is_current.is_(True),
        )

verdict_tracks = Table(
    "verdict_tracks",
    metadata,
    gone_with(verdicts.c.verdict_id, primary_key=True),
    Column("track_id", Integer, primary_key=True, autoincrement=False),
    Column("label", String(16), nullable=False),
    Column("fake_probability", Float),
    Column("first_seconds", Float, nullable=False),
    Column("last_seconds", Float, nullable=False),
    Column("crops_judged", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_id", RowNumber, primary_key=True, autoincrement=True),
    Column("topic", String(255), nullable=False),
    Column("key", String(255), nullable=False),
    Column("value", LargeBinary, nullable=False),
    Column("headers", Headers, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    # Without it SQLite gives the number of a discarded message to a new one,
    # and a relay that discards late would forget the wrong message.
    sqlite_autoincrement=True,
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("dead_letter_id", RowNumber, primary_key=True, autoincrement=True),
    Column("origin_topic", String(255), nullable=False),
    Column("origin_partition", Integer, nullable=False),
    Column("origin_offset", RowNumber, nullable=False),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", Headers, nullable=False),
    Column("fault", String(64), nullable=False),
    Column("reason", String(128), nullable=False),
    Column("detail", ForeignText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("trace", ForeignText, nullable=False),
    Column("failed_at", UtcTime, nullable=False),
    Column("redriven_at", UtcTime),
    UniqueConstraint(
        "origin_topic", "origin_partition", "origin_offset", name="uq_dead_letters_origin"
    ),
    sqlite_autoincrement=True,
)
Index("ix_dead_letters_by_time", dead_letters.c.failed_at, dead_letters.c.dead_letter_id)
Index("ix_dead_letters_by_reason", dead_letters.c.reason, dead_letters.c.failed_at)

# Which uploads a dead letter names, so that it is found when one of them is erased: a message that
# was refused may name many.
dead_letter_uploads = Table(
    "dead_letter_uploads",
    metadata,
    Column("upload_id", String(128), primary_key=True),
    gone_with(dead_letters.c.dead_letter_id, primary_key=True),
)
Index("ix_dead_letter_uploads_by_letter", dead_letter_uploads.c.dead_letter_id)
