"""Items whose right answer leads know, kept in memory: for tests."""

from __future__ import annotations

from datetime import datetime

from moderation.decisions import DecisionKind
from moderation.errors import UnknownUpload
from moderation.known_items import KnownAnswer, KnownItem, check_fit
from moderation.review import JobKind
from storage.in_memory import Memory
from storage.reviews.in_memory_records import not_undone
from storage.reviews.ports import TenantNames


class InMemoryKnownItems:
    """Implements `storage.reviews.ports.KnownItems` and `KnownAnswers`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def mark(
        self,
        upload_id: str,
        expected: DecisionKind,
        *,
        by: str,
        at: datetime,
        tenants: TenantNames = None,
    ) -> KnownItem:
        status = self._memory.uploads.get(upload_id)
        if status is None or status.verdict is None or not _sees(tenants, status.verdict.tenant):
            raise UnknownUpload(f"no verdict on {upload_id} is in the ledger")
        check_fit(status.verdict.action)
        item = KnownItem(
            upload_id=upload_id,
            tenant=status.verdict.tenant,
            verdict_id=status.verdict.verdict_id,
            action=status.verdict.action,
            expected=expected,
            marked_by=by,
            marked_at=at,
        )
        self._kept.known[upload_id] = item
        return item

    async def forget(self, upload_id: str, tenants: TenantNames = None) -> None:
        item = self._kept.known.get(upload_id)
        if item is not None and _sees(tenants, item.tenant):
            del self._kept.known[upload_id]

    async def items(self, tenants: TenantNames = None) -> list[KnownItem]:
        seen = [item for item in self._kept.known.values() if _sees(tenants, item.tenant)]
        return sorted(seen, key=lambda item: (-item.marked_at.timestamp(), item.upload_id))

    async def answers(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> list[KnownAnswer]:
        given = [
            KnownAnswer(
                moderator=decision.moderator,
                item=self._kept.known[decision.upload_id],
                answered=decision.kind,
                made_at=decision.made_at,
            )
            for decision in not_undone(self._kept)
            if decision.job_kind is JobKind.KNOWN_ITEM
            and since <= decision.made_at < until
            and decision.upload_id in self._kept.known
            and _sees(tenants, decision.tenant)
        ]
        return sorted(given, key=lambda one: one.made_at)


def _sees(tenants: TenantNames, tenant: str) -> bool:
    return tenants is None or tenant in tenants
