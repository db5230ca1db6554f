"""Why a verdict is as it is, from its JSON, in a moderator's words."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError

from moderation.origin_wording import origin_in_words
from moderation.provenance import Provenance
from moderation.verdict import MatchKind, Reason
from moderation.wording import in_words, two_digits

_PROVENANCE: TypeAdapter[Provenance] = TypeAdapter(Provenance)

_FORGED = ("fake", "suspect")


def why(verdict: dict[str, Any]) -> list[str]:
    """What speaks for the label, or what kept it from saying more."""
    rejection = verdict.get("rejection")
    if rejection:
        return [_as_words(rejection["detail"])]
    found, frames = kinds(verdict), _telling_track(verdict).get("strongest_frames", [])
    # of one kind alone that was not found, the label says enough
    said = [", ".join(found)] if len(found) > (verdict["label"] == "clear") else []
    if verdict["label"] in _FORGED and frames and _is_video(verdict):
        said.append(f"most at {frames[0]['at_seconds']:.1f} s")
    said += [
        _matched(verdict) if reason == Reason.MATCHED else in_words(reason)
        for reason in verdict["reasons"]
    ]
    if verdict["label"] == "clear":
        said += _passed_over(verdict)
    because = verdict.get("action_because") or []
    return said + [f"{verdict['action']} by condition {name}" for name in because]


def _as_words(detail: str) -> str:
    """An error's own sentence, like the other reasons, which are none."""
    return detail[:1].lower() + detail[1:-1] if detail.endswith(".") else detail


_MATCHED = {
    MatchKind.VERDICT: "the same bytes were judged before",
    MatchKind.DECISION: "somebody decided about the same, or a look-alike",
    MatchKind.LISTED: "it looks like what a list names",
}


def _matched(verdict: dict[str, Any]) -> str:
    """What the upload matched, as far as this version knows the kinds."""
    found = dict.fromkeys(match["kind"] for match in verdict.get("matched") or [])
    said = [_MATCHED[kind] for kind in found if kind in _MATCHED]
    return ", ".join(said) or in_words(Reason.MATCHED)


def origin(verdict: dict[str, Any]) -> str:
    """What the media says of its own origin; empty where it says nothing.

    So it is where a later version says what this one does not know.
    """
    try:
        return origin_in_words(_PROVENANCE.validate_python(verdict.get("provenance")))
    except ValidationError:
        return ""


def kinds(verdict: dict[str, Any]) -> list[str]:
    """The probability of each kind of forgery that was looked for, of the face that tells most."""
    families = _telling_track(verdict).get("family_probabilities", {})
    return [f"{finds} {two_digits(probability)}" for finds, probability in families.items()]


def _telling_track(verdict: dict[str, Any]) -> dict[str, Any]:
    """The face that the label is about: the most suspicious of those with a probability.

    Where all abstained, the most suspicious of those that were looked at.
    """
    decided = [track for track in verdict["tracks"] if track["fake_probability"] is not None]
    if decided and verdict["fake_probability"] is not None:
        return dict(max(decided, key=lambda track: track["fake_probability"]))
    seen = [
        track
        for track in verdict["tracks"]
        if track["fake_probability"] is None and track.get("family_probabilities")
    ]
    return dict(
        max(seen, key=lambda track: max(track["family_probabilities"].values()), default={})
    )


def _is_video(verdict: dict[str, Any]) -> bool:
    return bool(verdict.get("media")) and verdict["media"]["kind"] == "video"


def _passed_over(verdict: dict[str, Any]) -> list[str]:
    """A clear label is about the faces that were judged: say when there are others."""
    others = sum(track["fake_probability"] is None for track in verdict["tracks"])
    return [f"{others} other face{'s' * (others > 1)} could not be judged"] if others else []
