"""Uploads to measure with: all different, each with a face, none the look-alike of another.

The face is that of `samples/portrait.jpg`, at another place, size and brightness each time, before
another blurred field of colours; chance comes from a number, so that the same numbers give the
same pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]  # H W C, uint8, 0 to 255, RGB

_SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
_HEAD = (slice(0, 330), slice(90, 360))  # rows and columns of the sample: head and shoulders
_SEGMENT_SECONDS = 10


def pictures(folder: Path, count: int, *, seed: int, side: int = 640) -> list[Path]:
    """JPEGs of `side` by `side`, of one face each."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    files = [folder / f"{seed}-{number}.jpg" for number in range(count)]
    for file in files:
        canvas = _field(side, side, chance)
        _paste(canvas, _head(chance, chance.uniform(0.9, 1.5)), chance.random(2))
        _save(file, canvas)
    return files


def crowd(file: Path, faces: int, *, columns: int = 10, rows: int = 5) -> Path:
    """A picture of 2,400 by 1,500, whatever the number of faces, up to `columns` by `rows`."""
    chance = np.random.default_rng(faces)
    width, height = 240, 300
    canvas = _field(columns * width, rows * height, chance)
    for place in chance.choice(columns * rows, faces, replace=False):
        row, column = divmod(int(place), columns)
        cell = canvas[row * height :, column * width :][:height, :width]
        _paste(cell, _head(chance, 0.8), chance.random(2))
    _save(file, canvas)
    return file


def clips(
    folder: Path, count: int, *, seed: int, seconds: float, width: int = 640, height: int = 360
) -> list[Path]:
    """H.264 clips of 25 frames a second in which a face moves; key frames are x264's own."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{seed}-{number}.mp4" for number in range(count)]
    for number, file in enumerate(files):
        moving = _moving(width, height, seconds, np.random.default_rng((seed, number)))
        _encode(file, moving, width, height)
    return files


def long_clip(file: Path, seconds: float) -> Path:
    """A clip of any length: ten seconds, encoded once and then repeated packet by packet."""
    part = min(seconds, _SEGMENT_SECONDS)
    (segment,) = clips(file.parent / "segments", 1, seed=int(part), seconds=part)
    with av.open(str(file), "w") as target, av.open(str(segment)) as source:
        kept = source.streams.video[0]
        stream = target.add_stream_from_template(kept)
        length = kept.duration or 0
        for repetition in range(round(seconds / part)):
            source.seek(0)
            for packet in source.demux(kept):
                if packet.dts is None or packet.pts is None:
                    continue  # the empty one that ends a stream
                packet.pts += repetition * length
                packet.dts += repetition * length
                packet.stream = stream
                target.mux(packet)
    return file


def _moving(
    width: int, height: int, seconds: float, chance: np.random.Generator
) -> Iterator[Picture]:
    background = _field(width, height, chance)
    head = _head(chance, height / 330 * chance.uniform(0.75, 0.95))
    begin, end = chance.random((2, 2))
    count = round(seconds * 25)
    for number in range(count):
        share = number / max(1, count - 1)
        canvas = np.roll(background, number, axis=1)
        _paste(canvas, head, begin + (end - begin) * share)
        yield canvas


def _encode(file: Path, frames: Iterator[Picture], width: int, height: int) -> None:
    with av.open(str(file), "w") as target:
        stream = target.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def _field(width: int, height: int, chance: np.random.Generator) -> Picture:
    """Soft spots of colour: pictures that look different to a perceptual hash."""
    spots = chance.integers(30, 220, (9, 12, 3), np.uint8)
    return np.ascontiguousarray(cv2.resize(spots, (width, height), interpolation=cv2.INTER_CUBIC))


def _head(chance: np.random.Generator, scale: float) -> Picture:
    sample: Picture = np.asarray(Image.open(_SAMPLE).convert("RGB"))[_HEAD]
    if chance.random() < 0.5:
        sample = sample[:, ::-1]
    resized = cv2.resize(sample, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    bright = resized.astype(np.float32) * chance.uniform(0.85, 1.1)
    return np.asarray(np.clip(bright, 0, 255), np.uint8)


def _paste(canvas: Picture, head: Picture, place: NDArray[np.float64]) -> None:
    """Put a head where `place` (x and y, 0 to 1) says, as much of it as there is room for."""
    room = (canvas.shape[1] - head.shape[1], canvas.shape[0] - head.shape[0])
    left, top = (max(0, int(share * free)) for share, free in zip(place, room, strict=True))
    seen = canvas[top : top + head.shape[0], left : left + head.shape[1]]
    seen[:] = head[: seen.shape[0], : seen.shape[1]]


def _save(file: Path, picture: Picture) -> None:
    cv2.imwrite(str(file), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
