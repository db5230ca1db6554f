"""All verdicts ever reached about an upload, in SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.people import Tenants
from moderation.verdict import Verdict
from storage.database import reading
from storage.rows import read_verdict
from storage.tables import verdicts
from storage.tenancy import seen_by


class SqlVerdictHistory:
    """Implements `storage.ports.VerdictHistory`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def verdicts(self, upload_id: str, tenants: Tenants) -> list[Verdict]:
        query = select(verdicts.c.verdict).where(
            verdicts.c.upload_id == upload_id, seen_by(tenants, verdicts.c.tenant)
        )
        async with reading(self._engine) as connection:
            found = await connection.execute(query)
            return newest_first(read_verdict(row.verdict) for row in found)


def newest_first(reached: Iterable[Verdict]) -> list[Verdict]:
    """Order by what supersedes what: clocks of two machines may contradict that."""
    successors = {verdict.supersedes: verdict for verdict in reached}
    ordered: list[Verdict] = []
    verdict = successors.get(None)
    while verdict is not None:
        ordered.append(verdict)
        verdict = successors.get(verdict.verdict_id)
    return ordered[::-1]
