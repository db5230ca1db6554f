"""Asks a policy about the examples of its own tests, by the same judging as for uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from moderation.conditions import settle
from moderation.fusion import Family, Fusion
from moderation.judging import Judgement, judge
from moderation.matching import settle_matches
from moderation.media import Container, MediaFacts, MediaKind
from moderation.origins import Origin
from moderation.policy import Policy, Rule
from moderation.policy_cases import Came, FaceGiven, Given, PolicyTest, ProvenanceGiven
from moderation.provenance import (
    Conflict,
    Credentials,
    GeneratorMark,
    ManifestPlace,
    Provenance,
    SourceAction,
)
from moderation.scores import CropScore, TrackScore
from moderation.tracks import Crop, CropQuality, Track
from moderation.verdict import Label, Reason

_GIVEN = "given"
_SOURCE_TYPES: Mapping[Origin, str] = {
    Origin.CAPTURE: "digitalCapture",
    Origin.EDITED: "humanEdits",
    Origin.PARTLY_GENERATED: "compositeWithTrainedAlgorithmicMedia",
    Origin.GENERATED: "trainedAlgorithmicMedia",
}


def faults(policy: Policy, test: PolicyTest, *, unforged: Sequence[float] = ()) -> list[str]:
    """In what a policy does not do what its test promises; empty where it does.

    `unforged` is the evidence of the bundle that serves (`moderation.fusion.Fusion`): a rule
    that promises a share of false flags flags nothing without it.
    """
    return came_of(policy, test.given, unforged=unforged).faults(test.expect)


def came_of(policy: Policy, given: Given, *, unforged: Sequence[float] = ()) -> Came:
    """What a policy makes of an example."""
    rule = policy.rule_for(given.tenant, given.lane)
    judged = _judged(given, rule, unforged)
    provenance = _provenance(given)
    settled = settle(rule.actions[judged.label], judged.label, provenance, rule.provenance)
    matches = [one.match for one in given.matches]
    again = settle_matches(settled.action, judged.label, matches, rule.matches)
    return Came(
        label=judged.label,
        action=again.action,
        reasons=(*judged.reasons, Reason.MATCHED) if matches else judged.reasons,
        because=(*settled.because, *again.because),
    )


class _AsGiven(Fusion):
    """Takes the probability that is given for what it is: no rounding moves it off a threshold."""

    __slots__ = ()

    def probability(self, logits: Mapping[str, float]) -> float:
        return logits.get(_GIVEN, 0.0)


def _judged(given: Given, rule: Rule, unforged: Sequence[float]) -> Judgement:
    if given.score is None:
        label = given.label or Label.UNKNOWN
        return Judgement(label=label, fake_probability=None, reasons=given.reasons, tracks=())
    face = given.face or FaceGiven()
    crops = face.crops or (1 if given.media is MediaKind.IMAGE else rule.limits.video_crops)
    return judge(
        _facts(given.media, crops),
        (Track(track_id=0, first_seconds=0.0, last_seconds=0.0, frames_seen=crops),),
        [_crop(number, face) for number in range(crops)],
        rule,
        _AsGiven(
            id=_GIVEN,
            families=(Family(finds=_GIVEN, weights={_GIVEN: 1.0}),),
            unforged=tuple(unforged),
        ),
        (TrackScore(track_id=0, logits={_GIVEN: given.score}),),
    )


def _facts(kind: MediaKind, frames: int) -> MediaFacts:
    is_image = kind is MediaKind.IMAGE
    return MediaFacts(
        sha256="0" * 64,
        size_bytes=1,
        kind=kind,
        container=Container.PNG if is_image else Container.MP4,
        codec=_GIVEN,
        width=1,
        height=1,
        duration_seconds=None if is_image else float(frames),
        frames_sampled=frames,
    )


def _crop(number: int, face: FaceGiven) -> CropScore:
    return CropScore(
        crop=Crop(
            crop_id=number,
            track_id=0,
            at_seconds=float(number),
            box_xyxy=(0.0, 0.0, 1.0, 1.0),
            quality=CropQuality(
                face_pixels=face.face_pixels,
                sharpness=face.sharpness,
                frontality=face.frontality,
                detector_score=face.detector_score,
            ),
        ),
        logits={},
        embedding_distance=face.embedding_distance,
        screens={
            Reason.OCCLUDED.value: face.occluded,
            Reason.NOT_PHOTOGRAPHED.value: face.not_photographed,
            Reason.RESCREENED.value: face.rescreened,
        },
    )


def _provenance(given: Given) -> Provenance | None:
    """None where the media was not read."""
    if given.label is Label.REJECTED:
        return None
    said = given.provenance or ProvenanceGiven()
    marks = (GeneratorMark(generator=_GIVEN, field=_GIVEN),) if said.generator_marked else ()
    actions = tuple(
        SourceAction(action="c2pa.created", digital_source_type=_SOURCE_TYPES[origin])
        for origin in said.declares
    )
    return Provenance(
        state=said.state,
        credentials=Credentials(place=ManifestPlace.EMBEDDED, actions=actions),
        generator_marks=marks,
        conflicts=(Conflict.SOURCE_TYPES_DIFFER,) if said.conflicting else (),
    )
