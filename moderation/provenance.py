"""What the media says of its own origin: an axis of its own that never changes a score."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ProvenanceState(StrEnum):
    """`unknown` is the state of nearly all media, and says nothing against it."""

    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    state: ProvenanceState
