"""What lies in the media store and belongs to no upload any more, nor to one on its way."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.looks.tables import seen_media
from storage.tables import uploads


async def strays(connection: AsyncConnection, keys: Sequence[str]) -> list[str]:
    """Of keys as `console.receiving` and `streams.extract` write them; others are left alone."""
    return [key for key in keys if await _is_stray(connection, key.split("/"))]


async def _is_stray(connection: AsyncConnection, parts: Sequence[str]) -> bool:
    if len(parts) < 4:
        return False
    kind, tenant, name = parts[:3]
    if kind == "media":
        known = select(uploads.c.upload_id).where(uploads.c.upload_id == name)
    elif kind == "packs":
        known = select(seen_media.c.upload_id).where(
            seen_media.c.tenant == tenant, seen_media.c.sha256 == name
        )
    else:
        return False
    return await connection.scalar(known.limit(1)) is None
