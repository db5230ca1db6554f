"""Clusters in memory: for tests."""

from __future__ import annotations

from moderation.clusters import review_in_cluster
from moderation.errors import UnknownUpload, VerdictChanged
from moderation.review import ReviewJob
from storage.in_memory import Memory
from storage.looks.cluster_ports import Member
from storage.looks.clusters import distances_around
from storage.looks.in_memory import InMemoryLooks


class InMemoryClusters:
    """Implements `storage.looks.cluster_ports.Clusters`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def members(self, upload_id: str, tenant: str, *, limit: int) -> list[Member]:
        seen = self._memory.looks.seen.get(upload_id)
        if seen is None or seen.tenant != tenant:
            return []
        looks = InMemoryLooks(self._memory.looks)
        distances = await distances_around(looks, upload_id, tenant, seen.sha256, limit)
        found = [self._member(other, distance) for other, distance in distances.items()]
        return [member for member in found if member is not None]

    def _member(self, upload_id: str, distance: int | None) -> Member | None:
        status = self._memory.uploads[upload_id]
        verdict, standing = status.verdict, self._memory.reviews.standing.get(upload_id)
        if verdict is None:
            return None
        return Member(
            upload_id=upload_id,
            tenant=verdict.tenant,
            file_name=status.upload.file_name,
            verdict_id=verdict.verdict_id,
            label=verdict.label,
            action=verdict.action,
            fake_probability=verdict.fake_probability,
            decided_at=verdict.decided_at,
            distance=distance,
            standing=standing.action if standing else None,
        )

    async def hold(
        self, upload_id: str, verdict_id: str, moderator: str, *, token: str
    ) -> ReviewJob:
        reviews = self._memory.reviews
        status = self._memory.uploads.get(upload_id)
        if status is None or status.verdict is None:
            raise UnknownUpload(f"no upload {upload_id} with a verdict is in the ledger")
        for link in reviews.links():
            if (link.decision.moderator, link.decision.token) == (moderator, token):
                return reviews.jobs[link.decision.job_id]
        if status.verdict.verdict_id != verdict_id:
            raise VerdictChanged
        job = review_in_cluster(
            status.verdict,
            [job for job in reviews.jobs.values() if job.upload_id == upload_id],
            reviews.standing.get(upload_id),
            moderator=moderator,
            token=token,
            plan=reviews.plan,
            now=self._memory.clock(),
        )
        reviews.jobs[job.job_id] = job
        return job
