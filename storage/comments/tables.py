"""The table of comments: rows come, and go with their upload; none is ever changed."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from storage.columns import RowNumber, UtcTime
from storage.table_parts import gone_with, guard
from storage.tables import metadata, uploads

comments = Table(
    "comments",
    metadata,
    Column("number", RowNumber, primary_key=True, autoincrement=True),
    Column("comment_id", String(64), nullable=False, unique=True),
    gone_with(uploads.c.upload_id),
    Column("tenant", String(128), nullable=False),
    Column("author", String(128), nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
)
Index("ix_comments_by_upload", comments.c.upload_id, comments.c.number)

_SQLITE_GUARDS = (
    "CREATE TRIGGER comments_refuse_update BEFORE UPDATE ON comments "
    "BEGIN SELECT RAISE(ABORT, 'comments are not rewritten'); END",
)
# The code is "restrict violation": of the class that `storage.database` calls a broken rule.
_POSTGRESQL_GUARDS = (
    "CREATE OR REPLACE FUNCTION comments_stay() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'comments are not rewritten' USING ERRCODE = '23001'; END $$",
    "CREATE TRIGGER comments_refuse_update BEFORE UPDATE ON comments "
    "FOR EACH ROW EXECUTE FUNCTION comments_stay()",
)
guard(comments, sqlite=_SQLITE_GUARDS, postgresql=_POSTGRESQL_GUARDS)
