"""What happens to pictures on their way: colours, resampling, compression. RGB uint8 throughout.

`alter` makes the two sides of a blend differ; `Wear` wears a real picture and its
forged twin alike, so that nothing but the forgery tells them apart.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def alter(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Change colours, detail and shape, as a pasted face's differ from its surroundings.

    Any of them may be left alone: swapping tools match colours, and a network that was
    always shown wrong ones looks for nothing else.
    """
    altered = pixels
    if rng.random() < 0.3:
        altered = bend(altered, rng)
    if rng.random() < 0.7:
        altered = shift_colours(altered, rng, strength=float(rng.uniform(0.3, 1.0)))
    change = _DETAIL_CHANGES[int(rng.choice(len(_DETAIL_CHANGES), p=_DETAIL_CHANCES))]
    return change(altered, rng)


def bend(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Move what is shown smoothly, by up to about a hundredth of the picture."""
    height, width = pixels.shape[:2]
    cells = int(rng.integers(4, 9))
    field = rng.normal(0, rng.uniform(0.002, 0.008) * width, (cells, cells, 2)).astype(np.float32)
    field = cv2.resize(field, (width, height), interpolation=cv2.INTER_CUBIC)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    return np.asarray(
        cv2.remap(
            pixels,
            columns.astype(np.float32) + field[..., 0],
            rows.astype(np.float32) + field[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.uint8,
    )


def smooth(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Lose fine texture and keep edges, as decoders of faces and beauty filters do."""
    if rng.random() < 0.3:
        return np.asarray(cv2.medianBlur(pixels, int(rng.choice([3, 5]))), np.uint8)
    tolerance = float(rng.uniform(10, 45))
    return np.asarray(cv2.bilateralFilter(pixels, 7, tolerance, 3), np.uint8)


def regrain(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Other noise than the surroundings have."""
    noise = rng.normal(0, rng.uniform(1.5, 6), pixels.shape).astype(np.float32)
    return _rounded(smooth(pixels, rng) + noise)


def shift_colours(pixels: Pixels, rng: np.random.Generator, *, strength: float) -> Pixels:
    """Gain, offset, saturation and a tint, all small; `strength` scales them."""
    colours = pixels.astype(np.float32)
    grey = colours @ np.array([0.299, 0.587, 0.114], np.float32)
    saturation = 1 + strength * rng.uniform(-0.3, 0.3)
    colours = grey[..., None] + (colours - grey[..., None]) * np.float32(saturation)
    gain = 1 + strength * rng.uniform(-0.15, 0.15)
    offset = strength * (rng.uniform(-15, 15) + rng.uniform(-10, 10, 3))
    return _rounded((colours - 128) * np.float32(gain) + 128 + offset.astype(np.float32))


def coarsen(pixels: Pixels, factor: float) -> Pixels:
    """Lose detail: reduced by the factor and enlarged again."""
    height, width = pixels.shape[:2]
    small = (max(round(width / factor), 8), max(round(height / factor), 8))
    reduced = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(reduced, (width, height), interpolation=cv2.INTER_LINEAR))


def sharpen(pixels: Pixels, amount: float) -> Pixels:
    blurred = cv2.GaussianBlur(pixels, (0, 0), 1.0)
    return np.asarray(cv2.addWeighted(pixels, 1 + amount, blurred, -amount, 0), np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    _, packed = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    unpacked = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(unpacked, cv2.COLOR_BGR2RGB), np.uint8)


def h264(pictures: list[Pixels], quantiser: int) -> list[Pixels]:
    """Each picture as a key frame of its own, so that none is predicted from another.

    With a constant quantiser (0 to 51) and not a constant rate factor, which spends more on
    the first frame: a network would learn that the real one of a pair looks better.
    """
    return through_h264(pictures, quantiser, rate=25, preset="ultrafast", key_every=1)


def through_h264(
    pictures: list[Pixels], quantiser: int, *, rate: int, preset: str, key_every: int
) -> list[Pixels]:
    """Pictures (H W 3, uint8, RGB) of one size as they come out of an MP4 file.

    `rate` in frames a second; every `key_every`-th is coded without the others. An odd last
    row or column is repeated for the codec and cut again.
    """
    height, width = pictures[0].shape[:2]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.thread_count = 1
        stream.options = {"qp": str(quantiser), "preset": preset, "g": str(key_every)}
        for picture in pictures:
            even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [np.ascontiguousarray(frame[:height, :width]) for frame in frames]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """One drawn way through cameras, editors and platforms; None leaves a step out."""

    colours_seed: int | None
    blur_sigma: float | None
    noise_sigma: float | None
    noise_seed: int
    quality: int | None
    quantiser: int | None
    coarsen_by: float | None

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Wear:
        video = rng.random() < 0.3
        return cls(
            colours_seed=int(rng.integers(1 << 31)) if rng.random() < 0.3 else None,
            blur_sigma=float(rng.uniform(0.4, 1.2)) if rng.random() < 0.12 else None,
            noise_sigma=float(rng.uniform(1, 8)) if rng.random() < 0.15 else None,
            noise_seed=int(rng.integers(1 << 31)),
            coarsen_by=float(rng.uniform(1.1, 2.0)) if rng.random() < 0.2 else None,
            quality=int(rng.integers(35, 98)) if not video and rng.random() < 0.75 else None,
            quantiser=int(rng.integers(19, 38)) if video else None,
        )

    def apply(self, pictures: list[Pixels]) -> list[Pixels]:
        """Wear pictures of one size alike."""
        worn = [self._before_compression(picture) for picture in pictures]
        if self.quantiser is not None:
            return h264(worn, self.quantiser)
        if self.quality is not None:
            return [jpeg(picture, self.quality) for picture in worn]
        return worn

    def _before_compression(self, picture: Pixels) -> Pixels:
        if self.colours_seed is not None:
            picture = shift_colours(picture, np.random.default_rng(self.colours_seed), strength=0.7)
        if self.blur_sigma is not None:
            picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), self.blur_sigma), np.uint8)
        if self.coarsen_by is not None:
            picture = coarsen(picture, self.coarsen_by)
        if self.noise_sigma is not None:
            noise = np.random.default_rng(self.noise_seed).normal(
                0, self.noise_sigma, picture.shape
            )
            picture = _rounded(picture + noise.astype(np.float32))
        return picture


def _rounded(values: NDArray[np.float32]) -> Pixels:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


_DETAIL_CHANGES: tuple[Callable[[Pixels, np.random.Generator], Pixels], ...] = (
    lambda pixels, rng: coarsen(pixels, rng.uniform(1.2, 3.0)),
    lambda pixels, rng: sharpen(pixels, rng.uniform(0.2, 0.8)),
    smooth,
    regrain,
    lambda pixels, rng: jpeg(pixels, int(rng.integers(30, 90))),
    lambda pixels, rng: pixels,
)
_DETAIL_CHANCES = (0.35, 0.15, 0.25, 0.1, 0.08, 0.07)
