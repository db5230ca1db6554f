"""A strip for each track along the time line, as places in an SVG of WIDTH by HEIGHT units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.evidence.scored import CropSaid
from moderation.policy import Policy, Rule
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
class Unjudged:
    """A crop that could not be judged, at its place."""

    x: float
    said: CropSaid


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """From `x` on for `width` the person is seen; the strip stands for `whole` seconds.

    `line` are the points of the curve through the crops that were judged, as SVG has them;
    it is empty where scores are not kept.
    """

    track: TrackVerdict
    whole: float
    x: float
    width: float
    marks: tuple[Mark, ...]
    line: str
    unjudged: tuple[Unjudged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Where labels change, as probabilities; `fake` is None where it depends on the bundle."""

    suspect: float
    fake: float | None


def strips(verdict: Verdict, said: Iterable[CropSaid] = ()) -> list[Strip]:
    """One a track, with what was `said` of its crops; empty for what has no time line."""
    duration = verdict.media.duration_seconds if verdict.media else None
    ends = [track.last_seconds for track in verdict.tracks]
    whole = max([duration or 0.0, *ends])
    if whole <= 0.0:
        return []
    crops = list(said)
    return [
        _strip(track, whole, [crop for crop in crops if crop.track_id == track.track_id])
        for track in verdict.tracks
    ]


def lines_of(policy: Policy, verdict: Verdict, lane: Lane) -> Lines | None:
    """The thresholds behind a verdict; None unless the policy in force is the one that judged."""
    rule = rule_of(policy, verdict, lane)
    if rule is None:
        return None
    asked = rule.thresholds
    fake = None if asked.false_flags is not None else asked.cutoffs(()).fake
    return Lines(suspect=asked.suspect, fake=fake)


def rule_of(policy: Policy, verdict: Verdict, lane: Lane) -> Rule | None:
    """The rule that judged; None unless the policy in force is the one that did."""
    judged = policy.sha256 == verdict.lineage.policy_sha256
    return policy.rule_for(verdict.tenant, lane) if judged else None


def height_of(probability: float) -> float:
    return round(HEIGHT * (1.0 - probability), 1)


def _strip(track: TrackVerdict, whole: float, said: Sequence[CropSaid]) -> Strip:
    first, last = track.first_seconds / whole * WIDTH, track.last_seconds / whole * WIDTH
    return Strip(
        track=track,
        whole=round(whole, 3),
        x=round(first, 1),
        width=round(max(last - first, 2.0), 1),
        marks=tuple(
            Mark(
                x=_place(frame.at_seconds, whole),
                y=height_of(frame.fake_probability),
                frame=frame,
            )
            for frame in track.strongest_frames
        ),
        line=" ".join(
            f"{_place(crop.at_seconds, whole)},{height_of(crop.fake_probability)}"
            for crop in said
            if crop.fault is None
        ),
        unjudged=tuple(
            Unjudged(x=_place(crop.at_seconds, whole), said=crop) for crop in said if crop.fault
        ),
    )


def _place(at_seconds: float, whole: float) -> float:
    return round(min(at_seconds / whole, 1.0) * WIDTH, 1)
