"""Makes a bundle: lays models out as Triton wants them, and writes the manifest that pins them.

`python -m inference.bundles.writing FOLDER` pins a bundle anew after one of its files was changed.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

from inference.bundles.bundle import PACKAGED, Bundle, files_of, open_bundle, read_bundle, sha256_of
from inference.bundles.files import write_whole
from inference.bundles.manifest import Manifest
from inference.bundles.manifest_file import FILE_NAME, read_bytes, written
from inference.bundles.weights import configurations, stamp

# Whose configurations and model.py other models are given: both run any network of the contract.
TEMPLATE = PACKAGED / "face_blending"

_NAME = re.compile(r'^name: "[^"]*"', re.MULTILINE)
_WIDTH = re.compile(r'(name: "embedding" data_type: TYPE_FP32 dims: \[ )\d+( \])')


def lay_out_model(folder: Path, *, model: str, weights: bytes, embedding: int) -> Path:
    """Write the folder of one model into a bundle's, from its ONNX file; return it.

    The network takes `crops` and gives `logit` and `embedding`, of so many values, as
    docs/models.md says. Configurations and model.py are those of the packaged model.

    Raises:
        InvalidConfiguration: a packaged file cannot be read.
    """
    model_dir = folder / model
    (model_dir / "1").mkdir(parents=True, exist_ok=True)
    (model_dir / "configs").mkdir(exist_ok=True)
    (model_dir / "1" / "model.onnx").write_bytes(weights)
    (model_dir / "1" / "model.py").write_bytes(read_bytes(TEMPLATE / "1" / "model.py"))
    for configuration in configurations(TEMPLATE):
        text = _NAME.sub(f'name: "{model}"', read_bytes(configuration).decode(), count=1)
        text = _WIDTH.sub(rf"\g<1>{embedding}\g<2>", text)
        (model_dir / configuration.relative_to(TEMPLATE)).write_text(text)
    return model_dir


def write_manifest(folder: Path, manifest: Manifest) -> Bundle:
    """Pin every file in a folder by a manifest, and read the bundle that it now is.

    The SHA-256 of each model's weights is written into its configurations first. What
    `manifest.files` holds is replaced.

    Raises:
        InvalidConfiguration: what is in the folder does not make a bundle; the message says
            which file, and the manifest stays for whoever mends it.
        ScorerMismatch: a model has no weights.
    """
    for detector in manifest.models:
        stamp(folder / detector.model)
    files = {path: sha256_of(file) for path, file in sorted(files_of(folder))}
    write_whole(folder / FILE_NAME, written(replace(manifest, files=files)))
    return read_bundle(folder)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        again = open_bundle(Path(argument))
        print(write_manifest(again.folder, again.manifest).identity)
