"""What the screens learn from: crops of real faces, covered, drawn or shown on a display."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.faces.crops import align
from training.augmentation import Wear
from training.blending.forging import forge
from training.patches import Entry
from training.screens.drawings import DRAWINGS, draw
from training.screens.occluders import COVERED, OCCLUDERS, cover
from training.screens.rescreening import rescreen

Pixels = NDArray[np.uint8]

SCREENS = ("occluded", "not_photographed", "rescreened")
RESCREENED = "display"
CLEAN, FORGED = "clean", "forged"
KINDS = (CLEAN, FORGED, *OCCLUDERS, *DRAWINGS, RESCREENED)

# Between this share and COVERED nobody can say whether a face is covered: left out.
_HARDLY_COVERED = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A crop (224 224 3, uint8, RGB), what was done to it, and which screens it is for."""

    crop: Pixels
    kind: str
    targets: tuple[bool, bool, bool]


def example(
    entries: Sequence[Entry], place: int, kind: str, rng: np.random.Generator
) -> Example | None:
    """Make one from a face; None where the covered share says neither yes nor no."""
    entry = entries[place]
    pixels, landmarks = entry.read(), entry.face.landmarks
    targets = (False, kind in DRAWINGS, kind == RESCREENED)
    if kind in OCCLUDERS:
        donor = entries[int(rng.integers(len(entries)))].read()
        pixels, share = cover(pixels, landmarks, kind, donor, rng)
        if _HARDLY_COVERED < share < COVERED:
            return None
        targets = (share >= COVERED, False, False)
    elif kind in DRAWINGS:
        pixels = draw(pixels, kind, rng)
    elif kind == RESCREENED:
        pixels = rescreen(pixels, rng)
    elif kind == FORGED:
        pixels = forge(pixels, pixels, landmarks, rng).pixels
    worn = Wear.draw(rng).apply([pixels])[0]
    return Example(crop=align(worn, entry.face), kind=kind, targets=targets)


def examples(entries: Sequence[Entry], *, per_face: int, seed: int) -> list[Example]:
    """So many of each face: every second one clean or forged, the others of any kind."""
    made = []
    others = KINDS[2:]
    for place in range(len(entries)):
        rng = np.random.default_rng((seed, place))
        for turn in range(per_face):
            plain = CLEAN if rng.random() < 0.7 else FORGED
            kind = plain if turn % 2 == 0 else str(rng.choice(others))
            one = example(entries, place, kind, rng)
            if one is not None:
                made.append(one)
    return made
