"""Which crops the detector of generated faces learns from, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.patches import CROPS, Entry, read_index, split_by_group

GENERATED = ("stylegan256_140k", "stylegan2_tpdne", "stable_diffusion_2.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Crops (N 224 224 3, uint8, RGB) of one kind, drawn by `chances` (N, sum 1)."""

    crops: NDArray[np.uint8]
    chances: NDArray[np.float64]

    @classmethod
    def evenly(cls, crops: NDArray[np.uint8], entries: Sequence[Entry]) -> Pool:
        """Half way between every crop and every method being as likely."""
        if not entries:
            return cls(crops=crops, chances=np.zeros(0))
        methods, of = np.unique([entry.method for entry in entries], return_inverse=True)
        counts = np.bincount(of)
        chances = 0.5 / len(entries) + 0.5 / (len(methods) * counts[of])
        return cls(crops=crops, chances=chances)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Both kinds: what is trained on, and crops (N 224 224 3) of groups that are not."""

    real: Pool
    generated: Pool
    other_real: NDArray[np.uint8]
    other_generated: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which faces are meant; see config.yaml."""

    seed: int
    held_out: float
    smallest_face: float
    leave_out: str = ""

    def read(self, reals: Path, generated: Path) -> Faces:
        """Faces from what `training.faces` wrote, once of real and once of generated ones.

        Generated faces are never enlarged, so real ones that are would tell the classes apart.

        Raises:
            ValueError: there is none of a kind.
        """
        real, other_real = self._part(
            reals, lambda entry: entry.label == "real" and _side(entry) >= self.smallest_face
        )
        methods = frozenset(GENERATED) - {self.leave_out}
        fake, other_fake = self._part(generated, lambda entry: entry.method in methods)
        for kind, pool in (("real", real), ("generated", fake)):
            if not len(pool.crops):
                raise ValueError(f"there is no {kind} face to learn from")
        return Faces(real=real, generated=fake, other_real=other_real, other_generated=other_fake)

    def _part(
        self, folder: Path, wanted: Callable[[Entry], bool]
    ) -> tuple[Pool, NDArray[np.uint8]]:
        entries, crops = read_index(folder), np.load(folder / CROPS, mmap_mode="r")
        place_of = {entry.file: place for place, entry in enumerate(entries)}
        chosen = [entry for entry in entries if wanted(entry)]
        used, other = split_by_group(chosen, self.held_out, seed=self.seed)
        places, others = ([place_of[entry.file] for entry in side] for side in (used, other))
        return Pool.evenly(np.asarray(crops[places]), used), np.asarray(crops[others])


def _side(entry: Entry) -> float:
    left, top, right, bottom = entry.face.box_xyxy
    return max(right - left, bottom - top)
