"""Comments in SQLite or PostgreSQL."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.comments import Comment
from moderation.errors import UnknownUpload
from moderation.people import Tenants
from storage.comments.tables import comments
from storage.database import reading, writing
from storage.rows import insert
from storage.tables import uploads
from storage.tenancy import seen_by

_FIELDS = ("comment_id", "tenant", "upload_id", "author", "text", "made_at")


class SqlComments:
    """Implements `storage.comments.ports.Comments`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, comment: Comment) -> bool:
        known = select(uploads.c.tenant).where(uploads.c.upload_id == comment.upload_id)
        row = {name: getattr(comment, name) for name in _FIELDS}
        async with writing(self._engine) as connection:
            if await connection.scalar(known) != comment.tenant:
                raise UnknownUpload(f"no upload {comment.upload_id} is in the ledger")
            written = await connection.execute(
                insert(connection, comments)
                .values(row)
                .on_conflict_do_nothing(index_elements=["comment_id"])
            )
            return written.rowcount == 1

    async def of_upload(self, upload_id: str, tenants: Tenants, *, limit: int) -> list[Comment]:
        newest = (
            select(*(comments.c[name] for name in _FIELDS))
            .where(comments.c.upload_id == upload_id, seen_by(tenants, comments.c.tenant))
            .order_by(comments.c.number.desc())
            .limit(limit)
        )
        async with reading(self._engine) as connection:
            found = await connection.execute(newest)
            return [Comment(**row._mapping) for row in found][::-1]
