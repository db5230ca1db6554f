"""Erasures kept in memory: for tests of who asks for them. Nothing but the request is done."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from moderation.erasure import Erasure, ErasureRequest, ErasureScope, ErasureState
from moderation.errors import UnknownUpload
from moderation.people import Tenants
from storage.in_memory import Memory


class InMemoryErasures:
    """Implements `storage.erasure.ports.Erasures`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept: list[Erasure] = []

    async def ask(self, request: ErasureRequest) -> Erasure:
        if request.scope is ErasureScope.UPLOAD:
            before = self._before(request)
            if before is not None:
                return before
            self._uploads(request)
            self._memory.erased.add(request.target)
        now = self._memory.clock()
        erasure = Erasure(
            erasure_id=str(uuid.uuid4()),
            tenant=request.tenant,
            scope=request.scope,
            target=request.target,
            subject="0" * 64,
            reason=request.reason,
            reference=request.reference,
            asked_by=request.asked_by,
            asked_at=now,
            state=ErasureState.PENDING,
            due_at=now,
        )
        self._kept.append(erasure)
        return erasure

    async def preview(self, request: ErasureRequest) -> Mapping[str, int]:
        found = self._uploads(request)
        reached = [self._memory.verdicts.get(upload_id, []) for upload_id in found]
        counts = {"uploads": len(found), "verdicts": sum(len(one) for one in reached)}
        return {name: count for name, count in counts.items() if count}

    async def erasures(
        self, tenants: Tenants, *, target: str | None = None, limit: int
    ) -> list[Erasure]:
        found = [
            one
            for one in reversed(self._kept)
            if one.tenant in tenants and target in (None, one.target)
        ]
        return found[:limit]

    def _before(self, request: ErasureRequest) -> Erasure | None:
        asked = (one for one in self._kept if one.scope is ErasureScope.UPLOAD)
        wanted = (request.tenant, request.target)
        return next((one for one in asked if (one.tenant, one.target) == wanted), None)

    def _uploads(self, request: ErasureRequest) -> list[str]:
        """Raises: UnknownUpload: it is an upload, and the tenant has none."""
        of_tenant = [
            status.upload
            for status in self._memory.uploads.values()
            if status.upload.tenant == request.tenant
        ]
        if request.scope is ErasureScope.UPLOADER:
            return [one.upload_id for one in of_tenant if one.uploader_id == request.target]
        if request.target not in [one.upload_id for one in of_tenant]:
            raise UnknownUpload(f"no upload {request.target} is in the ledger")
        return [request.target]
