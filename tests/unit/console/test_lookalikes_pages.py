"""The page of a cluster: who sees it, and one decision for all that were chosen."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest

from console.forms import Form
from console.identity.callers import Caller
from moderation.decisions import Decision
from moderation.looks import Look
from moderation.people import Permission, Role, Tenants
from moderation.review import ReviewJob
from moderation.verdict import Action, Label, Match, MatchKind, Reason
from storage.looks.in_memory_clusters import InMemoryClusters
from tests.builders import FACTS
from tests.unit.console.review import ReviewHouse

LOOK = Look(pdq="0f" * 32, quality=90)
NEAR = Look(pdq="0f" * 31 + "0e", quality=90)


@pytest.fixture
async def house() -> ReviewHouse:
    house = ReviewHouse()
    for number, look in (("u1", LOOK), ("u2", LOOK), ("u3", NEAR)):
        seen = replace(FACTS, sha256=("3" if number == "u3" else "1") * 64)
        verdict = await house.review.flag(number, media=seen, file_name=f"{number}.jpg")
        house.review.memory.looks.remember(number, verdict.tenant, seen.sha256, [look])
    return house


@pytest.fixture
async def lea(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.LEAD, "lea"))


def made(house: ReviewHouse) -> list[Decision]:
    return [one.decision for one in house.review.memory.reviews.links()]


async def form(browser: httpx.AsyncClient) -> tuple[str, list[str]]:
    """The token of the form, and what may be chosen."""
    html = (await browser.get("/uploads/u1/lookalikes")).text
    (token,) = re.findall(r'name="token" value="([^"]*)"', html)
    return token, re.findall(r'name="chosen" value="([^"]*)"', html)


async def decide(browser: httpx.AsyncClient, **changes: object) -> httpx.Response:
    token, chosen = await form(browser)
    sent = {"token": token, "chosen": chosen, "action": "withhold", "reason": "forged"}
    return await browser.post("/uploads/u1/lookalikes/decide", data=sent | changes)


async def test_look_alikes_are_shown_with_how_alike_they_are(
    house: ReviewHouse, lea: httpx.AsyncClient
) -> None:
    html = (await lea.get("/uploads/u1/lookalikes")).text

    assert html.index("this one") < html.index("the same bytes") < html.index("1 of 256 bits")
    assert "u3.jpg" in html


async def test_all_that_are_chosen_are_decided_at_once(
    house: ReviewHouse, lea: httpx.AsyncClient
) -> None:
    answer = await decide(lea, note="a known face swap")

    assert answer.headers["location"] == "/uploads/u1/lookalikes?decided=3&left=0"
    assert {one.upload_id for one in made(house)} == {"u1", "u2", "u3"}
    assert {one.action for one in made(house)} == {Action.WITHHOLD}
    assert "3 decided" in (await lea.get(answer.headers["location"])).text


class Overtaken(InMemoryClusters):
    """A newer verdict on one upload comes once its review is held."""

    async def hold(
        self, upload_id: str, verdict_id: str, moderator: str, *, token: str
    ) -> ReviewJob:
        job = await super().hold(upload_id, verdict_id, moderator, token=token)
        if upload_id == "u2":
            newer = replace(job, verdict_id="u2-newer")
            self._memory.reviews.jobs[job.job_id] = newer
        return job


async def test_an_upload_that_is_overtaken_meanwhile_stops_none_of_the_others(
    house: ReviewHouse,
) -> None:
    person = await house.person(Role.LEAD, "lea")
    caller = Caller(
        person=person, tenants=person.tenants, permissions=frozenset({Permission.CLUSTERS})
    )
    desk = replace(house.review.cluster_desk, clusters=Overtaken(house.review.memory))
    said = {"token": "t", "action": "withhold", "reason": "forged"}
    chosen = [("chosen", f"{name}/{name}-strict") for name in ("u1", "u2", "u3")]

    upload = await desk.upload(caller, "u1")
    told = await desk.decide(caller, upload, Form([*said.items(), *chosen]))

    assert told == (2, 1)
    assert {one.upload_id for one in made(house)} == {"u1", "u3"}


async def test_only_what_was_chosen_is_decided(house: ReviewHouse, lea: httpx.AsyncClient) -> None:
    await decide(lea, chosen=["u2/u2-strict"])

    assert [one.upload_id for one in made(house)] == ["u2"]


async def test_what_is_no_look_alike_is_not_decided_along(
    house: ReviewHouse, lea: httpx.AsyncClient
) -> None:
    await house.review.flag("u9", file_name="other.jpg")

    answer = await decide(lea, chosen=["u9/u9-strict", "u2/an-older-one", "u1/u1-strict", "odd"])

    assert answer.headers["location"] == "/uploads/u1/lookalikes?decided=1&left=2"
    assert [one.upload_id for one in made(house)] == ["u1"]


async def test_what_somebody_looks_at_is_left_and_that_is_said(
    house: ReviewHouse, lea: httpx.AsyncClient
) -> None:
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))
    await ann.post("/queue/next")

    answer = await decide(lea)

    assert answer.headers["location"] == "/uploads/u1/lookalikes?decided=2&left=1"
    assert "1 left as they are" in (await lea.get(answer.headers["location"])).text


async def test_the_form_sent_twice_decides_once(house: ReviewHouse, lea: httpx.AsyncClient) -> None:
    token, _ = await form(lea)
    for _ in range(2):
        assert (await decide(lea, token=token)).status_code == 303

    assert len(made(house)) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": ""},
        {"reason": "genuine"},
        {"action": "review"},
        {"action": "publish"},
        {"action": "odd"},
        {"token": ""},
        {"note": "x" * 2001},
    ],
)
async def test_what_does_not_fit_is_refused(
    house: ReviewHouse, lea: httpx.AsyncClient, changes: dict[str, str]
) -> None:
    assert (await decide(lea, **changes)).status_code in (409, 422)
    assert made(house) == []


async def test_who_may_not_decide_clusters_sees_them_and_no_decision(house: ReviewHouse) -> None:
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))
    html = (await ann.get("/uploads/u1/lookalikes")).text

    assert "u2.jpg" in html
    assert "Decide all" not in html
    assert "Decided" not in html
    sent = await ann.post("/uploads/u1/lookalikes/decide", data={"action": "withhold"})
    assert sent.status_code == 403


async def test_with_the_first_impression_first_moderators_see_no_label_of_look_alikes() -> None:
    house = ReviewHouse(impression_first=True)
    verdict = await house.review.flag("u1", media=FACTS, label=Label.SUSPECT)
    house.review.memory.looks.remember("u1", verdict.tenant, FACTS.sha256, [LOOK])
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))

    assert "suspect" not in (await ann.get("/uploads/u1/lookalikes")).text


async def test_another_tenants_cluster_is_as_if_it_did_not_exist(house: ReviewHouse) -> None:
    other = await house.person(Role.LEAD, "olga", tenants=Tenants.named("other"))
    browser = await house.browser_of(other)

    assert (await browser.get("/uploads/u1/lookalikes")).status_code == 404
    sent = await browser.post(
        "/uploads/u1/lookalikes/decide",
        data={"action": "withhold", "reason": "forged", "token": "t", "chosen": "u1/u1-strict"},
    )
    assert sent.status_code == 404
    assert made(house) == []


async def test_a_forged_form_decides_nothing(house: ReviewHouse, lea: httpx.AsyncClient) -> None:
    lea.headers.pop("X-CSRF-Token", None)
    answer = await decide(lea)

    assert answer.status_code == 403
    assert made(house) == []


async def test_an_uploads_page_tells_what_it_matched_and_leads_to_its_look_alikes(
    house: ReviewHouse, lea: httpx.AsyncClient
) -> None:
    matched = Match(kind=MatchKind.LISTED, list_name="partners", entry="<b>7</b>", distance=3)
    await house.review.flag("u7", reasons=(Reason.MATCHED,), matched=(matched,))

    html = (await lea.get("/uploads/u7")).text

    assert "on the list partners as &lt;b&gt;7&lt;/b&gt; (3 of 256 bits differ)" in html
    assert 'href="/uploads/u7/lookalikes"' in html
