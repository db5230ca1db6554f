"""Reads the layers of a network that Keras 2 saved as HDF5 (`save_weights`)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import h5py  # type: ignore[import-untyped]
import numpy as np
from numpy.typing import NDArray

from moderation.errors import InvalidConfiguration

MOST_LAYERS = 1000
MOST_VALUES = 2**24
PATIENCE = 60.0  # seconds for what takes one

# "conv2d_12" is the 12th of its kind that was made; tf.keras calls the first one "conv2d".
_NAME = re.compile(r"(?P<kind>[a-z0-9_]*?[a-z]2d|[a-z_]*[a-z])(?:_(?P<number>\d{1,4}))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasLayer:
    """A layer of a kind (`conv2d`, `dense`, …), and its weights in Keras' order and layout."""

    kind: str
    number: int
    weights: tuple[NDArray[np.float32], ...]


def read_layers(path: Path) -> list[KerasLayer]:
    """All layers, those of a kind in the order in which they were made.

    The file lists layers by their depth in the graph, so branches stand interleaved; the
    number in a name tells the order of the code that built it. It is read by a process of
    its own: on damaged files HDF5's library was seen to crash, and to go on for ever.

    Raises:
        InvalidConfiguration: the file is none of Keras', or damaged.
    """
    if not path.is_file():
        raise InvalidConfiguration(f"{path}: there is no such file")
    command = [sys.executable, "-m", __name__, str(path.resolve())]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=True)
        with np.load(BytesIO(ended.stdout), allow_pickle=False) as arrays:
            return _gathered(arrays)
    except (subprocess.SubprocessError, ValueError, EOFError, BadZipFile) as error:
        raise InvalidConfiguration(f"{path} is no HDF5 file of Keras' weights") from error


def _gathered(arrays: Mapping[str, NDArray[np.float32]]) -> list[KerasLayer]:
    """Layers from arrays called "KIND NUMBER PLACE"."""
    weights: dict[tuple[str, int], dict[int, NDArray[np.float32]]] = {}
    for name, values in arrays.items():
        kind, number, place = name.split()
        weights.setdefault((kind, int(number)), {})[int(place)] = values
    return [
        KerasLayer(kind=kind, number=number, weights=tuple(w for _, w in sorted(held.items())))
        for (kind, number), held in sorted(weights.items())
    ]


def _print(path: Path) -> None:
    """Write the weights to the standard output, as an .npz file."""
    arrays: dict[str, Any] = {}
    with h5py.File(path, "r") as file:
        group = file.get("model_weights", file)
        for name in [_text(name) for name in group.attrs["layer_names"]][:MOST_LAYERS]:
            layer = _layer(group, name)
            for place, values in enumerate(layer.weights):
                arrays[f"{layer.kind} {layer.number} {place}"] = values
    content = BytesIO()
    np.savez(content, **arrays)
    sys.stdout.buffer.write(content.getvalue())


def _layer(group: h5py.Group, name: str) -> KerasLayer:
    matched = _NAME.fullmatch(name)
    if matched is None:
        raise ValueError(name)
    held = group[name]
    weights = tuple(_values(held, _text(weight)) for weight in held.attrs["weight_names"])
    return KerasLayer(kind=matched["kind"], number=int(matched["number"] or 0), weights=weights)


def _values(held: h5py.Group, name: str) -> NDArray[np.float32]:
    data = held[name]
    # an HDF5 file can point at other files, which are none of the checkpoint
    if not isinstance(data, h5py.Dataset) or data.is_virtual or data.external:
        raise ValueError(name)
    if data.file.filename != held.file.filename or data.size > MOST_VALUES:
        raise ValueError(name)
    values = np.asarray(data[()], np.float32)
    if not np.isfinite(values).all():
        raise ValueError(name)
    return values


def _text(name: bytes | str) -> str:
    return name.decode("ascii") if isinstance(name, bytes) else str(name)


if __name__ == "__main__":
    _print(Path(sys.argv[1]))
