"""Which faces the detector of generated faces learns from, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaving_out import METHOD
from inference.faces.crops import CROP_SIDE, MARGIN, align
from training.patches import CROPS, Entry, read_index, split_by_group

GENERATED = ("stylegan256_140k", "stylegan2_tpdne", "stable_diffusion_2.1")
# Real pictures of the same collection as a generator's, and so of their size and codec: the only
# ones that differ from them in nothing but what is looked for.
BESIDE = {"stylegan256_140k": "ffhq256_140k", "stylegan2_tpdne": "unsplash_real"}
# Real pictures that a generator's are measured against.
AGAINST = {
    "stylegan256_140k": ("ffhq256_140k",),
    "stylegan2_tpdne": ("unsplash_real",),
    "stable_diffusion_2.1": ("unsplash_real", "simswap_inputs"),
}

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Faces (N of S S 3, uint8, RGB; S varies) of one kind, drawn by `chances` (N, sum 1)."""

    faces: Sequence[Pixels]
    chances: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Both kinds: what is trained on, and crops (N 224 224 3) of groups that are not.

    `used_up`: what nothing may be fitted or measured on any more (`benchmarks.leaving_out`).
    `learned`: the faces that are trained on.
    """

    real: Pool
    generated: Pool
    other_real: Pixels
    other_generated: Pixels
    used_up: frozenset[str] = frozenset()
    learned: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which faces are meant; see config.yaml.

    `held_out_of`: faces (`training.faces`) whose held-out groups are held out here, too, for the
    bundle is calibrated on them; None: those of the real faces themselves.
    """

    seed: int
    held_out: float
    smallest_face: float
    beside_share: float
    leave_out: str = ""
    held_out_of: Path | None = None

    def read(self, reals: Path, generated: Path) -> Faces:
        """Faces from what `training.faces` wrote, once of real and once of generated ones.

        Raises:
            ValueError: there is none of a kind.
        """
        methods = frozenset(GENERATED) - {self.leave_out}
        measured = AGAINST.get(self.leave_out, ())
        beside = {BESIDE[one] for one in methods if one in BESIDE} - set(measured)
        split = self.held_out_of or reals
        real, other_real = self._part(reals, split, lambda entry: entry.label == "real")
        near, other_near = self._part(generated, generated, lambda entry: entry.method in beside)
        fake, other_fake = self._part(generated, generated, lambda entry: entry.method in methods)
        for kind, entries in (("real", real), ("generated", fake)):
            if not entries:
                raise ValueError(f"there is no {kind} face to learn from")
        share = self.beside_share if near else 0.0
        return Faces(
            real=Pool(
                faces=[unenlarged(entry) for entry in [*real, *near]],
                chances=np.concatenate([(1 - share) * evenly(real), share * evenly(near)]),
            ),
            generated=Pool(faces=[unenlarged(entry) for entry in fake], chances=evenly(fake)),
            other_real=np.concatenate([other_real, other_near]),
            other_generated=other_fake,
            used_up=_used_up(fake, near),
            learned=(*real, *near, *fake),
        )

    def _part(
        self, folder: Path, split: Path, wanted: Callable[[Entry], bool]
    ) -> tuple[list[Entry], Pixels]:
        """What is learned from, and crops of what is held out of `split`."""
        entries, crops = read_index(folder), np.load(folder / CROPS, mmap_mode="r")
        _, kept_out = split_by_group(read_index(split), self.held_out, seed=self.seed)
        unseen = {(entry.source, entry.group) for entry in kept_out}
        used, others = [], []
        for place, entry in enumerate(entries):
            if not wanted(entry) or _side(entry) < self.smallest_face:
                continue
            if (entry.source, entry.group) in unseen:
                others.append(place)
            else:
                used.append(entry)
        return used, np.asarray(crops[others])


def _used_up(fake: Sequence[Entry], near: Sequence[Entry]) -> frozenset[str]:
    """Generators that were learned from as a whole, of real pictures those that were.

    What is found of such a generator says nothing of others: neither do its pictures that were
    held out, or in which no face was found to learn from.
    """
    named = {f"{METHOD}{entry.method}" for entry in fake}
    return frozenset(named.union(*([entry.group, _clip(entry)] for entry in near)))


def _clip(entry: Entry) -> str:
    """As the registry calls a clip; a group may be called otherwise there, where more ties it."""
    if entry.data_set:
        return f"{entry.data_set.partition(':')[0]}/{entry.clip_id}"
    return entry.clip.removesuffix("#")


def evenly(entries: Sequence[Entry]) -> NDArray[np.float64]:
    """Chances (N) half way between every face and every method being as likely."""
    if not entries:
        return np.zeros(0)
    methods, of = np.unique([entry.method for entry in entries], return_inverse=True)
    counts = np.bincount(of)
    return np.asarray(0.5 / len(entries) + 0.5 / (len(methods) * counts[of]))


def unenlarged(entry: Entry) -> Pixels:
    """The crop as when serving, but of a small face at its own size (S S 3, S at most 224).

    Real faces come in all sizes and generated ones large: enlarged, the real would be the soft.
    """
    left, top, right, bottom = entry.face.box_xyxy
    x, y = (left + right) / 2, (top + bottom) / 2
    half = max(_side(entry), CROP_SIDE / MARGIN) / 2
    square = replace(entry.face, box_xyxy=(x - half, y - half, x + half, y + half))
    shown = min(round(MARGIN * _side(entry)), CROP_SIDE)
    start = (CROP_SIDE - shown) // 2
    crop = align(entry.read(), square)
    return crop[start : start + shown, start : start + shown].copy()


def _side(entry: Entry) -> float:
    left, top, right, bottom = entry.face.box_xyxy
    return max(right - left, bottom - top)
