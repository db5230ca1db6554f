"""Builds small videos for tests: a picture whose redness tells the number of the frame."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

Draw = Callable[[int], NDArray[np.uint8]]


def numbered(width: int = 64, height: int = 48) -> Draw:
    """Red tells the number (two levels a frame); the upper half is green as well."""

    def draw(number: int) -> NDArray[np.uint8]:
        pixels = np.zeros((height, width, 3), np.uint8)
        pixels[:, :, 0] = number * 2 % 256
        pixels[: height // 2, :, 1] = 200
        return pixels

    return draw


def clip(
    *,
    container: str = "mp4",
    codec: str = "libx264",
    frames: int = 30,
    rate: int = 30,
    key_every: int = 10,
    draw: Draw | None = None,
    ticks: Sequence[int] | None = None,
    pixel_format: str = "yuv420p",
    rotation: float | None = None,
    colour: tuple[int, int] | None = None,
    pixel_shape: Fraction | None = None,
) -> bytes:
    """Encode a video. `ticks` are the frames' times in units of 1 / rate.

    `colour` is FFmpeg's number of the matrix and of the range.
    """
    draw = draw or numbered()
    height, width = draw(0).shape[:2]
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        stream = target.add_stream(codec, rate=rate, options=_OPTIONS.get(codec, {}))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.gop_size = key_every
        if pixel_shape is not None:
            stream.codec_context.sample_aspect_ratio = pixel_shape
        if rotation is not None:
            stream.set_display_rotation(rotation)
        if colour is not None:
            stream.codec_context.colorspace, stream.codec_context.color_range = colour
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(draw(number), format="rgb24")
            if colour is not None:
                frame = frame.reformat(
                    format=pixel_format, dst_colorspace=colour[0], dst_color_range=colour[1]
                )
            frame.pts = number if ticks is None else ticks[number]
            frame.time_base = Fraction(1, rate)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()


def sound(*, container: str = "mp4") -> bytes:
    """Encode a tenth of a second of silence, without pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        stream = target.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp")
        frame.sample_rate = 44_100
        for _ in range(5):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()


_OPTIONS = {
    "libx264": {"x264-params": "scenecut=0"},  # key frames where they are asked for, only
    "libx265": {"x265-params": "log-level=none"},
}


def sound_only() -> bytes:
    """An MP4 file with sound and no pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as target:
        stream = target.add_stream("aac", rate=8000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        target.mux(stream.encode(silence))
        target.mux(stream.encode(None))
    return buffer.getvalue()
