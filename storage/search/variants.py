"""Which versions of a model, and which hashes of a policy, there are current verdicts of.

Each is found by one look into an index that is in their order, from the one before it on: there
are few of them, however many verdicts they judged.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.search.ports import Wanted
from storage.search.runs import MOST_RUNS, Condition
from storage.tables import verdicts


async def versions(
    connection: AsyncConnection, which: Wanted, tenants: Sequence[str] | None
) -> list[str] | None:
    """Of the model that is asked for; None where they are too many for a run each."""
    if which.model_version is not None:
        return [which.model_version]
    named = verdicts.c.model_name == which.model
    return await _all(connection, verdicts.c.model_version, named, tenants)


async def hashes(
    connection: AsyncConnection, which: Wanted, tenants: Sequence[str] | None
) -> list[str] | None:
    """Of the policy that is asked for; as `versions`."""
    named = verdicts.c.policy_name == which.policy
    found = await _all(connection, verdicts.c.policy_sha256, named, tenants)
    return found and [one for one in found if one.startswith(which.policy_sha256 or "")]


async def _all(
    connection: AsyncConnection,
    column: Column[Any],
    named: Condition,
    tenants: Sequence[str] | None,
) -> list[str] | None:
    found: set[str] = set()
    narrowed = (
        [named] if tenants is None else [named & (verdicts.c.tenant == one) for one in tenants]
    )
    for condition in narrowed:
        async for one in _of(connection, column, condition):
            found.add(one)
            if len(found) > MOST_RUNS:
                return None
    return sorted(found)


async def _of(
    connection: AsyncConnection, column: Column[Any], condition: Condition
) -> AsyncIterator[str]:
    query = select(column).where(verdicts.c.is_current.is_(True), condition, column.is_not(None))
    query = query.order_by(column).limit(1)
    one = await connection.scalar(query)
    while one is not None:
        yield str(one)
        one = await connection.scalar(query.where(column > one))
