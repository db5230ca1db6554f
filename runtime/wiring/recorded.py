"""Finds what a bundle said of the crops behind a verdict, for the pages that show it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from console.evidence.scored import Recorded
from moderation.errors import InvalidConfiguration, MissingPack
from moderation.fusion import Fusion
from moderation.lineage import ModelIdentity
from moderation.verdict import Verdict
from runtime.settings import Settings
from runtime.wiring.bundles import chosen_bundle, fusions
from storage.ports import MediaStore
from streams.replay.scores import recorded_scores

log = structlog.get_logger()


class RecordedBehind:
    """Implements `console.evidence.scored.RecordedScores` over the media store.

    Bundles are opened when the first page is asked for, and again for a model that is new.
    """

    def __init__(self, settings: Settings, store: MediaStore) -> None:
        self._settings = settings
        self._store = store
        self._fusions: Mapping[ModelIdentity, Fusion] = {}
        self._unknown: set[ModelIdentity] = set()

    async def __call__(self, verdict: Verdict) -> Recorded | None:
        model = verdict.lineage.model
        if verdict.face_pack is None or model is None:
            return None
        fusion = await self._fusion(model)
        if fusion is None:
            return None
        try:
            found = await recorded_scores(self._store, verdict.face_pack, model)
        except MissingPack:
            return None
        return Recorded(scores=found.scores, fusion=fusion) if found else None

    async def _fusion(self, model: ModelIdentity) -> Fusion | None:
        if model not in self._fusions and model not in self._unknown:
            self._fusions = await asyncio.to_thread(self._open)
            self._unknown |= {model} - self._fusions.keys()
        return self._fusions.get(model)

    def _open(self) -> Mapping[ModelIdentity, Fusion]:
        try:
            return fusions(self._settings, chosen_bundle(self._settings))
        except InvalidConfiguration as error:
            log.warning("bundle.unknown", why=str(error))
            return {}
