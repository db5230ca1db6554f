"""Puts a bundle together from what training made: `python -m training.bundle --help`.

Without a calibration it is a draft: its detectors can be asked, and their probabilities
mean nothing yet.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

import openvino
import yaml

from benchmarks.baselines import MIX
from benchmarks.results import Results, read_results
from datasets.licences import Used, check_faces
from inference.bundles.bundle import Bundle
from inference.bundles.calibration import read_fusion
from inference.bundles.manifest import (
    Code,
    DataSet,
    Detector,
    HeadDetector,
    Manifest,
    ModelDetector,
    Reference,
    Screen,
    TrackDetector,
)
from inference.bundles.manifest_file import FILE_NAME
from inference.bundles.writing import lay_out_model, write_manifest
from inference.faces.transitions import FEATURES
from moderation.errors import InvalidConfiguration
from moderation.fusion import Family, Fusion
from training.blending.pairs import CONFIG
from training.fuse import written

NAME = "veriscope-faces"
FALSE_FLAG_RATES = (0.01, 0.02, 0.05, 0.1)
MODELS = {"blending": "face_blending", "generation": "face_generation"}
FINDS = {"blending": "manipulated", "generation": "generated", "transitions": "manipulated"}


def embedding_width(weights: bytes) -> int:
    """How many values the output `embedding` of an ONNX file has."""
    output = openvino.Core().read_model(weights).output("embedding")
    return int(output.partial_shape[1].get_length())


def lay_out(folder: Path, models: Mapping[str, Path], heads: Mapping[str, Path]) -> list[Detector]:
    """Write models and heads into a bundle's folder; returns the detectors that they are."""
    detectors: list[Detector] = []
    for name, file in models.items():
        weights = file.read_bytes()
        width = embedding_width(weights)
        lay_out_model(folder, model=MODELS[name], weights=weights, embedding=width)
        detectors.append(
            ModelDetector(name=name, finds=FINDS[name], model=MODELS[name], embedding=width)
        )
    (folder / "heads").mkdir(parents=True, exist_ok=True)
    for name, file in heads.items():
        if name != "screens" and name not in FINDS:
            raise InvalidConfiguration(f"{file}: a head is called screens, {', '.join(FINDS)}")
        shutil.copyfile(file, folder / "heads" / f"{name}.npz")
        path = f"heads/{name}.npz"
        if name == "transitions":
            detectors.append(
                TrackDetector(name=name, finds=FINDS[name], head=path, features=FEATURES)
            )
        elif name != "screens":
            detectors.append(HeadDetector(name=name, finds=FINDS[name], head=path, of="blending"))
    return detectors


def draft_fusion(detectors: Sequence[Detector]) -> Fusion:
    """One detector a family, its logit as it comes: the first that finds it."""
    first: dict[str, str] = {}
    for detector in detectors:
        first.setdefault(detector.finds, detector.name)
    families = tuple(Family(finds=finds, weights={name: 1.0}) for finds, name in first.items())
    return Fusion(id="draft", families=families)


def thresholds(fusion: Fusion) -> dict[str, float | None]:
    """From which probability on to flag, by the false-flag rate that it keeps."""
    found = {str(rate): fusion.threshold(rate) for rate in FALSE_FLAG_RATES}
    return {rate: round(at, 4) if isfinite(at) else None for rate, at in found.items()}


def figures(results: Results) -> dict[str, dict[str, float | int | str | None]]:
    """The comparisons of a results file as a manifest's metrics; what cannot be said is None.

    `trivial` is the best single score, as everywhere: what is asked does not count the mix.
    """
    return {
        one.name: {
            "auc": _rounded(one.metrics["auc"].value),
            "low": _rounded(one.metrics["auc"].low),
            "high": _rounded(one.metrics["auc"].high),
            "trivial": _rounded(
                max((area for name, area in one.trivial.items() if name != MIX), default=None)
            ),
            "forged": one.counts.forged,
            "real": one.counts.real,
        }
        for one in results.comparisons
    }


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)


def data_sets(folders: Sequence[Path], allow: Sequence[str]) -> tuple[DataSet, ...]:
    """What the faces in some folders were made of; of what is in several, the largest part.

    Raises:
        NotLicensed: they are not faces to train on.
    """
    found: dict[tuple[str, str, str], Used] = {}
    for one in (used for folder in folders for used in check_faces(folder, allow=allow)):
        key = (one.name, one.version, one.licence)
        if key not in found or found[key].faces < one.faces:
            found[key] = one
    return tuple(DataSet(**found[key].entry()) for key in sorted(found))  # type: ignore[arg-type]


def _empty(folder: Path) -> None:
    """Begin with an empty folder: whatever lies in it would be pinned, too.

    Raises:
        InvalidConfiguration: it holds something that is no bundle.
    """
    if folder.exists():
        if any(folder.iterdir()) and not (folder / FILE_NAME).is_file():
            raise InvalidConfiguration(f"{folder} holds something that is no bundle: name another")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


def _commit() -> str:
    said = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stdout.strip()


def assemble(chosen: argparse.Namespace) -> Bundle:
    """Write the folder and its manifest.

    Raises:
        InvalidConfiguration: the parts do not make a bundle.
    """
    folder: Path = chosen.out
    _empty(folder)
    heads = {file.stem: file for file in chosen.heads}
    models = {"blending": chosen.blending}
    if chosen.generation:
        models["generation"] = chosen.generation
    detectors = lay_out(folder, models, heads)
    if chosen.calibration:
        fusion = read_fusion(chosen.calibration.read_bytes(), of=str(chosen.calibration))
        shutil.copyfile(chosen.calibration, folder / "calibration.json")
    else:
        fusion = draft_fusion(detectors)
        (folder / "calibration.json").write_text(written(fusion, []) + "\n")
    shutil.copyfile(chosen.reference, folder / "reference.npz")
    (folder / "card.md").write_text("".join(part.read_text() for part in chosen.card))
    learned_from = data_sets(chosen.data, chosen.allow_licence)
    config: dict[str, Any] = yaml.safe_load(chosen.config.read_text())
    manifest = Manifest(
        name=NAME,
        version=chosen.version,
        created=datetime.now(UTC).date(),
        code=Code(version=version("veriscope"), commit=_commit()),
        seed=config["seed"],
        detectors=tuple(detectors),
        screens=(Screen(head="heads/screens.npz", of="blending"),) if "screens" in heads else (),
        reference=Reference(file="reference.npz", of="blending"),
        data_sets=learned_from,
        thresholds=thresholds(fusion),
        metrics={k: v for file in chosen.results for k, v in figures(read_results(file)).items()},
    )
    return write_manifest(folder, manifest)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blending", type=Path, required=True, help="its model.onnx")
    parser.add_argument("--generation", type=Path, help="model.onnx, where it is no head")
    parser.add_argument("--heads", type=Path, nargs="*", default=[], help="named as they answer")
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--calibration", type=Path, help="without it: a draft")
    parser.add_argument("--results", type=Path, nargs="*", default=[], help="of bench measure")
    parser.add_argument(
        "--card", type=Path, nargs="+", required=True, help="Markdown, for people, part by part"
    )
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True,
        help="folders that say by licences.json what was learned from",
    )  # fmt: skip
    parser.add_argument("--allow-licence", action="append", default=[])
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--version", required=True)
    parser.add_argument("--out", type=Path, required=True)
    bundle = assemble(parser.parse_args(arguments))
    print(f"{bundle.folder}: {bundle.manifest.title}, {bundle.identity.sha256}")


if __name__ == "__main__":
    main(sys.argv[1:])
