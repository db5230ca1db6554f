from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from moderation.retention import SHORTEST, Part, Retention, RetentionPlan

DAY = timedelta(days=1)


def test_the_defaults_leave_crops_for_appeals_and_verdicts_for_reports():
    times = [Retention().of(part) for part in Part]

    assert times == sorted(times)
    assert Retention().packs > timedelta(days=184)


@pytest.mark.parametrize("part", list(Part))
def test_a_time_is_an_hour_at_least(part):
    shortest = Retention(media=SHORTEST, packs=SHORTEST, evidence=SHORTEST, verdicts=SHORTEST)
    assert shortest.of(part) == SHORTEST

    with pytest.raises(ValueError, match=part):
        replace(shortest, **{part.value: SHORTEST - timedelta(seconds=1)})


@pytest.mark.parametrize(
    "longer",
    [
        {"media": 3 * DAY, "packs": 2 * DAY},
        {"packs": None},
        {"packs": 211 * DAY},
        {"evidence": 1096 * DAY},
        {"evidence": None},
    ],
)
def test_nothing_stays_longer_than_what_names_it(longer):
    with pytest.raises(ValueError, match="must not stay longer"):
        Retention(**longer)


def test_everything_may_be_kept():
    assert Retention(media=None, packs=None, evidence=None, verdicts=None).of(Part.MEDIA) is None
    assert Retention(verdicts=None).verdicts is None


def test_a_tenant_may_have_times_of_its_own():
    own = Retention(media=DAY)
    plan = RetentionPlan(tenants={"acme": own})

    assert plan.of("acme") is own
    assert plan.of("other") == Retention()
