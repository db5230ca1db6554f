"""What travels on the topics: JSON values under CloudEvents headers.

Bytes and embeddings do not travel: messages carry references into the media
store and stay under 64 KiB. New fields are optional; a breaking change is a
new topic.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from moderation.decisions import Outcome
from moderation.errors import UnparsableMessage
from moderation.lineage import ModelIdentity
from moderation.looks import Look
from moderation.media import MediaFacts
from moderation.provenance import Provenance
from moderation.scores import CropScore, TrackScore
from moderation.tracks import Track
from moderation.upload import Upload
from moderation.verdict import Rejection, Verdict
from monitoring import tracing
from storage.ports import OutboundMessage

LIMIT_BYTES = 64 * 1024
_SOURCE = "/veriscope"
_EVENT_IDS = uuid.UUID("6f0f5f0e-3a5e-4e0b-9a53-6d8a3f0f7c11")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAnnounced:
    """Somebody sent media. Any producer may write this to an `uploads` topic.

    `afresh`: the media is to be looked at, though a verdict on the same bytes may stand.
    """

    TYPE: ClassVar[str] = "org.veriscope.upload.announced"

    upload: Upload
    announcement: int = 1
    afresh: bool = False
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FacesFound:
    """The upload's faces were followed and cropped.

    `face_pack` is the key, in the media store, of the object that holds the tracks,
    the crops and their pixels.
    """

    TYPE: ClassVar[str] = "org.veriscope.faces.found"

    upload: Upload
    media: MediaFacts
    provenance: Provenance
    face_pack: str
    preprocessing: str
    looks: tuple[Look, ...] = ()
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadScored:
    """All that a verdict is decided from.

    A rejection, and media without a face, come here straight from extraction:
    there is nothing to score.
    """

    TYPE: ClassVar[str] = "org.veriscope.upload.scored"

    upload: Upload
    preprocessing: str | None = None
    media: MediaFacts | None = None
    provenance: Provenance | None = None
    face_pack: str | None = None
    score_pack: str | None = None
    tracks: tuple[Track, ...] = ()
    scores: tuple[CropScore, ...] = ()
    track_scores: tuple[TrackScore, ...] = ()
    model: ModelIdentity | None = None
    rejection: Rejection | None = None
    looks: tuple[Look, ...] = ()
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictReached:
    """An upload has come to an end, or to another one than before."""

    TYPE: ClassVar[str] = "org.veriscope.verdict.reached"

    verdict: Verdict
    schema_version: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """A person decided about an upload: this stands, whatever verdicts come later."""

    TYPE: ClassVar[str] = "org.veriscope.decision.made"

    decision: Outcome
    schema_version: Literal[1] = 1


class Message(Protocol):
    TYPE: ClassVar[str]


M = TypeVar("M", bound=Message)


class Codec(Generic[M]):
    """One message type to bytes and back."""

    def __init__(self, message_type: type[M]) -> None:
        self.type = message_type
        self._adapter: TypeAdapter[M] = TypeAdapter(message_type)

    def encode(self, message: M, *, topic: str, upload_id: str, at: datetime) -> OutboundMessage:
        """Put a message into its envelope.

        The event's id follows from its content, so that the same message sent
        twice is known to be the same.

        Raises:
            ValueError: the message is over LIMIT_BYTES.
        """
        value = self._adapter.dump_json(message)
        if len(value) > LIMIT_BYTES:
            raise ValueError(f"{self.type.__name__} of {upload_id} has {len(value)} bytes")
        event_id = uuid.uuid5(_EVENT_IDS, f"{self.type.TYPE}:{topic}:{value.decode()}")
        headers = {
            "ce_specversion": b"1.0",
            "ce_id": str(event_id).encode(),
            "ce_source": _SOURCE.encode(),
            "ce_type": self.type.TYPE.encode(),
            "ce_subject": upload_id.encode(),
            "ce_time": at.astimezone(UTC).isoformat().encode(),
            "content-type": b"application/json",
            **tracing.carried(),
        }
        return OutboundMessage(topic=topic, key=upload_id, value=value, headers=headers)

    def decode(self, value: bytes | None) -> M:
        """Raises: UnparsableMessage."""
        if value is None or len(value) > LIMIT_BYTES:
            raise UnparsableMessage(
                f"not a {self.type.__name__}: empty, or over {LIMIT_BYTES} bytes"
            )
        try:
            return self._adapter.validate_json(value)
        except ValidationError as error:
            raise UnparsableMessage(f"not a {self.type.__name__}: {_first(error)}") from error

    def json_schema(self) -> dict[str, Any]:
        return self._adapter.json_schema(mode="serialization")


def _first(error: ValidationError) -> str:
    """The first fault of a message, in one line and without the message's own content."""
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "value"
    return f"{place}: {fault['msg']}"


ANNOUNCED = Codec(UploadAnnounced)
FACES = Codec(FacesFound)
SCORED = Codec(UploadScored)
REACHED = Codec(VerdictReached)
DECIDED = Codec(DecisionMade)
