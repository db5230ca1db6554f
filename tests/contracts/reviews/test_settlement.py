"""What happens when decisions take effect, and to appeals; over all adapters alike."""

from __future__ import annotations

from datetime import timedelta

import pytest

from moderation.decisions import DecisionKind
from moderation.errors import AppealOpen, NothingToAppeal, NothingToReopen, UnknownUpload
from moderation.review import JobKind, JobState
from moderation.verdict import Action, Match, MatchKind
from tests.contracts.reviews.desk import Desk, published
from tests.contracts.words import NOON, SECOND, a_verdict, an_upload


async def messages(desk: Desk) -> list[str]:
    return [entry.message.key for entry in await desk.outbox.pending(limit=100)]


async def test_nothing_takes_effect_before_the_grace_time_ends(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    end = one.decision.effective_at

    assert await desk.settlement.due(end - SECOND, limit=10) == []
    (due,) = await desk.settlement.due(end, limit=10)
    assert (due.link, due.about) == (one, None)
    assert due.job is not None
    assert due.job.job_id == one.decision.job_id


async def test_a_decision_takes_effect_once_and_with_it_its_message(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    (settled,) = await desk.settle_all()

    assert settled == one.decision
    assert await messages(desk) == [one.decision.decision_id]
    assert (await desk.records.history("u1")).standing == one.decision
    assert not await desk.settlement.settle(one.decision, publish=[], opens=[])
    assert await desk.settle_all() == []


async def test_what_was_undone_never_takes_effect(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide()
    await desk.decisions.undo(one.decision.decision_id, "ann", token="undo")

    assert not await desk.settlement.settle(one.decision, publish=[], opens=[])
    assert (await desk.records.history("u1")).standing is None


async def test_the_oldest_take_effect_first(desk: Desk) -> None:
    for number in range(3):
        desk.clock.now = NOON + number * SECOND
        await desk.flag(f"u{number}")
        await desk.take_and_decide()

    due = await desk.settlement.due(NOON + desk.plan.grace + SECOND, limit=10)

    assert [one.link.decision.upload_id for one in due] == ["u0", "u1"]
    assert len(await desk.settlement.due(NOON + desk.plan.grace + SECOND, limit=1)) == 1


async def test_who_asks_for_a_second_opinion_is_not_who_gives_it(desk: Desk) -> None:
    await desk.flag()
    one = await desk.take_and_decide("ann", "need_second_opinion")
    assert await desk.queue.next("bob") is None
    await desk.settle_all()

    assert await messages(desk) == []
    assert await desk.queue.next("ann") is None
    job = await desk.take("bob")
    assert (job.kind, job.about, job.blind) == (
        JobKind.SECOND_REVIEW,
        one.decision.decision_id,
        False,
    )
    two = await desk.decide(job, "bob", "overturn")
    await desk.settle_all()
    assert await messages(desk) == [two.decision.decision_id]
    assert two.decision.about == one.decision.decision_id
    assert two.decision.action is Action.PUBLISH


async def test_what_is_escalated_is_for_leads(desk: Desk) -> None:
    await desk.flag()
    await desk.take_and_decide("ann", "escalate")
    await desk.settle_all()

    assert await desk.queue.next("bob") is None
    assert (await desk.take("lea", lead=True)).escalated


async def test_a_share_is_reviewed_blindly_and_agreeing_changes_nothing(open_desk) -> None:
    desk = open_desk(second=1.0)
    await desk.flag()
    one = await desk.take_and_decide("ann")
    await desk.settle_all()

    job = await desk.take("bob")
    assert job.blind
    await desk.decide(job, "bob")
    await desk.settle_all()

    assert await messages(desk) == [one.decision.decision_id]
    assert await desk.queue.next("lea", lead=True) is None
    found = await desk.statistics.agreement(NOON, NOON + 1000 * SECOND)
    assert (found.pairs, found.observed, found.kappa) == (1, 1.0, None)


async def test_a_blind_reviewer_who_disagrees_brings_it_to_a_lead(open_desk) -> None:
    desk = open_desk(second=1.0)
    await desk.flag()
    one = await desk.take_and_decide("ann")
    await desk.settle_all()
    two = await desk.decide(await desk.take("bob"), "bob", "overturn")
    await desk.settle_all()
    assert (await desk.records.history("u1")).standing == one.decision

    assert await desk.queue.next("cid") is None
    job = await desk.take("lea", lead=True)
    assert (job.about, job.escalated, job.blind) == (two.decision.decision_id, True, False)
    last = await desk.decide(job, "lea", "overturn")
    await desk.settle_all()

    assert (await desk.records.history("u1")).standing == last.decision
    assert await messages(desk) == [one.decision.decision_id, last.decision.decision_id]


async def test_a_known_item_changes_nothing_whatever_is_answered(open_desk) -> None:
    desk = open_desk(known=1.0)
    await desk.flag("known")
    first = await desk.take_and_decide("lea")
    await desk.settle_all()
    await desk.known.mark("known", DecisionKind.UPHOLD, by="lea", at=NOON)
    await desk.flag("u1")
    for _ in range(2):
        await desk.take_and_decide("ann", "overturn")
    await desk.settle_all()

    (answer,) = await desk.answers.answers(NOON, desk.clock())
    at, moment = answer.made_at, timedelta(microseconds=1)
    times = [(at, at + moment), (at - moment, at), (at + moment, desk.clock())]
    assert [await desk.answers.answers(*time) for time in times] == [[answer], [], []]
    assert (answer.moderator, answer.answered) == ("ann", DecisionKind.OVERTURN)
    assert answer.item.expected is DecisionKind.UPHOLD
    assert (await desk.records.history("known")).standing == first.decision
    assert len(await messages(desk)) == 2


async def test_an_appeal_reaches_somebody_else_and_is_chained_to_what_it_is_about(
    desk: Desk,
) -> None:
    await desk.flag()
    one = await desk.take_and_decide("ann")
    await desk.settle_all()

    opened = await desk.appeals.appeal("u1", "That is really me. \U0001f600")

    assert (opened.kind, opened.action) == (JobKind.APPEAL, Action.WITHHOLD)
    assert await desk.queue.next("ann", lead=True) is None
    job = await desk.take("bob")
    assert job.appeal == "That is really me. \U0001f600"
    assert job.about == one.decision.decision_id
    two = await desk.decide(job, "bob", "overturn")
    await desk.settle_all()
    assert two.decision.about == one.decision.decision_id
    assert (await desk.records.history("u1")).standing == two.decision
    assert two.decision.action is Action.PUBLISH


async def test_an_appeal_that_waits_is_not_opened_again(desk: Desk) -> None:
    await desk.conclude(a_verdict())
    first = await desk.appeals.appeal("u1", "why?")

    assert await desk.appeals.appeal("u1", "why?") == first
    with pytest.raises(AppealOpen):
        await desk.appeals.appeal("u1", "why!")
    await desk.conclude(a_verdict(policy="mild", supersedes="u1-strict"))
    with pytest.raises(AppealOpen):
        await desk.appeals.appeal("u1", "why!")


async def test_an_upload_of_another_tenant_cannot_be_appealed_for(desk: Desk) -> None:
    await desk.conclude(a_verdict())

    for tenants in ([], ["other"]):
        with pytest.raises(UnknownUpload):
            await desk.appeals.appeal("u1", "why?", tenants)
    assert (await desk.appeals.appeal("u1", "why?", ["acme"])).tenant == "acme"


async def test_an_automated_verdict_may_be_appealed(desk: Desk) -> None:
    await desk.conclude(a_verdict(action=Action.LABEL))
    job = await desk.appeals.appeal("u1", "why?")

    assert (job.action, job.about) == (Action.LABEL, None)
    one = await desk.take_and_decide("bob")
    assert one.decision.action is Action.LABEL


async def test_an_appeal_against_a_decision_that_was_taken_over_reaches_somebody_else(
    desk: Desk,
) -> None:
    await desk.flag("u1")
    one = await desk.take_and_decide("ann")
    await desk.settle_all()
    decided = one.decision.decision_id
    match = Match(kind=MatchKind.DECISION, decision_id=decided, action=Action.WITHHOLD)
    await desk.conclude(a_verdict("u2", matched=(match,)))

    job = await desk.appeals.appeal("u2", "why?")

    assert job.about == decided
    assert await desk.queue.next("ann", lead=True) is None
    assert (await desk.take("bob")).job_id == job.job_id


async def test_an_appeal_is_answered_whatever_a_newer_verdict_says(desk: Desk) -> None:
    await desk.conclude(a_verdict())
    job = await desk.appeals.appeal("u1", "why?")
    await desk.conclude(published(policy="mild", supersedes="u1-strict"))

    found = await desk.take("bob")
    assert (found.job_id, found.verdict_id, found.state) == (
        job.job_id,
        "u1-mild",
        JobState.WAITING,
    )


async def test_only_what_restricts_may_be_appealed(desk: Desk) -> None:
    await desk.conclude(published())
    with pytest.raises(NothingToAppeal):
        await desk.appeals.appeal("u1", "why?")
    await desk.flag("waits")
    with pytest.raises(NothingToAppeal):
        await desk.appeals.appeal("waits", "why?")
    await desk.ledger.announce(an_upload("u2"), deadline_at=NOON)
    with pytest.raises(NothingToAppeal):
        await desk.appeals.appeal("u2", "why?")
    with pytest.raises(UnknownUpload):
        await desk.appeals.appeal("u3", "why?")


async def test_the_outcome_of_an_appeal_is_not_appealed_again(desk: Desk) -> None:
    await desk.conclude(a_verdict())
    await desk.appeals.appeal("u1", "why?")
    await desk.take_and_decide("bob")

    with pytest.raises(NothingToAppeal):
        await desk.appeals.appeal("u1", "in the grace time")
    await desk.settle_all()
    with pytest.raises(NothingToAppeal):
        await desk.appeals.appeal("u1", "after it")


@pytest.mark.parametrize("text", ["", " ", "x" * 4001, "a\0b", "\ud800"])
async def test_an_appeal_says_why_in_words_that_can_be_kept(desk: Desk, text: str) -> None:
    await desk.conclude(a_verdict())

    with pytest.raises(ValueError, match=r"appeal|text"):
        await desk.appeals.appeal("u1", text)
    assert (await desk.appeals.appeal("u1", "x" * 4000)).appeal == "x" * 4000


async def test_a_decision_that_took_effect_is_opened_again_for_somebody_else(desk: Desk) -> None:
    await desk.flag()
    with pytest.raises(NothingToReopen):
        await desk.appeals.reopen("u1")
    one = await desk.take_and_decide("ann")
    with pytest.raises(NothingToReopen):
        await desk.appeals.reopen("u1")
    await desk.settle_all()

    opened = await desk.appeals.reopen("u1")

    assert (opened.kind, opened.action, opened.blind) == (
        JobKind.SECOND_REVIEW,
        Action.WITHHOLD,
        False,
    )
    assert await desk.appeals.reopen("u1") == opened
    assert await desk.queue.next("ann", lead=True) is None
    two = await desk.take_and_decide("bob", "overturn")
    with pytest.raises(NothingToReopen):
        await desk.appeals.reopen("u1")
    await desk.settle_all()
    assert two.decision.about == one.decision.decision_id
    assert (await desk.records.history("u1")).standing == two.decision
    assert (await desk.appeals.reopen("u1")).action is Action.PUBLISH


async def test_an_upload_of_another_tenant_is_not_opened_again(desk: Desk) -> None:
    await desk.flag()
    await desk.take_and_decide("ann")
    await desk.settle_all()

    with pytest.raises(UnknownUpload):
        await desk.appeals.reopen("u1", ["other"])
    with pytest.raises(UnknownUpload):
        await desk.appeals.reopen("none")
