"""A scorer whose answers count only while its server has the weights that were agreed on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from inference.ports import CropScorer, CropScores
from moderation.errors import ScorerUnavailable
from moderation.lineage import ModelIdentity


class PinnedScorer:
    """A CropScorer that asks another one after each answer which model it has.

    A server can be started again with another bundle under a worker that runs: names and
    versions are the same then, and only what the answers mean is not. Asked afterwards,
    the question also covers an answer that was given just before the change.
    """

    def __init__(self, scorer: CropScorer, model: ModelIdentity) -> None:
        self._scorer = scorer
        self._model = model

    async def score(self, crops: NDArray[np.uint8]) -> CropScores:
        """Score crops as the scorer does.

        Raises:
            ScorerUnavailable: as the scorer, or it has other weights by now; that ends when
                the server is put back, or the worker is started with what it serves.
        """
        answer = await self._scorer.score(crops)
        served = await self._scorer.identify()
        if served != self._model:
            raise ScorerUnavailable(
                f"{served.name} {served.version} is served with other weights since this worker "
                f"started, {served.sha256[:12]} instead of {self._model.sha256[:12]}: start the "
                "worker again, or Triton with the bundle that it had"
            )
        return answer

    async def identify(self) -> ModelIdentity:
        return await self._scorer.identify()

    async def close(self) -> None:
        await self._scorer.close()
