"""What leads see of a shadow."""

from __future__ import annotations

import re

import pytest

from console.shadow.pages import shadow_area
from moderation.people import Role, Tenants
from moderation.shadow import Opinion, ShadowOutcome, ShadowScore
from moderation.verdict import Action, Label
from storage.shadow.in_memory import InMemoryShadowScores
from tests.builders import MODEL, NOON
from tests.unit.console.house import House
from tests.unit.streams.shadowing import SHADOWED

CLEAR = Opinion(label=Label.CLEAR, action=Action.PUBLISH, fake_probability=0.25, seconds=1.0)
UNKNOWN = Opinion(label=Label.UNKNOWN, action=Action.REVIEW, fake_probability=None, seconds=2.0)


def a_score(
    upload_id: str, by_shadow: Opinion | None = UNKNOWN, tenant: str = "acme"
) -> ShadowScore:
    said = {"verdict_id": "v", "lineage_digest": "12" * 32, "by_serving": CLEAR}
    return ShadowScore(
        upload_id=upload_id,
        tenant=tenant,
        shadow=SHADOWED,
        serving=MODEL,
        drawn_at=NOON,
        outcome=ShadowOutcome.SCORED if by_shadow else ShadowOutcome.LATE,
        by_shadow=by_shadow,
        **(said if by_shadow else {}),
    )


@pytest.fixture
def scores() -> InMemoryShadowScores:
    return InMemoryShadowScores({"u1", "u2", "u3", "u4"})


@pytest.fixture
def house(scores: InMemoryShadowScores) -> House:
    return House(areas=lambda house: [shadow_area(scores, now=house.clock)])


async def shown(house: House, tenants: str = "acme", **asked: str) -> str:
    lead = await house.person(Role.LEAD, "lea", Tenants.named(tenants))
    answer = await (await house.browser_of(lead)).get("/shadow", params=asked)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


async def test_without_a_shadow_the_page_says_so(house: House) -> None:
    assert "No shadow looked at anything" in await shown(house)


async def test_flips_agreement_cost_and_the_uploads_are_shown(
    house: House, scores: InMemoryShadowScores
) -> None:
    await scores.keep([a_score("u1"), a_score("u2", CLEAR), a_score("u3", None)])
    text = await shown(house)
    assert "newer:2 beside faces:1" in text
    assert "2 of 3 drawn, 1 late" in text
    assert "Other labels 1 of 2: 50.0 % (95%: 9.5 to 90.5)" in text
    assert "1.50 times as much" in text
    assert "From To Uploads clear unknown 1" in text
    assert "u1 2026-03-01 12:00" in text
    assert "clear unknown 0.25 none" in text


async def test_uploads_of_other_tenants_are_neither_counted_nor_named(
    house: House, scores: InMemoryShadowScores
) -> None:
    await scores.keep([a_score("u1"), a_score("u4", tenant="other")])
    text = await shown(house, "other")
    assert ("1 of 1 drawn" in text, "u4" in text, "u1" in text) == (True, True, False)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({}, True),
        ({"since": "2026-03-01"}, True),
        ({"since": "2026-03-02", "until": "2026-03-03"}, False),
        ({"until": "2026-02-28"}, False),
    ],
)
async def test_a_time_can_be_asked_for(
    house: House, scores: InMemoryShadowScores, asked: dict[str, str], seen: bool
) -> None:
    await scores.keep([a_score("u1")])
    assert ("u1" in await shown(house, **asked)) == seen


async def test_moderators_are_not_shown_it(house: House) -> None:
    moderator = await house.browser_of(await house.person(Role.MODERATOR, "mo"))
    assert (await moderator.get("/shadow")).status_code == 403
