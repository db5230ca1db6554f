"""How clips look: PDQ hashes of a few of their frames, kept beside the table by SHA-256."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image, ImageOps

from datasets.files import replacing
from datasets.paths import VIDEO_SUFFIXES
from datasets.records import Region
from datasets.regions import part_of
from datasets.registry import Stored
from inference.looks.pdq import pdq
from inference.reading.shown import as_shown
from moderation.looks import LEAST_QUALITY

FILE = "looks.parquet"
MOMENTS = (0.25, 0.5, 0.75)  # shares of a video's length

_SCHEMA = pa.schema(
    [
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("region", pa.string(), nullable=False),
        pa.field("hashes", pa.list_(pa.binary(32)), nullable=False),
    ]
)

# What Pillow and FFmpeg raise for files that are damaged; SyntaxError is Pillow's for broken PNGs.
UNREADABLE = (OSError, ValueError, SyntaxError, av.FFmpegError, Image.DecompressionBombError)

Key = tuple[str, str]
"""SHA-256 of the file, and the region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """PDQ hashes (32 bytes each, quality 50 or more) by clip id; `unreadable` lists clip ids."""

    hashes: dict[str, list[bytes]]
    unreadable: list[str]


def looks_of(
    stored: Stored, folder: Path, tick: Callable[[], None] = lambda: None, threads: int = 1
) -> Looks:
    """Hash what was not hashed before; `tick` is called once a clip."""
    known = _read(folder / FILE)
    unreadable = []

    def look(at: int) -> None:
        clip = stored.clips[at]
        key = (clip.sha256, clip.region.value)
        if key not in known:
            try:
                known[key] = hash_frames(stored.media(clip), clip.region)
            except UNREADABLE:
                unreadable.append(clip.clip_id)
        tick()

    before = len(known)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(look, range(len(stored.clips))))
    if len(known) > before:
        keep(folder, known)
    found = {c.clip_id: known.get((c.sha256, c.region.value), []) for c in stored.clips}
    return Looks(hashes=found, unreadable=sorted(unreadable))


def hash_frames(path: Path, region: Region) -> list[bytes]:
    """PDQ of an image, or of three frames of a video; none of frames too plain to be told apart.

    Raises:
        one of UNREADABLE: the file cannot be decoded, or is beyond all measure.
    """
    frames = _moments(path) if path.suffix.lower() in VIDEO_SUFFIXES else [_image(path)]
    hashed = (pdq(part_of(frame, region)) for frame in frames)
    return [found for found, quality in hashed if quality >= LEAST_QUALITY]


def _image(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        image.draft("RGB", (1024, 1024))  # a JPEG is decoded no larger than is of use
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _moments(path: Path) -> Iterable[NDArray[np.uint8]]:
    with av.open(path) as container:
        if not container.streams.video:
            raise ValueError("there are no pictures in it")
        stream = container.streams.video[0]
        reformatter = VideoReformatter()
        length = float((stream.duration or 0) * (stream.time_base or 0))
        for share in MOMENTS if length else (0.0,):
            if length:
                container.seek(int(share * length / (stream.time_base or 1)), stream=stream)
            frame = _frame_at(container, stream, share * length)
            yield as_shown(frame, stream.sample_aspect_ratio, reformatter)


def _frame_at(
    container: av.container.InputContainer, stream: av.VideoStream, seconds: float
) -> av.VideoFrame:
    start = float((stream.start_time or 0) * (stream.time_base or 0))
    frame = None
    for frame in container.decode(stream):
        if frame.time is None or frame.time - start >= seconds:
            return frame
    if frame is None:
        raise ValueError("no frame decodes")
    return frame


def keep(folder: Path, known: dict[Key, list[bytes]]) -> None:
    columns = {
        "sha256": [sha256 for sha256, _ in known],
        "region": [region for _, region in known],
        "hashes": list(known.values()),
    }
    with replacing(folder / FILE) as path:
        pq.write_table(pa.table(columns, schema=_SCHEMA), path)


def forget(folder: Path, sha256s: set[str]) -> None:
    """Drop the hashes of files; nothing happens where there are none."""
    known = _read(folder / FILE)
    left = {key: hashes for key, hashes in known.items() if key[0] not in sha256s}
    if len(left) < len(known):
        keep(folder, left)


def _read(path: Path) -> dict[Key, list[bytes]]:
    """A damaged file is as none: it is made again."""
    try:
        rows = pq.read_table(path, schema=_SCHEMA).to_pylist()
    except (OSError, pa.ArrowException):
        return {}
    return {(row["sha256"], row["region"]): row["hashes"] for row in rows}
