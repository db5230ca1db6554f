"""Hop 2: the crops of a face pack become logits, in batches shared with other uploads."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from inference import facepack
from inference.calibration import BLENDING, EmbeddingReference
from inference.facepack import FacePack
from inference.ports import CropScores
from moderation.errors import MissingMedia, MissingPack
from moderation.lineage import ModelIdentity
from moderation.scores import CropScore
from moderation.upload import Lane
from storage.ports import MediaStore, OutboundMessage
from streams.messages import SCORED, FacesFound, UploadScored
from streams.topics import Topics


class Scorer(Protocol):
    """Crops of many uploads in, shared batches out: `inference.batching.Batcher`."""

    async def score(self, crops: NDArray[np.uint8], *, urgent: bool) -> CropScores: ...


class Score:
    """Scores an upload's crops, and keeps their embeddings in a score pack."""

    def __init__(
        self,
        scorer: Scorer,
        model: ModelIdentity,
        reference: EmbeddingReference,
        media_store: MediaStore,
        topics: Topics,
    ) -> None:
        self._scorer = scorer
        self._model = model
        self._reference = reference
        self._media_store = media_store
        self._topics = topics

    async def __call__(self, message: FacesFound) -> Sequence[OutboundMessage]:
        """Turn the faces of one upload into its scores.

        Raises:
            Unavailable: the inference server or the media store; try again.
            MissingPack: the face pack is gone or damaged.
        """
        upload = message.upload
        pack = await self._read(message)
        answer = await self._scorer.score(pack.pixels, urgent=upload.lane is Lane.LIVE)
        distances = self._reference.distance(answer.embeddings)
        scored = UploadScored(
            upload=upload,
            preprocessing=message.preprocessing,
            media=message.media,
            provenance=message.provenance,
            face_pack=message.face_pack,
            score_pack=await self._keep(message.face_pack, answer),
            tracks=pack.tracks,
            scores=tuple(
                CropScore(
                    crop=crop,
                    logits={BLENDING: float(logit)},
                    embedding_distance=float(distance),
                )
                for crop, logit, distance in zip(pack.crops, answer.logits, distances, strict=True)
            ),
            model=self._model,
        )
        topic = self._topics.scores(upload.lane)
        at = datetime.now(UTC)
        return [SCORED.encode(scored, topic=topic, upload_id=upload.upload_id, at=at)]

    async def _read(self, message: FacesFound) -> FacePack:
        """Read the face pack, which alone says what its crops are.

        The same media extracted twice write the same object; should the second
        machine's boxes differ in a last digit, they differ together with its pixels.
        """
        try:
            content = await self._media_store.read(message.face_pack)
        except MissingMedia as error:
            raise MissingPack(f"no face pack at {message.face_pack}") from error
        return await asyncio.to_thread(facepack.read, content)

    async def _keep(self, face_pack: str, answer: CropScores) -> str:
        """Write logits and embeddings beside the face pack, as NumPy's own .npz."""
        model = self._model
        key = f"{face_pack.removesuffix('.zip')}.{model.name}-{model.sha256[:12]}.npz"
        content = io.BytesIO()
        np.savez(content, logits=answer.logits, embeddings=answer.embeddings.astype(np.float16))
        await self._media_store.put(key, content.getvalue())
        return key
