"""Remembers who sent an upload, where the announcement says it."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import Upload
from storage.erasure.tables import upload_senders
from storage.rows import insert


async def note_sender(connection: AsyncConnection, upload: Upload) -> None:
    """Write it beside the upload's row, in the caller's transaction, unless it stands there."""
    if upload.uploader_id is None:
        return
    row = {
        "upload_id": upload.upload_id,
        "tenant": upload.tenant,
        "uploader_id": upload.uploader_id,
    }
    await connection.execute(insert(connection, upload_senders).on_conflict_do_nothing(), row)
