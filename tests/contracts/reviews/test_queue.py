"""What the review queue promises, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.decisions import DecisionKind
from moderation.errors import NotHeld, UnknownReview
from moderation.review import JobKind, JobState
from moderation.sampling import is_drawn
from moderation.verdict import Action
from storage.reviews.ports import JobFilter
from tests.contracts.reviews.desk import Desk, published, suspect
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload

MINUTE = timedelta(minutes=1)


async def test_a_verdict_that_asks_for_a_review_opens_a_job_about_it(desk: Desk) -> None:
    verdict = await desk.flag()

    job = await desk.take()

    assert (job.upload_id, job.verdict_id) == ("u1", verdict.verdict_id)
    assert (job.kind, job.state, job.action) == (JobKind.FLAGGED, JobState.WAITING, Action.REVIEW)
    assert (job.queue, job.tenant) == ("strict", "acme")
    assert job.deadline_at == NOON + desk.plan.flagged_within


@pytest.mark.parametrize("action", [Action.PUBLISH, Action.LABEL, Action.WITHHOLD])
async def test_a_verdict_that_asks_nobody_opens_none(desk: Desk, action: Action) -> None:
    await desk.conclude(a_verdict(action=action))

    assert await desk.queue.next("ann") is None


async def test_a_verdict_that_is_not_recorded_opens_none(desk: Desk) -> None:
    await desk.flag()
    again = suspect(verdict_id="another")

    assert not await desk.ledger.conclude(an_upload(), again, publish=[])

    assert len(await desk.records.jobs(JobFilter(), limit=10)) == 1


async def test_all_of_what_is_published_is_audited_where_that_is_asked(open_desk) -> None:
    desk = open_desk(audited=1.0)
    await desk.conclude(published())

    assert (await desk.take()).kind is JobKind.AUDIT_SAMPLE


async def test_a_job_is_with_one_person_until_its_lock_ends(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")

    desk.clock.now += desk.plan.lock - SECOND
    assert await desk.queue.next("bob") is None

    desk.clock.now += SECOND
    assert (await desk.take("bob")).job_id == job.job_id


async def test_whoever_holds_a_job_is_given_that_one_again(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2")

    assert (await desk.take("ann")).job_id == (await desk.take("ann")).job_id


async def test_whoever_holds_a_job_is_given_that_one_whatever_queue_they_ask_for(
    desk: Desk,
) -> None:
    await desk.flag("u1", policy="strict")
    await desk.flag("u2", policy="mild")
    held = await desk.take("ann", queue="strict")

    again = await desk.take("ann", queue="mild")

    assert again.job_id == held.job_id
    assert (await desk.take("bob", queue="mild")).upload_id == "u2"


async def test_the_oldest_deadline_comes_first(desk: Desk) -> None:
    await desk.flag("late")
    desk.clock.now -= MINUTE
    await desk.flag("early")
    desk.clock.now += MINUTE

    assert [(await desk.take(who)).upload_id for who in ("ann", "bob")] == ["early", "late"]


async def test_a_queue_and_a_tenant_have_jobs_of_their_own(desk: Desk) -> None:
    await desk.flag("u1", policy="strict")
    await desk.flag("u2", policy="mild", tenant="other")

    assert await desk.queue.next("ann", queue="none") is None
    assert await desk.queue.next("ann", tenants=["nobody"]) is None
    assert await desk.queue.next("ann", tenants=[]) is None
    assert (await desk.take("ann", queue="mild")).upload_id == "u2"
    assert (await desk.take("bob", tenants=["acme"])).upload_id == "u1"


async def test_a_job_that_is_renewed_stays_longer(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")
    desk.clock.now += desk.plan.lock - SECOND
    await desk.queue.renew(job.job_id, "ann")

    desk.clock.now += desk.plan.lock - SECOND

    assert await desk.queue.next("bob") is None


@pytest.mark.parametrize("what", ["renew", "release"])
async def test_only_who_holds_a_job_may_renew_or_release_it(desk: Desk, what: str) -> None:
    await desk.flag()
    job = await desk.take("ann")
    act = getattr(desk.queue, what)

    with pytest.raises(NotHeld):
        await act(job.job_id, "bob")
    with pytest.raises(UnknownReview):
        await act("no-such-job", "ann")
    desk.clock.now += desk.plan.lock
    with pytest.raises(NotHeld):
        await act(job.job_id, "ann")


async def test_a_job_that_is_released_is_free_for_everybody(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")

    await desk.queue.release(job.job_id, "ann")

    assert (await desk.take("bob")).state is JobState.WAITING
    await desk.queue.release(job.job_id, "bob")
    assert (await desk.take("ann")).job_id == job.job_id


async def test_a_job_that_is_skipped_waits_for_somebody_else(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")

    await desk.queue.release(job.job_id, "ann", skipping="not my language")

    assert await desk.queue.next("ann") is None
    assert (await desk.take("bob")).state is JobState.SKIPPED


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501, "\0"])
async def test_a_job_is_skipped_for_a_reason_that_can_be_kept(desk: Desk, reason: str) -> None:
    await desk.flag()
    job = await desk.take("ann")

    with pytest.raises(ValueError, match=r"reason|text"):
        await desk.queue.release(job.job_id, "ann", skipping=reason)


async def test_a_newer_verdict_renews_the_job_that_waits(desk: Desk) -> None:
    await desk.flag()
    before = await desk.take("ann")
    desk.clock.now += MINUTE
    newer = await desk.flag(policy="mild", supersedes="u1-strict")

    (job,) = await desk.records.jobs(JobFilter(), limit=10)

    assert (job.job_id, job.deadline_at) == (before.job_id, before.deadline_at)
    assert (job.verdict_id, job.queue) == (newer.verdict_id, "mild")
    assert job.is_held_by("ann", desk.clock.now)


async def test_a_newer_verdict_that_asks_nobody_closes_the_job(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")
    await desk.conclude(published(policy="mild", supersedes="u1-strict"))

    assert await desk.queue.next("bob") is None
    assert (await desk.records.job(job.job_id)).state is JobState.CLOSED
    with pytest.raises(NotHeld):
        await desk.decide(job)


async def test_a_job_that_was_closed_is_opened_again_by_a_verdict_that_asks(desk: Desk) -> None:
    await desk.flag()
    await desk.conclude(published(policy="mild", supersedes="u1-strict"))
    await desk.flag(policy="third", supersedes="u1-mild")

    assert (await desk.take()).verdict_id == "u1-third"


async def test_what_a_person_decided_is_not_asked_again_by_a_newer_verdict(desk: Desk) -> None:
    await desk.flag()
    await desk.take_and_decide("ann", "overturn")

    await desk.flag(policy="mild", supersedes="u1-strict")

    assert await desk.queue.next("bob") is None


async def known_item(desk: Desk, upload_id: str = "known") -> None:
    """An upload that was flagged and decided, and that a lead then knows the answer of."""
    await desk.flag(upload_id)
    await desk.take_and_decide("lea")
    await desk.known.mark(upload_id, DecisionKind.UPHOLD, by="lea", at=NOON)


async def test_a_known_item_is_mixed_in_and_given_to_nobody_twice(open_desk) -> None:
    desk = open_desk(known=1.0)
    await known_item(desk)
    await desk.flag("u1")
    await desk.flag("u2")

    kinds = []
    for _ in range(3):
        job = await desk.take("ann")
        kinds.append(job.kind)
        await desk.decide(job, "ann")

    assert sorted(kinds) == [JobKind.FLAGGED, JobKind.FLAGGED, JobKind.KNOWN_ITEM]
    assert await desk.queue.next("ann") is None
    assert (await desk.take("bob")).upload_id == "known"


async def test_a_known_item_that_is_forgotten_is_not_drawn(open_desk) -> None:
    desk = open_desk(known=1.0)
    await known_item(desk)
    await desk.known.forget("known")
    await desk.known.forget("known")

    await desk.flag("u1")

    assert len(await desk.records.jobs(JobFilter(), limit=10)) == 1


@pytest.mark.parametrize("share", [0.0, 0.3])
async def test_the_share_of_known_items_is_that_of_flagged_uploads(open_desk, share: float) -> None:
    desk = open_desk(known=share)
    await known_item(desk)
    for number in range(100):
        await desk.flag(f"u{number}")

    drawn = await desk.records.jobs(JobFilter(kind=JobKind.KNOWN_ITEM), limit=200)

    assert len(drawn) == sum(
        is_drawn(f"u{number}", purpose="known", share=share) for number in range(100)
    )
    assert {job.upload_id for job in drawn} <= {"known"}
    assert abs(len(drawn) - 100 * share) < 15


async def test_a_known_item_that_nobody_answers_in_time_is_asked_no_more(open_desk) -> None:
    """Who has answered it is not asked again, so it might wait for ever."""
    desk = open_desk(known=1.0)
    await known_item(desk)
    await desk.flag("u1")
    flagged, known = sorted(
        await desk.records.jobs(JobFilter(), limit=10), key=lambda job: job.kind.value
    )
    assert known.deadline_at == flagged.deadline_at

    assert await desk.settlement.lapse(known.deadline_at - SECOND) == 0
    assert await desk.settlement.lapse(known.deadline_at) == 1

    (left,) = await desk.records.jobs(JobFilter(), limit=10)
    assert left.job_id == flagged.job_id
    assert (await desk.records.job(known.job_id)).state is JobState.CLOSED


async def test_a_known_item_that_somebody_looks_at_does_not_lapse(open_desk) -> None:
    desk = open_desk(known=1.0, flagged_within=MINUTE)
    await known_item(desk)
    await desk.flag("u1")
    held = [await desk.take(who) for who in ("ann", "bob")]
    (known,) = (job for job in held if job.kind is JobKind.KNOWN_ITEM)

    desk.clock.now += MINUTE
    assert await desk.settlement.lapse(desk.clock.now) == 0
    desk.clock.now += desk.plan.lock
    assert await desk.settlement.lapse(desk.clock.now) == 1
    assert (await desk.records.job(known.job_id)).lock is None
