"""Builds tiny data sets for tests: files in the layouts that people have, and records of clips."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from datasets.records import Clip, DataSet, Family, Label
from datasets.registry import Registry


def picture(seed: int, side: int = 96) -> NDArray[np.uint8]:
    """A picture (side side 3, uint8) of soft random cells: unlike that of any other seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (20, 20, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def png(seed: int) -> bytes:
    return encoded(picture(seed))


def encoded(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def put(root: Path, *paths: str) -> Path:
    """Files of different bytes, named as media but holding none: most readers decode nothing."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    return root


def put_json(path: Path, facts: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(facts))


def put_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def real(path: str, **facts: Any) -> Clip:
    return Clip(path=path, label=Label.REAL, family=Family.NONE, **facts)


def fake(path: str, **facts: Any) -> Clip:
    return Clip(path=path, label=Label.FAKE, **{"family": Family.SWAP, "method": "m"} | facts)


def stored(root: Path, media: Path, clips: Sequence[Clip], **facts: Any) -> Registry:
    """A registry with one data set, `faces:1` if nothing else is told."""
    registry = Registry(root)
    told = {"name": "faces", "version": "1", "media_root": media} | facts
    registry.write(DataSet(**told), clips)
    return registry
