"""What is read and counted of reviews, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from moderation.decisions import DecisionKind
from moderation.errors import UnfitKnownItem, UnknownReview, UnknownUpload
from moderation.review import JobKind
from moderation.verdict import Action, Label, Rejection
from storage.reviews.ports import JobFilter
from tests.contracts.reviews.desk import Desk, published
from tests.contracts.words import NOON, SECOND, a_verdict

HOUR = timedelta(hours=1)
LATER = NOON + 24 * HOUR


async def test_an_upload_that_nobody_was_asked_about_has_an_empty_history(desk: Desk) -> None:
    history = await desk.records.history("u1")

    assert (history.jobs, history.decisions, history.standing) == ((), (), None)
    with pytest.raises(UnknownReview):
        await desk.records.job("none")


async def test_jobs_are_found_by_what_is_asked_of_them(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2", policy="mild", tenant="other")
    await desk.conclude(a_verdict("u3"))
    await desk.appeals.appeal("u3", "why?")
    await desk.decide(await desk.take("ann", queue="mild"), "ann")

    async def found(limit: int = 10, **which: object) -> list[str]:
        jobs = await desk.records.jobs(JobFilter(**which), limit=limit)
        return [job.upload_id for job in jobs]

    assert await found() == ["u1", "u3"]
    assert await found(limit=1) == ["u1"]
    assert sorted(await found(open_only=False)) == ["u1", "u2", "u3"]
    assert await found(queue="mild", open_only=False) == ["u2"]
    assert await found(tenants=["other"]) == []
    assert await found(tenants=["other"], open_only=False) == ["u2"]
    assert await found(kind=JobKind.APPEAL) == ["u3"]
    assert await found(upload_id="u1") == ["u1"]


async def test_what_waits_is_counted_by_queue_and_kind_with_the_oldest(desk: Desk) -> None:
    assert await desk.statistics.waiting() == []
    await desk.flag("u1")
    desk.clock.now += SECOND
    await desk.flag("u2")
    await desk.flag("u3", tenant="other")

    (waiting,) = await desk.statistics.waiting(["acme"])

    assert (waiting.queue, waiting.kind, waiting.jobs) == ("strict", JobKind.FLAGGED, 2)
    assert waiting.oldest == NOON


async def test_a_year_is_told_in_figures(open_desk) -> None:
    desk = open_desk(audited=1.0, known=1.0)
    await desk.flag("known")
    await desk.take_and_decide("lea", "overturn")
    await desk.known.mark("known", DecisionKind.OVERTURN, by="lea", at=NOON)
    await desk.flag("u1")
    await desk.conclude(published("u2"))
    desk.clock.now += HOUR
    for _ in range(2):
        job = await desk.take("ann", tenants=["acme"])
        await desk.decide(job, "ann", "overturn")
    undone = await desk.take_and_decide("ann", "escalate")
    await desk.decisions.undo(undone.decision.decision_id, "ann", token="undo")
    await desk.take_and_decide("ann", "overturn")
    await desk.settle_all()
    await desk.appeals.appeal("u2", "why?")
    desk.clock.now += 2 * HOUR
    await desk.take_and_decide("bob", "overturn")

    figures = await desk.statistics.figures(2026)

    assert figures.verdicts_by_action == {"publish": 1, "review": 2}
    assert figures.decisions_by_kind == {"overturn": 4}
    assert figures.decisions_by_reason == {"forged": 1, "genuine": 3}
    assert (figures.audits_overturned.count, figures.audits_overturned.of) == (1, 1)
    assert (figures.flags_overturned.count, figures.flags_overturned.of) == (2, 2)
    assert (figures.known_right.count, figures.known_right.of) == (1, 1)
    assert figures.median_hours_to_decision == 1.0
    assert (figures.appeals.received, figures.appeals.decided, figures.appeals.reversed) == (
        1,
        1,
        1,
    )
    assert figures.appeals.median_hours == 2.0


async def test_a_year_ends_with_its_last_moment_and_is_each_tenants_own(desk: Desk) -> None:
    last = datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    await desk.flag("u1", decided_at=last)
    await desk.flag("u2", decided_at=last + timedelta(microseconds=1))
    desk.clock.now = last
    await desk.take_and_decide()
    desk.clock.now += timedelta(microseconds=1)
    await desk.take_and_decide()

    figures = await desk.statistics.figures(2026)
    other = await desk.statistics.figures(2026, ["other"])

    assert (figures.verdicts_by_action, figures.decisions_by_kind) == ({"review": 1}, {"uphold": 1})
    assert (other.verdicts_by_action, other.decisions_by_kind) == ({}, {})


async def test_the_restrictions_of_a_time_are_those_that_stand(desk: Desk) -> None:
    await desk.flag("u1")
    kept = await desk.take_and_decide("ann", "uphold")
    await desk.flag("u2")
    await desk.take_and_decide("ann", "overturn")
    await desk.flag("u3")
    await desk.take_and_decide("ann", "escalate")
    await desk.settle_all()

    (found,) = await desk.restrictions.restrictions(NOON, LATER, ["acme"])

    assert (found.decision, found.verdict.upload_id) == (kept.decision, "u1")
    since = kept.decision.effective_at
    assert await desk.restrictions.restrictions(since, since) == []
    assert len(await desk.restrictions.restrictions(since, since + SECOND)) == 1
    assert await desk.restrictions.restrictions(NOON, since) == []
    assert await desk.restrictions.restrictions(NOON, LATER, ["other"]) == []


async def test_verdicts_that_restrict_by_themselves_are_named_where_that_is_asked(
    desk: Desk,
) -> None:
    await desk.conclude(a_verdict("u1"))
    await desk.conclude(published("u2"))
    gone = Rejection(reason="not_found", detail="nothing there")
    await desk.conclude(
        a_verdict("u3", label=Label.REJECTED, fake_probability=None, tracks=(), rejection=gone)
    )
    await desk.conclude(a_verdict("u4"))
    await desk.appeals.appeal("u4", "why?")
    await desk.take_and_decide("ann", "overturn")
    await desk.settle_all()

    found = await desk.restrictions.restrictions(NOON, LATER, automated=True)

    assert [(one.verdict.upload_id, one.decision) for one in found] == [("u1", None)]
    assert found[0].verdict.action is Action.WITHHOLD
    assert await desk.restrictions.restrictions(NOON, LATER, ["other"], automated=True) == []


async def test_an_upload_without_a_verdict_is_no_known_item(desk: Desk) -> None:
    with pytest.raises(UnknownUpload):
        await desk.known.mark("u1", DecisionKind.UPHOLD, by="lead", at=NOON)


async def test_only_what_was_flagged_is_made_a_known_item(desk: Desk) -> None:
    await desk.conclude(a_verdict())
    await desk.conclude(published("u2"))

    for upload_id in ("u1", "u2"):
        with pytest.raises(UnfitKnownItem):
            await desk.known.mark(upload_id, DecisionKind.UPHOLD, by="lea", at=NOON)


async def test_known_items_are_each_tenants_own(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2", tenant="other")
    for upload_id in ("u1", "u2"):
        await desk.known.mark(upload_id, DecisionKind.UPHOLD, by="lea", at=NOON)

    with pytest.raises(UnknownUpload):
        await desk.known.mark("u1", DecisionKind.OVERTURN, by="eve", at=NOON, tenants=["other"])
    await desk.known.forget("u1", ["other"])

    assert [item.upload_id for item in await desk.known.items()] == ["u1", "u2"]
    (own,) = await desk.known.items(["acme"])
    assert (own.upload_id, own.expected, own.marked_by) == ("u1", DecisionKind.UPHOLD, "lea")
    await desk.known.forget("u1", ["acme"])
    assert await desk.known.items(["acme"]) == []


async def test_agreement_counts_pairs_of_a_time_and_a_tenant(open_desk) -> None:
    desk = open_desk(second=1.0)
    answers = [("uphold", "uphold"), ("uphold", "overturn"), ("overturn", "overturn")]
    for number, (first, second) in enumerate(answers):
        await desk.flag(f"u{number}")
        await desk.take_and_decide("ann", first)
        await desk.settle_all()
        await desk.decide(await desk.take("bob"), "bob", second)

    found = await desk.statistics.agreement(NOON, LATER, ["acme"])

    assert found.pairs == 3
    assert found.observed == pytest.approx(2 / 3)
    assert found.kappa == pytest.approx(0.4)
    assert (await desk.statistics.agreement(NOON, LATER, ["other"])).pairs == 0
    assert (await desk.statistics.agreement(LATER, LATER + HOUR)).pairs == 0


async def test_why_jobs_were_skipped_is_told_of_a_time_and_a_tenant(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2", tenant="other")
    for why, who in (("I know them", "ann"), ("too dark", "bob")):
        for _ in range(2):
            job = await desk.take(who)
            await desk.queue.release(job.job_id, who, skipping=f"{why}: {job.upload_id}")
        desk.clock.now += HOUR

    told = [one.reason for one in await desk.skips.skips(NOON, LATER, ["acme"], limit=9)]
    first = await desk.skips.skips(NOON, NOON + HOUR, limit=9)

    assert told == ["too dark: u1", "I know them: u1"]
    assert {(one.upload_id, one.tenant, one.moderator) for one in first} == {
        ("u1", "acme", "ann"),
        ("u2", "other", "ann"),
    }
    assert len(await desk.skips.skips(NOON, LATER, limit=3)) == 3
