"""The chains of decisions in SQLite or PostgreSQL: one for each tenant, appended and read."""

from __future__ import annotations

import secrets

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from moderation.decisions import BEFORE_THE_FIRST, Decision, Link, link, sealed
from storage.database import reading
from storage.reviews.rows import link_row, read_link
from storage.reviews.tables import decision_chains, decisions
from storage.rows import insert

_CHAINS = decision_chains.c


class SqlAuditTrail:
    """Implements `storage.reviews.ports.AuditTrail`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def heads(self) -> dict[str, tuple[int, str]]:
        async with reading(self._engine) as connection:
            noted = await connection.execute(select(decision_chains).order_by(_CHAINS.tenant))
            heads = {row.tenant: (row.length, row.digest) for row in noted}
            # A tenant whose head was taken away is a broken chain, too.
            found = await connection.execute(select(decisions.c.tenant).distinct())
            return {row.tenant: (0, BEFORE_THE_FIRST) for row in found} | heads

    async def links(self, tenant: str, *, after: int, limit: int) -> list[Link]:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(decisions)
                .where(decisions.c.tenant == tenant, decisions.c.sequence > after)
                .order_by(decisions.c.sequence)
                .limit(limit)
            )
            return [read_link(row) for row in found]


async def append(connection: AsyncConnection, decision: Decision) -> Link:
    """Write a decision as the next link; whoever else appends for the tenant waits."""
    kept = sealed(decision, salt=secrets.token_hex(16))
    one = link(kept, after=await _end(connection, decision.tenant))
    await connection.execute(insert(connection, decisions).values(link_row(one)))
    await connection.execute(
        update(decision_chains)
        .where(_CHAINS.tenant == decision.tenant)
        .values(length=one.sequence, digest=one.digest)
    )
    return one


async def _end(connection: AsyncConnection, tenant: str) -> tuple[int, str]:
    """Lock the end of a chain, and begin the chain where there is none."""
    end = select(decision_chains).where(_CHAINS.tenant == tenant).with_for_update()
    row = (await connection.execute(end)).one_or_none()
    if row is None:
        await connection.execute(
            insert(connection, decision_chains)
            .values(tenant=tenant, length=0, digest=BEFORE_THE_FIRST)
            .on_conflict_do_nothing(index_elements=[_CHAINS.tenant])
        )
        row = (await connection.execute(end)).one()
    return row.length, row.digest
