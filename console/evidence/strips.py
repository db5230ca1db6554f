"""A strip for each track along the time line, as places in an SVG of WIDTH by HEIGHT units."""

from __future__ import annotations

from dataclasses import dataclass

from moderation.policy import Policy
from moderation.upload import Lane
from moderation.verdict import StrongFrame, TrackVerdict, Verdict

WIDTH, HEIGHT = 1000.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A strong frame at its place: `y` is 0 at the top, where the probability is 1."""

    x: float
    y: float
    frame: StrongFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """From `x` on for `width` the person is seen; the strip stands for `whole` seconds."""

    track: TrackVerdict
    whole: float
    x: float
    width: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where labels change, as probabilities; `fake` is None where it depends on the bundle."""

    suspect: float
    fake: float | None


def strips(verdict: Verdict) -> list[Strip]:
    """Empty for what has no time line."""
    duration = verdict.media.duration_seconds if verdict.media else None
    ends = [track.last_seconds for track in verdict.tracks]
    whole = max([duration or 0.0, *ends])
    if whole <= 0.0:
        return []
    return [_strip(track, whole) for track in verdict.tracks]


def lines_of(policy: Policy, verdict: Verdict, lane: Lane) -> Lines | None:
    """The thresholds behind a verdict; None unless the policy in force is the one that judged."""
    if policy.sha256 != verdict.lineage.policy_sha256:
        return None
    asked = policy.rule_for(verdict.tenant, lane).thresholds
    fake = None if asked.false_flags is not None else asked.cutoffs(()).fake
    return Lines(suspect=asked.suspect, fake=fake)


def height_of(probability: float) -> float:
    return round(HEIGHT * (1.0 - probability), 1)


def _strip(track: TrackVerdict, whole: float) -> Strip:
    first, last = track.first_seconds / whole * WIDTH, track.last_seconds / whole * WIDTH
    return Strip(
        track=track,
        whole=round(whole, 3),
        x=round(first, 1),
        width=round(max(last - first, 2.0), 1),
        marks=tuple(
            Mark(
                x=round(min(frame.at_seconds / whole, 1.0) * WIDTH, 1),
                y=height_of(frame.fake_probability),
                frame=frame,
            )
            for frame in track.strongest_frames
        ),
    )
