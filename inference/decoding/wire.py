"""What passes between the worker and a decoder process: lengths, a JSON header, and bytes.

No pickle: a decoder process reads hostile files, and what it answers is not trusted.
"""

from __future__ import annotations

import asyncio
import json
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from inference.faces.records import (
    Record,
    crop_from,
    crop_record,
    facts_from,
    facts_record,
    track_from,
    track_record,
)
from inference.faces.search import FaceSearch
from inference.ports import Extraction
from inference.provenance.search import ProvenanceSearch
from inference.reading.frames import DecodingLimits
from moderation.looks import MOST_LOOKS, Look

_LENGTHS = struct.Struct(">II")  # of the header and of the body, in bytes

LARGEST_HEADER = 4 * 2**20
LARGEST_BODY = 64 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Confines:
    """What a decoder process may use.

    `memory_bytes` counts what it writes to (RLIMIT_DATA), libraries' code not;
    `cpu_seconds` is for one media, and `provenance_cpu_seconds` for what it says of its
    origin: credentials are a hash over all of the file.
    """

    memory_bytes: int = 2048 * 2**20
    cpu_seconds: int = 120
    provenance_cpu_seconds: int = 20
    niceness: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """How a decoder process reads media; told once, when it starts."""

    limits: DecodingLimits = field(default_factory=DecodingLimits)
    faces: FaceSearch = field(default_factory=FaceSearch)
    provenance: ProvenanceSearch = field(default_factory=ProvenanceSearch)
    confines: Confines = field(default_factory=Confines)

    def record(self) -> Record:
        detector = self.faces.detector
        return {
            "limits": asdict(self.limits),
            "faces": asdict(self.faces) | {"detector": detector and str(detector.resolve())},
            "provenance": self.provenance.record(),
            "confines": asdict(self.confines),
        }

    @classmethod
    def of(cls, record: Record) -> Work:
        detector = record["faces"]["detector"]
        return cls(
            limits=DecodingLimits(**record["limits"]),
            faces=FaceSearch(**record["faces"] | {"detector": detector and Path(detector)}),
            provenance=ProvenanceSearch.of(record["provenance"]),
            confines=Confines(**record["confines"]),
        )


def packed(header: Record, body: bytes = b"") -> bytes:
    """Put a message into bytes."""
    text = json.dumps(header, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def receive(source: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    """Take a message from a pipe, in a decoder process; None when the worker has closed it."""
    lengths = source.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    header, body = _LENGTHS.unpack(lengths)
    return json.loads(source.read(header)), source.read(body)


async def receive_async(source: asyncio.StreamReader) -> tuple[dict[str, Any], bytes]:
    """Take a message from a decoder process.

    Raises:
        asyncio.IncompleteReadError: the process ended before its message did.
        ValueError: the message is too large, or no JSON object.
    """
    header, body = _LENGTHS.unpack(await source.readexactly(_LENGTHS.size))
    if header > LARGEST_HEADER or body > LARGEST_BODY:
        raise ValueError(f"a message of {header} and {body} bytes")
    text = json.loads(await source.readexactly(header))
    if not isinstance(text, dict):
        raise ValueError("a message without a header")
    return text, await source.readexactly(body)


def extraction_record(extraction: Extraction) -> Record:
    """All of an extraction but its pack, which is the body, and its provenance, asked alone."""
    return {
        "facts": facts_record(extraction.facts),
        "tracks": [track_record(track) for track in extraction.tracks],
        "crops": [crop_record(crop) for crop in extraction.crops],
        "preprocessing": extraction.preprocessing,
        "looks": [asdict(look) for look in extraction.looks],
    }


def extraction_from(record: Record, pack: bytes) -> Extraction:
    """Raises: KeyError, TypeError or ValueError where the record is none of an extraction."""
    looks = tuple(Look(**each) for each in record["looks"])
    if len(looks) > MOST_LOOKS:
        raise ValueError(f"{len(looks)} looks")
    return Extraction(
        facts=facts_from(record["facts"]),
        tracks=tuple(track_from(each) for each in record["tracks"]),
        crops=tuple(crop_from(each) for each in record["crops"]),
        pack=pack,
        preprocessing=record["preprocessing"],
        looks=looks,
    )
