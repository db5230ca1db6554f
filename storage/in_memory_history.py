"""All verdicts ever reached about an upload, in memory: for tests."""

from __future__ import annotations

from moderation.people import Tenants
from moderation.verdict import Verdict
from storage.in_memory import Memory
from storage.verdict_history import newest_first


class InMemoryVerdictHistory:
    """Implements `storage.ports.VerdictHistory`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def verdicts(self, upload_id: str, tenants: Tenants) -> list[Verdict]:
        reached = self._memory.verdicts.get(upload_id, [])
        return newest_first(verdict for verdict in reached if verdict.tenant in tenants)
