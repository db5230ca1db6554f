"""What the crops of one person say: a probability, or why there is none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean

from moderation.fusion import Fusion
from moderation.media import MediaFacts, MediaKind
from moderation.policy import Limits, Rule
from moderation.scores import CropScore, pool_detectors
from moderation.tracks import Track
from moderation.verdict import Label, Reason, StrongFrame, TrackVerdict


def judge_track(
    media: MediaFacts,
    track: Track,
    scores: Sequence[CropScore],
    track_logits: Mapping[str, float],
    rule: Rule,
    fusion: Fusion,
) -> TrackVerdict:
    """Pool the crops that are good enough, or abstain and say what was wrong.

    `scores` are those of this track's crops, `track_logits` what detectors say that
    look at the whole track, by name.
    """
    faults = [fault(score, rule.limits) for score in scores]
    usable = [score for score, found in zip(scores, faults, strict=True) if found is None]
    needed = 1 if media.kind is MediaKind.IMAGE else rule.limits.video_crops
    if len(usable) < needed:
        few = (Reason.FEW_FRAMES,) if needed > 1 else ()
        return _unjudged(track, unique(found for found in faults if found is not None) + few)
    if screened := _screened(usable, rule.limits):
        return _unjudged(track, screened)
    return _weigh(track, usable, track_logits, rule, fusion)


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
    if score.screens.get(Reason.OCCLUDED.value, 0.0) > limits.occluded:
        return Reason.OCCLUDED
    distance = score.embedding_distance
    if distance is not None and distance > limits.embedding_distance:
        return Reason.OUT_OF_DISTRIBUTION
    return None


def unique(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(reasons))


def _screened(scores: Sequence[CropScore], limits: Limits) -> tuple[Reason, ...]:
    """What is true of a track as a whole: the crops of a drawing that pass are drawn as well."""
    limit_of = {
        Reason.NOT_PHOTOGRAPHED: limits.not_photographed,
        Reason.RESCREENED: limits.rescreened,
    }
    return tuple(
        reason
        for reason, limit in limit_of.items()
        if fmean(score.screens.get(reason.value, 0.0) for score in scores) > limit
    )


def _unjudged(track: Track, reasons: tuple[Reason, ...]) -> TrackVerdict:
    return TrackVerdict(
        track_id=track.track_id,
        first_seconds=track.first_seconds,
        last_seconds=track.last_seconds,
        crops_judged=0,
        label=Label.UNKNOWN,
        fake_probability=None,
        reasons=reasons,
    )


def _weigh(
    track: Track,
    scores: Sequence[CropScore],
    track_logits: Mapping[str, float],
    rule: Rule,
    fusion: Fusion,
) -> TrackVerdict:
    pooled = pool_detectors(scores, strongest_share=rule.pooling.strongest_share)
    logits = {**pooled, **track_logits}
    probability = fusion.probability(logits)
    cutoffs = rule.thresholds.cutoffs(fusion.unforged)
    disagree = fusion.disagreement(pooled, track_logits) > rule.limits.disagreement
    label = Label.UNKNOWN if disagree else cutoffs.label(probability)
    near = cutoffs.is_near(probability) or cutoffs.label(probability) is Label.UNKNOWN
    marks = ((Reason.MODELS_DISAGREE, disagree), (Reason.NEAR_THRESHOLD, near))
    return TrackVerdict(
        track_id=track.track_id,
        first_seconds=track.first_seconds,
        last_seconds=track.last_seconds,
        crops_judged=len(scores),
        label=label,
        fake_probability=None if label is Label.UNKNOWN else probability,
        reasons=tuple(reason for reason, holds in marks if holds),
        strongest_frames=_strongest(scores, rule.pooling.frames_shown, fusion),
        family_probabilities=fusion.family_probabilities(logits),
    )


def _strongest(scores: Sequence[CropScore], count: int, fusion: Fusion) -> tuple[StrongFrame, ...]:
    """The crops that alone would be the most suspicious."""
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
