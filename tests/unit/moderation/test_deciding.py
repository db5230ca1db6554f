from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from moderation.deciding import decide, job_following
from moderation.decisions import Decision, DecisionKind
from moderation.errors import UnfitRuling
from moderation.review import JobKind, Lock, ReviewJob, ReviewPlan
from moderation.verdict import Action
from tests.builders import NOON
from tests.contracts.reviews.desk import REASONS
from tests.unit.moderation.test_decisions import a_decision, a_ruling

PLAN = ReviewPlan(second=0.0)
HOUR = timedelta(hours=1)


def a_job(**changes: object) -> ReviewJob:
    job = ReviewJob(
        job_id="j1",
        tenant="acme",
        upload_id="u1",
        verdict_id="v1",
        queue="default",
        kind=JobKind.FLAGGED,
        action=Action.REVIEW,
        opened_at=NOON,
        deadline_at=NOON + HOUR,
        lock=Lock(moderator="ann", until=NOON + HOUR),
    )
    return replace(job, **changes)


def decided(in_question: Action, kind: DecisionKind, **changes: object) -> Decision:
    return decide(
        a_job(action=in_question),
        a_ruling(kind=kind, **changes),
        moderator="ann",
        now=NOON,
        plan=PLAN,
        reasons=REASONS,
        salt="salt",
    )


@pytest.mark.parametrize(
    ("in_question", "kind", "reason", "action"),
    [
        (Action.REVIEW, DecisionKind.UPHOLD, "forged", Action.WITHHOLD),
        (Action.REVIEW, DecisionKind.OVERTURN, "genuine", Action.PUBLISH),
        (Action.WITHHOLD, DecisionKind.UPHOLD, "forged", Action.WITHHOLD),
        (Action.WITHHOLD, DecisionKind.OVERTURN, "genuine", Action.PUBLISH),
        (Action.LABEL, DecisionKind.UPHOLD, "forged", Action.LABEL),
        (Action.LABEL, DecisionKind.OVERTURN, "genuine", Action.PUBLISH),
        (Action.PUBLISH, DecisionKind.UPHOLD, "genuine", Action.PUBLISH),
        (Action.PUBLISH, DecisionKind.OVERTURN, "forged", Action.WITHHOLD),
        (Action.REVIEW, DecisionKind.ESCALATE, "genuine", None),
        (Action.REVIEW, DecisionKind.NEED_SECOND_OPINION, "forged", None),
    ],
)
def test_what_the_platform_is_asked_follows_from_what_is_in_question(
    in_question, kind, reason, action
):
    assert decided(in_question, kind, reason=reason).action is action


def test_a_decision_that_restricts_may_ask_for_a_label():
    label = decided(Action.REVIEW, DecisionKind.UPHOLD, reason="forged", action=Action.LABEL)
    assert label.action is Action.LABEL


@pytest.mark.parametrize(
    ("kind", "reason", "action"),
    [
        (DecisionKind.UPHOLD, "genuine", None),
        (DecisionKind.OVERTURN, "forged", None),
        (DecisionKind.UPHOLD, "unheard of", None),
        (DecisionKind.UPHOLD, "forged", Action.PUBLISH),
        (DecisionKind.UPHOLD, "forged", Action.REVIEW),
        (DecisionKind.OVERTURN, "genuine", Action.WITHHOLD),
        (DecisionKind.ESCALATE, "genuine", Action.WITHHOLD),
    ],
)
def test_a_reason_or_an_action_that_does_not_fit_is_refused(kind, reason, action):
    with pytest.raises(UnfitRuling):
        decided(Action.REVIEW, kind, reason=reason, action=action)


def test_a_note_is_in_the_decision_only_as_a_hash():
    noted = decided(Action.REVIEW, DecisionKind.UPHOLD, reason="forged", note="my neighbour")
    assert len(noted.note_sha256) == 64
    assert decided(Action.REVIEW, DecisionKind.UPHOLD, reason="forged").note_sha256 is None


def following(job: ReviewJob, kind: DecisionKind, **changes: object) -> ReviewJob | None:
    plan = replace(PLAN, second=changes.pop("second", 0.0))
    decision = a_decision(kind=kind, action=Action.PUBLISH if kind.is_final else None)
    return job_following(job, decision, changes.get("about"), plan, NOON + 2 * HOUR)


def test_who_asks_for_help_keeps_the_deadline_and_a_sample_gets_its_own():
    helped = following(a_job(), DecisionKind.NEED_SECOND_OPINION)
    assert (helped.deadline_at, helped.blind) == (NOON + HOUR, False)
    sampled = following(a_job(), DecisionKind.UPHOLD, second=1.0)
    assert sampled.deadline_at == NOON + 2 * HOUR + PLAN.second_within
    assert (sampled.blind, sampled.about) == (True, "d0")


@pytest.mark.parametrize("kind", [JobKind.AUDIT_SAMPLE, JobKind.SECOND_REVIEW, JobKind.APPEAL])
def test_only_what_was_decided_about_flagged_uploads_is_sampled_again(kind):
    assert following(a_job(kind=kind), DecisionKind.UPHOLD, second=1.0) is None


@pytest.mark.parametrize("kind", [kind for kind in DecisionKind if kind is not DecisionKind.UNDO])
def test_nothing_follows_from_a_known_item(kind):
    job = a_job(kind=JobKind.KNOWN_ITEM, blind=True)
    assert following(job, kind, second=1.0, about=a_decision()) is None


def test_a_blind_review_is_followed_only_by_a_contradiction():
    job = a_job(kind=JobKind.SECOND_REVIEW, blind=True)
    assert following(job, DecisionKind.UPHOLD, about=a_decision()) is None
    lead = following(job, DecisionKind.OVERTURN, about=a_decision())
    assert (lead.escalated, lead.blind) == (True, False)


@pytest.mark.parametrize("wrong", [{"audited": 1.01}, {"known": -0.1}, {"lock": timedelta(0)}])
def test_a_plan_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"share|lock"):
        ReviewPlan(**wrong)
