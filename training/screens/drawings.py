"""Makes pictures of faces that no camera took: cartoons, sketches, paintings, prints, statues.

From real pictures (H W 3, uint8, RGB), by filters of our own: enough to learn what a
photograph is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def draw(pixels: Pixels, kind: str, rng: np.random.Generator) -> Pixels:
    """Turn a photograph into a drawing of that kind, of the same size."""
    return DRAWINGS[kind](pixels, rng)


def _grey(pixels: Pixels) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _bytes(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values + 0.5, 0, 255), np.uint8)


def _smooth(pixels: Pixels, strength: float) -> Pixels:
    """Flatten what lies between edges."""
    for _ in range(2):
        pixels = np.asarray(cv2.bilateralFilter(pixels, 7, 30 + 50 * strength, 5), np.uint8)
    return pixels


def _posterised(pixels: Pixels, colours: int) -> Pixels:
    """As many colours as given, the picture's own."""
    small = cv2.resize(pixels, (48, 48), interpolation=cv2.INTER_AREA).reshape(-1, 3)
    criteria = (cv2.TERM_CRITERIA_MAX_ITER, 8, 1.0)
    cv2.setRNGSeed(1)
    _, _, palette = cv2.kmeans(
        small.astype(np.float32), colours, None, criteria, 1, cv2.KMEANS_PP_CENTERS
    )
    distance = ((pixels[:, :, None, :].astype(np.float32) - palette) ** 2).sum(-1)
    return np.asarray(palette[distance.argmin(-1)], np.uint8)


def _edges(pixels: Pixels, width: float) -> NDArray[np.float32]:
    """Dark lines where brightness changes: 1 on a line, 0 off it."""
    grey = _grey(pixels).astype(np.float32)
    fine, coarse = (
        cv2.GaussianBlur(grey, (0, 0), width),
        cv2.GaussianBlur(grey, (0, 0), 1.6 * width),
    )
    return np.asarray(np.clip((coarse - fine - 1.5) / 3, 0, 1), np.float32)


def _cartoon(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    flat = _posterised(_smooth(pixels, rng.uniform(0.3, 1.5)), int(rng.integers(5, 14)))
    flat = _vivid(flat, rng)
    lines = _edges(_smooth(pixels, 0.5), rng.uniform(0.8, 2.0))[..., None]
    return _bytes(flat * (1 - lines * rng.uniform(0.6, 1.0)))


def _flat(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """As vector graphics are: few even colours, large shapes, no lines."""
    blurred = cv2.medianBlur(_smooth(pixels, 1.0), int(rng.choice([5, 7, 9])))
    return _vivid(_posterised(np.asarray(blurred, np.uint8), int(rng.integers(4, 9))), rng)


def _vivid(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """More saturated, and sometimes of another hue."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.9, 2.2), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.9, 1.3), 0, 255)
    if rng.random() < 0.3:
        hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 180)) % 180
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _sketch(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A pencil drawing: the picture divided by its own blur, on paper."""
    grey = _grey(pixels).astype(np.float32)
    shade = cv2.GaussianBlur(grey, (0, 0), rng.uniform(3, 9))
    lines = np.clip(grey / np.maximum(shade, 1), 0, 1) ** rng.uniform(2, 6) * 255
    paper = rng.uniform(215, 255, 3)
    ink = rng.uniform(0, 90, 3)
    share = lines[..., None] / 255
    return _bytes(paper * share + ink * (1 - share) + rng.normal(0, 3, (*grey.shape, 1)))


def _painting(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Brush strokes: each place takes the mean colour of the commonest brightness around it."""
    radius, levels = int(rng.integers(3, 8)), int(rng.integers(5, 12))
    level = _grey(pixels).astype(np.int32) * levels // 256
    size = (2 * radius + 1, 2 * radius + 1)
    most = np.zeros(level.shape, np.float32)
    painted = pixels.astype(np.float32)
    for one in range(levels):
        here = (level == one).astype(np.float32)
        count = cv2.boxFilter(here, -1, size, normalize=False)
        colours = cv2.boxFilter(pixels * here[..., None], -1, size, normalize=False)
        won = count > most
        painted[won] = (colours / np.maximum(count, 1)[..., None])[won]
        most = np.maximum(most, count)
    canvas = cv2.GaussianBlur(rng.normal(0, 1, level.shape), (0, 0), 0.8) * rng.uniform(0, 16)
    return _bytes(painted + canvas[..., None])


def _stencil(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Two or three tones, as a print or a poster."""
    grey = cv2.GaussianBlur(_grey(pixels), (0, 0), rng.uniform(0.8, 2.5))
    tones = np.sort(rng.uniform(0, 255, (int(rng.integers(2, 4)), 3)), axis=0)
    bounds = np.quantile(grey, np.linspace(0, 1, len(tones) + 1)[1:-1])
    return np.asarray(tones[np.digitize(grey, bounds)], np.uint8)


def _engraving(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Lines or dots whose width follows the brightness."""
    grey = cv2.GaussianBlur(_grey(pixels), (0, 0), 1.0).astype(np.float32) / 255
    rows, columns = np.mgrid[: grey.shape[0], : grey.shape[1]]
    angle, pitch = rng.uniform(0, np.pi), rng.uniform(3.5, 7.0)
    along = (columns * np.cos(angle) + rows * np.sin(angle)) * 2 * np.pi / pitch
    across = (rows * np.cos(angle) - columns * np.sin(angle)) * 2 * np.pi / pitch
    screen = np.sin(along) if rng.random() < 0.5 else (np.sin(along) + np.sin(across)) / 2
    share = 1 / (1 + np.exp(-12 * (grey - 0.5 + 0.5 * screen)))
    paper, ink = rng.uniform(200, 255, 3), rng.uniform(0, 80, 3)
    return _bytes(paper * share[..., None] + ink * (1 - share[..., None]))


def _statue(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Marble, plaster or bronze: one hue, soft shading, grain."""
    grey = cv2.GaussianBlur(_smooth(pixels, 1.0), (0, 0), rng.uniform(0.8, 2.0))
    light = _grey(np.asarray(grey, np.uint8)).astype(np.float32) / 255
    light = np.clip((light - light.mean()) * rng.uniform(0.8, 1.6) + rng.uniform(0.4, 0.75), 0, 1)
    dark, bright = rng.uniform(10, 90, 3), rng.uniform(150, 255, 3)
    shaded = (
        dark
        + (bright - dark) * (0.5 * light + 0.5 * rng.uniform(150, 250) / 255 * light)[..., None]
    )
    vein = cv2.GaussianBlur(rng.normal(0, 1, light.shape), (0, 0), rng.uniform(1, 6))
    return _bytes(shaded + (vein / (vein.std() + 1e-6) * rng.uniform(1, 9))[..., None])


DRAWINGS: Mapping[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "cartoon": _cartoon,
    "flat": _flat,
    "sketch": _sketch,
    "painting": _painting,
    "stencil": _stencil,
    "engraving": _engraving,
    "statue": _statue,
}
