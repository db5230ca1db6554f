"""What a bundle's answers mean: logits as one probability, embeddings as distances.

Both were fitted when it was made, and lie in its folder.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

from inference.bundles.arrays import finite, read_arrays
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.fusion import Fusion

CALIBRATION = "calibration.json"


# In a tuple, because an adapter's configuration reaches only what is within its type.
_FUSION: TypeAdapter[tuple[Fusion]] = TypeAdapter(
    tuple[Fusion], config=ConfigDict(extra="forbid", allow_inf_nan=False)
)


def read_fusion(content: bytes, *, of: str) -> Fusion:
    """Read a bundle's calibration, which messages call `of`.

    JSON with the fields of `Fusion`; `fitted_on` may say in words and numbers how it was
    fitted, and is not read.

    Raises:
        InvalidConfiguration: it is damaged, or makes no sense.
    """
    try:
        document = json.loads(content)
        if isinstance(document, dict):
            document.pop("fitted_on", None)
        return _FUSION.validate_python((document,))[0]
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in fault["loc"][1:]) or "calibration"
        raise InvalidConfiguration(f"{of}: {place}: {fault['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidConfiguration(f"{of}: {error}") from error


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EmbeddingReference:
    """Where the embeddings of a model's training crops lie.

    `mean` (D,), `components` (K D, orthonormal rows) and `scales` (K, the training's
    standard deviations along them) describe the cloud; `percentile_99` is the norm
    that one in a hundred training crops exceeds.
    """

    mean: NDArray[np.float32]
    components: NDArray[np.float32]
    scales: NDArray[np.float32]
    percentile_99: float

    def __post_init__(self) -> None:
        if self.components.shape != (*self.scales.shape, *self.mean.shape):
            raise InvalidConfiguration("embedding reference: shapes do not fit")
        if not (self.scales > 0).all() or not self.percentile_99 > 0:
            raise InvalidConfiguration("embedding reference: scales must be over 0")

    @classmethod
    def read(cls, content: bytes, *, of: str) -> Self:
        """Read a reference from the bytes of an .npz file, which messages call `of`.

        Raises:
            InvalidConfiguration: it is damaged, or its parts do not fit.
        """
        arrays = read_arrays(content, of=of)
        mean = finite(arrays, "mean", shape=(None,), of=of)
        scales = finite(arrays, "scales", shape=(None,), of=of)
        shape = (len(scales), len(mean))
        try:
            return cls(
                mean=mean,
                components=finite(arrays, "components", shape=shape, of=of),
                scales=scales,
                percentile_99=float(finite(arrays, "percentile_99", shape=(), of=of)),
            )
        except InvalidConfiguration as error:
            raise InvalidConfiguration(f"{of}: {error}") from error

    def distance(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """How far embeddings (N D) lie from the training's: (N,), 1 is its 99th percentile.

        Mahalanobis distance within the kept components.

        Raises:
            ScorerMismatch: the embeddings are of another width.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != len(self.mean):
            raise ScorerMismatch(
                f"embeddings are {embeddings.shape}, the reference has {len(self.mean)} values"
            )
        whitened = (embeddings - self.mean) @ self.components.T / self.scales
        return np.asarray(np.linalg.norm(whitened, axis=1) / self.percentile_99, np.float32)
