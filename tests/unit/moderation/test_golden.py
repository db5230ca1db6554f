from __future__ import annotations

from datetime import UTC, datetime

import pytest

from moderation.review import ReviewPlan, jobs_after
from moderation.upload import GOLDEN
from moderation.verdict import Action
from tests.contracts.words import a_verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVERY_ONE = ReviewPlan(audited=1.0)


@pytest.mark.parametrize("action", [Action.REVIEW, Action.PUBLISH])
def test_nobody_is_asked_about_known_media(action: Action) -> None:
    assert jobs_after(a_verdict(tenant=GOLDEN, action=action), [], EVERY_ONE, NOW) == []


@pytest.mark.parametrize("action", [Action.REVIEW, Action.PUBLISH])
def test_of_others_somebody_is(action: Action) -> None:
    assert len(jobs_after(a_verdict(action=action), [], EVERY_ONE, NOW)) == 1
