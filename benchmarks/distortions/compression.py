"""Distortions of storing: JPEG, H.264, H.265, and uploads that are uploaded again."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Literal, TypeAlias

import av
import cv2
import numpy as np

from benchmarks.distortions.clip import Clip, Picture, Strength
from benchmarks.distortions.geometry import resized_to

Codec: TypeAlias = Literal["libx264", "libx265"]
Hop: TypeAlias = tuple[float, int]  # sides as a share of the original's, and the codec's quality

# What it takes for the same frames to give the same file every time (PyAV 18.1): with AVX-512
# x264 gave up to seven files of one clip at some widths (160, 192, 320). SSE2 is what every
# x86-64 has, and gives the bits of plain C. With B-frames x265 gave another file in 5% of runs,
# and left the decoding times of a clip of one or two frames unset.
_REPEATABLE: dict[Codec, dict[str, str]] = {
    "libx264": {"x264-params": "asm=SSE2"},
    "libx265": {"x265-params": "log-level=none:pools=none:frame-threads=1:bframes=0"},
}
_FEWEST = 8  # frames

# What platforms do is secret and changes, so the shares and qualities of these hops are ours:
# one careful platform, two, and three with a thumbnail among them.
_JPEG_HOPS: dict[Strength, tuple[Hop, ...]] = {
    Strength.MILD: ((0.8, 85),),
    Strength.MEDIUM: ((0.65, 78), (0.9, 72)),
    Strength.STRONG: ((0.5, 70), (0.9, 65), (0.6, 55)),
}
_H264_HOPS: dict[Strength, tuple[Hop, ...]] = {
    Strength.MILD: ((0.8, 24),),
    Strength.MEDIUM: ((0.65, 27), (0.9, 30)),
    Strength.STRONG: ((0.5, 28), (0.9, 30), (0.6, 33)),
}


def jpeg(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """JPEG of quality 75, 40 or 15."""
    quality = strength.pick(75, 40, 15)
    return clip.each(lambda frame: through_jpeg(frame, quality))


def h264(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """H.264 at rate factors 23, 32 and 40.

    23 and 40 are FaceForensics++'s light and heavy compression (Rössler et al., ICCV 2019).
    """
    return through_video(clip, "libx264", strength.pick(23, 32, 40))


def h265(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """H.265 at rate factors 28 (the encoder's default), 34 and 40."""
    return through_video(clip, "libx265", strength.pick(28, 34, 40))


def picture_uploads(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """One, two or three platforms that resize and store as JPEG."""
    height, width = clip.size
    for share, quality in _JPEG_HOPS[strength]:
        clip = resized_to(clip, round(share * height), round(share * width))
        clip = clip.repainted([through_jpeg(frame, quality) for frame in clip.frames])
    return clip


def video_uploads(clip: Clip, strength: Strength, rng: np.random.Generator) -> Clip:
    """One, two or three platforms that resize and store as H.264."""
    height, width = clip.size
    for share, rate_factor in _H264_HOPS[strength]:
        clip = resized_to(clip, round(share * height), round(share * width))
        clip = through_video(clip, "libx264", rate_factor)
    return clip


def through_jpeg(frame: Picture, quality: int) -> Picture:
    """The frame as it comes out of a JPEG file (colours at half resolution)."""
    return _unpacked(packed_jpeg(frame, quality))


def packed_jpeg(frame: Picture, quality: int) -> bytes:
    bgr = cv2.cvtColor(frame, cv2.COLOR_RGB2BGR)
    _, packed = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return packed.tobytes()


def through_video(clip: Clip, codec: Codec, rate_factor: int) -> Clip:
    """The clip as it comes out of an MP4 file; frames keep their number and size."""
    height, width = clip.size
    with av.open(io.BytesIO(packed_video(clip, codec, rate_factor)), "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    kept = frames[: len(clip.frames)]
    return clip.repainted([np.ascontiguousarray(frame[:height, :width]) for frame in kept])


def packed_video(clip: Clip, codec: Codec, rate_factor: int) -> bytes:
    """The clip as an MP4 file; an odd last row or column is repeated for the codec.

    So is the last frame of a clip of fewer than eight: encoders look ahead, and a frame that
    nothing follows came out 3 dB worse than in a video (H.264 at 40).
    """
    height, width = clip.size
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        rate = max(Fraction(clip.frames_per_second).limit_denominator(1001), Fraction(1, 1001))
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1  # with another number encoders decide otherwise
        stream.options = {"crf": str(rate_factor), "preset": "veryfast"}
        stream.options |= _REPEATABLE[codec]
        for frame in [*clip.frames, *[clip.frames[-1]] * (_FEWEST - len(clip.frames))]:
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


def _unpacked(packed: bytes) -> Picture:
    bgr = cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(np.asarray(bgr), cv2.COLOR_BGR2RGB), np.uint8)
