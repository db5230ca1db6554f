"""Makes a bundle of a loaded detector: exported, compared with torch, laid out, pinned."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from inference.bundles.bundle import Bundle, sha256_of
from inference.bundles.calibration import CALIBRATION
from inference.bundles.manifest import Code, Finds, Manifest, ModelDetector
from inference.bundles.writing import lay_out_model, write_manifest
from inference.faces.crops import CROP_SIDE
from moderation.errors import InvalidConfiguration
from training.loaders.card import Origin, render
from training.loaders.detector import ForeignDetector
from training.loaders.kinds import KINDS
from training.onnx_graphs import LARGEST_DIFFERENCE, LARGEST_ROUNDING, check, halve, trace

FINDS: Finds = "manipulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """What the bundle is called, and which kind and file it comes from."""

    kind: str
    name: str
    version: str = "1"
    checkpoint: Path
    hub: str = ""


def make_bundle(
    detector: ForeignDetector, naming: Naming, out: Path, *, half: bool = False
) -> Bundle:
    """Write a bundle of one detector, with no calibration, into a new folder.

    With `half` the weights are stored in float16. Nothing is left behind when it fails.

    Raises:
        InvalidConfiguration: the folder is there, the name cannot be used, or the exported
            graph does not answer as torch does.
    """
    if out.exists():
        raise InvalidConfiguration(f"{out} is there already")
    graph, difference = export(detector, half=half)
    weights = graph.SerializeToString()
    origin = Origin(
        file=naming.checkpoint.name,
        sha256=sha256_of(naming.checkpoint),
        hub=naming.hub,
        embedding=detector.embedding,
        megabytes=len(weights) / 1e6,
        difference=difference,
        half=half,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".loading-") as beside:
        folder = Path(beside) / "bundle"
        folder.mkdir()
        manifest = _manifest(naming, detector.embedding)
        card = render(manifest.title, KINDS[naming.kind], origin)
        (folder / manifest.card).write_text(card)
        (folder / CALIBRATION).write_text(json.dumps(_uncalibrated(naming.kind), indent=2) + "\n")
        lay_out_model(folder, model=naming.name, weights=weights, embedding=detector.embedding)
        made = write_manifest(folder, manifest)
        shutil.move(folder, out)
    return Bundle(folder=out, manifest=made.manifest, identity=made.identity)


def export(detector: ForeignDetector, *, half: bool) -> tuple[onnx.ModelProto, float]:
    """The graph, and the largest difference of a logit from what torch says.

    Raises:
        InvalidConfiguration: it is over what is allowed.
    """
    graph = trace(detector)
    try:
        difference = check(detector, graph, _crops(), at_most=LARGEST_DIFFERENCE)
        if half:
            graph = halve(graph)
            difference = check(detector, graph, _crops(), at_most=LARGEST_ROUNDING)
    except ValueError as error:
        raise InvalidConfiguration(f"{error}; nothing was written") from error
    return graph, difference


def _crops() -> NDArray[np.uint8]:
    """Two pictures with slopes, an edge and grain: (2 224 224 3), uint8."""
    noise = np.random.default_rng(0).normal(0, 6, (2, CROP_SIDE, CROP_SIDE, 3))
    rows, columns = np.mgrid[:CROP_SIDE, :CROP_SIDE]
    slopes = np.stack([rows, columns, (rows + columns) / 2], axis=2) * 0.8 + 30
    pictures = np.stack([slopes, 255 - slopes])
    pictures[:, 60:160, 70:150] *= 0.6
    return np.clip(pictures + noise, 0, 255).astype(np.uint8)


def _manifest(naming: Naming, embedding: int) -> Manifest:
    only = ModelDetector(name=naming.kind, finds=FINDS, model=naming.name, embedding=embedding)
    try:
        ours = version("veriscope")
    except PackageNotFoundError:
        ours = "unknown"
    return Manifest(
        name=naming.name,
        version=naming.version,
        created=datetime.now(UTC).date(),
        code=Code(version=ours),
        detectors=(only,),
        data_sets=KINDS[naming.kind].data_sets,
    )


def _uncalibrated(detector: str) -> dict[str, object]:
    """Take the logit as it is, and flag nothing: nobody knows how often that would be wrong."""
    return {
        "id": "uncalibrated",
        "families": [{"finds": FINDS, "weights": {detector: 1.0}, "bias": 0.0}],
        "temperature": 1.0,
        "bias": 0.0,
        "unforged": [],
        "fitted_on": "nothing: calibrate it on your own data",
    }
