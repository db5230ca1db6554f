"""Shadow scores in memory: every one is counted anew."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from moderation.shadow import ShadowOutcome, ShadowScore, Tally
from storage.shadow.ports import ShadowFilter


class InMemoryShadowScores:
    """Implements `storage.shadow.ports.ShadowKeeping` and `ShadowReading`; `uploads` are known."""

    def __init__(self, uploads: Container[str]) -> None:
        self._uploads = uploads
        self.kept: dict[tuple[str, str], ShadowScore] = {}

    async def keep(self, scores: Sequence[ShadowScore]) -> set[str]:
        for score in scores:
            key = (score.upload_id, score.shadow.sha256)
            before = self.kept.get(key)
            scored_before = before is not None and before.outcome is ShadowOutcome.SCORED
            if score.upload_id in self._uploads and not scored_before:
                self.kept[key] = score
        return {score.upload_id for score in scores if score.upload_id not in self._uploads}

    async def tallies(self, which: ShadowFilter) -> list[Tally]:
        found: dict[tuple[object, ...], Tally] = {}
        for score in self._meant(which):
            one = _tally(score)
            end = (one.serving, one.shadow, one.outcome, one.labels, one.actions)
            before = found.get(end)
            found[end] = _sum(before, one) if before else one
        return list(found.values())

    async def flipped(self, which: ShadowFilter, *, limit: int) -> list[ShadowScore]:
        flipped = [score for score in self._meant(which) if _flipped(score)]
        flipped.sort(key=lambda score: score.upload_id)
        flipped.sort(key=lambda score: score.drawn_at, reverse=True)
        return flipped[:limit]

    def _meant(self, which: ShadowFilter) -> list[ShadowScore]:
        return [
            score
            for score in self.kept.values()
            if score.tenant in which.tenants
            and (which.since is None or score.drawn_at >= which.since)
            and (which.until is None or score.drawn_at < which.until)
        ]


def _tally(score: ShadowScore) -> Tally:
    serving, shadow = score.by_serving, score.by_shadow
    return Tally(
        serving=score.serving,
        shadow=score.shadow,
        outcome=score.outcome,
        labels=(serving.label, shadow.label) if serving and shadow else None,
        actions=(serving.action, shadow.action) if serving and shadow else None,
        uploads=1,
        serving_seconds=serving.seconds if serving else 0.0,
        shadow_seconds=shadow.seconds if shadow else 0.0,
    )


def _sum(first: Tally, second: Tally) -> Tally:
    return replace(
        first,
        uploads=first.uploads + second.uploads,
        serving_seconds=first.serving_seconds + second.serving_seconds,
        shadow_seconds=first.shadow_seconds + second.shadow_seconds,
    )


def _flipped(score: ShadowScore) -> bool:
    serving, shadow = score.by_serving, score.by_shadow
    return serving is not None and shadow is not None and serving.label is not shadow.label
