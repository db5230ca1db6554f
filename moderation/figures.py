"""What a yearly transparency report says of verdicts, reviews and appeals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import sqrt
from statistics import median

from moderation.decisions import DecisionKind
from moderation.review import JobKind

_95_PERCENT = 1.959963984540054


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """So many of so many, with the 95% interval of the share; None where there were none."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Appealed:
    """Appeals received in the year, and how those ended that were decided in it."""

    received: int
    decided: int
    reversed: int
    median_hours: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The numbers of one calendar year, UTC.

    `audits_overturned` says how many published uploads a random sample found to be wrongly
    so, `flags_overturned` how many flagged ones were flagged for nothing: the indicators of
    error that Article 15(1)(e) of the Digital Services Act asks of automated means. `known_right`
    are answers to known items. Decisions that were undone do not count.
    """

    year: int
    verdicts_by_action: Mapping[str, int]
    decisions_by_kind: Mapping[str, int]
    decisions_by_reason: Mapping[str, int]
    audits_overturned: Share
    flags_overturned: Share
    known_right: Share
    median_hours_to_decision: float | None
    appeals: Appealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A decision that was not undone, as far as it is counted.

    `asked_at` is when its job was opened (None: it was erased), `expected` the right answer to
    a known item.
    """

    kind: DecisionKind
    job_kind: JobKind
    blind: bool
    reason: str
    made_at: datetime
    asked_at: datetime | None = None
    expected: DecisionKind | None = None


def year_of(year: int) -> tuple[datetime, datetime]:
    """The first moment of a calendar year and of the next one, UTC."""
    return datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)


def figures_of(
    year: int, *, verdicts_by_action: Mapping[str, int], made: Iterable[Made], appeals_received: int
) -> Figures:
    """Count a year's decisions in one pass."""
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    ends: Counter[tuple[JobKind, DecisionKind]] = Counter()
    hours: dict[bool, list[float]] = {True: [], False: []}
    known: Counter[bool] = Counter()
    for one in made:
        if one.job_kind is JobKind.KNOWN_ITEM:
            if one.expected is not None and one.kind.is_final:
                known[one.kind is one.expected] += 1
            continue
        kinds[one.kind] += 1
        if not one.kind.is_final or one.blind:
            continue
        reasons[one.reason] += 1
        ends[one.job_kind, one.kind] += 1
        if one.asked_at is not None:
            waited = (one.made_at - one.asked_at).total_seconds()
            hours[one.job_kind is JobKind.APPEAL].append(waited)
    return Figures(
        year=year,
        verdicts_by_action=dict(sorted(verdicts_by_action.items())),
        decisions_by_kind=dict(sorted(kinds.items())),
        decisions_by_reason=dict(sorted(reasons.items())),
        audits_overturned=_overturned(ends, JobKind.AUDIT_SAMPLE),
        flags_overturned=_overturned(ends, JobKind.FLAGGED),
        known_right=share_of(known[True], known.total()),
        median_hours_to_decision=median_hours(hours[False]),
        appeals=Appealed(
            received=appeals_received,
            decided=_overturned(ends, JobKind.APPEAL).of,
            reversed=_overturned(ends, JobKind.APPEAL).count,
            median_hours=median_hours(hours[True]),
        ),
    )


def _overturned(ends: Mapping[tuple[JobKind, DecisionKind], int], kind: JobKind) -> Share:
    overturned = ends.get((kind, DecisionKind.OVERTURN), 0)
    return share_of(overturned, overturned + ends.get((kind, DecisionKind.UPHOLD), 0))


def share_of(count: int, of: int) -> Share:
    """The share with Wilson's score interval (Wilson, "Probable Inference", 1927)."""
    if of == 0:
        return Share(count=count, of=of, share=None, low=None, high=None)
    share, z2 = count / of, _95_PERCENT**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = _95_PERCENT / (1 + z2 / of) * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return Share(
        count=count, of=of, share=share, low=max(0.0, middle - half), high=min(1.0, middle + half)
    )


def median_hours(seconds: Sequence[float]) -> float | None:
    return round(median(seconds) / 3600.0, 2) if seconds else None
