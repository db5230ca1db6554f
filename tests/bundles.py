"""Makes whole bundles of tiny networks, for tests to spoil."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from inference.bundles.bundle import Bundle
from inference.bundles.heads import Head
from inference.bundles.manifest import (
    Code,
    DataSet,
    HeadDetector,
    Manifest,
    ModelDetector,
    Reference,
    Screen,
    TrackDetector,
)
from inference.bundles.writing import lay_out_model, write_manifest
from inference.faces.transitions import NAMES as FEATURES
from tests.tiny_network import tiny_network

WIDTH = 4
SCREENS = ("occluded", "rescreened")

BLENDING = ModelDetector(
    name="blending", finds="manipulated", model="face_blending", embedding=WIDTH
)
SEAMS = ModelDetector(name="seams", finds="manipulated", model="seams", embedding=WIDTH + 1)
GENERATION = HeadDetector(
    name="generation", finds="generated", head="heads/generation.npz", of="blending"
)
TRANSITIONS = TrackDetector(name="transitions", finds="manipulated", head="heads/transitions.npz")
SCREEN = Screen(head="heads/screens.npz", of="blending")


def described(**changes: object) -> Manifest:
    whole = Manifest(
        name="test-faces",
        version="1",
        created=date(2026, 11, 22),
        code=Code(version="0.1.0"),
        seed=1,
        detectors=(BLENDING,),
        reference=Reference(file="reference.npz", of="blending"),
        data_sets=(DataSet(name="ytfaces", licence="research use", faces=1496),),
        thresholds={"0.01": 0.97, "0.05": 0.88},
        metrics={"deepfacelive": {"auc": 0.7, "low": 0.5, "high": 0.8}},
    )
    return replace(whole, **changes)


def lay_out(folder: Path, manifest: Manifest, *, slopes: Sequence[float] = (8.0, -8.0)) -> None:
    """Write the files of a bundle; each model's logit rises with brightness by its slope."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "card.md").write_text(f"# {manifest.title}\n\nMade for tests.\n")
    for detector, slope in zip(manifest.models, slopes, strict=False):
        network = tiny_network(embedding=detector.embedding, slope=slope, offset=-slope / 2)
        lay_out_model(folder, model=detector.model, weights=network, embedding=detector.embedding)
    for head in manifest.heads:
        save_head(folder / head.head, head.name)
    for track in manifest.over_tracks:
        save_head(folder / track.head, track.name, width=len(FEATURES))
    for screen in manifest.screens:
        save_head(folder / screen.head, *SCREENS)
    if manifest.reference is not None:
        save_reference(folder / manifest.reference.file)
    write_calibration(folder, manifest)


def make_bundle(
    folder: Path, *, slopes: Sequence[float] = (8.0, -8.0), **changes: object
) -> Bundle:
    """A whole bundle in a folder: what `described` says, with changes."""
    manifest = described(**changes)
    lay_out(folder, manifest, slopes=slopes)
    return write_manifest(folder, manifest)


def save_head(path: Path, *outputs: str, width: int = WIDTH) -> None:
    """A head whose logits all are the mean of the features."""
    path.parent.mkdir(exist_ok=True)
    weight = np.full((width, len(outputs)), 1 / width, np.float32)
    Head(
        mean=np.zeros(width, np.float32),
        scale=np.ones(width, np.float32),
        layers=((weight, np.zeros(len(outputs), np.float32)),),
        outputs=outputs,
    ).save(path)


def save_reference(path: Path, width: int = WIDTH) -> None:
    """A cloud around 0; the distance is the first value of an embedding, made positive."""
    np.savez(
        path,
        mean=np.zeros(width, np.float32),
        components=np.eye(1, width, dtype=np.float32),
        scales=np.ones(1, np.float32),
        percentile_99=np.float32(1.0),
    )


def write_calibration(folder: Path, manifest: Manifest, **changes: object) -> None:
    """Every detector weighs 1 in its family."""
    families = [
        {"finds": finds, "weights": {d.name: 1.0 for d in manifest.detectors if d.finds == finds}}
        for finds in dict.fromkeys(detector.finds for detector in manifest.detectors)
    ]
    written = {"id": "fusion-1", "families": families, "temperature": 1.0, "bias": 0.0}
    (folder / manifest.calibration).write_text(json.dumps(written | changes))
