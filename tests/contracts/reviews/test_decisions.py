"""What taking and undoing decisions promises, over memory, SQLite and PostgreSQL alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.decisions import DecisionKind, Impression, first_break
from moderation.errors import (
    NotHeld,
    NotYours,
    TokenReused,
    UndoTooLate,
    UnfitRuling,
    UnknownReview,
    VerdictChanged,
)
from moderation.review import JobState
from moderation.verdict import Action
from tests.contracts.reviews.desk import Desk
from tests.contracts.words import NOON

SECOND = timedelta(seconds=1)


async def test_a_decision_comes_back_as_it_was_made(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take()
    ruling = desk.ruling(job, note="see 0:04 \U0001f600", first_impression=Impression.FORGED)

    one = await desk.decisions.decide(job.job_id, "ann", ruling)

    decision = one.decision
    assert (decision.kind, decision.action) == (DecisionKind.UPHOLD, Action.WITHHOLD)
    assert (decision.moderator, decision.reason) == ("ann", "forged")
    assert decision.first_impression is Impression.FORGED
    assert (decision.made_at, decision.effective_at) == (NOON, NOON + desk.plan.grace)
    history = await desk.records.history("u1")
    assert [kept.link for kept in history.decisions] == [one]
    assert [kept.note for kept in history.decisions] == ["see 0:04 \U0001f600"]
    assert [kept.state for kept in history.jobs] == [JobState.DECIDED]
    assert history.standing is None


async def test_the_same_token_again_is_the_same_decision(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take()
    ruling = desk.ruling(job)
    one = await desk.decisions.decide(job.job_id, "ann", ruling)

    assert await desk.decisions.decide(job.job_id, "ann", ruling) == one
    assert len((await desk.records.history("u1")).decisions) == 1


async def test_a_token_that_stands_for_another_decision_is_refused(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2")
    first = await desk.take()
    one = desk.ruling(first)
    await desk.decisions.decide(first.job_id, "ann", one)
    second = await desk.take()

    with pytest.raises(TokenReused):
        await desk.decisions.decide(second.job_id, "ann", desk.ruling(second, token=one.token))
    with pytest.raises(TokenReused):
        await desk.decisions.decide(
            first.job_id, "ann", desk.ruling(first, "overturn", token=one.token)
        )


async def test_two_moderators_may_use_the_same_token(desk: Desk) -> None:
    await desk.flag("u1")
    await desk.flag("u2")
    for moderator in ("ann", "bob"):
        job = await desk.take(moderator)
        await desk.decisions.decide(job.job_id, moderator, desk.ruling(job, token="one"))

    assert (await desk.audit.heads())["acme"][0] == 2


async def test_who_does_not_hold_the_job_decides_nothing(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take("ann")

    with pytest.raises(NotHeld):
        await desk.decide(job, "bob")
    with pytest.raises(UnknownReview):
        await desk.decisions.decide("no-such-job", "ann", desk.ruling(job))
    desk.clock.now += desk.plan.lock
    with pytest.raises(NotHeld):
        await desk.decide(job, "ann")
    assert (await desk.records.history("u1")).decisions == ()


async def test_a_job_is_decided_once(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take()
    await desk.decide(job)

    with pytest.raises(NotHeld):
        await desk.decide(job)


async def test_a_decision_about_a_verdict_that_changed_meanwhile_is_refused(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take()
    await desk.flag(policy="mild", supersedes="u1-strict")

    with pytest.raises(VerdictChanged):
        await desk.decide(job)


async def test_a_decision_needs_a_policy_reason_that_fits(desk: Desk) -> None:
    await desk.flag()
    job = await desk.take()

    for changes in (
        {"reason": "none of ours"},
        {"reason": "genuine"},
        {"action": Action.PUBLISH},
        {"action": Action.REVIEW},
    ):
        with pytest.raises(UnfitRuling):
            await desk.decisions.decide(job.job_id, "ann", desk.ruling(job, **changes))
    assert (await desk.records.history("u1")).decisions == ()


async def test_the_links_of_a_tenant_follow_from_each_other(desk: Desk) -> None:
    for number in range(3):
        await desk.flag(f"u{number}", tenant="acme" if number else "other")
        await desk.take_and_decide()

    links = await desk.audit.links("acme", after=0, limit=10)

    assert [one.sequence for one in links] == [1, 2]
    assert first_break(links) is None
    assert await desk.audit.links("acme", after=1, limit=10) == links[1:]
    assert await desk.audit.heads() == {
        "acme": (2, links[-1].digest),
        "other": (1, (await desk.audit.links("other", after=0, limit=1))[0].digest),
    }


async def test_a_decision_may_be_undone_until_its_grace_time_ends(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    desk.clock.now += desk.plan.grace - SECOND

    undone = await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")

    assert undone.decision.cancels == one.decision.decision_id
    assert (undone.sequence, undone.previous) == (2, one.digest)
    assert first_break([one, undone]) is None
    job = await desk.take("ann")
    assert job.job_id == one.decision.job_id
    assert await desk.settle_all() == []


async def test_what_took_effect_is_not_undone(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    desk.clock.now += desk.plan.grace

    with pytest.raises(UndoTooLate):
        await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")


async def test_a_decision_is_undone_once_and_an_undo_never(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    undone = await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")

    again = await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")
    assert again == undone
    for decision in (one.decision, undone.decision):
        with pytest.raises(UndoTooLate):
            await desk.decisions.undo(decision.decision_id, "ann", token="another")
    with pytest.raises(UnknownReview):
        await desk.decisions.undo("no-such-decision", "ann", token="undo")


async def test_only_a_lead_undoes_what_another_decided(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide("ann")

    with pytest.raises(NotYours):
        await desk.decisions.undo(one.decision.decision_id, "bob", token="undo")
    await desk.decisions.undo(one.decision.decision_id, "bob", token="undo", lead=True)

    assert (await desk.take("cid")).job_id == one.decision.job_id


async def test_after_an_undo_one_may_decide_anew(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")

    two = await desk.take_and_decide("ann", "overturn")

    assert [decision.kind for decision in await desk.settle_all()] == [DecisionKind.OVERTURN]
    assert (await desk.records.history("u1")).standing == two.decision
