"""Whatever people do in whatever order: nobody holds what another holds, and the chain is whole."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from moderation.decisions import DecisionKind, first_break
from moderation.errors import NothingToAppeal, UndoTooLate
from moderation.review import FOR_OTHERS, OPEN, JobState, ReviewJob
from storage.reviews.ports import JobFilter
from tests.contracts.reviews.desk import PLAN, memory_desk, published, suspect

T = TypeVar("T")

PEOPLE = st.sampled_from(["ann", "bob", "lea"])
KINDS = st.sampled_from([kind.value for kind in DecisionKind if kind is not DecisionKind.UNDO])
UPLOADS = st.sampled_from(["u1", "u2", "u3"])


class ReviewRoom(RuleBasedStateMachine):
    """Two moderators and a lead over memory; the contract tests hold the databases to it."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = memory_desk()
        self.verdicts = dict.fromkeys(("u1", "u2", "u3"), 0)
        self.handed_out: dict[str, tuple[str, Any]] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(work)

    @initialize()
    def two_uploads_are_flagged(self) -> None:
        for upload_id in ("u1", "u2"):
            self.a_verdict_is_reached(upload_id, asks=True)

    @rule(upload_id=UPLOADS, asks=st.booleans())
    def a_verdict_is_reached(self, upload_id: str, asks: bool) -> None:
        number = self.verdicts[upload_id]
        self.verdicts[upload_id] = number + 1
        make = suspect if asks else published
        before = f"{upload_id}-{number - 1}" if number else None
        self.do(self.desk.conclude(make(upload_id, policy=str(number), supersedes=before)))

    @rule(moderator=PEOPLE)
    def a_job_is_taken(self, moderator: str) -> None:
        job = self.do(self.desk.queue.next(moderator, lead=moderator == "lea"))
        if job is None:
            return
        holder, until = self.handed_out.get(job.job_id, (moderator, self.desk.clock.now))
        assert holder == moderator or until <= self.desk.clock.now
        assert job.state in OPEN
        assert not (job.escalated and moderator != "lea")
        assert not (job.kind in FOR_OTHERS and moderator in self.deciders(job))
        self.handed_out[job.job_id] = (moderator, job.lock.until)

    def deciders(self, job: ReviewJob) -> set[str]:
        history = self.do(self.desk.records.history(job.upload_id))
        told = (kept.link.decision for kept in history.decisions)
        return {one.moderator for one in told if one.kind is not DecisionKind.UNDO}

    @rule(moderator=PEOPLE, kind=KINDS)
    def what_is_held_is_decided(self, moderator: str, kind: str) -> None:
        for job in self.held_by(moderator):
            self.do(self.desk.decide(job, moderator, kind))
            self.handed_out.pop(job.job_id, None)

    @rule(moderator=PEOPLE, skips=st.booleans())
    def what_is_held_is_let_go(self, moderator: str, skips: bool) -> None:
        for job in self.held_by(moderator):
            reason = "too hard" if skips else None
            self.do(self.desk.queue.release(job.job_id, moderator, skipping=reason))
            self.handed_out.pop(job.job_id, None)

    def held_by(self, moderator: str) -> list[ReviewJob]:
        now = self.desk.clock.now
        return [job for job in self.jobs() if job.is_held_by(moderator, now)]

    @rule(moderator=PEOPLE, kind=KINDS)
    def a_job_is_taken_and_decided(self, moderator: str, kind: str) -> None:
        self.a_job_is_taken(moderator)
        self.what_is_held_is_decided(moderator, kind)

    @rule()
    def the_last_decision_is_undone_where_it_may_be(self) -> None:
        links = self.do(self.desk.audit.links("acme", after=0, limit=1000))
        for one in links[-1:]:
            decision = one.decision
            token = f"undo-{decision.decision_id}"
            asked = self.desk.decisions.undo(decision.decision_id, decision.moderator, token=token)
            with suppress(UndoTooLate):
                undone = self.do(asked).decision
                assert undone.made_at < decision.effective_at
                until = undone.made_at + PLAN.lock
                self.handed_out[decision.job_id] = (decision.moderator, until)

    @rule(upload_id=UPLOADS)
    def an_uploader_appeals(self, upload_id: str) -> None:
        if self.verdicts[upload_id]:
            with suppress(NothingToAppeal):
                self.do(self.desk.appeals.appeal(upload_id, "why?"))

    @rule(minutes=st.integers(1, 15))
    def time_passes(self, minutes: int) -> None:
        self.desk.clock.now += timedelta(minutes=minutes)

    @rule()
    def decisions_take_effect(self) -> None:
        self.do(self.desk.settle_all())

    def jobs(self) -> list[ReviewJob]:
        return self.do(self.desk.records.jobs(JobFilter(open_only=False), limit=1000))

    @invariant()
    def the_chain_is_whole(self) -> None:
        assert first_break(self.do(self.desk.audit.links("acme", after=0, limit=1000))) is None

    @invariant()
    def every_decided_job_has_one_decision_that_was_not_undone(self) -> None:
        links = self.do(self.desk.audit.links("acme", after=0, limit=1000))
        cancelled = {one.decision.cancels for one in links}
        standing = [
            one.decision.job_id
            for one in links
            if one.decision.cancels is None and one.decision.decision_id not in cancelled
        ]
        decided = [job.job_id for job in self.jobs() if job.state is JobState.DECIDED]
        assert sorted(standing) == sorted(decided)


TestReviewRoom = ReviewRoom.TestCase
TestReviewRoom.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
