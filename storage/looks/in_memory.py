"""Looks in memory: every one is compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from moderation.looks import Look
from moderation.media import MediaFacts
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.looks.ports import Alike


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenMedia:
    tenant: str
    sha256: str
    looks: tuple[Look, ...]


@dataclass(slots=True)
class LookMemory:
    """What is kept of uploads' bytes and looks; keys are upload ids."""

    seen: dict[str, SeenMedia] = field(default_factory=dict)

    def remember_media(
        self, upload: Upload, media: MediaFacts | None, looks: Sequence[Look]
    ) -> None:
        """As `storage.looks.database.remember_media`."""
        if media is None:
            return
        known = self.seen.get(upload.upload_id)
        if not looks and known is not None and known.sha256 == media.sha256:
            return
        self.remember(upload.upload_id, upload.tenant, media.sha256, looks)

    def shared(self, verdict: Verdict) -> bool:
        """Whether another upload has the bytes that a verdict is about."""
        if verdict.media is None:
            return False
        of = (verdict.tenant, verdict.media.sha256)
        others = (one for known, one in self.seen.items() if known != verdict.upload_id)
        return any((one.tenant, one.sha256) == of for one in others)

    def remember(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        self.seen.pop(upload_id, None)
        of_same_bytes = [
            one.looks for one in self.seen.values() if (one.tenant, one.sha256) == (tenant, sha256)
        ]
        kept = next(filter(None, of_same_bytes), None)
        if kept is None:
            kept = tuple(look for look in looks if look.comparable)
        for known, one in self.seen.items():
            if (one.tenant, one.sha256) == (tenant, sha256):
                self.seen[known] = replace(one, looks=kept)
        self.seen[upload_id] = SeenMedia(tenant=tenant, sha256=sha256, looks=kept)


class InMemoryLooks:
    """Implements `storage.looks.ports.LookAlikes` and `LookKeeping`."""

    def __init__(self, memory: LookMemory) -> None:
        self._memory = memory

    async def same_bytes(self, tenant: str, sha256: str, *, limit: int) -> list[str]:
        seen = self._memory.seen.items()
        return sorted(
            upload_id for upload_id, one in seen if (one.tenant, one.sha256) == (tenant, sha256)
        )[:limit]

    async def looks_of(self, upload_id: str) -> tuple[Look, ...]:
        one = self._memory.seen.get(upload_id)
        return one.looks if one else ()

    async def alike(self, tenant: str, look: Look, *, limit: int) -> list[Alike]:
        found = []
        for upload_id, one in self._memory.seen.items():
            like = [look.distance(other) for other in one.looks if look.is_like(other)]
            if one.tenant == tenant and like:
                found.append(Alike(upload_id=upload_id, distance=min(like)))
        return sorted(found, key=lambda alike: (alike.distance, alike.upload_id))[:limit]

    async def add(self, upload_id: str, tenant: str, sha256: str, looks: Sequence[Look]) -> None:
        self._memory.remember(upload_id, tenant, sha256, looks)

    async def forget(self, upload_id: str) -> None:
        self._memory.seen.pop(upload_id, None)
