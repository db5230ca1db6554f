"""The table of shadow scores: at most one row for an upload and a shadow."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Float, Index, String, Table

from storage.columns import UtcTime
from storage.table_parts import gone_with
from storage.tables import metadata, uploads

# `verdict_id` refers to no table: a row may be written before its verdict is, or without it.
shadow_scores = Table(
    "shadow_scores",
    metadata,
    gone_with(uploads.c.upload_id, primary_key=True),
    Column("shadow_sha256", String(64), primary_key=True),
    Column("shadow_name", String(255), nullable=False),
    Column("shadow_version", String(255), nullable=False),
    Column("serving_name", String(255), nullable=False),
    Column("serving_version", String(255), nullable=False),
    Column("serving_sha256", String(64), nullable=False),
    Column("tenant", String(128), nullable=False),
    Column("drawn_at", UtcTime, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("verdict_id", String(128)),
    Column("lineage_digest", String(64)),
    Column("serving_label", String(16)),
    Column("serving_action", String(16)),
    Column("serving_probability", Float),
    Column("serving_seconds", Float),
    Column("shadow_label", String(16)),
    Column("shadow_action", String(16)),
    Column("shadow_probability", Float),
    Column("shadow_seconds", Float),
    CheckConstraint("(outcome = 'scored') = (serving_label IS NOT NULL)", name="serving_said"),
    CheckConstraint("(outcome = 'scored') = (shadow_label IS NOT NULL)", name="shadow_said"),
)
Index("ix_shadow_scores_by_time", shadow_scores.c.drawn_at, shadow_scores.c.upload_id)
