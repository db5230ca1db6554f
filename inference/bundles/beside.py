"""Lays a bundle's models out under names of their own, for one Triton to serve beside another's.

Bundles call their models alike (`face_blending`), and Triton takes a name once.
"""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from google.protobuf import text_format  # type: ignore[import-untyped]
from tritonclient.grpc import model_config_pb2

from inference.bundles.bundle import Bundle
from inference.bundles.manifest import ModelDetector
from moderation.errors import InvalidConfiguration
from moderation.lineage import ModelIdentity

_PREFIX = "shadow."  # no bundle's own model is called so: their names have no dots


def name_beside(detector: ModelDetector) -> str:
    """What a detector's model is called where it is served beside another bundle."""
    return f"{_PREFIX}{detector.model}"


def weights_beside(bundle: Bundle, detector: ModelDetector) -> ModelIdentity:
    """What Triton is to serve for a detector there."""
    return replace(bundle.weights(detector), name=name_beside(detector))


def lay_out_beside(bundle: Bundle, folder: Path) -> None:
    """Write a verified bundle's models into a folder, a second repository for Triton.

    Each is there whole or not at all, and takes the place of one of its name; whatever else
    is in the folder stays.

    Raises:
        InvalidConfiguration: a file cannot be read or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for detector in bundle.manifest.models:
            _lay_out(bundle, detector, folder)
    except OSError as error:
        raise InvalidConfiguration(f"{error.filename or folder}: {error.strerror}") from error


def _lay_out(bundle: Bundle, detector: ModelDetector, folder: Path) -> None:
    name = name_beside(detector)
    place = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder))
    try:
        place.chmod(0o755)  # Triton may run as another user
        for path in bundle.manifest.files:
            model, _, rest = path.partition("/")
            if model == detector.model:
                target = place / rest
                target.parent.mkdir(parents=True, exist_ok=True)
                if target.suffix == ".pbtxt":
                    target.write_text(_renamed(bundle.content(path), name))
                else:
                    shutil.copyfile(bundle.folder / path, target)
        shutil.rmtree(folder / name, ignore_errors=True)
        place.rename(folder / name)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _renamed(configuration: bytes, name: str) -> str:
    """The configuration of a model that is called otherwise and is the same in all else."""
    served = text_format.Parse(configuration.decode(), model_config_pb2.ModelConfig())
    served.name = name
    return str(text_format.MessageToString(served))
