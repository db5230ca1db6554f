"""From scores to labels and reasons, as a bundle's fusion and a policy's rule say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from moderation.fusion import Fusion
from moderation.media import MediaFacts, MediaKind
from moderation.policy import Limits, Rule
from moderation.scores import CropScore, TrackScore, pool_detectors
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
    media: MediaFacts,
    tracks: Sequence[Track],
    scores: Sequence[CropScore],
    rule: Rule,
    fusion: Fusion,
    track_scores: Sequence[TrackScore] = (),
) -> Judgement:
    """Judge an upload by its most suspicious person.

    One forged face makes a forged upload. A clear label needs at least one track
    that was judged; where all abstain the upload is unknown, with their reasons.
    """
    if not tracks:
        return judge_without_face(media)
    damaged = _damage(media)
    over_tracks = {score.track_id: score.logits for score in track_scores}
    judged = tuple(
        judge_track(
            media,
            track,
            [score for score in scores if score.crop.track_id == track.track_id],
            rule,
            fusion,
            over_tracks.get(track.track_id, {}),
        )
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


def judge_without_face(media: MediaFacts) -> Judgement:
    return Judgement(label=Label.NO_FACE, fake_probability=None, reasons=_damage(media), tracks=())


def judge_track(
    media: MediaFacts,
    track: Track,
    scores: Sequence[CropScore],
    rule: Rule,
    fusion: Fusion,
    track_logits: Mapping[str, float],
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
    pooled = pool_detectors(usable, strongest_share=rule.pooling.strongest_share)
    probability = fusion.probability({**pooled, **track_logits})
    near = rule.thresholds.is_near(probability)
    return TrackVerdict(
        track_id=track.track_id,
        first_seconds=track.first_seconds,
        last_seconds=track.last_seconds,
        crops_judged=len(usable),
        label=rule.thresholds.label(probability),
        fake_probability=probability,
        reasons=(Reason.NEAR_THRESHOLD,) if near else (),
        strongest_frames=_strongest(usable, rule.pooling.frames_shown, fusion),
    )


def fault(score: CropScore, limits: Limits) -> Reason | None:
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


def _strongest(scores: Sequence[CropScore], count: int, fusion: Fusion) -> tuple[StrongFrame, ...]:
    alone = [(fusion.probability(score.logits), score) for score in scores]
    ranked = sorted(alone, key=lambda one: one[0], reverse=True)
    return tuple(
        StrongFrame(
            crop_id=score.crop.crop_id,
            at_seconds=score.crop.at_seconds,
            box_xyxy=score.crop.box_xyxy,
            fake_probability=probability,
        )
        for probability, score in ranked[:count]
    )


def _damage(media: MediaFacts) -> tuple[Reason, ...]:
    return (Reason.DAMAGED_MEDIA,) if media.damaged else ()


def _unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))
