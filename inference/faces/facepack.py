"""The face pack: all crops of a media, and what is known of them, as one object.

A ZIP without compression: `index.json`, and `crops/0000.jpg` onwards, one for each
crop by its `crop_id`. Equal content gives equal bytes.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces.records import (
    crop_from,
    crop_record,
    facts_from,
    facts_record,
    track_from,
    track_record,
)
from moderation.errors import Inconsistent, MissingPack
from moderation.media import MediaFacts
from moderation.tracks import Crop, Track

FORMAT_VERSION = 1
CROP_SHAPE = (224, 224, 3)

# Forgeries show in fine detail, so no chroma is thrown away; 95 is where blocks stop showing.
# The name changes with what follows: it is part of what `preprocessing` stands for.
CODEC = "jpeg-95-444"
_JPEG = (
    cv2.IMWRITE_JPEG_QUALITY,
    95,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
    cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
)
_INDEX = "index.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a ZIP can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePack:
    """What a pack holds; `pixels` is N 224 224 3, uint8, 0 to 255, RGB, in the order of `crops`."""

    facts: MediaFacts
    tracks: tuple[Track, ...]
    crops: tuple[Crop, ...]
    preprocessing: str
    pixels: NDArray[np.uint8]


def write(pack: FacePack) -> bytes:
    """Put a pack into bytes.

    Raises:
        Inconsistent: crops and pixels do not match.
    """
    if pack.pixels.shape != (len(pack.crops), *CROP_SHAPE) or pack.pixels.dtype != np.uint8:
        raise Inconsistent(f"{len(pack.crops)} crops, pixels {pack.pixels.shape}")
    if [crop.crop_id for crop in pack.crops] != list(range(len(pack.crops))):
        raise Inconsistent("a crop's id is its place in the pack")
    index = {
        "format_version": FORMAT_VERSION,
        "preprocessing": pack.preprocessing,
        "facts": facts_record(pack.facts),
        "tracks": [track_record(track) for track in pack.tracks],
        "crops": [crop_record(crop) for crop in pack.crops],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, _INDEX, json.dumps(index, sort_keys=True, separators=(",", ":")).encode())
        for crop, pixels in zip(pack.crops, pack.pixels, strict=True):
            _add(archive, _name(crop.crop_id), encoded(pixels))
    return buffer.getvalue()


def read(content: bytes) -> FacePack:
    """Take a pack out of bytes.

    Raises:
        MissingPack: the bytes are damaged, or are of a format this version does not know.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            index = _index(archive)
            crops = tuple(crop_from(record) for record in index["crops"])
            pixels = [decoded(archive.read(_name(crop.crop_id))) for crop in crops]
        return FacePack(
            facts=facts_from(index["facts"]),
            tracks=tuple(track_from(record) for record in index["tracks"]),
            crops=crops,
            preprocessing=index["preprocessing"],
            pixels=_stacked(pixels),
        )
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError, cv2.error) as error:
        raise MissingPack(f"the face pack is damaged: {error}") from error


def outline(content: bytes) -> tuple[Crop, ...]:
    """What crops a pack holds, without decoding any of them.

    Raises:
        MissingPack: see `read`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return tuple(crop_from(record) for record in _index(archive)["crops"])
    except (zipfile.BadZipFile, ValueError, LookupError, TypeError) as error:
        raise MissingPack(f"the face pack is damaged: {error}") from error


def read_crop(content: bytes, crop_id: int) -> NDArray[np.uint8]:
    """One crop of a pack: 224 224 3, uint8, RGB.

    Raises:
        MissingPack: there is no such crop, or see `read`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return decoded(archive.read(_name(crop_id)))
    except (zipfile.BadZipFile, ValueError, LookupError, cv2.error) as error:
        raise MissingPack(f"no crop {crop_id} in the face pack: {error}") from error


def encoded(pixels: NDArray[np.uint8]) -> bytes:
    """A crop (224 224 3, uint8, RGB) as it lies in a pack."""
    _, jpeg = cv2.imencode(".jpg", pixels[:, :, ::-1], _JPEG)
    return jpeg.tobytes()


def decoded(jpeg: bytes) -> NDArray[np.uint8]:
    """A crop from a pack.

    Raises:
        ValueError: it is none.
    """
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None or bgr.shape != CROP_SHAPE:
        raise ValueError("a crop does not decode")
    return np.asarray(bgr[:, :, ::-1], np.uint8)


def _index(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Raises: MissingPack, of a format this version does not know; much else, of damage."""
    index: dict[str, Any] = json.loads(archive.read(_INDEX))
    if index["format_version"] != FORMAT_VERSION:
        raise MissingPack(f"face pack of format {index['format_version']}")
    return index


def _name(crop_id: int) -> str:
    return f"crops/{crop_id:04d}.jpg"


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _stacked(pixels: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return np.stack(pixels) if pixels else np.empty((0, *CROP_SHAPE), np.uint8)
