"""Decisions take effect once nobody can undo them any more, and the platform is told of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from moderation.deciding import job_following
from moderation.decisions import outcome
from moderation.review import ReviewPlan
from monitoring import metrics
from monitoring.health import Pulse
from storage.ports import OutboundMessage
from storage.reviews.ports import DueDecision, ReviewStatistics, Settlement
from streams.messages import DECIDED, DecisionMade
from streams.retries import FOR_EVER, note, patiently
from streams.topics import Topics

log = structlog.get_logger()

_BATCH = 500


class Enactor:
    """Lets decisions take effect whose grace time is over; several may run at once."""

    def __init__(
        self,
        settlement: Settlement,
        statistics: ReviewStatistics,
        topics: Topics,
        plan: ReviewPlan,
    ) -> None:
        self._settlement = settlement
        self._statistics = statistics
        self._topics = topics
        self._plan = plan
        self.pulse = Pulse()

    async def run(self, *, every_seconds: float) -> None:
        """Settle until cancelled."""
        while True:
            await patiently(self.once, FOR_EVER, on_failure=note("enact", self.pulse))
            await asyncio.sleep(every_seconds)

    async def once(self) -> int:
        """Settle what is due now, and return how many that were.

        Raises:
            LedgerUnavailable: some may have been settled.
        """
        due = await self._settlement.due(datetime.now(UTC), limit=_BATCH)
        settled = [one for one in due if await self._settle(one)]
        await self._settlement.lapse(datetime.now(UTC))
        await self._report()
        self.pulse.beat()
        return len(settled)

    async def _settle(self, one: DueDecision) -> bool:
        decision = one.link.decision
        following = one.job and job_following(
            one.job, decision, one.about, self._plan, datetime.now(UTC)
        )
        done = await self._settlement.settle(
            decision, publish=self._messages(one), opens=[following] if following else []
        )
        if done:
            metrics.DECISIONS.labels(decision.job_kind, decision.kind).inc()
            log.info("decision.settled", decision_id=decision.decision_id, kind=decision.kind.value)
        return done

    def _messages(self, one: DueDecision) -> list[OutboundMessage]:
        """What the platform is told; nothing of an upload that was erased meanwhile."""
        decision = one.link.decision
        if one.job is None or not decision.is_told:
            return []
        return [
            DECIDED.encode(
                DecisionMade(decision=outcome(one.link)),
                topic=self._topics.decisions,
                upload_id=decision.upload_id,
                at=decision.effective_at,
            )
        ]

    async def _report(self) -> None:
        waiting = await self._statistics.waiting()
        oldest = min((one.oldest for one in waiting), default=None)
        age = (datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0
        metrics.OLDEST_REVIEW_SECONDS.set(max(0.0, age))
        metrics.REVIEWS_WAITING.clear()
        for one in waiting:
            metrics.REVIEWS_WAITING.labels(one.queue, one.kind).set(one.jobs)
