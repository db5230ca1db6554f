"""Faces and pictures for the tests of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from moderation.tracks import Face
from training.blending.forging import FACE_POINTS
from training.patches import Entry, Patch, read_index, write_patches


def a_face(shift: tuple[float, float] = (0, 0)) -> Face:
    """A frontal face in the middle of 200 x 200 pixels, its eyes 48 pixels apart."""
    points = FACE_POINTS * 24 + (100, 75) + shift
    one, two, three, four, five = ((float(x), float(y)) for x, y in points)
    left, top = shift
    return Face(
        box_xyxy=(left + 50, top + 40, left + 150, top + 165),
        landmarks=(one, two, three, four, five),
        detector_score=0.99,
    )


def a_picture(seed: int = 0) -> NDArray[np.uint8]:
    """A smooth slope under some noise (200 200 3)."""
    rows, columns = np.mgrid[:200, :200]
    slope = np.stack([rows, columns, (rows + columns) / 2], axis=2)
    noise = np.random.default_rng(seed).normal(0, 5, slope.shape)
    return np.clip(slope + noise + 20, 0, 255).astype(np.uint8)


def entries_on_disk(folder: Path, count: int, *, groups: int = 1) -> list[Entry]:
    rows = [
        {"label": "real", "method": "drawn", "source": "drawn", "crop": "",
         "group": str(i % groups), "path": f"{i}.png"}
        for i in range(count)
    ]  # fmt: skip
    crop = np.zeros((224, 224, 3), np.uint8)
    write_patches(
        folder,
        (
            Patch(pixels=a_picture(i), face=a_face(), crop=crop, row=row)
            for i, row in enumerate(rows)
        ),
    )
    return read_index(folder)
