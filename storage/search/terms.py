"""Keeps the words that a current verdict is found by, in the transaction that changes them.

They are kept apart from the verdict because a verdict has several reasons and generators, and
few have a decision or credentials: one index, in order of time, then answers for each word.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from moderation.provenance import ProvenanceState
from moderation.verdict import Action, Verdict
from storage.reviews.tables import standing_decisions
from storage.search.tables import verdict_terms
from storage.tables import verdicts


class Kind(StrEnum):
    """What a term is. Provenance `unknown` has none: it is that of nearly all media."""

    REASON = "reason"
    GENERATOR = "generator"
    PROVENANCE = "provenance"
    DECISION = "decision"


def terms_of(verdict: Verdict) -> Iterator[tuple[Kind, str]]:
    """All but the decision, which is no part of the verdict."""
    for reason in dict.fromkeys(verdict.reasons):
        yield Kind.REASON, reason.value
    if verdict.rejection is not None and verdict.rejection.reason not in verdict.reasons:
        yield Kind.REASON, verdict.rejection.reason
    if verdict.provenance is None:
        return
    for generator in generators_of(verdict):
        yield Kind.GENERATOR, generator
    if verdict.provenance.state is not ProvenanceState.UNKNOWN:
        yield Kind.PROVENANCE, verdict.provenance.state.value


def generators_of(verdict: Verdict) -> tuple[str, ...]:
    """Each generator that the media names, once."""
    marks = verdict.provenance.generator_marks if verdict.provenance else ()
    return tuple(dict.fromkeys(mark.generator for mark in marks))


async def write_terms(connection: AsyncConnection, reached: Sequence[Verdict]) -> None:
    """Find verdicts that are current now by their words, and those they supersede by none."""
    decided = await _decided(connection, [one for one in reached if one.supersedes is not None])
    rows = [
        {
            "verdict_id": verdict.verdict_id,
            "kind": kind.value,
            "term": term,
            "tenant": verdict.tenant,
            "decided_at": verdict.decided_at,
        }
        for verdict in reached
        for kind, term in (*terms_of(verdict), *decided.get(verdict.upload_id, ()))
    ]
    if rows:
        await connection.execute(insert(verdict_terms), rows)


async def _decided(
    connection: AsyncConnection, changed: Sequence[Verdict]
) -> dict[str, list[tuple[Kind, str]]]:
    """The decisions that stand on uploads, whose superseded verdicts lose all their terms."""
    if not changed:
        return {}
    before = [one.supersedes for one in changed]
    await connection.execute(delete(verdict_terms).where(verdict_terms.c.verdict_id.in_(before)))
    of_them = standing_decisions.c.upload_id.in_([one.upload_id for one in changed])
    found = await connection.execute(
        select(standing_decisions.c.upload_id, standing_decisions.c.action).where(of_them)
    )
    return {row.upload_id: [(Kind.DECISION, row.action)] for row in found}


async def write_decision(connection: AsyncConnection, upload_id: str, action: Action) -> None:
    """Find an upload's current verdict by the decision that stands from now on."""
    current = (verdicts.c.upload_id == upload_id) & verdicts.c.is_current.is_(True)
    await connection.execute(
        delete(verdict_terms).where(
            verdict_terms.c.verdict_id.in_(select(verdicts.c.verdict_id).where(current)),
            verdict_terms.c.kind == Kind.DECISION.value,
        )
    )
    chosen = select(
        verdicts.c.verdict_id,
        literal(Kind.DECISION.value),
        literal(action.value),
        verdicts.c.tenant,
        verdicts.c.decided_at,
    ).where(current)
    columns = ["verdict_id", "kind", "term", "tenant", "decided_at"]
    await connection.execute(insert(verdict_terms).from_select(columns, chosen))
