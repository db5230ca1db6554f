"""Which weights a model of the repository has: its SHA-256, as written in its configurations.

A client of Triton can ask for a model's configuration, not for its files. So the
SHA-256 of the weights is a parameter there. A parameter can drift, so nothing
trusts it alone: a bundle whose manifest pins other weights is refused, and
`model.py` refuses to load them. Writing a manifest writes it
(`inference.bundles.writing`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from moderation.errors import ScorerMismatch
from moderation.lineage import ModelIdentity

PARAMETER = "weights_sha256"

_WRITTEN = re.compile(rf'(key: "{PARAMETER}" value: \{{ string_value: ")([0-9a-f]*)(")')


def weights_file(model_dir: Path, version: str = "1") -> Path:
    return model_dir / version / "model.onnx"


def weights_sha256(model_dir: Path, version: str = "1") -> str:
    """SHA-256 of the weights, in hexadecimal.

    Raises:
        ScorerMismatch: the model has no weights.
    """
    try:
        return hashlib.sha256(weights_file(model_dir, version).read_bytes()).hexdigest()
    except OSError as error:
        raise ScorerMismatch(f"{model_dir.name}: weights cannot be read: {error}") from error


def identify_weights(model_dir: Path, version: str = "1") -> ModelIdentity:
    """Raises: ScorerMismatch, when the model has no weights."""
    return ModelIdentity(
        name=model_dir.name, version=version, sha256=weights_sha256(model_dir, version)
    )


def configurations(model_dir: Path) -> list[Path]:
    return [model_dir / "config.pbtxt", *sorted((model_dir / "configs").glob("*.pbtxt"))]


def stamp(model_dir: Path) -> str:
    """Write the SHA-256 of the newest weights into every configuration, and return it.

    The newest: unless a configuration has another policy, Triton serves that version alone.

    Raises:
        ScorerMismatch: the model has no weights.
    """
    versions = [path.name for path in model_dir.iterdir() if path.name.isdigit()]
    sha256 = weights_sha256(model_dir, max(versions, key=int, default="1"))
    for configuration in configurations(model_dir):
        text = configuration.read_text()
        configuration.write_text(_WRITTEN.sub(rf"\g<1>{sha256}\g<3>", text))
    return sha256
