"""What an operator wants done: thresholds, limits under which to abstain, and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from moderation.conditions import Condition
from moderation.matching import DEFAULTS, MatchCondition
from moderation.thresholds import Thresholds
from moderation.upload import Lane
from moderation.verdict import Action, Label

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What keeps a face from being judged, or an upload from being clear.

    A crop is not judged below `face_pixels`, `sharpness`, `frontality` or
    `detector_score` (units: `moderation.tracks.CropQuality`), nor above
    `embedding_distance` or `occluded`; `video_crops` is how many crops that are judged
    a track of a video needs. A track is not judged above `not_photographed` or
    `rescreened`, in the mean over its crops, nor where the detectors of one family are
    further apart than `disagreement`, as probabilities. A face with less than
    `bystander` of the most prominent one's prominence (see `moderation.judging`) may
    stay unjudged in a clear upload: 0 lets none, over 1 all.

    Raises:
        ValueError: a bystander's share is negative, or no crop is needed.
    """

    face_pixels: float = 40.0
    sharpness: float = 12.0
    frontality: float = 0.25
    detector_score: float = 0.8
    embedding_distance: float = 2.0
    occluded: float = 0.5
    not_photographed: float = 0.5
    rescreened: float = 0.5
    disagreement: float = 0.75
    bystander: float = 0.5
    video_crops: int = 3

    def __post_init__(self) -> None:
        if self.bystander < 0.0:
            raise ValueError("bystander must not be negative")
        if self.video_crops < 1:
            raise ValueError("video_crops must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooling:
    """How the crops of a track become one; see `moderation.scores.pool`."""

    strongest_share: float = 1.0
    frames_shown: int = 3

    def __post_init__(self) -> None:
        if not 0.0 < self.strongest_share <= 1.0:
            raise ValueError("strongest_share must lie in (0, 1]")
        if not 0 <= self.frames_shown <= 16:
            raise ValueError("frames_shown must lie in [0, 16]")


_ACTIONS: Mapping[Label, Action] = {
    Label.FAKE: Action.WITHHOLD,
    Label.SUSPECT: Action.REVIEW,
    Label.CLEAR: Action.PUBLISH,
    Label.UNKNOWN: Action.REVIEW,
    Label.NO_FACE: Action.PUBLISH,
    Label.REJECTED: Action.WITHHOLD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for a tenant and a lane; `*` stands for any.

    `provenance` are conditions under which another action is asked for than the label's,
    `matches` those under which what is known of look-alikes changes it again.

    Raises:
        ValueError: a label has no action, or two conditions have one name.
    """

    tenant: str = ANY
    lane: Lane | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    limits: Limits = field(default_factory=Limits)
    pooling: Pooling = field(default_factory=Pooling)
    actions: Mapping[Label, Action] = field(default_factory=lambda: dict(_ACTIONS))
    provenance: tuple[Condition, ...] = ()
    matches: tuple[MatchCondition, ...] = DEFAULTS

    def __post_init__(self) -> None:
        missing = [label.value for label in Label if label not in self.actions]
        if missing:
            raise ValueError(f"no action for {', '.join(missing)}")
        names = [one.name for one in self.provenance] + [one.name for one in self.matches]
        if len(set(names)) < len(names):
            raise ValueError("conditions of a rule have names of their own")

    def covers(self, tenant: str, lane: Lane) -> bool:
        return self.tenant in (ANY, tenant) and self.lane in (None, lane)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A named list of rules; the first that covers an upload holds for it.

    Raises:
        ValueError: the last rule does not cover every tenant and lane.
    """

    name: str
    sha256: str
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if not self.rules or self.rules[-1].tenant != ANY or self.rules[-1].lane is not None:
            raise ValueError('the last rule must be for tenant "*" and no lane: it covers the rest')

    def rule_for(self, tenant: str, lane: Lane) -> Rule:
        return next(rule for rule in self.rules if rule.covers(tenant, lane))
