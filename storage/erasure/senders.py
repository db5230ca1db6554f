"""Remembers who sent uploads, where their announcements say it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.upload import Upload
from storage.erasure.tables import upload_senders
from storage.rows import insert


async def note_senders(connection: AsyncConnection, sent: Sequence[Upload]) -> None:
    """Write it beside the uploads' rows, in the caller's transaction, unless it stands there."""
    rows = [
        {
            "upload_id": upload.upload_id,
            "tenant": upload.tenant,
            "uploader_id": upload.uploader_id,
        }
        for upload in sent
        if upload.uploader_id is not None
    ]
    if rows:
        await connection.execute(insert(connection, upload_senders).on_conflict_do_nothing(), rows)
