"""Takes requests for erasures in, and shows how they stand, in SQLite or PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.erasure import (
    Erasure,
    ErasureRequest,
    ErasureScope,
    ErasureState,
)
from moderation.errors import UnknownUpload
from moderation.people import Tenants
from storage.database import now_utc, reading, writing
from storage.erasure.rows import count_uploads, read_erasure, read_erasures
from storage.erasure.tables import erased_uploads, erasures, upload_senders
from storage.erasure.tombstones import block, digest, read_secret, secret_of, upload_digest
from storage.tables import uploads
from storage.tenancy import seen_by


class SqlErasures:
    """Implements `storage.erasure.ports.Erasures`."""

    def __init__(self, engine: AsyncEngine, *, clock: Callable[[], datetime] = now_utc) -> None:
        self._engine = engine
        self._clock = clock

    async def ask(self, request: ErasureRequest) -> Erasure:
        async with writing(self._engine) as connection:
            secret = await secret_of(connection)
            before = await _before(connection, secret, request)
            if before is not None:
                return before
            await _check_known(connection, request)
            erasure = self._pending(request, subject_of(secret, request))
            await connection.execute(insert(erasures).values(erasure_row(erasure)))
            if request.scope is ErasureScope.UPLOADER or await block(
                connection, secret, request.target, request.tenant, erasure.erasure_id
            ):
                return erasure
            # Somebody asked at the same time, and theirs is the erasure.
            own = erasures.c.erasure_id == erasure.erasure_id
            await connection.execute(delete(erasures).where(own))
            meanwhile = await _before(connection, secret, request)
        if meanwhile is None:
            raise UnknownUpload(f"no upload {request.target} is in the ledger")
        return meanwhile

    async def preview(self, request: ErasureRequest) -> Mapping[str, int]:
        async with reading(self._engine) as connection:
            await _check_known(connection, request)
            return await count_uploads(connection, await _uploads(connection, request))

    async def erasures(
        self, tenants: Tenants, *, target: str | None = None, limit: int
    ) -> list[Erasure]:
        query = select(erasures).where(seen_by(tenants, erasures.c.tenant))
        async with reading(self._engine) as connection:
            if target is not None:
                query = query.where(await _is_about(connection, target))
            newest = query.order_by(erasures.c.asked_at.desc(), erasures.c.erasure_id).limit(limit)
            return read_erasures(await connection.execute(newest))

    def _pending(self, request: ErasureRequest, subject: str) -> Erasure:
        now = self._clock()
        return Erasure(
            erasure_id=str(uuid.uuid4()),
            tenant=request.tenant,
            scope=request.scope,
            target=request.target,
            subject=subject,
            reason=request.reason,
            reference=request.reference,
            asked_by=request.asked_by,
            asked_at=now,
            state=ErasureState.PENDING,
            due_at=now,
        )


def subject_of(secret: str, request: ErasureRequest) -> str:
    if request.scope is ErasureScope.UPLOAD:
        return upload_digest(secret, request.target)
    return uploader_digest(secret, request.tenant, request.target)


def uploader_digest(secret: str, tenant: str, uploader_id: str) -> str:
    return digest(secret, "uploader", tenant, uploader_id)


def erasure_row(erasure: Erasure) -> dict[str, object]:
    names = [column.name for column in erasures.c]
    return {name: getattr(erasure, name) for name in names} | {"removed": dict(erasure.removed)}


async def _before(
    connection: AsyncConnection, secret: str, request: ErasureRequest
) -> Erasure | None:
    """The erasure that an upload belongs to; what an uploader sends later is erased anew."""
    if request.scope is not ErasureScope.UPLOAD:
        return None
    found = await connection.execute(
        select(erasures)
        .join(erased_uploads, erased_uploads.c.erasure_id == erasures.c.erasure_id)
        .where(
            erased_uploads.c.upload_digest == upload_digest(secret, request.target),
            erasures.c.tenant == request.tenant,
        )
    )
    row = found.one_or_none()
    return None if row is None else read_erasure(row)


async def _check_known(connection: AsyncConnection, request: ErasureRequest) -> None:
    if request.scope is ErasureScope.UPLOAD and not await _uploads(connection, request):
        raise UnknownUpload(f"no upload {request.target} is in the ledger")


async def _uploads(connection: AsyncConnection, request: ErasureRequest) -> list[str]:
    if request.scope is ErasureScope.UPLOADER:
        return await uploads_of(connection, request.tenant, request.target)
    found = await connection.scalars(
        select(uploads.c.upload_id).where(
            uploads.c.upload_id == request.target, uploads.c.tenant == request.tenant
        )
    )
    return list(found)


async def uploads_of(
    connection: AsyncConnection,
    tenant: str,
    uploader_id: str,
    *,
    until: datetime | None = None,
    after: str = "",
    limit: int | None = None,
) -> list[str]:
    """What an uploader sent, by id; up to a moment, after an id, and so many, where it is said."""
    query = (
        select(upload_senders.c.upload_id)
        .join(uploads, uploads.c.upload_id == upload_senders.c.upload_id)
        .where(
            upload_senders.c.tenant == tenant,
            upload_senders.c.uploader_id == uploader_id,
            upload_senders.c.upload_id > after,
        )
        .order_by(upload_senders.c.upload_id)
        .limit(limit)
    )
    if until is not None:
        query = query.where(uploads.c.announced_at <= until)
    return list(await connection.scalars(query))


async def _is_about(connection: AsyncConnection, target: str) -> ColumnElement[bool]:
    """Erasures of an upload or uploader of that id, whatever is left to tell."""
    secret = await read_secret(connection)
    if secret is None:
        return erasures.c.target == target
    own = select(erased_uploads.c.erasure_id).where(
        erased_uploads.c.upload_digest == upload_digest(secret, target)
    )
    tenants = await connection.scalars(select(erasures.c.tenant).distinct())
    subjects = [uploader_digest(secret, tenant, target) for tenant in tenants]
    return or_(erasures.c.erasure_id.in_(own), erasures.c.subject.in_(subjects))
