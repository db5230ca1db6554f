"""Remembers who sent an upload, where the announcement says it."""

from __future__ import annotations

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import Upload
from storage.erasure.tables import upload_senders


async def note_sender(connection: AsyncConnection, upload: Upload) -> None:
    """Write it beside the upload's row, in the caller's transaction."""
    await connection.execute(
        insert(upload_senders).values(
            upload_id=upload.upload_id, tenant=upload.tenant, uploader_id=upload.uploader_id
        )
    )
