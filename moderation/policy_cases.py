"""What a policy's own tests are written in: what is given of an upload, and what is expected."""

from __future__ import annotations

from dataclasses import dataclass

from moderation.looks import LARGEST_DISTANCE
from moderation.media import MediaKind
from moderation.origins import AGAINST_INTEREST, Origin
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Action, Label, Match, MatchKind, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceGiven:
    """How good every crop of the face is; the names are those of `moderation.policy.Limits`.

    What is left out is better than any limit asks.

    Raises:
        ValueError: there is no crop.
    """

    face_pixels: float = 1e6
    sharpness: float = 1e6
    frontality: float = 1.0
    detector_score: float = 1.0
    embedding_distance: float = 0.0
    occluded: float = 0.0
    not_photographed: float = 0.0
    rescreened: float = 0.0
    crops: int | None = None

    def __post_init__(self) -> None:
        if self.crops is not None and self.crops < 1:
            raise ValueError("crops must be 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceGiven:
    """What the media says of its origin; the names are those of a policy's conditions.

    Raises:
        ValueError: it declares what is never believed in that state.
    """

    state: ProvenanceState = ProvenanceState.UNKNOWN
    declares: tuple[Origin, ...] = ()
    generator_marked: bool = False
    conflicting: bool = False

    def __post_init__(self) -> None:
        for origin in self.declares:
            if origin not in AGAINST_INTEREST and not self.state.holds:
                raise ValueError(f"{origin} is only believed of credentials that hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchGiven:
    """What was known before of the same bytes or of a look-alike, in the words of conditions.

    `decision`: what people `decided` about an upload of the `same_bytes`, or about one that looks
    alike, `distance` bits apart. `listed`: a look on a `list`, so many bits away.

    Raises:
        ValueError: a part is missing or does not belong to the kind, or the distance is none.
    """

    kind: MatchKind
    same_bytes: bool = False
    distance: int = 0
    decided: Action | None = None
    list: str | None = None

    def __post_init__(self) -> None:
        if self.kind is MatchKind.VERDICT:
            raise ValueError("a verdict that holds again changes no action: give its label")
        if self.kind is MatchKind.DECISION and (self.decided is None or self.list is not None):
            raise ValueError("a decision that matches says what was decided, and stands on no list")
        if self.kind is MatchKind.LISTED and (
            self.list is None or self.decided is not None or self.same_bytes
        ):
            raise ValueError("a listed look names its list: lists hold looks, and decide nothing")
        if not 0 <= self.distance <= LARGEST_DISTANCE:
            raise ValueError(f"distance must lie in [0, {LARGEST_DISTANCE}]")
        if self.same_bytes and self.distance:
            raise ValueError("the same bytes are not apart: leave distance out")

    @property
    def match(self) -> Match:
        """As it stands in a verdict."""
        return Match(
            kind=self.kind,
            action=self.decided,
            list_name=self.list,
            distance=None if self.same_bytes else self.distance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An upload: exactly one of `score`, `label` and `reasons` says what the detectors found.

    `score` is the fake probability of its only face, which `face` describes; it is judged
    as any face is. `label` is what it was judged to be, `reasons` why its face could not be
    judged at all. `matches` is what was known before.

    Raises:
        ValueError: not exactly one is given, the score is no probability, or `face` stands
            where there is no score, or provenance or matches with rejected media.
    """

    tenant: str = "default"
    lane: Lane = Lane.LIVE
    media: MediaKind = MediaKind.IMAGE
    score: float | None = None
    label: Label | None = None
    reasons: tuple[Reason, ...] = ()
    face: FaceGiven | None = None
    provenance: ProvenanceGiven | None = None
    matches: tuple[MatchGiven, ...] = ()

    def __post_init__(self) -> None:
        if (self.score is not None) + (self.label is not None) + bool(self.reasons) != 1:
            raise ValueError("a test gives exactly one of score, label and reasons")
        if self.score is not None and not 0.0 <= self.score <= 1.0:
            raise ValueError("score must lie in [0, 1]")
        if self.face is not None and self.score is None:
            raise ValueError("a face is given together with its score")
        if self.label is Label.REJECTED and self.provenance is not None:
            raise ValueError("rejected media have no provenance")
        if self.label is Label.REJECTED and self.matches:
            raise ValueError("rejected media match nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must come of it; what is left out is not looked at.

    `reasons` must all be among the verdict's, `because` names all conditions, in order.

    Raises:
        ValueError: nothing is expected.
    """

    label: Label | None = None
    action: Action | None = None
    reasons: tuple[Reason, ...] = ()
    because: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not self.reasons and (self.label, self.action, self.because) == (None, None, None):
            raise ValueError("a test expects a label, an action, reasons or because")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """One promise of a policy, in words and in an example."""

    name: str
    given: Given
    expect: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What a policy made of what was given."""

    label: Label
    action: Action
    reasons: tuple[Reason, ...] = ()
    because: tuple[str, ...] = ()

    def faults(self, expected: Expected) -> list[str]:
        """In what it is not what was expected, in words."""
        missing = [reason.value for reason in expected.reasons if reason not in self.reasons]
        said = ", ".join(reason.value for reason in self.reasons) or "none"
        looked_at = (
            ("label", self.label.value, expected.label and expected.label.value),
            ("action", self.action.value, expected.action and expected.action.value),
            ("because", _listed(self.because), _listed(expected.because)),
        )
        faults = [
            f"{what} is {came}, not {wanted}"
            for what, came, wanted in looked_at
            if wanted is not None and came != wanted
        ]
        if missing:
            faults.append(f"reasons are {said}, without {', '.join(missing)}")
        return faults


def _listed(names: tuple[str, ...] | None) -> str | None:
    return None if names is None else ", ".join(names) or "nothing"
