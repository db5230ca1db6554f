"""What a bundle said of a face pack, kept beside it: enough to decide again without any pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from moderation.errors import MissingPack
from moderation.lineage import ModelIdentity
from moderation.scores import CropScore, TrackScore
from moderation.tracks import Track


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScores:
    """The part of `streams.messages.UploadScored` that a bundle and a face pack determine."""

    model: ModelIdentity
    tracks: tuple[Track, ...]
    scores: tuple[CropScore, ...]
    track_scores: tuple[TrackScore, ...] = ()
    format_version: Literal[1] = 1


_RECORDED = TypeAdapter(RecordedScores)


def score_key(face_pack: str, model: ModelIdentity, ending: str) -> str:
    """The key of what a bundle said of a face pack.

    `json`: these records; `npz`: logits and embeddings as the models answered them.
    """
    return f"{face_pack.removesuffix('.zip')}.{model.name}-{model.sha256[:12]}.{ending}"


def encode(recorded: RecordedScores) -> bytes:
    return _RECORDED.dump_json(recorded)


def decode(content: bytes) -> RecordedScores:
    """Raises: MissingPack, the bytes are no recorded scores."""
    try:
        return _RECORDED.validate_json(content)
    except ValidationError as error:
        raise MissingPack("the recorded scores are damaged") from error
