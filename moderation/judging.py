"""From calibrated scores to labels and reasons, as a policy's rule asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moderation.media import MediaFacts, MediaKind
from moderation.policy import Limits, Rule
from moderation.scores import CalibratedScore, pool
from moderation.tracks import Track
from moderation.verdict import Label, Reason, StrongFrame, TrackVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the pixels of an upload say, before anybody acts on it."""

    label: Label
    fake_probability: float | None
    reasons: tuple[Reason, ...]
    tracks: tuple[TrackVerdict, ...]


def judge(
    media: MediaFacts, tracks: Sequence[Track], scores: Sequence[CalibratedScore], rule: Rule
) -> Judgement:
    """Judge an upload by its most suspicious person.

    One forged face makes a forged upload. A clear label needs at least one track
    that was judged; where all abstain the upload is unknown, with their reasons.
    """
    damaged = (Reason.DAMAGED_MEDIA,) if media.damaged else ()
    if not tracks:
        return Judgement(label=Label.NO_FACE, fake_probability=None, reasons=damaged, tracks=())
    judged = tuple(
        judge_track(media, track, [s for s in scores if s.crop.track_id == track.track_id], rule)
        for track in tracks
    )
    decided = [track for track in judged if track.fake_probability is not None]
    if not decided:
        return Judgement(
            label=Label.UNKNOWN,
            fake_probability=None,
            reasons=_unique(reason for track in judged for reason in track.reasons) + damaged,
            tracks=judged,
        )
    worst = max(decided, key=lambda track: track.fake_probability or 0.0)
    return Judgement(
        label=worst.label,
        fake_probability=worst.fake_probability,
        reasons=worst.reasons + damaged,
        tracks=judged,
    )


def judge_track(
    media: MediaFacts, track: Track, scores: Sequence[CalibratedScore], rule: Rule
) -> TrackVerdict:
    """Pool the crops that are good enough, or abstain and say what was wrong with the others."""
    faults = {score.crop.crop_id: fault(score, rule.limits) for score in scores}
    usable = [score for score in scores if faults[score.crop.crop_id] is None]
    needed = 1 if media.kind is MediaKind.IMAGE else rule.limits.video_crops
    if len(usable) < needed:
        found = _unique(reason for reason in faults.values() if reason is not None)
        return TrackVerdict(
            track_id=track.track_id,
            first_seconds=track.first_seconds,
            last_seconds=track.last_seconds,
            crops_judged=0,
            label=Label.UNKNOWN,
            fake_probability=None,
            reasons=found + ((Reason.FEW_FRAMES,) if needed > 1 else ()),
        )
    probability = pool(
        [score.fake_probability for score in usable], strongest_share=rule.pooling.strongest_share
    )
    near = rule.thresholds.is_near(probability)
    return TrackVerdict(
        track_id=track.track_id,
        first_seconds=track.first_seconds,
        last_seconds=track.last_seconds,
        crops_judged=len(usable),
        label=rule.thresholds.label(probability),
        fake_probability=probability,
        reasons=(Reason.NEAR_THRESHOLD,) if near else (),
        strongest_frames=_strongest(usable, rule.pooling.frames_shown),
    )


def fault(score: CalibratedScore, limits: Limits) -> Reason | None:
    """Say why a crop cannot be judged, or None when it can."""
    quality = score.crop.quality
    if quality.detector_score < limits.detector_score:
        return Reason.DOUBTFUL_FACE
    if quality.face_pixels < limits.face_pixels:
        return Reason.LOW_RESOLUTION
    if quality.sharpness < limits.sharpness:
        return Reason.BLURRED
    if quality.frontality < limits.frontality:
        return Reason.TURNED_AWAY
    distance = score.embedding_distance
    if distance is not None and distance > limits.embedding_distance:
        return Reason.OUT_OF_DISTRIBUTION
    return None


def _strongest(scores: Sequence[CalibratedScore], count: int) -> tuple[StrongFrame, ...]:
    ranked = sorted(scores, key=lambda score: score.fake_probability, reverse=True)
    return tuple(
        StrongFrame(
            crop_id=score.crop.crop_id,
            at_seconds=score.crop.at_seconds,
            box_xyxy=score.crop.box_xyxy,
            fake_probability=score.fake_probability,
        )
        for score in ranked[:count]
    )


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
