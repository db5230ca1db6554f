"""What is kept of reviews in memory, and how a verdict opens jobs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from moderation.decisions import Decision, Link, link, sealed
from moderation.known_items import KnownItem, draws_known_item, known_item_beside
from moderation.review import ReviewJob, ReviewPlan, jobs_after
from moderation.verdict import Verdict


@dataclass(slots=True)
class ReviewMemory:
    """Jobs, chains by tenant, and what stands beside them; keys are ids.

    `skips` are reasons and times, by job and moderator.
    """

    plan: ReviewPlan = field(default_factory=ReviewPlan)
    jobs: dict[str, ReviewJob] = field(default_factory=dict)
    skips: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    chains: dict[str, list[Link]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    unsettled: dict[str, datetime] = field(default_factory=dict)
    standing: dict[str, Decision] = field(default_factory=dict)
    known: dict[str, KnownItem] = field(default_factory=dict)

    def open_for(self, verdict: Verdict, now: datetime) -> None:
        """Do what a new current verdict asks for; see `moderation.review.jobs_after`."""
        existing = [job for job in self.jobs.values() if job.upload_id == verdict.upload_id]
        for job in jobs_after(verdict, existing, self.plan, now):
            is_new = job.job_id not in self.jobs
            self.jobs[job.job_id] = job
            if is_new and draws_known_item(job, self.plan):
                items = [one for _, one in sorted(self.known.items()) if one.tenant == job.tenant]
                beside = known_item_beside(job, items)
                if beside is not None:
                    self.jobs[beside.job_id] = beside

    def links(self) -> list[Link]:
        return [one for chain in self.chains.values() for one in chain]

    def append(self, decision: Decision) -> Link:
        chain = self.chains.setdefault(decision.tenant, [])
        after = (chain[-1].sequence, chain[-1].digest) if chain else None
        one = link(sealed(decision, salt="in memory"), after=after)
        chain.append(one)
        return one
