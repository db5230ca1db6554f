"""The leads' pages: figures, known items, who looked at what, and opening a decision again."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from moderation.people import ALL_TENANTS, Role, Tenants
from moderation.review import JobKind, ReviewJob
from moderation.verdict import Action, Label
from tests.contracts.reviews.desk import PLAN
from tests.unit.console.review import ReviewHouse
from tests.unit.console.test_appeals import enact
from tests.unit.console.test_queue_pages import HTMX, decide, take

ACME, OTHER = Tenants.named("acme"), Tenants.named("other")
FORGED = {"kind": "uphold", "reason": "forged"}
GENUINE = {"kind": "overturn", "reason": "genuine"}
MARCH_1 = {"since": "2026-03-01", "until": "2026-03-01"}
CROP = "/uploads/u1/verdicts/u1-strict/crops/0"


async def browser(
    house: ReviewHouse, name: str, role: Role = Role.MODERATOR, tenants: Tenants = ACME
) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(role, name, tenants))


async def decided(house: ReviewHouse, upload_id: str = "u1") -> None:
    """An upload that was flagged, and about which a decision took effect."""
    await house.review.flag(upload_id)
    someone = await browser(house, f"decider-of-{upload_id}")
    await decide(someone, await take(someone), **FORGED)
    await enact(house)


def job(house: ReviewHouse, address: str) -> ReviewJob:
    return house.review.memory.reviews.jobs[address.rpartition("/")[2]]


async def answer_known_item(
    house: ReviewHouse, someone: httpx.AsyncClient, answer: dict[str, str]
) -> None:
    """Decide what is given, until a known item is among it."""
    kind = None
    while kind is not JobKind.KNOWN_ITEM:
        address = await take(someone)
        kind = job(house, address).kind
        await decide(someone, address, **(answer if kind is JobKind.KNOWN_ITEM else FORGED))


def beside(html: str, name: str) -> str:
    """The cell beside a row's head."""
    row = html.partition(f'<th scope="row">{name}</th>')[2]
    return row.partition("</td>")[0].rpartition(">")[2]


async def test_a_lead_makes_a_decided_upload_a_known_item_and_sees_who_answers_it_rightly(
    house: ReviewHouse,
) -> None:
    house.review.memory.reviews.plan = replace(PLAN, known=1.0)
    await decided(house)
    lea = await browser(house, "lea", Role.LEAD)
    assert 'action="/known-items"' in (await lea.get("/uploads/u1")).text

    marked = await lea.post("/known-items", data={"upload": "u1", "truth": "forged"})

    assert marked.headers["location"] == "/known-items"
    await house.review.flag("u2")
    await house.review.flag("u3")
    for name, answer in (("ann", FORGED), ("bob", GENUINE)):
        await answer_known_item(house, await browser(house, name), answer)
    shown = (await lea.get("/figures", params=MARCH_1)).text
    assert beside(shown, "ann") == "1 of 1 (100 %; 95%: 21 to 100)"
    assert beside(shown, "bob") == "0 of 1 (0 %; 95%: 0 to 79)"
    before = {"since": "2026-02-01", "until": "2026-02-28"}
    assert "Nobody answered one" in (await lea.get("/figures", params=before)).text


async def test_a_known_item_is_listed_until_it_is_forgotten(house: ReviewHouse) -> None:
    await decided(house)
    lea = await browser(house, "lea", Role.LEAD)
    await lea.post("/known-items", data={"upload": "u1", "truth": "genuine"})
    listed = (await lea.get("/known-items")).text
    assert "genuine</td>" in listed
    assert "lea</td>" in listed

    answer = await lea.post("/known-items/u1/forget")

    assert answer.headers["location"] == "/known-items"
    assert "There is none" in (await lea.get("/known-items")).text


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"upload": "u1"}, 422),
        ({"upload": "u1", "truth": "perhaps"}, 422),
        ({"upload": "../u1", "truth": "forged"}, 422),
        ({"upload": "none", "truth": "forged"}, 404),
        ({"upload": "withheld", "truth": "forged"}, 409),
    ],
)
async def test_what_cannot_be_a_known_item_is_refused(
    house: ReviewHouse, sent: dict[str, str], code: int
) -> None:
    await house.review.flag("withheld", label=Label.FAKE, action=Action.WITHHOLD)
    lea = await browser(house, "lea", Role.LEAD)

    assert (await lea.post("/known-items", data=sent)).status_code == code
    assert house.review.memory.reviews.known == {}


async def test_leads_of_another_tenant_touch_and_see_nothing_of_it(house: ReviewHouse) -> None:
    await decided(house)
    lea = await browser(house, "lea", Role.LEAD)
    await lea.post("/known-items", data={"upload": "u1", "truth": "forged"})
    await lea.get(CROP)
    eve = await browser(house, "eve", Role.ADMIN, OTHER)

    marked = await eve.post("/known-items", data={"upload": "u1", "truth": "genuine"})
    await eve.post("/known-items/u1/forget")
    reopened = await eve.post("/uploads/u1/reopen")

    assert (marked.status_code, reopened.status_code) == (404, 404)
    assert house.review.memory.reviews.known["u1"].expected == "uphold"
    assert len(house.review.memory.reviews.jobs) == 1
    for page in ("/known-items", "/accesses", "/accesses?upload=u1", "/figures"):
        text = (await eve.get(page)).text
        assert "u1</" not in text, page
        assert "strict" not in text, page


