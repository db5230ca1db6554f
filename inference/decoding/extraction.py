"""From a local file to its faces: the pure pipeline that runs inside a decoder process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.faces import facepack
from inference.faces.following import Follow
from inference.faces.shots import ShotBoundaries
from inference.looks.taking import LookTaker
from inference.ports import Extraction
from inference.reading.frames import DecodingLimits, Frame, Reading
from inference.reading.images import read_image
from inference.reading.sniff import SNIFFED_BYTES, sniff
from inference.reading.videos import read_video
from moderation.errors import UnreadableMedia
from moderation.media import Container, MediaFacts, MediaKind


def extract(
    media: Path, *, limits: DecodingLimits, follow: Follow, preprocessing: str
) -> Extraction:
    """Read a file, see how it looks, follow the faces in its frames, and pack their crops.

    `preprocessing` names how `follow` makes crops.

    Raises:
        MediaRejected: the file cannot be judged.
    """
    try:
        with media.open("rb") as file:
            return _extract(file, limits=limits, follow=follow, preprocessing=preprocessing)
    except FileNotFoundError as error:
        raise UnreadableMedia("the file went away before it was read") from error


def _extract(
    file: BufferedReader, *, limits: DecodingLimits, follow: Follow, preprocessing: str
) -> Extraction:
    container = sniff(file.read(SNIFFED_BYTES))
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size_bytes = file.seek(0, os.SEEK_END)
    reading, frames = _read(file, container, limits)
    # A picture has no cuts, and looking for them would cost as much as its hash.
    taker = LookTaker(ShotBoundaries().begins if reading.kind is MediaKind.VIDEO else _no_cut)
    followed = follow(taker.watch(frames))
    facts = MediaFacts(
        sha256=sha256,
        size_bytes=size_bytes,
        kind=reading.kind,
        container=container,
        codec=reading.codec,
        width=reading.width,
        height=reading.height,
        duration_seconds=reading.duration_seconds,
        frames_sampled=reading.frames_sampled,
        frames_failed=reading.frames_failed,
        warnings=tuple(reading.warnings),
    )
    pack = facepack.FacePack(
        facts=facts,
        tracks=followed.tracks,
        crops=followed.crops,
        preprocessing=preprocessing,
        pixels=followed.pixels,
    )
    return Extraction(
        facts=facts,
        tracks=followed.tracks,
        crops=followed.crops,
        pack=facepack.write(pack) if followed.crops else b"",
        preprocessing=preprocessing,
        looks=taker.looks,
    )


def _no_cut(_: NDArray[np.uint8]) -> bool:
    return False


def _read(
    file: BufferedReader, container: Container, limits: DecodingLimits
) -> tuple[Reading, Iterator[Frame]]:
    if container.kind is MediaKind.IMAGE:
        return read_image(file, container, limits)
    return read_video(file, container, limits)
