"""A second bundle looks at a share of the live uploads, and is in nobody's way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from moderation.errors import ModerationError, ScorerMismatch, ScorerUnavailable
from moderation.lineage import ModelIdentity
from moderation.sampling import is_drawn
from moderation.shadow import Opinion, ShadowOutcome
from moderation.upload import Lane
from moderation.verdict import Action, Label
from tests.builders import MODEL, an_upload, scored
from tests.unit.streams.shadowing import JUDGE, PACK, ROOM, SHADOWED, House, Panel, answers, counted

CLEAR = -3.0


def offer(house: House, upload_id: str = "u1", *, seconds: float = 1.0, **changes: object) -> None:
    message = scored(CLEAR, upload=an_upload(upload_id, **changes))
    house.shadow.offer(PACK, message, answers(CLEAR, seconds))


async def begun() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_both_bundles_are_judged_by_one_policy_from_the_same_crops() -> None:
    house = House(panel=Panel(3.0))
    offer(house, seconds=1.5)
    await house.look()
    (score,) = house.keeping.kept.values()
    assert score.by_serving == Opinion(
        label=Label.CLEAR,
        action=Action.PUBLISH,
        fake_probability=pytest.approx(0.0474, abs=1e-4),
        seconds=1.5,
    )
    assert score.by_shadow == Opinion(
        label=Label.FAKE,
        action=Action.WITHHOLD,
        fake_probability=pytest.approx(0.9526, abs=1e-4),
        seconds=2.0,
    )
    assert (score.serving, score.shadow, score.tenant) == (MODEL, SHADOWED, "acme")


async def test_a_score_names_the_verdict_that_the_serving_bundle_leads_to() -> None:
    house = House()
    offer(house)
    await house.look()
    (score,) = house.keeping.kept.values()
    verdict = JUDGE(scored(CLEAR))
    assert score.verdict_id == verdict.verdict_id
    assert score.lineage_digest == verdict.lineage.digest


async def test_backfilled_uploads_are_never_looked_at() -> None:
    house = House()
    before = counted("SHADOW_DRAWN")
    offer(house, lane=Lane.BACKFILL)
    await house.look()
    assert (house.panel.urgent, house.kept, counted("SHADOW_DRAWN")) == ([], {}, before)


async def test_what_is_drawn_follows_from_the_upload_alone() -> None:
    house = House(panel=Panel(CLEAR))
    house.with_terms(share=0.25, room_bytes=ROOM * 100)
    names = sorted(house.uploads)
    for name in names:
        offer(house, name)
    await house.look()
    assert set(house.kept) == {n for n in names if is_drawn(n, purpose="shadow", share=0.25)}
    assert 200 < len(house.kept) < 300


async def test_a_share_of_none_draws_nothing() -> None:
    house = House()
    house.with_terms(share=0.0)
    offer(house)
    await house.look()
    assert house.kept == {}


async def test_offering_waits_for_nothing_and_what_finds_no_room_is_dropped() -> None:
    house = House()
    house.with_terms(room_bytes=2 * PACK.pixels.nbytes)
    for name in ("u1", "u2", "u3"):
        offer(house, name)
    await house.look()
    assert house.kept == {"u1": "scored", "u2": "scored", "u3": "overloaded"}


async def test_what_was_looked_at_makes_room() -> None:
    house = House()
    house.with_terms(room_bytes=PACK.pixels.nbytes)
    for name in ("u1", "u2"):
        offer(house, name)
        await house.look()
    assert house.kept == {"u1": "scored", "u2": "scored"}


async def test_a_shadow_that_answers_too_late_is_not_waited_for() -> None:
    house = House()
    house.with_terms(within_seconds=0.01)
    house.panel.let.clear()
    offer(house)
    await house.look()
    assert house.kept == {"u1": "late"}


async def test_what_waited_too_long_is_not_even_asked_about() -> None:
    house = House()
    house.with_terms(within_seconds=0.0)
    offer(house)
    await house.look()
    assert (house.kept, house.panel.urgent) == ({"u1": "late"}, [])


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (ScorerUnavailable(), ShadowOutcome.UNAVAILABLE),
        (ScorerMismatch(), ShadowOutcome.FAILED),
        (ModerationError(), ShadowOutcome.FAILED),
        (ValueError("a defect"), ShadowOutcome.FAILED),
        (MemoryError(), ShadowOutcome.FAILED),
    ],
)
async def test_whatever_goes_wrong_costs_one_score_and_the_next_is_looked_at(
    failure: Exception, outcome: ShadowOutcome
) -> None:
    house = House(panel=Panel(failure=failure))
    offer(house)
    await house.look()
    house.panel.failure = None
    offer(house, "u2")
    await house.look()
    assert house.kept == {"u1": outcome, "u2": "scored"}


async def test_a_shadow_without_a_calibration_is_its_own_failure() -> None:
    house = House(identity=ModelIdentity(name="unknown", version="1", sha256="0" * 64))
    offer(house)
    await house.look()
    assert house.kept == {"u1": "failed"}


async def test_what_ails_is_told_once_and_again_after_it_was_well() -> None:
    house = House(panel=Panel(failure=ScorerUnavailable("gone")))
    with capture_logs() as logs:
        for number, failure in enumerate(
            [ScorerUnavailable("gone")] * 2 + [None, ScorerMismatch()]
        ):
            house.panel.failure = failure
            offer(house, f"u{number}")
            await house.look()
    assert [line["error"] for line in logs] == ["ScorerUnavailable", "ScorerMismatch"]
    assert logs[0]["detail"] == "gone"


async def test_nothing_of_it_goes_before_what_serves() -> None:
    house = House()
    offer(house)
    await house.look()
    assert house.panel.urgent == [False]


async def test_a_bounded_number_is_looked_at_at_once() -> None:
    house = House()
    house.panel.let.clear()
    for number in range(8):
        offer(house, f"u{number}")
    async with house.running():
        await begun()
        assert len(house.panel.urgent) == 4


async def test_a_worker_that_stops_gives_up_what_is_not_done_and_says_so() -> None:
    house = House()
    house.panel.let.clear()
    before = counted("SHADOW_IN_HAND")
    for number in range(6):
        offer(house, f"u{number}")
    async with house.running():
        await begun()
    assert house.kept == {f"u{number}": "stopped" for number in range(6)}
    assert counted("SHADOW_IN_HAND") == before


async def test_an_upload_that_is_delivered_again_counts_once() -> None:
    house = House()
    offer(house)
    offer(house)
    await house.look()
    offer(house)
    await house.look()
    assert house.kept == {"u1": "scored"}


async def test_all_that_was_drawn_has_an_end_in_the_counters() -> None:
    house = House(panel=Panel(3.0))
    names = [outcome.value for outcome in ShadowOutcome]
    ended = {name: counted("SHADOW_ENDED", outcome=name) for name in names}
    drawn = counted("SHADOW_DRAWN")
    labels = counted("SHADOW_LABELS", serving="clear", shadow="fake")
    cost = counted("SHADOW_COST_SECONDS", bundle="shadow")
    house.with_terms(room_bytes=2 * PACK.pixels.nbytes)
    for name in ("u1", "u2", "u3"):
        offer(house, name)
    await house.look()
    new = {name: counted("SHADOW_ENDED", outcome=name) - ended[name] for name in names}
    assert {name: count for name, count in new.items() if count} == {"scored": 2, "overloaded": 1}
    assert counted("SHADOW_DRAWN") == drawn + 3
    assert counted("SHADOW_LABELS", serving="clear", shadow="fake") == labels + 2
    assert counted("SHADOW_COST_SECONDS", bundle="shadow") == cost + 4.0


async def test_scores_of_no_bundle_are_left_alone() -> None:
    house = House()
    message = replace(scored(CLEAR), model=None)
    house.shadow.offer(PACK, message, answers(CLEAR))
    await house.look()
    assert house.kept == {}
