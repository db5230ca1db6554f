"""The serving code in one process: a clip goes in, a row of the score table comes out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks import trivial
from benchmarks.changes import Change, Distort, Half, in_turn, parse_distortion
from benchmarks.clips import Clip
from benchmarks.equalising import Equalise
from benchmarks.extractions import Kept, Looked
from benchmarks.scoring import Answers, LocalBundle
from benchmarks.table import Run, ScoreRow
from inference.decoding.extraction import extract
from inference.faces.detectors import load_detector
from inference.faces.facepack import FacePack
from inference.faces.following import follower
from inference.faces.search import FaceSearch
from inference.reading.frames import DecodingLimits
from moderation.errors import MediaRejected
from moderation.judging import Judgement, judge, judge_without_face
from moderation.media import MediaFacts
from moderation.policy import Policy
from moderation.scores import pool_detectors
from moderation.track_judging import fault
from moderation.tracks import Crop, Track
from moderation.upload import Lane
from runtime.policies import load_policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to score: everything that a process needs to do it, as plain values.

    `bundle`: None is the packaged one; `policy`: likewise; `equalise` and `distortion` as on
    the command line, empty for none; `left_out`: what the bundle was trained without. `packs`:
    where extractions are kept for other bundles; None keeps none.
    """

    bundle: Path | None = None
    policy: Path | None = None
    equalise: str = ""
    distortion: str = ""
    left_out: str = ""
    packs: Path | None = None
    threads: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came out for one face of a medium.

    `rank`: 2 when it was decided, 1 when its crops were good enough and it was not, else 0.
    """

    rank: int
    probability: float
    logits: Mapping[str, float]
    distance: float | None
    crops: Sequence[Crop]


class Serving:
    """Extraction, scoring, fusion and judging of one bundle, by a policy's rule for any tenant.

    Raises:
        InvalidConfiguration, ScorerMismatch: the bundle or the policy cannot be used.
    """

    def __init__(self, wish: Wish) -> None:
        cv2.setNumThreads(1)
        policy = load_policy(wish.policy)
        self._rule = policy.rule_for("*", Lane.LIVE)
        self._bundle = LocalBundle(wish.bundle, threads=wish.threads)
        self._follow, self._preprocessing = follower(FaceSearch(), DecodingLimits())
        self._changes = _changes(wish)
        self._faces_equal = any(isinstance(c, Equalise) and c.of_face for c in self._changes)
        self._kept = wish.packs and Kept(
            folder=wish.packs, made_by=f"{self._preprocessing} {wish.equalise} {_changed(wish)}"
        )
        self.run = self._describe(wish, policy)

    def row(self, clip: Clip) -> ScoreRow:
        """Score one clip; one that cannot be read gives a row that says why."""
        known = known_of(clip)
        try:
            looked = self._look(clip)
        except MediaRejected as error:
            return ScoreRow(**known, rejection=error.reason, label_given="rejected", abstained=True)
        known |= {"kind": looked.facts.kind.value, "trivial": dict(looked.trivial)}
        pack = looked.read()
        if pack is None:
            judgement = judge_without_face(looked.facts)
            return ScoreRow(**known, label_given=judgement.label.value, reasons=_words(judgement))
        return self._judge(known, looked.facts, pack)

    def close(self) -> None:
        self._bundle.close()

    def _look(self, clip: Clip) -> Looked:
        found = self._kept.find(clip) if self._kept else None
        if found is not None:
            return found
        onlooker = trivial.Onlooker(sizes=not self._faces_equal)
        change = in_turn([Half(region=clip.region), *self._changes, onlooker])
        extraction = extract(
            clip.path,
            limits=DecodingLimits(),
            follow=lambda frames: self._follow(change(frames)),
            preprocessing=self._preprocessing,
        )
        looked = Looked(facts=extraction.facts, pack=extraction.pack, trivial=onlooker.scores())
        if self._kept:
            self._kept.keep(clip, looked)
        return looked

    def _judge(self, known: dict[str, Any], facts: MediaFacts, pack: FacePack) -> ScoreRow:
        answers, fusion = self._bundle.ask(pack), self._bundle.fusion
        verdict = judge(
            facts, pack.tracks, answers.scores, self._rule, fusion, answers.track_scores
        )
        faces = [self._face(track, verdict, answers) for track in pack.tracks]
        worst = max(faces, key=lambda face: (face.rank, face.probability))
        known["trivial"] |= trivial.of_crops(worst.crops, pack.pixels)
        return ScoreRow(
            **known,
            faces_found=len(pack.tracks),
            crops_judged=sum(track.crops_judged for track in verdict.tracks),
            fake_probability=worst.probability,
            given_probability=verdict.fake_probability,
            label_given=verdict.label.value,
            abstained=verdict.fake_probability is None,
            reasons=_words(verdict),
            embedding_distance=worst.distance,
            logits=worst.logits,
            families=fusion.family_probabilities(worst.logits),
        )

    def _face(self, track: Track, verdict: Judgement, answers: Answers) -> Judged:
        """What the detectors say of one face, by the crops that the verdict rests on.

        Where none is good enough all of them count: what would have been said.
        """
        told = next(one for one in verdict.tracks if one.track_id == track.track_id)
        usable = told.crops_judged > 0
        of_track = [
            one
            for one in answers.scores
            if one.crop.track_id == track.track_id
            and not (usable and fault(one, self._rule.limits))
        ]
        logits = pool_detectors(of_track, strongest_share=self._rule.pooling.strongest_share)
        for over_track in answers.track_scores:
            if over_track.track_id == track.track_id:
                logits |= over_track.logits
        distances = [o.embedding_distance for o in of_track if o.embedding_distance is not None]
        return Judged(
            rank=usable + (told.fake_probability is not None),
            probability=self._bundle.fusion.probability(logits),
            logits=logits,
            distance=float(np.mean(distances)) if distances else None,
            crops=[one.crop for one in of_track],
        )

    def _describe(self, wish: Wish, policy: Policy) -> Run:
        bundle = self._bundle.identity
        return Run(
            bundle_name=bundle.name,
            bundle_version=bundle.version,
            bundle_sha256=bundle.sha256,
            policy_sha256=policy.sha256,
            preprocessing=self._preprocessing,
            suspect=self._rule.thresholds.suspect,
            equalise=wish.equalise,
            distortion=wish.distortion,
            left_out=wish.left_out,
        )


def known_of(clip: Clip) -> dict[str, Any]:
    """What a row takes over from the clip as it is, by the fields of `ScoreRow`."""
    of_row = {each.name for each in fields(ScoreRow)}
    return {name: value for name, value in asdict(clip).items() if name in of_row}


def _changes(wish: Wish) -> list[Change]:
    changes: list[Change] = []
    if wish.distortion:
        detector, _ = load_detector(None)
        distortion = parse_distortion(wish.distortion)
        changes.append(Distort(distortion=distortion, detector=detector))
    if wish.equalise:
        changes.append(Equalise.parse(wish.equalise))
    return changes


def _changed(wish: Wish) -> str:
    """The distortion, in words that no extraction has whose frames were timed anew."""
    return f"{wish.distortion} in its own time" if wish.distortion else ""


def _words(judgement: Judgement) -> tuple[str, ...]:
    return tuple(reason.value for reason in judgement.reasons)
