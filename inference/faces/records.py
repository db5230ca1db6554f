"""Facts, tracks and crops as JSON values and back, for the face pack and the decoder's pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from moderation.media import Container, MediaFacts, MediaKind
from moderation.tracks import Crop, CropQuality, Track

Record = Mapping[str, Any]


def facts_record(facts: MediaFacts) -> Record:
    return asdict(facts)


def track_record(track: Track) -> Record:
    return asdict(track)


def crop_record(crop: Crop) -> Record:
    return asdict(crop)


def facts_from(record: Record) -> MediaFacts:
    """Raises: KeyError, TypeError or ValueError where the record is none of facts."""
    return MediaFacts(
        **{
            **record,
            "kind": MediaKind(record["kind"]),
            "container": Container(record["container"]),
            "warnings": tuple(record["warnings"]),
        }
    )


def track_from(record: Record) -> Track:
    """Raises: TypeError where the record is none of a track."""
    return Track(**record)


def crop_from(record: Record) -> Crop:
    """Raises: KeyError, TypeError or ValueError where the record is none of a crop."""
    left, top, right, bottom = record["box_xyxy"]
    return Crop(
        **{
            **record,
            "box_xyxy": (left, top, right, bottom),
            "quality": CropQuality(**record["quality"]),
        }
    )