async def test_what_was_decided_is_looked_at_again_by_somebody_else(house: ReviewHouse) -> None:
    await house.review.flag()
    ann, bob = await browser(house, "ann"), await browser(house, "bob")
    lea = await browser(house, "lea", Role.LEAD)
    await decide(ann, await take(ann), **FORGED)
    early = await lea.post("/uploads/u1/reopen")
    assert (early.status_code, "For leads" in (await lea.get("/uploads/u1")).text) == (409, False)
    (first,) = await enact(house)
    assert "For leads" not in (await ann.get("/uploads/u1")).text
    assert "look again" in (await lea.get("/uploads/u1")).text

    answer = await lea.post("/uploads/u1/reopen")

    assert answer.headers["location"] == "/uploads/u1"
    assert await take(ann) == "/queue?empty=true"
    await decide(bob, await take(bob), **GENUINE)
    told = (await enact(house))[-1]
    assert (told["action"], told["about"]) == ("publish", first["decision_id"])


async def test_what_a_lead_does_without_loading_a_page_leads_to_the_next_one(
    house: ReviewHouse,
) -> None:
    await decided(house)
    lea = await browser(house, "lea", Role.LEAD)
    known = {"upload": "u1", "truth": "forged"}

    marked = await lea.post("/known-items", data=known, headers=HTMX)
    reopened = await lea.post("/uploads/u1/reopen", headers=HTMX)

    answers = [(one.status_code, one.headers["HX-Redirect"]) for one in (marked, reopened)]
    assert answers == [(204, "/known-items"), (204, "/uploads/u1")]


async def test_agreement_is_told_with_its_interval_and_its_pairs(house: ReviewHouse) -> None:
    house.review.memory.reviews.plan = replace(PLAN, second=1.0)
    ann, bob = await browser(house, "ann"), await browser(house, "bob")
    answers = [(FORGED, FORGED), (FORGED, GENUINE), (GENUINE, GENUINE)]
    for number, (first, second) in enumerate(answers):
        await house.review.flag(f"u{number}")
        await decide(ann, await take(ann), **first)
        await enact(house)
        await decide(bob, await take(bob), **second)
    lea = await browser(house, "lea", Role.LEAD)

    shown = (await lea.get("/figures", params=MARCH_1)).text

    assert "0.40 (95%: -" in shown
    assert '<dd class="number">3</dd>' in shown
    assert "Fewer than 30 pairs say little" in shown
    assert "Nothing was judged twice" in (await lea.get("/figures?until=2026-02-01")).text


@pytest.mark.parametrize("query", ["since=x", "until=9999-12-31", "year=1", "year=x"])
async def test_no_figures_are_told_of_what_is_no_time(house: ReviewHouse, query: str) -> None:
    lea = await browser(house, "lea", Role.LEAD)

    assert (await lea.get(f"/figures?{query}")).status_code == 422


async def test_looks_at_media_are_found_by_person_and_by_upload(house: ReviewHouse) -> None:
    for upload_id in ("u1", "u2"):
        await house.review.flag(upload_id)
    ann, bob = await browser(house, "ann"), await browser(house, "bob")
    await ann.get(CROP)
    await bob.get(CROP.replace("u1", "u2"))
    lea = await browser(house, "lea", Role.LEAD)

    async def found(query: str) -> list[bool]:
        text = (await lea.get(f"/accesses{query}")).text
        return [f"{name}</th>" in text for name in ("ann", "bob")]

    assert await found("") == [True, True]
    assert await found("?person=Ann") == [True, False]
    assert await found("?upload=u2&person=") == [False, True]
    assert await found("?upload=u2&person=ann") == [False, False]
    assert await found("?person=nobody") == [False, False]
    assert await found("?person=a%00") == [False, False]
    assert (await lea.get("/accesses?upload=../x")).status_code == 422


async def test_who_sees_every_tenant_sees_the_figures_of_all(house: ReviewHouse) -> None:
    await house.review.flag("u1")
    await house.review.flag("u2", tenant="other")
    lea = await browser(house, "lea", Role.LEAD, ALL_TENANTS)

    shown = (await lea.get("/figures")).text

    assert '<td>flagged</td><td class="number">2</td>' in shown


async def test_leads_see_why_reviews_were_skipped(house: ReviewHouse) -> None:
    await house.review.flag()
    ann = await browser(house, "ann")
    await ann.post(f"{await take(ann)}/skip", data={"why": "<b>I know them"})
    lea = await browser(house, "lea", Role.LEAD)
    eve = await browser(house, "eve", Role.LEAD, OTHER)

    assert "<td>ann</td><td>&lt;b&gt;I know them</td>" in (await lea.get("/figures")).text
    assert "I know them" not in (await eve.get("/figures")).text
