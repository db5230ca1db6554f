"""Searches uploads in memory: for tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from moderation.people import Tenants
from moderation.review import OPEN, is_veiled
from moderation.upload import Upload
from moderation.verdict import Label, Verdict
from storage.in_memory import Memory
from storage.search.ports import MOST_COUNTED, Decided, Found, Place, Wanted


class InMemoryUploadSearch:
    """Implements `storage.search.ports.UploadSearch`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def find(
        self, which: Wanted, tenants: Tenants, *, after: Place | None = None, limit: int
    ) -> list[Found]:
        found = [
            self._found(status.upload, status.verdict, which)
            for status in self._memory.uploads.values()
            if status.verdict is not None and status.verdict.tenant in tenants
        ]
        meant = [one for one in found if _is_meant(one, which)]
        if after is not None:
            meant = [one for one in meant if _key(one.place) < _key(after)]
        return sorted(meant, key=lambda one: _key(one.place), reverse=True)[:limit]

    async def counts(self, which: Wanted, tenants: Tenants) -> Mapping[Label, int]:
        found = await self.find(which, tenants, limit=MOST_COUNTED + 1)
        return dict(Counter(one.label for one in found))

    def _found(self, upload: Upload, verdict: Verdict, which: Wanted) -> Found:
        reviews = self._memory.reviews
        hidden = which.unbiased and any(
            job.upload_id == upload.upload_id and job.state in OPEN and is_veiled(job)
            for job in reviews.jobs.values()
        )
        standing = None if hidden else reviews.standing.get(upload.upload_id)
        rejection = verdict.rejection
        return Found(
            upload_id=upload.upload_id,
            tenant=verdict.tenant,
            lane=upload.lane,
            file_name=upload.file_name,
            verdict_id=verdict.verdict_id,
            label=verdict.label,
            action=verdict.action,
            fake_probability=verdict.fake_probability,
            reasons=(rejection.reason,) if rejection else verdict.reasons,
            decided_at=verdict.decided_at,
            standing=standing.action if standing else None,
        )


def _key(place: Place) -> tuple[object, str]:
    return place.decided_at, place.verdict_id


def _is_meant(one: Found, which: Wanted) -> bool:
    score = one.fake_probability
    return (
        (not which.labels or one.label in which.labels)
        and (which.at_least is None or (score is not None and score >= which.at_least))
        and (which.at_most is None or (score is not None and score <= which.at_most))
        and which.reason in (None, *one.reasons)
        and which.tenant in (None, one.tenant)
        and (which.since is None or one.decided_at >= which.since)
        and (which.until is None or one.decided_at < which.until)
        and which.lane in (None, one.lane)
        and which.decided in (None, one.standing or Decided.NOTHING)
        and which.upload_id in (None, one.upload_id)
    )
