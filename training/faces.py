"""Builds faces from the registry or a manifest: `python -m training.faces --help`.

A face is kept with its surroundings at nearly the frame's own resolution, because
forgeries are made in the frame and only then aligned; serving's own detector and
`inference.faces.crops.align` do both here too.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray
from PIL import Image, ImageOps
from tqdm import tqdm

from datasets.derived import Kind, Pointer, register, remove
from datasets.errors import DataSetRefused
from datasets.licences import permitted, write_used
from datasets.looks import UNREADABLE
from datasets.paths import VIDEO_SUFFIXES
from datasets.records import Use
from datasets.regions import part_of
from datasets.registry import DEFAULT_ROOT, Registry
from datasets.rows import Row, from_manifest, from_registry
from inference.faces.crops import MARGIN, align
from inference.faces.mtcnn import MtcnnDetector
from inference.reading.shown import as_shown
from moderation.errors import ModerationError
from moderation.tracks import Face
from training.patches import Patch, moved, read_index, write_patches

FRAMES_OF_A_CLIP = 8
LONGEST_BOX = 200  # pixels; a crop shows a face at 224 / 1.3 = 172
REACH = 1.0  # of the longer side of the box, from its centre to each side of the patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which faces are worth keeping.

    `smallest`: shorter side of the box in pixels; `confidence`: the detector's, 0 to 1;
    `inside`: share of the crop that the frame shows (the rest would be reflected).
    """

    smallest: float = 40
    confidence: float = 0.9
    inside: float = 0.8


def frames_of(path: Path, half: str) -> Iterator[NDArray[np.uint8]]:
    """Frames of an image (one) or a clip (evenly spread), H W 3, uint8, RGB; `half` as in a row."""
    frames = _spread(path) if path.suffix.lower() in VIDEO_SUFFIXES else [_image(path)]
    for frame in frames:
        yield part_of(frame, half)


