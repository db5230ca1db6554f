"""From scores to a label and reasons, as a bundle's fusion and a policy's rule say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from moderation.fusion import Fusion
from moderation.media import MediaFacts
from moderation.policy import Rule
from moderation.scores import CropScore, TrackScore
from moderation.track_judging import judge_track, unique
from moderation.tracks import Track
from moderation.verdict import Label, Reason, TrackVerdict


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

    One forged face makes a forged upload, whatever is known of the others. To be clear
    takes more: nobody who counts may be left open (see `_left_open`), or the upload is
    unknown for the reasons of those who are.
    """
    if not tracks:
        return judge_without_face(media)
    over_tracks = {score.track_id: score.logits for score in track_scores}
    crops = {
        track.track_id: [score for score in scores if score.crop.track_id == track.track_id]
        for track in tracks
    }
    judged = tuple(
        judge_track(
            media,
            track,
            crops[track.track_id],
            over_tracks.get(track.track_id, {}),
            rule,
            fusion,
        )
        for track in tracks
    )
    weights = {track.track_id: prominence(track, crops[track.track_id]) for track in tracks}
    return _conclude(media, judged, _left_open(judged, weights, rule.limits.bystander))


def judge_without_face(media: MediaFacts) -> Judgement:
    return Judgement(label=Label.NO_FACE, fake_probability=None, reasons=_damage(media), tracks=())


def prominence(track: Track, scores: Sequence[CropScore]) -> float:
    """How much a face counts in the media: its largest side times the root of its frames.

    The same measure by which extraction chooses the people that it keeps.
    """
    largest = max((score.crop.quality.face_pixels for score in scores), default=0.0)
    return largest * sqrt(track.frames_seen)


def _left_open(
    judged: Sequence[TrackVerdict], weights: Mapping[int, float], bystander: float
) -> list[TrackVerdict]:
    """Those without a probability of whom a clear upload would say too much.

    Somebody as prominent as the ones that were judged may be the forged one. A small
    or brief face that is too poor to judge is in most pictures of a street: it does not
    count, unless it was good enough to be looked at and did not come out clear.
    """
    most = max(weights.values())
    return [
        track
        for track in judged
        if track.fake_probability is None
        and (track.crops_judged > 0 or weights[track.track_id] >= bystander * most)
    ]


def _conclude(
    media: MediaFacts, judged: tuple[TrackVerdict, ...], left_open: Sequence[TrackVerdict]
) -> Judgement:
    decided = [track for track in judged if track.fake_probability is not None]
    worst = max(decided, key=lambda track: track.fake_probability or 0.0, default=None)
    if worst is None or (worst.label is Label.CLEAR and left_open):
        found = unique(reason for track in left_open or judged for reason in track.reasons)
        return Judgement(
            label=Label.UNKNOWN,
            fake_probability=None,
            reasons=found + _damage(media),
            tracks=judged,
        )
    return Judgement(
        label=worst.label,
        fake_probability=worst.fake_probability,
        reasons=worst.reasons + _damage(media),
        tracks=judged,
    )


def _damage(media: MediaFacts) -> tuple[Reason, ...]:
    return (Reason.DAMAGED_MEDIA,) if media.damaged else ()
