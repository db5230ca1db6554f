"""What was erased and must not come back, by keyed hashes, in SQLite or PostgreSQL."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy import insert as plain_insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database import reading
from storage.erasure.tables import erased_uploads, erasure_key, erasure_targets
from storage.looks.tables import seen_media
from storage.rows import blocks, insert
from storage.together import Together

_ONLY = 1
_AT_ONCE = 500
_SECRET = select(erasure_key.c.secret).where(erasure_key.c.key_id == _ONLY)
_ERASED = select(erased_uploads.c.upload_digest).where(
    erased_uploads.c.upload_digest.in_(bindparam("digests", expanding=True))
)


def digest(secret: str, kind: str, *words: str) -> str:
    """HMAC-SHA256: without the key nobody can find out which id a hash stands for by trying."""
    told = "\n".join((kind, *words)).encode()
    return hmac.new(bytes.fromhex(secret), told, hashlib.sha256).hexdigest()


def upload_digest(secret: str, upload_id: str) -> str:
    return digest(secret, "upload", upload_id)


class Tombstones:
    """Asks, in somebody's transaction, whether uploads were erased. The key is read once."""

    def __init__(self) -> None:
        self._secret: str | None = None

    async def hold(self, connection: AsyncConnection, upload_id: str) -> bool:
        return bool(await self.among(connection, [upload_id]))

    async def among(self, connection: AsyncConnection, upload_ids: Collection[str]) -> set[str]:
        """Which of them were."""
        if self._secret is None:
            self._secret = await read_secret(connection)
        if self._secret is None:
            return set()  # nothing was ever erased
        ids = {upload_digest(self._secret, upload_id): upload_id for upload_id in upload_ids}
        found: set[str] = set()
        for some in blocks(list(ids), most=_AT_ONCE):
            digests = await connection.scalars(_ERASED, {"digests": some})
            found.update(ids[digest] for digest in digests)
        return found


class SqlErasedUploads:
    """Implements `storage.erasure.ports.ErasedUploads`.

    Every hop asks before its work and after it, so those that ask at a time share a statement.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._tombstones = Tombstones()
        self._together = Together(self._hold, most=_AT_ONCE)

    async def holds(self, upload_id: str) -> bool:
        return await self._together.ask(upload_id)

    async def _hold(self, upload_ids: Sequence[str]) -> list[bool]:
        async with reading(self._engine) as connection:
            erased = await self._tombstones.among(connection, upload_ids)
        return [upload_id in erased for upload_id in upload_ids]

    async def has_bytes(self, tenant: str, sha256: str, *, besides: str) -> bool:
        async with reading(self._engine) as connection:
            return await has_bytes(connection, tenant, sha256, besides=besides)


async def has_bytes(connection: AsyncConnection, tenant: str, sha256: str, *, besides: str) -> bool:
    """Whether another upload has these bytes. One that is to be erased has them until its own
    turn: meanwhile a third may take its verdict over.
    """
    found = await connection.scalar(
        select(seen_media.c.upload_id)
        .where(
            seen_media.c.tenant == tenant,
            seen_media.c.sha256 == sha256,
            seen_media.c.upload_id != besides,
        )
        .limit(1)
    )
    return found is not None


async def read_secret(connection: AsyncConnection) -> str | None:
    return await connection.scalar(_SECRET)


async def secret_of(connection: AsyncConnection) -> str:
    """The key, made when it is needed first; two that make it at once agree on one."""
    await connection.execute(
        insert(connection, erasure_key)
        .values(key_id=_ONLY, secret=secrets.token_hex(32))
        .on_conflict_do_nothing(index_elements=[erasure_key.c.key_id])
    )
    found = await connection.execute(select(erasure_key.c.secret))
    return str(found.scalar_one())


async def block(
    connection: AsyncConnection, secret: str, upload_id: str, tenant: str, erasure_id: str
) -> bool:
    """Let an upload never come back, and work on it; False when another erasure does."""
    blocked = await connection.execute(
        insert(connection, erased_uploads)
        .values(
            upload_digest=upload_digest(secret, upload_id), tenant=tenant, erasure_id=erasure_id
        )
        .on_conflict_do_nothing(index_elements=[erased_uploads.c.upload_digest])
        .returning(erased_uploads.c.upload_digest)
    )
    if blocked.scalar_one_or_none() is None:
        return False
    await connection.execute(
        plain_insert(erasure_targets).values(
            upload_id=upload_id, erasure_id=erasure_id, places=[], passes=0
        )
    )
    return True
