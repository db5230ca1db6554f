"""What a digital source type says: a vocabulary that credentials and metadata share."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Origin(StrEnum):
    """How a media came to be, as far as a policy tells it apart."""

    CAPTURE = "capture"
    EDITED = "edited"
    PARTLY_GENERATED = "partly_generated"
    GENERATED = "generated"


# What somebody says who gains nothing by it.
AGAINST_INTEREST = frozenset({Origin.PARTLY_GENERATED, Origin.GENERATED})

# The last part of http://cv.iptc.org/newscodes/digitalsourcetype/… , retired terms included,
# and of http://c2pa.org/digitalsourcetype/… . What is in neither says nothing here: scans,
# drawings, recordings of a screen and data are none of these four.
_ORIGINS: Mapping[str, Origin] = {
    "digitalCapture": Origin.CAPTURE,
    "computationalCapture": Origin.CAPTURE,
    "compositeCapture": Origin.EDITED,
    "composite": Origin.EDITED,
    "humanEdits": Origin.EDITED,
    "minorHumanEdits": Origin.EDITED,
    "algorithmicallyEnhanced": Origin.EDITED,
    "compositeSynthetic": Origin.PARTLY_GENERATED,
    "compositeWithTrainedAlgorithmicMedia": Origin.PARTLY_GENERATED,
    "trainedAlgorithmicMedia": Origin.GENERATED,
    "trainedAlgorithmicData": Origin.GENERATED,
    "algorithmicMedia": Origin.GENERATED,
}


def origin_of(digital_source_type: str | None) -> Origin | None:
    """Read a term, given by its address or alone; None where it says nothing of these."""
    if digital_source_type is None:
        return None
    return _ORIGINS.get(digital_source_type.rstrip("/").rpartition("/")[2].rpartition(":")[2])