def _image(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _spread(path: Path) -> Iterator[NDArray[np.uint8]]:
    """As players show them. Decoded twice, once to count: whole clips would be gigabytes."""
    with av.open(path) as container:
        if not container.streams.video:
            raise ValueError("there are no pictures in it")
        count = sum(1 for _ in container.decode(video=0))
    if not count:
        raise ValueError("no frame decodes")
    spread = np.linspace(0, count - 1, FRAMES_OF_A_CLIP + 2)[1:-1].round().astype(int).tolist()
    reformatter = VideoReformatter()
    with av.open(path) as container:
        pixel_shape = container.streams.video[0].sample_aspect_ratio
        for number, frame in enumerate(container.decode(video=0)):
            if number in spread:
                pixels = as_shown(frame, pixel_shape, reformatter)
                yield from [pixels] * spread.count(number)


def best_face(frame: NDArray[np.uint8], detector: MtcnnDetector, wanted: Wanted) -> Face | None:
    """The largest face that is wanted."""
    found = [face for face in detector.detect(frame) if _is_wanted(face, frame, wanted)]
    return max(found, key=lambda face: _longer_side(face), default=None)


def _is_wanted(face: Face, frame: NDArray[np.uint8], wanted: Wanted) -> bool:
    left, top, right, bottom = face.box_xyxy
    large = min(right - left, bottom - top) >= wanted.smallest
    return (
        large and face.detector_score >= wanted.confidence and inside(face, frame) >= wanted.inside
    )


def inside(face: Face, frame: NDArray[np.uint8]) -> float:
    """The share of the crop's square, not turned, that lies in the frame (0 to 1)."""
    height, width = frame.shape[:2]
    left, top, right, bottom = face.box_xyxy
    half = MARGIN * _longer_side(face) / 2
    x, y = (left + right) / 2, (top + bottom) / 2
    seen_x = min(x + half, width) - max(x - half, 0)
    seen_y = min(y + half, height) - max(y - half, 0)
    return max(seen_x, 0) * max(seen_y, 0) / (2 * half) ** 2


def cut_out(frame: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.uint8], Face]:
    """The face's surroundings, reduced when the face is larger than needed, and the face there."""
    left, top, right, bottom = face.box_xyxy
    reach = (0.5 + REACH / 2) * _longer_side(face)
    x, y = (left + right) / 2, (top + bottom) / 2
    height, width = frame.shape[:2]
    x0, x1 = max(int(x - reach), 0), min(int(x + reach) + 1, width)
    y0, y1 = max(int(y - reach), 0), min(int(y + reach) + 1, height)
    patch = np.ascontiguousarray(frame[y0:y1, x0:x1])
    scale = min(LONGEST_BOX / _longer_side(face), 1.0)
    if scale < 1:
        patch = np.asarray(
            cv2.resize(patch, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    return patch, moved(face, (-x0, -y0), scale)


def _longer_side(face: Face) -> float:
    left, top, right, bottom = face.box_xyxy
    return max(right - left, bottom - top)


def patches_of(root: Path, row: dict[str, str], wanted: Wanted) -> list[Patch]:
    """Every face kept from one row of the manifest; none from files that do not open."""
    detector = _detector_of_this_process()
    kept = []
    try:
        for frame in frames_of(root / row["path"], row["crop"]):
            face = best_face(frame, detector, wanted)
            if face is None:
                continue
            pixels, there = cut_out(frame, face)
            kept.append(Patch(pixels=pixels, face=there, crop=align(frame, face), row=row))
    except UNREADABLE as error:
        print(f"{row['path']}: {error}", file=sys.stderr)
    return kept


@cache
def _detector_of_this_process() -> MtcnnDetector:
    return MtcnnDetector(threads=1)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--manifest", type=Path, help="a CSV file beside its media")
    given.add_argument("--dataset", action="append", help="NAME[:VERSION] of the registry")
    parser.add_argument("--root", type=Path, default=DEFAULT_ROOT, help="the registry")
    parser.add_argument("--split", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--skip", nargs="*", default=[], help="methods that are left out")
    parser.add_argument("--inside", type=float, default=Wanted().inside)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--for", dest="purpose", choices=list(Use), default=Use.TRAINING)
    parser.add_argument(
        "--allow-licence",
        action="append",
        default=[],
        metavar="LICENCE",
        help="use what is under this licence (or of this data set; * for any text) all the same",
    )
    parser.add_argument(
        "--licences-only",
        action="store_true",
        help="only write down the licences of faces that were cut out before",
    )
    chosen = parser.parse_args(arguments)
    try:
        extract(chosen)
    except ModerationError as error:
        raise SystemExit(f"training.faces: {error}") from None


def extract(chosen: argparse.Namespace) -> None:
    """Cut out the faces of all rows that may be used so; write down under which licences."""
    rows, use = rows_of(chosen), Use(chosen.purpose)
    permitted((row.material for row in rows), use, chosen.allow_licence)
    if chosen.dataset:
        register(chosen.root, chosen.out, Kind.FACES, {row.facts["data_set"] for row in rows})
    if not chosen.licences_only:
        roots, facts = [row.root for row in rows], [row.facts for row in rows]
        wanted = [Wanted(inside=chosen.inside)] * len(rows)
        with ProcessPoolExecutor(chosen.processes) as pool:
            jobs = pool.map(patches_of, roots, facts, wanted, chunksize=16)
            write_patches(chosen.out, (p for kept in tqdm(jobs, total=len(rows)) for p in kept))
    if chosen.dataset:
        drop_withdrawn(Registry(chosen.root), chosen.out, rows)
    of = {_clip(row.facts): row.material for row in rows}
    entries = read_index(chosen.out)
    if not all((entry.clip, entry.data_set) in of for entry in entries):
        raise DataSetRefused(f"{chosen.out} holds faces of other clips than those asked for")
    faces = [of[entry.clip, entry.data_set] for entry in entries]
    write_used(chosen.out, permitted(faces, use, chosen.allow_licence))


def drop_withdrawn(registry: Registry, out: Path, rows: Sequence[Row]) -> None:
    """Remove faces of whoever withdrew while faces were cut out, which takes minutes."""
    references = {row.facts["data_set"] for row in rows}
    asked = {(row.facts["data_set"], row.facts["clip_id"]) for row in rows}
    stored = [registry.read(reference) for reference in references]
    there = {(one.dataset.reference, clip.clip_id) for one in stored for clip in one.clips}
    remove(Pointer(path=out, kind=Kind.FACES, data_sets=tuple(references)), asked - there)


def _clip(facts: dict[str, str]) -> tuple[str, str]:
    """What `training.patches.Entry` names a clip, and its data set."""
    return f"{facts['path']}#{facts['crop']}", facts["data_set"]


def rows_of(chosen: argparse.Namespace) -> list[Row]:
    """
    Raises:
        ModerationError: the manifest or the registry does not hold what is asked for.
    """
    if chosen.manifest is not None:
        return from_manifest(chosen.manifest, chosen.split, chosen.skip)
    rows = from_registry(Registry(chosen.root), chosen.dataset, chosen.split)
    return [row for row in rows if row.facts["method"] not in chosen.skip]


if __name__ == "__main__":
    main(sys.argv[1:])
