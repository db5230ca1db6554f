"""Training faces on disk: pictures with their surroundings, crops, and an index of both."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.derived import CROPS, INDEX, PATCHES
from moderation.tracks import Face

_KEPT = ("label", "method", "source", "group", "path", "crop")
_ORIGIN = ("clip_id", "subject", "data_set")  # empty in faces of a loose manifest
_NUMBERS = ("score", "left", "top", "right", "bottom", *(f"{a}{i}" for i in range(5) for a in "xy"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A face and what surrounds it (H W 3, uint8, RGB); `face` in pixels of the patch.

    `crop` is what serving would score (224 224 3); `row` the line of the manifest.
    """

    pixels: NDArray[np.uint8]
    face: Face
    crop: NDArray[np.uint8]
    row: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the index: a patch still on disk."""

    file: Path
    face: Face
    label: str
    method: str
    source: str
    group: str
    clip: str
    clip_id: str = ""
    subject: str = ""
    data_set: str = ""

    def read(self) -> NDArray[np.uint8]:
        """The patch's pixels (H W 3, uint8, RGB).

        Raises:
            FileNotFoundError: it is gone, or is no picture.
        """
        pixels = cv2.imread(str(self.file), cv2.IMREAD_COLOR)
        if pixels is None:
            raise FileNotFoundError(self.file)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def moved(face: Face, by: tuple[float, float], scale: float) -> Face:
    """The face after a shift (pixels) and then a scaling of the picture."""
    points = (np.array([*face.landmarks]) + by) * scale
    box = (np.array(face.box_xyxy).reshape(2, 2) + by) * scale
    left, top, right, bottom = box.reshape(4).tolist()
    one, two, three, four, five = ((float(x), float(y)) for x, y in points)
    return Face(
        box_xyxy=(left, top, right, bottom),
        landmarks=(one, two, three, four, five),
        detector_score=face.detector_score,
    )


def mirrored(pixels: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.uint8], Face]:
    """Picture and face as in a mirror; landmarks stay in the viewer's order."""
    width = pixels.shape[1]
    left, top, right, bottom = face.box_xyxy
    eye, other_eye, nose, mouth, other_mouth = ((width - x, y) for x, y in face.landmarks)
    there = replace(
        face,
        box_xyxy=(width - right, top, width - left, bottom),
        landmarks=(other_eye, eye, nose, other_mouth, mouth),
    )
    return np.ascontiguousarray(pixels[:, ::-1]), there


def write_patches(folder: Path, patches: Iterable[Patch]) -> int:
    """Write patches as they come; the index and the crops at the end. Returns how many.

    What an earlier run left goes first: its index would name other people's pictures, and a
    withdrawal finds no picture that the index does not name.
    """
    for name in (INDEX, CROPS):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / PATCHES, ignore_errors=True)
    (folder / PATCHES).mkdir(parents=True)
    lines, crops = [], []
    for number, patch in enumerate(patches):
        name = f"{PATCHES}/{number:05d}.jpg"
        # Nearly lossless: compression belongs to the augmentation.
        cv2.imwrite(
            str(folder / name),
            cv2.cvtColor(patch.pixels, cv2.COLOR_RGB2BGR),
            [cv2.IMWRITE_JPEG_QUALITY, 98, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111],
        )
        points = [value for point in patch.face.landmarks for value in point]
        numbers = (patch.face.detector_score, *patch.face.box_xyxy, *points)
        kept = [patch.row[key] for key in _KEPT]
        origin = [patch.row.get(key, "") for key in _ORIGIN]
        lines.append([name, *kept, *(f"{n:.3f}" for n in numbers), *origin])
        crops.append(patch.crop)
    with (folder / INDEX).open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", *_KEPT, *_NUMBERS, *_ORIGIN])
        writer.writerows(lines)
    np.save(folder / CROPS, np.stack(crops))
    return len(lines)


def read_index(folder: Path) -> list[Entry]:
    with (folder / INDEX).open(newline="") as file:
        return [_entry(folder, row) for row in csv.DictReader(file)]


def split_by_group(
    entries: Sequence[Entry], held_out: float, *, seed: int
) -> tuple[list[Entry], list[Entry]]:
    """Training and held-out entries; a group is never in both."""
    groups = sorted({f"{entry.source}/{entry.group}" for entry in entries})
    shuffled = np.random.default_rng(seed).permutation(groups)
    kept_out = set(shuffled[: round(held_out * len(groups))].tolist())
    sides: tuple[list[Entry], list[Entry]] = ([], [])
    for entry in entries:
        sides[f"{entry.source}/{entry.group}" in kept_out].append(entry)
    return sides


def _entry(folder: Path, row: dict[str, str]) -> Entry:
    score, *numbers = (float(row[key]) for key in _NUMBERS)
    left, top, right, bottom = numbers[:4]
    one, two, three, four, five = zip(numbers[4::2], numbers[5::2], strict=True)
    return Entry(
        file=folder / row["file"],
        face=Face(
            box_xyxy=(left, top, right, bottom),
            landmarks=(one, two, three, four, five),
            detector_score=score,
        ),
        label=row["label"],
        method=row["method"],
        source=row["source"] or row["method"],
        group=row["group"],
        clip=f"{row['path']}#{row['crop']}",
        **{key: row.get(key) or "" for key in _ORIGIN},
    )
