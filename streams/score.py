"""Hop 2: a bundle's detectors answer for the crops of a face pack."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.scoring.panel import Answers
from moderation.errors import MissingMedia, MissingPack
from moderation.lineage import ModelIdentity
from moderation.upload import Lane
from storage.ports import MediaStore, OutboundMessage
from streams.messages import SCORED, FacesFound, UploadScored
from streams.recorded import RecordedScores, encode, score_key
from streams.topics import Topics


class Panel(Protocol):
    """All detectors of a bundle: `inference.scoring.panel.Panel`."""

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers: ...


class Beside(Protocol):
    """Who looks at what was scored, too: `streams.shadow.Shadow`."""

    def offer(self, pack: FacePack, scored: UploadScored, answers: Answers) -> None:
        """Take an upload, or leave it, at once; nothing that becomes of it is raised."""
        ...


class Score:
    """Scores an upload's crops by the bundle that is `model`, and keeps what its models said.

    `beside` is offered every upload when its scores are there.
    """

    def __init__(
        self,
        panel: Panel,
        model: ModelIdentity,
        media_store: MediaStore,
        topics: Topics,
        *,
        beside: Beside | None = None,
    ) -> None:
        self._panel = panel
        self._model = model
        self._media_store = media_store
        self._topics = topics
        self._beside = beside

    async def __call__(self, message: FacesFound) -> Sequence[OutboundMessage]:
        """Turn the faces of one upload into its scores.

        Raises:
            Unavailable: the inference server or the media store; try again.
            MissingPack: the face pack is gone or damaged.
        """
        upload = message.upload
        pack = await self._read(message)
        answers = await self._panel.ask(pack, urgent=upload.lane is Lane.LIVE)
        scored = await self._scored(message, pack, answers)
        topic = self._topics.scores(upload.lane)
        at = datetime.now(UTC)
        encoded = SCORED.encode(scored, topic=topic, upload_id=upload.upload_id, at=at)
        if self._beside is not None:
            self._beside.offer(pack, scored, answers)
        return [encoded]

    async def score(self, message: FacesFound, *, urgent: bool) -> UploadScored:
        """Ask the panel and keep its answers; what is not urgent lets everything else go first.

        Raises:
            As when called.
        """
        pack = await self._read(message)
        return await self._scored(message, pack, await self._panel.ask(pack, urgent=urgent))

    async def _scored(self, message: FacesFound, pack: FacePack, answers: Answers) -> UploadScored:
        await self._record(message.face_pack, pack, answers)
        return UploadScored(
            upload=message.upload,
            preprocessing=message.preprocessing,
            media=message.media,
            provenance=message.provenance,
            face_pack=message.face_pack,
            score_pack=await self._keep(message.face_pack, answers),
            tracks=pack.tracks,
            scores=answers.scores,
            track_scores=answers.track_scores,
            model=self._model,
            looks=message.looks,
        )

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

    async def _keep(self, face_pack: str, answers: Answers) -> str:
        """Write logits and embeddings beside the face pack, as NumPy's own .npz.

        By detector: `NAME.logits` (N, float32) and `NAME.embeddings` (N D, float16).
        """
        key = score_key(face_pack, self._model, "npz")
        content = io.BytesIO()
        arrays = {f"{name}.logits": said.logits for name, said in answers.by_model.items()}
        for name, said in answers.by_model.items():
            arrays[f"{name}.embeddings"] = said.embeddings.astype(np.float16)
        np.savez(content, **arrays)  # type: ignore[arg-type]
        await self._media_store.put(key, content.getvalue())
        return key

    async def _record(self, face_pack: str, pack: FacePack, answers: Answers) -> None:
        """Write what a verdict is decided from: another policy needs nothing else."""
        recorded = RecordedScores(
            model=self._model,
            tracks=pack.tracks,
            scores=answers.scores,
            track_scores=answers.track_scores,
        )
        key = score_key(face_pack, self._model, "json")
        await self._media_store.put(key, encode(recorded))
