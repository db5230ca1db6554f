"""Instruments that cost nothing but what the stream itself does with their answers."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.bundles.bundle import Bundle
from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.in_memory import ScriptedExtractor
from inference.ports import CropScores, Extraction
from inference.scoring.panel import Answers
from moderation.looks import Look
from moderation.media import Container, MediaFacts, MediaKind
from moderation.scores import CropScore
from moderation.tracks import Crop, CropQuality, Track
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.in_memory import InMemoryLedger, InMemoryMediaStore
from storage.ports import OutboundMessage

URI = "store:///stub"
MEDIA = b"a picture, as far as anybody asks"
PREPROCESSING = "stub-1"


class EveryUploadAnew:
    """A FaceExtractor that gives each upload media, looks and a pack of its own."""

    def __init__(self, extractor: ScriptedExtractor) -> None:
        self._extractor = extractor

    async def extract(self, media: Path, *, urgent: bool = True) -> Extraction:
        found = await self._extractor.extract(media, urgent=urgent)
        self._extractor.extracted.clear()
        sha256 = uuid.uuid4().hex * 2
        look = Look(pdq=uuid.uuid4().hex * 2, quality=100)
        return replace(found, facts=replace(found.facts, sha256=sha256), looks=(look,))

    async def close(self) -> None:
        await self._extractor.close()


class PackStore(InMemoryMediaStore):
    """Keeps face packs, which are one object here, and forgets what was said of them: what then
    grows with the number of uploads is the stream's.
    """

    async def put(self, key: str, content: bytes | Path | AsyncIterator[bytes]) -> None:
        if key.endswith(".zip"):
            await super().put(key, content)


class ForgetfulLedger(InMemoryLedger):
    """Keeps neither looks nor reviews: the fake goes through all of them for each verdict."""

    async def conclude(
        self,
        upload: Upload,
        verdict: Verdict,
        *,
        publish: Sequence[OutboundMessage],
        looks: Sequence[Look] = (),
    ) -> bool:
        done = await super().conclude(upload, verdict, publish=publish, looks=looks)
        self._memory.looks.seen.clear()
        self._memory.reviews.jobs.clear()
        return done


class PausingPanel:
    """Answers what a bundle's detectors might, after a pause that costs no processor time."""

    def __init__(self, bundle: Bundle, *, seconds: float) -> None:
        self._seconds = seconds
        models, names = bundle.manifest.models, [one.name for one in bundle.manifest.detectors]
        self._logits = dict.fromkeys(names, -2.0)
        self._said = {
            one.name: CropScores(
                logits=np.full(1, -2.0, np.float32),
                embeddings=np.zeros((1, one.embedding), np.float32),
            )
            for one in models
        }

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        scores = tuple(
            CropScore(crop=crop, logits=self._logits, embedding_distance=0.5) for crop in pack.crops
        )
        return Answers(scores=scores, track_scores=(), by_model=self._said)


def extraction() -> Extraction:
    """A picture with one face, as large in a message as most are."""
    facts = MediaFacts(
        sha256="0" * 64,
        size_bytes=len(MEDIA),
        kind=MediaKind.IMAGE,
        container=Container.JPEG,
        codec="jpeg",
        width=640,
        height=640,
        duration_seconds=None,
        frames_sampled=1,
    )
    track = Track(track_id=0, first_seconds=0.0, last_seconds=0.0, frames_seen=1)
    crop = Crop(
        crop_id=0,
        track_id=0,
        at_seconds=0.0,
        box_xyxy=(100.0, 100.0, 260.0, 300.0),
        quality=CropQuality(face_pixels=160, sharpness=300, frontality=0.9, detector_score=0.99),
    )
    pixels = np.full((1, *facepack.CROP_SHAPE), 128, np.uint8)
    pack = FacePack(
        facts=facts, tracks=(track,), crops=(crop,), preprocessing=PREPROCESSING, pixels=pixels
    )
    return Extraction(
        facts=facts,
        tracks=(track,),
        crops=(crop,),
        pack=facepack.write(pack),
        preprocessing=PREPROCESSING,
    )
