"""Searches uploads, and keeps searches, in memory: for tests."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from moderation.people import Tenants
from moderation.review import OPEN, is_veiled
from moderation.upload import Upload
from moderation.verdict import Verdict
from storage.in_memory import Memory
from storage.search.ports import (
    MOST_SAVED,
    Counted,
    Counts,
    Decided,
    Found,
    Place,
    Results,
    SavedQuery,
    Span,
    Wanted,
)
from storage.search.terms import generators_of


class InMemoryUploadSearch:
    """Implements `storage.search.ports.UploadSearch`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def find(
        self, which: Wanted, tenants: Tenants, *, start: Place | None = None, limit: int
    ) -> Results:
        newer = start is not None and start.newer
        meant = self._meant(which, tenants)
        if start is not None:
            here = _key(start)
            meant = [one for one in meant if (_key(one) > here if newer else _key(one) < here)]
        meant.sort(key=_key, reverse=not newer)
        shown = meant[:limit]
        further = replace(shown[-1].place, newer=newer) if len(meant) > limit else None
        return Results(found=tuple(reversed(shown) if newer else shown), further=further)

    async def counts(self, which: Wanted, tenants: Tenants) -> Counts:
        heeded = replace(which, unscored=False) if which.is_counted else which
        labels = Counter(one.label for one in self._meant(heeded, tenants) if one.label)
        return Counts(by_label=dict(labels), is_whole=True)

    async def over_time(self, which: Wanted, tenants: Tenants, *, per: Span) -> list[Counted]:
        since = which.since and per.start_of(which.since)
        whole = replace(which, since=since, unscored=False)
        counted = Counter(
            (per.start_of(one.decided_at), one.label)
            for one in self._meant(whole, tenants)
            if one.label
        )
        return [
            Counted(start=start, label=label, uploads=uploads)
            for (start, label), uploads in sorted(counted.items())
        ]

    def _meant(self, which: Wanted, tenants: Tenants) -> list[Found]:
        found = [
            self._found(status.upload, status.verdict, which)
            for status in self._memory.uploads.values()
            if status.verdict is not None
            and status.verdict.tenant in tenants
            and status.verdict.lineage.policy_sha256.startswith(which.policy_sha256 or "")
        ]
        return [one for one in found if _is_meant(one, which)]

    def _found(self, upload: Upload, verdict: Verdict, which: Wanted) -> Found:
        reviews = self._memory.reviews
        under_review = any(
            job.upload_id == upload.upload_id
            and job.state in OPEN
            and is_veiled(job)
            and which.holder in (None, job.lock and job.lock.moderator)
            for job in reviews.jobs.values()
        )
        hidden = which.unbiased and under_review
        standing = None if hidden else reviews.standing.get(upload.upload_id)
        rejection = verdict.rejection
        found = Found(
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
            decided_by=standing.moderator if standing else None,
            model=verdict.lineage.model.name if verdict.lineage.model else None,
            model_version=verdict.lineage.model.version if verdict.lineage.model else None,
            policy=verdict.lineage.policy_name,
            provenance=verdict.provenance.state if verdict.provenance else None,
            generators=generators_of(verdict),
        )
        return found.unscored() if which.unscored and under_review else found


class InMemorySavedQueries:
    """Implements `storage.search.ports.SavedQueries`."""

    def __init__(self) -> None:
        self._kept: dict[str, dict[str, SavedQuery]] = {}

    async def saved(self, person_id: str) -> list[SavedQuery]:
        kept = self._kept.get(person_id, {})
        return [kept[name] for name in sorted(kept)]

    async def save(self, person_id: str, query: SavedQuery) -> bool:
        kept = self._kept.setdefault(person_id, {})
        if len(kept.keys() - {query.name}) >= MOST_SAVED:
            return False
        kept[query.name] = query
        return True

    async def forget(self, person_id: str, name: str) -> None:
        self._kept.get(person_id, {}).pop(name, None)


def _key(place: Place | Found) -> tuple[object, str]:
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
        and which.provenance in (None, one.provenance)
        and (which.generator is None or which.generator in one.generators)
        and which.model in (None, one.model)
        and which.model_version in (None, one.model_version)
        and which.policy in (None, one.policy)
    )
