"""Pairs for training: a real face and its forged twin, both as serving would show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.faces.crops import align
from moderation.tracks import Face
from training.augmentation import Wear, alter
from training.blending.forging import Mask, face_shape, forge, put_on
from training.blending.variation import varied
from training.patches import Entry, mirrored, moved

CONFIG = Path(__file__).with_name("config.yaml")

SEAM_SIDE = 28  # positions a side; the network compares at the size of its own features

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSettings:
    """How pairs are made.

    `donor_share`: how often the pasted face is another person's.
    `donors_looked_at`: of so many drawn faces the one that looks the same way is pasted.
    `smallest_box`, `largest_box`: the face's side in pixels at which it is forged.
    `jitter`: how far a detector's box may be off, as a share of its side.
    """

    donor_share: float = 0.25
    donors_looked_at: int = 16
    smallest_box: float = 70
    largest_box: float = 200
    jitter: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """A real and a forged picture (each H W 3, uint8, RGB), and the face in both.

    `mask` (H W, float32, 0 to 1) is what was pasted.
    """

    real: Pixels
    forged: Pixels
    face: Face
    mask: Mask


class Pairs:
    """A real crop and its twin (224 224 3 each) for a place in an epoch; the same every time."""

    def __init__(self, entries: Sequence[Entry], settings: PairSettings, *, seed: int) -> None:
        self._entries = entries
        self._settings = settings
        self._seed = seed

    def __len__(self) -> int:
        return len(self._entries)

    def pair(self, epoch: int, index: int) -> tuple[Pixels, Pixels]:
        """Real and forged crop (each 224 224 3, uint8, RGB), worn alike."""
        twins = self.pictures(epoch, index)
        return align(twins.real, twins.face), align(twins.forged, twins.face)

    def example(self, epoch: int, index: int) -> tuple[Pixels, Pixels, Mask]:
        """As `pair`, and where the seam lies (SEAM_SIDE SEAM_SIDE, float32, 0 to 1)."""
        twins = self.pictures(epoch, index)
        mask = np.repeat(np.asarray(255 * twins.mask, np.uint8)[..., None], 3, axis=2)
        seam = seam_map(align(mask, twins.face)[..., 0])
        return align(twins.real, twins.face), align(twins.forged, twins.face), seam

    def pictures(self, epoch: int, index: int) -> Twins:
        """A real picture and its forged twin, worn alike."""
        rng = np.random.default_rng((self._seed, epoch, index))
        pixels, face = varied(*self._sized(self._entries[index], rng), rng)
        target, source = pixels, pixels
        donated = rng.random() < self._settings.donor_share
        if donated:
            source = self._donated(pixels, face, rng)
        if rng.random() < 0.5:
            source = alter(source, rng)
        else:
            target = alter(target, rng)
        forgery = forge(source, target, face.landmarks, rng, donated=donated)
        real, twin = Wear.draw(rng).apply([target, forgery.pixels])
        detected = self._as_detected(face, rng)
        return Twins(real=real, forged=twin, face=detected, mask=forgery.mask)

    def _sized(self, entry: Entry, rng: np.random.Generator) -> tuple[Pixels, Face]:
        """The patch, mirrored or not, at a drawn resolution (never enlarged)."""
        pixels, face = entry.read(), entry.face
        if rng.random() < 0.5:
            pixels, face = mirrored(pixels, face)
        side = _longer_side(face)
        settings = self._settings
        wanted = np.exp(rng.uniform(np.log(settings.smallest_box), np.log(settings.largest_box)))
        if wanted >= side:
            return pixels, face
        scale = float(wanted / side)
        reduced = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(reduced, np.uint8), moved(face, (0, 0), scale)

    def _donated(self, target: Pixels, face: Face, rng: np.random.Generator) -> Pixels:
        drawn = rng.integers(len(self._entries), size=self._settings.donors_looked_at)
        shape = face_shape(face.landmarks)
        donor = min(
            (self._entries[int(place)] for place in drawn),
            key=lambda entry: float(np.abs(face_shape(entry.face.landmarks) - shape).sum()),
        )
        return put_on(donor.read(), donor.face.landmarks, target, face.landmarks)

    def _as_detected(self, face: Face, rng: np.random.Generator) -> Face:
        """The face as a detector that is a little off would box it."""
        left, top, right, bottom = face.box_xyxy
        off = rng.uniform(-1, 1, 4) * self._settings.jitter * _longer_side(face)
        box = (left + off[0], top + off[1], right + off[2], bottom + off[3])
        return replace(face, box_xyxy=box)


def seam_map(mask: Pixels) -> Mask:
    """Where a pasted part (H W, 0 to 255) ends: 1 on the seam, 0 far inside and outside.

    Four times the mask times what it leaves (Li et al., "Face X-ray", CVPR 2020), widened so
    that a sharp seam does not vanish when it is reduced.
    """
    share = mask.astype(np.float32) / 255
    seam = cv2.dilate(4 * share * (1 - share), np.ones((5, 5), np.uint8))
    reduced = cv2.resize(seam, (SEAM_SIDE, SEAM_SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(np.clip(reduced, 0, 1), np.float32)


def _longer_side(face: Face) -> float:
    left, top, right, bottom = face.box_xyxy
    return max(right - left, bottom - top)
