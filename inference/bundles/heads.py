"""Small networks on features that a detector has already computed; evaluated in NumPy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from inference.bundles.arrays import Arrays, finite, read_arrays
from moderation.errors import InvalidConfiguration, ScorerMismatch

LARGEST_BYTES = 64 * 2**20  # unpacked
MOST_OUTPUTS = 64
OUTPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

Layer = tuple[NDArray[np.float32], NDArray[np.float32]]  # weight (inputs outputs), bias (outputs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Head:
    """A fully connected network: standardised features, ReLU between layers, logits at the end.

    `mean` and `scale` (D) standardise; each of `layers` takes what the one before
    gives; `outputs` names the K logits of the last one.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.layers or not (self.scale > 0).all() or self.mean.shape != self.scale.shape:
            raise InvalidConfiguration("a head needs a layer, and a scale over 0 for each feature")
        width = self.width
        for weight, bias in self.layers:
            if weight.shape != (width, len(bias)):
                raise InvalidConfiguration("the layers of a head do not fit one another")
            width = len(bias)
        if width != len(self.outputs) or len(set(self.outputs)) != width:
            raise InvalidConfiguration(f"a head of {width} logits names {list(self.outputs)}")
        for name in self.outputs:
            if not OUTPUT_NAME.fullmatch(name):
                raise InvalidConfiguration(f"a head's output cannot be called {name!r}")

    @property
    def width(self) -> int:
        """How many features it takes."""
        return len(self.mean)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `mean`, `scale`, `weight_0`, `bias_0`, …, `outputs` from an .npz file.

        Raises:
            InvalidConfiguration: it cannot be read, or holds no head.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InvalidConfiguration(f"{path}: {error.strerror}") from error
        return cls.read(content, of=str(path))

    @classmethod
    def read(cls, content: bytes, *, of: str) -> Self:
        """Read a head from the bytes of an .npz file, which messages call `of`.

        Raises:
            InvalidConfiguration: it cannot be read, or holds no head.
        """
        arrays = read_arrays(content, of=of, largest=LARGEST_BYTES)
        mean = finite(arrays, "mean", shape=(None,), of=of)
        layers, outputs = _layers(arrays, of=of), arrays.get("outputs")
        if outputs is None or outputs.ndim != 1 or outputs.dtype.kind != "U":
            raise InvalidConfiguration(f"{of} does not name its outputs")
        if len(outputs) > MOST_OUTPUTS:
            raise InvalidConfiguration(f"{of}: {len(outputs)} outputs, {MOST_OUTPUTS} is the most")
        known = 3 + 2 * len(layers)
        if len(arrays) != known:
            raise InvalidConfiguration(f"{of} holds {len(arrays)} arrays, {known} make its head")
        try:
            return cls(
                mean=mean,
                scale=finite(arrays, "scale", shape=mean.shape, of=of),
                layers=layers,
                outputs=tuple(str(name) for name in outputs),
            )
        except InvalidConfiguration as error:
            raise InvalidConfiguration(f"{of}: {error}") from error

    def save(self, path: Path) -> None:
        """Write the .npz file that `load` reads."""
        arrays = {"mean": self.mean, "scale": self.scale, "outputs": np.array(self.outputs)}
        for number, (weight, bias) in enumerate(self.layers):
            arrays |= {f"weight_{number}": weight, f"bias_{number}": bias}
        np.savez(path, **arrays)  # type: ignore[arg-type]

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Answer for features (N D, float32) with logits (N K, float32).

        Raises:
            ScorerMismatch: the features are of another width, or far beyond what it was made for.
        """
        if features.ndim != 2 or features.shape[1] != self.width:
            raise ScorerMismatch(f"a head of {self.width} features was given {features.shape}")
        with np.errstate(over="ignore", invalid="ignore"):
            answer = (np.asarray(features, np.float32) - self.mean) / self.scale
            last = len(self.layers) - 1
            for number, (weight, bias) in enumerate(self.layers):
                answer = answer @ weight + bias
                if number < last:
                    answer = np.maximum(answer, 0)
        if not np.isfinite(answer).all():
            raise ScorerMismatch(f"the head of {', '.join(self.outputs)} gives no finite logit")
        return np.asarray(answer, np.float32)


def _layers(arrays: Arrays, *, of: str) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    while f"weight_{len(layers)}" in arrays:
        number = len(layers)
        weight = finite(arrays, f"weight_{number}", shape=(None, None), of=of)
        bias = finite(arrays, f"bias_{number}", shape=(weight.shape[1],), of=of)
        layers.append((weight, bias))
    return tuple(layers)
