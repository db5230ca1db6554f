"""Walks the chains of decisions and says whether they are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from moderation.decisions import BEFORE_THE_FIRST, Break, Link, first_break
from moderation.errors import Inconsistent
from storage.reviews.ports import AuditTrail


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """How far a tenant's chain was walked, and where it is broken first."""

    tenant: str
    links: int
    digest: str
    broken: Break | None


async def verify(
    trail: AuditTrail,
    tenant: str,
    head: tuple[int, str],
    witnessed: Mapping[int, str],
    *,
    batch: int = 1000,
) -> ChainReport:
    """Walk a chain from its first link to its head, so many links at once.

    `witnessed` are digests by sequence that were noted elsewhere (every decision message
    carries one): a chain that was written anew from some link on is whole in itself, and
    only they show it.

    Raises:
        LedgerUnavailable: it could not be walked.
    """
    last, digest = 0, BEFORE_THE_FIRST
    missing = dict(witnessed)
    broken: Break | None = None
    while broken is None:
        try:
            links = await trail.links(tenant, after=last, limit=batch)
        except Inconsistent as error:
            broken = Break(sequence=last + 1, what=f"it, or one soon after it: {error}")
            break
        if not links:
            broken = _at_the_end((last, digest), head, missing)
            break
        broken = first_break(links, after=(last, digest)) or _unlike(links, missing)
        last, digest = links[-1].sequence, links[-1].digest
    return ChainReport(tenant=tenant, links=last, digest=digest, broken=broken)


def _unlike(links: list[Link], missing: dict[int, str]) -> Break | None:
    for one in links:
        expected = missing.pop(one.sequence, one.digest)
        if expected != one.digest:
            return Break(sequence=one.sequence, what="its digest is not the one that was noted")
    return None


def _at_the_end(
    end: tuple[int, str], head: tuple[int, str], missing: Mapping[int, str]
) -> Break | None:
    last = end[0]
    if end != head:
        return Break(sequence=last + 1, what=f"the chain ends here; its head names {head[0]} links")
    if missing:
        return Break(sequence=min(missing), what="it was noted, and is not there")
    return None
