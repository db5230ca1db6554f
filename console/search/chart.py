"""How many uploads got which label over time, as bars in an SVG of WIDTH by HEIGHT units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moderation.verdict import Label
from storage.search.ports import Counted, Span, Wanted

WIDTH, HEIGHT = 1000.0, 120.0
# Without a time that is asked for.
_USUAL = timedelta(days=30)
# Up to there bars are hours, else days; of more days than that the newest are shown.
_MOST_HOURS = 72
_MOST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The uploads of one label in a bar; `y` is 0 at the top."""

    label: Label
    uploads: int
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An hour or a day that has any."""

    start: datetime
    end: datetime
    x: float
    width: float
    parts: tuple[Part, ...]

    @property
    def uploads(self) -> int:
        return sum(part.uploads for part in self.parts)

    @property
    def by_label(self) -> dict[Label, int]:
        return {part.label: part.uploads for part in self.parts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """From `since` to `until` by `per`; `highest` is how many uploads the whole height is."""

    per: Span
    since: datetime
    until: datetime
    highest: int
    bars: tuple[Bar, ...]


def charted(which: Wanted, now: datetime) -> tuple[Wanted, Span]:
    """The whole hours or days to count in: those asked for, or the last thirty days."""
    until = min(which.until or now, now)
    since = which.since if which.since is not None else until - _USUAL
    per = Span.HOUR if until - since <= _MOST_HOURS * Span.HOUR.length else Span.DAY
    oldest = until - (_MOST_HOURS if per is Span.HOUR else _MOST_DAYS) * per.length
    since = per.start_of(max(since, oldest))
    return replace(which, since=since, until=max(until, since + per.length)), per


def chart(counted: Iterable[Counted], which: Wanted, per: Span) -> Chart:
    """Bars of what was counted in `which`, as `charted` has it, from the first on.

    Raises:
        ValueError: no time.
    """
    if which.since is None or which.until is None:
        raise ValueError("a chart has a beginning and an end")
    by_start: dict[datetime, dict[Label, int]] = defaultdict(dict)
    for one in counted:
        by_start[one.start][one.label] = one.uploads
    since = min(by_start, default=which.since)
    steps = max(-((since - which.until) // per.length), 1)
    width = WIDTH / steps
    highest = max((sum(labels.values()) for labels in by_start.values()), default=0)
    return Chart(
        per=per,
        since=since,
        until=which.until,
        highest=highest,
        bars=tuple(
            Bar(
                start=start,
                end=start + per.length,
                x=round((start - since) / per.length * width, 2),
                width=round(max(width * 0.85, 0.5), 2),
                parts=_parts(labels, highest),
            )
            for start, labels in sorted(by_start.items())
        ),
    )


def _parts(labels: dict[Label, int], highest: int) -> tuple[Part, ...]:
    """From the bottom up, in the order of the labels: what is forged stands on the ground."""
    parts: list[Part] = []
    below = 0
    for label in Label:
        uploads = labels.get(label, 0)
        if not uploads:
            continue
        below += uploads
        parts.append(
            Part(
                label=label,
                uploads=uploads,
                y=round(HEIGHT * (1.0 - below / highest), 2),
                height=round(HEIGHT * uploads / highest, 2),
            )
        )
    return tuple(parts)
