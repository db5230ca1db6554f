"""Along which index current verdicts are read: that of the rarest thing that is asked for.

A run of an index holds verdicts of one kind in order of time. What is asked for is one run, or
several that are merged: of two labels, of each tenant, of each version of a model. Whatever the
index does not hold is looked for on the way. A database's own planner would have to guess how far
that is, and guesses wrongly where conditions depend on each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    literal,
    select,
    true,
    tuple_,
    union_all,
)

from moderation.provenance import ProvenanceState
from storage.columns import UtcTime
from storage.rows import SCORE_BANDS, score_band
from storage.search.ports import Decided, Place, Wanted
from storage.search.tables import verdict_terms
from storage.search.terms import Kind
from storage.tables import verdicts

# More cost more to plan and merge than one run of all tenants has to pass over.
MOST_RUNS = 40

Condition = ColumnElement[bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One condition for each run; `heeds` names what need not be looked for again.

    Without a condition nothing can be found.
    """

    heeds: str
    each: Sequence[Condition]
    table: Table = verdicts


def way_for(
    which: Wanted,
    *,
    models: Sequence[str] | None = None,
    policies: Sequence[str] | None = None,
) -> Way:
    """The rarest comes first.

    `models` are the versions of the model, and `policies` the hashes of the policy, that are
    asked for; where they are None the model or the policy is looked for on the way.
    """
    return next(_ways(which, models, policies))


def _ways(
    which: Wanted, models: Sequence[str] | None, policies: Sequence[str] | None
) -> Iterator[Way]:
    column = verdicts.c
    if which.upload_id is not None:
        yield Way(heeds="upload_id", each=[column.upload_id == which.upload_id])
    for heeds, kind, term in _terms(which):
        here = (verdict_terms.c.kind == kind.value) & (verdict_terms.c.term == term)
        yield Way(heeds=heeds, each=[here], table=verdict_terms)
    if which.at_least is not None or which.at_most is not None:
        within = and_(true(), *scored(which))
        bands = [column.score_band == band for band in _bands(which)]
        yield Way(heeds="score", each=[band & within for band in bands])
    if models is not None:
        named = column.model_name == which.model
        yield Way(heeds="model", each=[named & (column.model_version == one) for one in models])
    if policies is not None:
        named = column.policy_name == which.policy
        yield Way(heeds="policy", each=[named & (column.policy_sha256 == one) for one in policies])
    if which.labels:
        yield Way(heeds="label", each=[column.label == one.value for one in set(which.labels)])
    if which.lane is not None:
        yield Way(heeds="lane", each=[column.lane == which.lane.value])
    yield Way(heeds="time", each=[true()])


def _terms(which: Wanted) -> Iterator[tuple[str, Kind, str]]:
    if which.generator is not None:
        yield "generator", Kind.GENERATOR, which.generator
    if which.reason is not None:
        yield "reason", Kind.REASON, which.reason
    if which.decided not in (None, Decided.NOTHING):
        # Where it is not to be told of decisions, what was found has to be looked at once more.
        heeds = "nothing" if which.unbiased else "decided"
        yield heeds, Kind.DECISION, which.decided.value
    if which.provenance not in (None, ProvenanceState.UNKNOWN):
        yield "provenance", Kind.PROVENANCE, which.provenance.value


def scored(which: Wanted) -> Iterator[Condition]:
    if which.at_least is not None:
        yield verdicts.c.fake_probability >= which.at_least
    if which.at_most is not None:
        yield verdicts.c.fake_probability <= which.at_most


def _bands(which: Wanted) -> range:
    first = score_band(which.at_least) or 0
    last = score_band(which.at_most)
    return range(first, (SCORE_BANDS if last is None else last + 1))


def runs_along(way: Way, tenants: Sequence[str] | None) -> tuple[list[Condition], bool]:
    """The condition of each run, and whether they are of those tenants alone; None for all."""
    current = [verdicts.c.is_current.is_(True)] if way.table is verdicts else []
    if tenants is None:
        return [and_(*current, one) for one in way.each], True
    if len(tenants) * len(way.each) > MOST_RUNS:
        return [and_(*current, one) for one in way.each], False
    of = [way.table.c.tenant == tenant for tenant in tenants]
    return [and_(*current, first, one) for first, one in product(of, way.each)], True


def candidates(
    way: Way, runs: Sequence[Condition], which: Wanted, start: Place | None, *, most: int
) -> Select[Any]:
    """The `verdict_id` and `decided_at` of the next verdicts, in the order in which to read."""
    newer = start is not None and start.newer
    decided_at, verdict_id = way.table.c.decided_at, way.table.c.verdict_id
    time = [*_time(decided_at, verdict_id, which, start)]
    chosen = [
        in_order(select(verdict_id, decided_at).where(one, *time), newer=newer).limit(most)
        for one in runs
    ]
    if len(chosen) == 1:
        return chosen[0]
    merged = union_all(*(select(one.subquery()) for one in chosen)).subquery()
    return in_order(select(merged.c.verdict_id, merged.c.decided_at), newer=newer).limit(most)


def in_order(query: Select[Any], *, newer: bool) -> Select[Any]:
    """The newest first; the oldest first on the way to what is newer."""
    columns = query.selected_columns
    order = (columns.decided_at, columns.verdict_id)
    return query.order_by(*(one.asc() if newer else one.desc() for one in order))


def _time(
    decided_at: ColumnElement[Any],
    verdict_id: ColumnElement[Any],
    which: Wanted,
    start: Place | None,
) -> Iterator[Condition]:
    if which.since is not None:
        yield decided_at >= which.since
    if which.until is not None:
        yield decided_at < which.until
    if start is None:
        return
    here = tuple_(decided_at, verdict_id)
    place = tuple_(literal(start.decided_at, UtcTime), literal(start.verdict_id, String))
    yield here > place if start.newer else here < place
