"""Reviews of what stands already, kept in memory: for tests."""

from __future__ import annotations

from moderation.appeals import appeal, check_appeal, reopening
from moderation.errors import NothingToAppeal, UnknownUpload
from moderation.review import ReviewJob
from storage.in_memory import Memory
from storage.reviews.ports import TenantNames


class InMemoryAppeals:
    """Implements `storage.reviews.ports.Appeals`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._kept = memory.reviews

    async def appeal(self, upload_id: str, text: str, tenants: TenantNames = None) -> ReviewJob:
        check_appeal(text)
        jobs = self._jobs(upload_id, tenants)
        verdict = self._memory.uploads[upload_id].verdict
        if verdict is None:
            raise NothingToAppeal("there is no verdict yet")
        standing = self._kept.standing.get(upload_id)
        return self._keep(
            appeal(verdict, standing, jobs, text, self._kept.plan, self._memory.clock())
        )

    async def reopen(self, upload_id: str, tenants: TenantNames = None) -> ReviewJob:
        jobs = self._jobs(upload_id, tenants)
        standing = self._kept.standing.get(upload_id)
        return self._keep(reopening(standing, jobs, self._kept.plan, self._memory.clock()))

    def _jobs(self, upload_id: str, tenants: TenantNames) -> list[ReviewJob]:
        status = self._memory.uploads.get(upload_id)
        if status is None or (tenants is not None and status.upload.tenant not in tenants):
            raise UnknownUpload(f"no upload {upload_id} is in the ledger")
        return [job for job in self._kept.jobs.values() if job.upload_id == upload_id]

    def _keep(self, job: ReviewJob) -> ReviewJob:
        self._kept.jobs[job.job_id] = job
        return job
