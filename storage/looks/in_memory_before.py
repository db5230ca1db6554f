"""What is known of uploads that were sent before, in memory: for tests."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from moderation.decisions import Decision
from moderation.looks import Look
from moderation.upload import Lane, Upload
from moderation.verdict import Match, MatchKind, Verdict
from storage.in_memory import Memory
from storage.looks.before import closest
from storage.looks.in_memory import SeenMedia


class InMemorySeenBefore:
    """Implements `storage.looks.ports.SeenBefore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def standing(
        self, tenant: str, sha256: str, *, lineages: Collection[str], lanes: Collection[Lane]
    ) -> Verdict | None:
        for upload_id, one in self._memory.looks.seen.items():
            status = self._memory.uploads[upload_id]
            verdict = status.verdict
            if (one.tenant, one.sha256) != (tenant, sha256) or verdict is None:
                continue
            if verdict.lineage.digest in lineages and status.upload.lane in lanes:
                return verdict
        return None

    async def decided(self, upload: Upload, sha256: str, looks: Sequence[Look]) -> list[Match]:
        found = sorted(
            self._matched(upload, sha256, looks),
            key=lambda one: (
                -1 if one[0] is None else one[0],
                -one[1].effective_at.timestamp(),
                one[1].decision_id,
            ),
        )
        return closest(
            Match(
                kind=MatchKind.DECISION,
                decision_id=decision.decision_id,
                action=decision.action,
                distance=distance,
            )
            for distance, decision in found
        )

    def _matched(
        self, upload: Upload, sha256: str, looks: Sequence[Look]
    ) -> Iterator[tuple[int | None, Decision]]:
        standing = self._memory.reviews.standing
        for upload_id, one in self._memory.looks.seen.items():
            if upload_id == upload.upload_id or one.tenant != upload.tenant:
                continue
            decision = standing.get(upload_id)
            if decision is None:
                continue
            if one.sha256 == sha256:
                yield None, decision
                continue
            for distance in _distances(one, looks):
                yield distance, decision


def _distances(one: SeenMedia, looks: Sequence[Look]) -> Iterator[int]:
    for look in looks:
        yield from (look.distance(other) for other in one.looks if look.is_like(other))
