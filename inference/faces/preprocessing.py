"""Names how crops are made, so that other crops of the same media never pass for these."""

from __future__ import annotations

import hashlib
import json
import re

from inference.faces.crops import ALIGNMENT
from inference.faces.facepack import CODEC, FORMAT_VERSION
from inference.faces.search import FaceSearch
from inference.reading.frames import DecodingLimits

# Raised whenever the code samples, finds, follows or chooses otherwise with the same values.
_METHOD = 4

# With the names of alignment and model a key's segment stays below the 200 that stores allow.
_LONGEST_NAME = 80
_DIGEST_LENGTH = 10


def preprocessing(detector: str, search: FaceSearch, limits: DecodingLimits) -> str:
    """The detector and the alignment, to be read, and a digest of all that changes the crops.

    The same in every process that has the same values, wherever the detector's file
    lies. It becomes part of a key of the media store: letters, digits and `._=@+,~-`.
    Limits that only reject media (`pixels`, `seconds`) or only cost time are left out.
    """
    changing = {
        "method": _METHOD,
        "pack": [FORMAT_VERSION, CODEC],
        "detector_sha256": _sha256(search),
        "smallest_face": search.smallest_face,
        "crops_per_track": search.crops_per_track,
        "tracks": search.tracks,
        "frames": limits.frames,
        "decoded_pixels": limits.decoded_pixels,
    }
    text = json.dumps(changing, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
    name = re.sub(r"[^A-Za-z0-9._=@+,~-]", "-", detector)[:_LONGEST_NAME]
    return f"{name}+{ALIGNMENT}+{digest}"


def _sha256(search: FaceSearch) -> str | None:
    """Of the detector's file; None for MTCNN, whose name says the version of its package."""
    if search.detector is None:
        return None
    return hashlib.sha256(search.detector.read_bytes()).hexdigest()
