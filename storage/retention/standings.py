"""How what is due stands, of every tenant and part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

from moderation.retention import Part, RetentionPlan
from storage.retention.ports import RetentionRecords, RetentionWork, Standing

Standings: TypeAlias = Mapping[str, Mapping[Part, Standing]]


class Looking(RetentionWork, RetentionRecords, Protocol):
    """Who knows the tenants, and how their parts stand."""


def ended_before(plan: RetentionPlan, tenant: str, part: Part, now: datetime) -> datetime | None:
    """What ended before that moment is due; None where nothing ever is."""
    time = plan.of(tenant).of(part)
    return None if time is None else now - time


async def standings(work: Looking, plan: RetentionPlan, now: datetime) -> Standings:
    """By tenant and part; what is kept until it is erased is left out.

    Raises:
        LedgerUnavailable.
    """
    found: dict[str, dict[Part, Standing]] = {}
    for tenant in await work.tenants():
        found[tenant] = {}
        for part in Part:
            end = ended_before(plan, tenant, part, now)
            if end is not None:
                found[tenant][part] = await work.standing(tenant, part, ended_before=end)
    return found
