"""A shadow over fakes: what it is offered, what it says, and what was written of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from inference.faces.facepack import FacePack
from inference.ports import CropScores
from inference.scoring.panel import Answers
from moderation.fusion import Family, Fusion
from moderation.lineage import ModelIdentity
from moderation.policy import Policy, Rule
from moderation.scores import CropScore
from moderation.thresholds import Thresholds
from monitoring import metrics
from storage.shadow.in_memory import InMemoryShadowScores
from streams.judging import Judge
from streams.shadow import Shadow, ShadowTerms
from streams.shadow_notes import Notes
from tests.builders import CROP, FACTS, MODEL, TRACK

SHADOWED = ModelIdentity(name="newer", version="2", sha256="ef" * 32)
PIXELS = np.full((1, 224, 224, 3), 90, np.uint8)
PACK = FacePack(facts=FACTS, tracks=(TRACK,), crops=(CROP,), pixels=PIXELS, preprocessing="crops-1")
ROOM = PIXELS.nbytes * 10
PLAIN = Fusion(id="none", families=(Family(finds="manipulated", weights={"blending": 1.0}),))
POLICY = Policy(
    name="strict", sha256="ab", rules=(Rule(thresholds=Thresholds(suspect=0.5, fake=0.8)),)
)
TERMS = ShadowTerms(share=1.0, within_seconds=60.0, room_bytes=ROOM)
JUDGE = Judge(POLICY, {MODEL: PLAIN, SHADOWED: PLAIN}, pipeline="1")


def answers(logit: float, seconds: float = 1.0) -> Answers:
    return Answers(
        scores=(CropScore(crop=CROP, logits={"blending": logit}),),
        track_scores=(),
        by_model={
            "blending": CropScores(
                logits=np.array([logit], np.float32), embeddings=np.zeros((1, 4), np.float32)
            )
        },
        seconds=seconds,
    )


class Panel:
    """Says `logit` of everything, when it is let; a failure is raised instead."""

    def __init__(self, logit: float = 3.0, failure: Exception | None = None) -> None:
        self._logit = logit
        self.failure = failure
        self.let = asyncio.Event()
        self.let.set()
        self.urgent: list[bool] = []

    async def ask(self, pack: FacePack, *, urgent: bool) -> Answers:
        self.urgent.append(urgent)
        await self.let.wait()
        if self.failure is not None:
            raise self.failure
        return answers(self._logit, seconds=2.0)


@dataclass(kw_only=True)
class House:
    """A shadow, and what was written of its uploads; those of `uploads` are in the ledger."""

    panel: Panel = field(default_factory=Panel)
    uploads: set[str] = field(default_factory=lambda: {f"u{number}" for number in range(1000)})
    identity: ModelIdentity = SHADOWED

    def __post_init__(self) -> None:
        self.keeping = InMemoryShadowScores(self.uploads)
        self.notes = Notes(self.keeping)
        self.shadow = self.with_terms()
        self._before = counted("SHADOW_IN_HAND")

    def with_terms(self, **changes: object) -> Shadow:
        terms = replace(TERMS, **changes)
        self.shadow = Shadow(self.identity, self.panel, JUDGE, self.notes, terms)
        return self.shadow

    async def look(self) -> None:
        """Let the shadow end all that it took, and write it."""
        async with self.running():
            while counted("SHADOW_IN_HAND") > self._before:  # noqa: ASYNC110  # it is a gauge
                await asyncio.sleep(0)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The shadow at work while the block lasts; then it is stopped, and its notes written."""
        work = asyncio.create_task(self.shadow.run())
        try:
            yield
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            self.shadow.stop()
            await self.notes.flush()

    @property
    def kept(self) -> Mapping[str, str]:
        """How it ended, by upload."""
        return {upload_id: score.outcome for (upload_id, _), score in self.keeping.kept.items()}


def counted(name: str, **labels: str) -> float:
    """How far a counter is."""
    metric = getattr(metrics, name)
    return (metric.labels(**labels) if labels else metric)._value.get()
