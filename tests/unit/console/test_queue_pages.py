"""The queue's pages: who is given what, what is decided, and what is told of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from moderation.decisions import Decision, Impression
from moderation.people import Role, Tenants
from moderation.review import JobKind, JobState
from tests.contracts.reviews.desk import PLAN
from tests.contracts.words import a_verdict, an_upload
from tests.unit.console.review import ReviewHouse

OTHER = Tenants.named("other")
HTMX = {"HX-Request": "true"}


@pytest.fixture
async def ann(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, "ann"))


@pytest.fixture
async def bob(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, "bob"))


async def take(browser: httpx.AsyncClient) -> str:
    """The address of the review that is given."""
    answer = await browser.post("/queue/next")
    assert answer.status_code == 303
    return answer.headers["location"]


def fields(html: str, **changes: str) -> dict[str, str]:
    """What the decision form sends, as the page fills it in."""
    form = html.partition('id="decide"')[2].partition("</form>")[0]
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
    return {**hidden, "kind": "uphold", "reason": "forged"} | changes


async def decide(browser: httpx.AsyncClient, job: str, **changes: str) -> httpx.Response:
    form = fields((await browser.get(job)).text, **changes)
    return await browser.post(f"{job}/decide", data=form)


def made(house: ReviewHouse) -> list[Decision]:
    return [one.decision for one in house.review.memory.reviews.links()]


async def test_a_flagged_upload_is_taken_looked_at_and_decided(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    shown = await ann.get(job)
    assert "holiday.mp4" in shown.text

    answer = await decide(ann, job, note="seams at the chin", action="label")

    assert answer.headers["location"].startswith(f"{job}/decided?decision=")
    assert "You upheld: label it" in (await ann.get(answer.headers["location"])).text
    (decision,) = made(house)
    assert (decision.kind, decision.reason, decision.action) == ("uphold", "forged", "label")
    assert house.review.memory.reviews.notes == {decision.decision_id: "seams at the chin"}


async def test_the_buttons_say_what_becomes_of_the_upload(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()

    shown = (await ann.get(await take(ann))).text

    assert "Uphold: withhold it" in shown
    assert "Overturn: publish it" in shown


async def test_one_decides_before_one_reads_versions_and_hashes(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()

    shown = (await ann.get(await take(ann))).text

    assert shown.index("<h2>Decide</h2>") < shown.index("How it was reached")


async def test_a_reason_that_does_not_fit_is_named_in_its_words(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()

    refused = await decide(ann, await take(ann), reason="genuine")

    assert "“no forgery is to be seen” is no reason" in refused.text


async def test_nothing_to_look_at_is_said(ann: httpx.AsyncClient) -> None:
    assert await take(ann) == "/queue?empty=true"
    assert "nothing for you" in (await ann.get("/queue?empty=true")).text


async def test_two_people_are_not_given_one_review(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)

    assert await take(bob) == "/queue?empty=true"
    assert (await bob.get(job)).status_code == 409
    assert (await bob.post(f"{job}/decide", data=fields("", token="t"))).status_code == 409
    assert made(house) == []


async def test_of_two_browsers_of_one_person_the_first_decides(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    other = await house.browser_of((await house.accounts.people.everyone())[0].person)
    job = await take(ann)
    assert await take(other) == job
    late = fields((await other.get(job)).text, kind="overturn", reason="genuine")

    await decide(ann, job)
    refused = await other.post(f"{job}/decide", data=late)

    assert (refused.status_code, (await other.get(job)).status_code) == (409, 409)
    assert [one.kind for one in made(house)] == ["uphold"]


@pytest.mark.parametrize(
    "what", ["", "/renew", "/release", "/skip", "/decide", "/undo", "/decided?decision=x"]
)
async def test_a_review_of_another_tenant_is_not_there(house: ReviewHouse, what: str) -> None:
    await house.review.flag()
    (job_id,) = house.review.memory.reviews.jobs
    eve = await house.browser_of(await house.person(Role.ADMIN, "eve", OTHER))
    method = "GET" if what == "" or what.startswith("/decided") else "POST"

    answer = await eve.request(
        method, f"/queue/{job_id}{what}", **({} if method == "GET" else {"data": {"why": "x"}})
    )

    assert answer.status_code == 404
    assert await take(eve) == "/queue?empty=true"


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"reason": ""}, 422, "choose a reason"),
        ({"reason": "none_such"}, 409, "choose another reason"),
        ({"reason": "genuine"}, 409, "choose another reason"),
        ({"kind": "undo"}, 422, "undo"),
        ({"kind": "perhaps"}, 422, ""),
        ({"action": "review"}, 409, "choose another"),
        ({"token": ""}, 422, "token"),
        ({"note": "x" * 2001}, 422, "2,000"),
        ({"note": "a\0b"}, 422, "cannot be kept"),
        ({"impression": "bored"}, 422, ""),
        ({"verdict": "an-older-one"}, 409, "look again"),
    ],
)
async def test_what_cannot_be_decided_is_said_in_words(
    house: ReviewHouse, ann: httpx.AsyncClient, changes: dict[str, str], code: int, words: str
) -> None:
    await house.review.flag()
    job = await take(ann)

    answer = await decide(ann, job, **changes)

    assert answer.status_code == code
    assert words in answer.text
    assert made(house) == []


async def test_a_verdict_that_came_meanwhile_is_looked_at_again(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    first = await house.review.flag()
    job = await take(ann)
    form = fields((await ann.get(job)).text)
    newer = {"policy": "newer", "supersedes": first.verdict_id}
    await house.review.flag(**newer)

    refused = await ann.post(f"{job}/decide", data=form, headers=HTMX)

    assert refused.status_code == 409
    assert "look again" in refused.text
    assert "<html" not in refused.text
    assert (await decide(ann, job)).status_code == 303


async def test_a_form_that_is_sent_twice_decides_once(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    form = fields((await ann.get(job)).text)

    answers = [await ann.post(f"{job}/decide", data=form) for _ in range(2)]

    assert answers[0].headers["location"] == answers[1].headers["location"]
    other = await ann.post(f"{job}/decide", data=form | {"kind": "escalate"})
    assert (other.status_code, len(made(house))) == (409, 1)


async def test_a_decision_is_taken_back_while_there_is_time(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    decided = (await decide(ann, job)).headers["location"]
    form = undo_fields((await ann.get(decided)).text)

    answer = await ann.post(f"{job}/undo", data=form)

    assert answer.headers["location"] == job
    assert (await ann.get(job)).status_code == 200
    assert "cannot be taken back" in (await ann.get(decided)).text


async def test_a_decision_is_not_taken_back_when_it_took_effect(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    decided = (await decide(ann, job)).headers["location"]
    form = undo_fields((await ann.get(decided)).text)
    house.now += PLAN.grace

    answer = await ann.post(f"{job}/undo", data=form)

    assert answer.status_code == 409
    assert "it has taken effect" in answer.text
    assert "cannot be taken back" in (await ann.get(decided)).text


async def test_others_decisions_are_undone_by_leads_alone(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    decided = (await decide(ann, job)).headers["location"]
    form = {**undo_fields((await ann.get(decided)).text), "token": "other"}
    lead = await house.browser_of(await house.person(Role.LEAD, "lea"))
    assert (await bob.get(decided)).status_code == 404
    assert "Undo, until" not in (await bob.get("/uploads/u1")).text
    assert "Undo, until" in (await lead.get("/uploads/u1")).text

    assert (await bob.post(f"{job}/undo", data=form)).status_code == 403
    assert (await lead.post(f"{job}/undo", data=form)).headers["location"] == "/uploads/u1"


def undo_fields(html: str) -> dict[str, str]:
    form = html.partition("/undo")[2].partition("</form>")[0]
    return dict(re.findall(r'name="(token|decision)" value="([^"]*)"', form))


async def test_a_review_that_is_skipped_is_not_given_again(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    assert (await ann.post(f"{job}/skip", data={"why": " "})).status_code == 422

    assert (await ann.post(f"{job}/skip", data={"why": "I know them"})).status_code == 303

    assert await take(ann) == "/queue?empty=true"
    assert await take(bob) == job


async def test_a_review_that_is_given_back_is_free(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)

    answer = await ann.post(f"{job}/release", headers=HTMX)

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/queue")
    assert await take(bob) == job


async def test_the_page_asks_again_for_its_review_a_few_times_only(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(ann)
    house.now += PLAN.lock - timedelta(seconds=1)

    renewed = await ann.post(f"{job}/renew", data={"times": "0"})
    asleep = await ann.post(f"{job}/renew", data={"times": "5"})

    assert "load delay:200s" in renewed.text
    assert '{"times": 1}' in renewed.text
    assert "load delay" not in asleep.text
    assert "still looking" in asleep.text
    house.now += PLAN.lock
    assert "not with you" in (await ann.post(f"{job}/renew", data={"times": "0"})).text


async def test_a_known_item_looks_like_any_flagged_upload(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    job = await take(bob)
    await decide(bob, job)
    (flagged,) = house.review.memory.reviews.jobs.values()
    jobs = house.review.memory.reviews.jobs
    plain = replace(flagged, state=JobState.WAITING, ended_at=None, decision_id=None)
    pages: list[str] = []
    for kind, blind in ((JobKind.FLAGGED, False), (JobKind.KNOWN_ITEM, True)):
        jobs[flagged.job_id] = replace(plain, kind=kind, blind=blind)
        page = (await ann.get(await take(ann))).text
        pages.append(re.sub(r'name="(token|csrf)" value="\w+"', "", page))
        assert "bob" not in page
        assert "What people decided" not in page
        assert "What people decided" not in (await ann.get("/uploads/u1")).text

    assert pages[0] == pages[1]
    assert "known" not in pages[1]


async def test_a_blind_reviewer_sees_nothing_of_what_was_decided(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    await decide(bob, await take(bob), note="surely forged")
    (job,) = house.review.memory.reviews.jobs.values()
    house.review.memory.reviews.jobs[job.job_id] = replace(
        job, kind=JobKind.SECOND_REVIEW, blind=True, state=JobState.WAITING, ended_at=None
    )
    held = await take(ann)

    for page in (held, "/uploads/u1"):
        text = (await ann.get(page)).text
        assert "upheld" not in text
        assert "surely forged" not in text

    await ann.post(f"{held}/release")
    assert "surely forged" not in (await ann.get("/uploads/u1")).text
    await decide(ann, await take(ann))
    assert "surely forged" in (await ann.get("/uploads/u1")).text


async def test_who_looks_before_taking_a_blind_review_sees_no_decision_unless_they_lead(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    await decide(bob, await take(bob))
    (job,) = house.review.memory.reviews.jobs.values()
    house.review.memory.reviews.jobs[job.job_id] = replace(
        job, kind=JobKind.SECOND_REVIEW, blind=True, state=JobState.WAITING, ended_at=None
    )
    lead = await house.browser_of(await house.person(Role.LEAD, "lea"))
    assert "upheld" not in (await ann.get("/uploads/u1")).text
    assert "bob upheld" in (await lead.get("/uploads/u1")).text

    await take(lead)

    assert "upheld" not in (await lead.get("/uploads/u1")).text


async def test_an_open_second_review_shows_what_was_decided(
    house: ReviewHouse, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    await house.review.flag()
    await decide(bob, await take(bob), kind="escalate", note="look at the ear")
    (job,) = house.review.memory.reviews.jobs.values()
    house.review.memory.reviews.jobs[job.job_id] = replace(
        job, kind=JobKind.SECOND_REVIEW, state=JobState.WAITING, ended_at=None
    )

    assert "look at the ear" in (await ann.get(await take(ann))).text


async def test_scores_wait_for_the_first_impression_where_it_is_asked_for() -> None:
    house = ReviewHouse(impression_first=True)
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))
    await house.review.flag()
    job = await take(ann)

    before = (await ann.get(job)).text
    assert "70 %" not in before
    assert "97 %" not in before
    assert 'id="decide"' not in before
    after = (await ann.get(f"{job}?impression=unsure")).text
    assert "70 %" in after
    assert (await ann.get(f"{job}?impression=bored")).status_code == 422

    without = fields(after) | {"impression": ""}
    assert (await ann.post(f"{job}/decide", data=without)).status_code == 422
    assert (await ann.post(f"{job}/decide", data=fields(after))).status_code == 303
    assert made(house)[0].first_impression is Impression.UNSURE


async def test_an_appeal_shows_what_the_uploader_says_and_not_as_markup(
    house: ReviewHouse, ann: httpx.AsyncClient
) -> None:
    await house.review.ledger.conclude(an_upload(), a_verdict(), publish=[])
    await house.review.appeal("u1", "<script>alert(1)</script>")

    text = (await ann.get(await take(ann))).text

    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
