"""What Veriscope says of an upload, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from moderation.lineage import Lineage
from moderation.media import MediaFacts
from moderation.provenance import Provenance
from moderation.tracks import Box


class Label(StrEnum):
    """`clear` means that no evidence was found; nothing here says "authentic"."""

    FAKE = "fake"
    SUSPECT = "suspect"
    CLEAR = "clear"
    UNKNOWN = "unknown"
    NO_FACE = "no_face"
    REJECTED = "rejected"


class Action(StrEnum):
    """What the policy asks the platform to do with the upload."""

    PUBLISH = "publish"
    LABEL = "label"
    REVIEW = "review"
    WITHHOLD = "withhold"

    @property
    def restricts(self) -> bool:
        return self in (Action.LABEL, Action.WITHHOLD)


class Reason(StrEnum):
    """Why a verdict is as it is, or says no more. A rejection's reason stands in `rejection`."""

    LOW_RESOLUTION = "low_resolution"
    BLURRED = "blurred"
    TURNED_AWAY = "turned_away"
    DOUBTFUL_FACE = "doubtful_face"
    FEW_FRAMES = "few_frames"
    OUT_OF_DISTRIBUTION = "out_of_distribution"
    OCCLUDED = "occluded"
    NOT_PHOTOGRAPHED = "not_photographed"
    RESCREENED = "rescreened"
    MODELS_DISAGREE = "models_disagree"
    NEAR_THRESHOLD = "near_threshold"
    DAMAGED_MEDIA = "damaged_media"
    MATCHED = "matched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """Why an upload was not judged: `reason` for machines, `detail` for people."""

    reason: str
    detail: str


class MatchKind(StrEnum):
    """What was known before: a verdict that holds again, a decision, or an entry of a list."""

    VERDICT = "verdict"
    DECISION = "decision"
    LISTED = "listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Something known that an upload is, or looks like: it has one of the three references.

    `verdict_id` is the verdict that was taken over, on an upload of the same bytes.
    `decision_id` and `action` are what people decided about another upload. `list_name` and
    `entry` name a listed look. `distance` counts the bits in which the looks differ, 0 to
    31; None: the bytes are the same. Uploads are not named: they may be erased.
    """

    kind: MatchKind
    verdict_id: str | None = None
    decision_id: str | None = None
    action: Action | None = None
    list_name: str | None = None
    entry: str | None = None
    distance: int | None = None

    @property
    def same_bytes(self) -> bool:
        return self.distance is None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrongFrame:
    """A frame that speaks loudest for a track being fake; `crop_id` points into the face pack."""

    crop_id: int
    at_seconds: float
    box_xyxy: Box
    fake_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackVerdict:
    """One person's face through the media. `fake_probability` is None when it abstains.

    `crops_judged` is 0 when it could not be judged at all. `family_probabilities` are
    those of each kind of forgery that was looked for, alone.
    """

    track_id: int
    first_seconds: float
    last_seconds: float
    crops_judged: int
    label: Label
    fake_probability: float | None
    reasons: tuple[Reason, ...] = ()
    strongest_frames: tuple[StrongFrame, ...] = ()
    family_probabilities: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The end of an upload. Never overwritten: a later one supersedes it, and both stay.

    `action_because` names the conditions on provenance or on matches that made the action
    another one than the label's. `matched` is what was known before of the same bytes or of
    look-alikes; it changes neither label nor probability.

    Raises:
        ValueError: the parts contradict each other.
    """

    verdict_id: str
    upload_id: str
    tenant: str
    label: Label
    action: Action
    fake_probability: float | None
    reasons: tuple[Reason, ...]
    lineage: Lineage
    announced_at: datetime
    decided_at: datetime
    tracks: tuple[TrackVerdict, ...] = ()
    media: MediaFacts | None = None
    provenance: Provenance | None = None
    face_pack: str | None = None
    rejection: Rejection | None = None
    supersedes: str | None = None
    action_because: tuple[str, ...] = ()
    matched: tuple[Match, ...] = ()

    def __post_init__(self) -> None:
        if self.fake_probability is not None and not 0.0 <= self.fake_probability <= 1.0:
            raise ValueError("fake_probability must lie in [0, 1]")
        if (self.label in _JUDGED) != (self.fake_probability is not None):
            raise ValueError(f"{self.label} and fake_probability {self.fake_probability} disagree")
        if (self.label is Label.REJECTED) != (self.rejection is not None):
            raise ValueError("a rejection comes with the label rejected, and with no other")

    @property
    def was_taken_over(self) -> bool:
        """Whether it is that of an upload of the same bytes, whose packs and looks it shares."""
        return any(match.kind is MatchKind.VERDICT for match in self.matched)

    def may_supersede(self, current: Verdict) -> bool:
        """Tell whether this may stand in place of the current verdict of the same upload.

        Equal lineage says the same again. A rejection never takes the place of a
        judgement: a source that is gone by now does not undo what was seen.
        """
        if self.lineage.repeats(current.lineage):
            return False
        return self.rejection is None or current.rejection is not None


_JUDGED = frozenset({Label.FAKE, Label.SUSPECT, Label.CLEAR})
