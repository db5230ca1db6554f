"""Looking for uploads: what an address asks for, who finds what, pages, and CSV."""

from __future__ import annotations

import csv
import html
import io
import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from console.evidence.words import REJECTIONS
from console.search.export import COLUMNS
from console.search.pages import PAGE
from moderation import errors
from moderation.decisions import DecisionKind, Ruling
from moderation.people import Permission, Role, Tenants
from moderation.provenance import GeneratorMark, Provenance, ProvenanceState
from moderation.review import JobKind
from moderation.verdict import Action, Label, Reason, Rejection
from streams.reconcile import GAVE_UP
from tests.contracts.words import NOON
from tests.unit.console.review import ReviewHouse

SCRIPT = "<script>alert(1)</script>"


def found(text: str) -> list[str]:
    return re.findall(r'<a href="/uploads/([^"]+)">', text)


async def test_uploads_are_found_by_what_stands_in_the_address(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    day = timedelta(days=1)
    await house.review.flag("u1", decided_at=NOON)
    await house.review.flag("u2", fake_probability=0.9, label=Label.FAKE, decided_at=NOON + day)

    async def asked(query: str) -> list[str]:
        answer = await viewer.get(f"/uploads?{query}")
        assert answer.status_code == 200
        return found(answer.text)

    assert await asked("") == ["u2", "u1"]
    assert await asked("label=fake&from=&to=&reason=&since=&lane=&id=") == ["u2"]
    assert await asked("label=fake&label=suspect") == ["u2", "u1"]
    assert await asked("from=0.6&to=0.8") == ["u1"]
    assert await asked("since=2026-03-02") == ["u2"]
    assert await asked("until=2026-03-02T00:00:00%2B01:00") == ["u1"]
    assert await asked("reason=near_threshold&lane=live&decided=nothing&id=u1") == ["u1"]
    assert await asked("decided=withhold") == []
    assert await asked("model=faces:3&policy=strict:abab") == ["u2", "u1"]
    assert await asked("model=faces:4") == await asked("policy=mild") == []


async def test_uploads_are_found_by_what_their_media_say_of_themselves(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    mark = GeneratorMark(generator="Painter & Co", field="software")
    said = Provenance(state=ProvenanceState.VALID, generator_marks=(mark,))
    await house.review.flag("u1", provenance=said)
    await house.review.flag("u2")

    by_state = await viewer.get("/uploads?provenance=valid")
    by_generator = await viewer.get("/uploads", params={"generator": "Painter & Co"})

    assert found(by_state.text) == found(by_generator.text) == ["u1"]
    assert "valid; Painter &amp; Co" in by_state.text


@pytest.mark.parametrize(
    "query",
    [
        "label=forged",
        "from=1.01",
        "from=nan",
        "to=x",
        "reason=A%20B",
        "since=yesterday",
        "until=0001-01-01T00:00:00%2B23:00",
        "until=0001-01-02",
        "since=1999-12-31",
        "since=9999-12-31T23:30",
        "lane=fast",
        "decided=maybe",
        "tenant=..%2f",
        "id=u%001",
        "provenance=genuine",
        "generator=a%00",
        f"generator={'x' * 256}",
        "model=:3",
        "policy=strict:XY",
    ],
)
@pytest.mark.parametrize("path", ["/uploads", "/uploads.csv", "/uploads.parquet"])
async def test_what_cannot_be_asked_for_is_refused(
    viewer: httpx.AsyncClient, path: str, query: str
) -> None:
    assert (await viewer.get(f"{path}?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("query", "hint"),
    [("since=yesterday", "a day like 2026-03-01"), ("from=90", "a number from 0 to 1")],
)
async def test_what_cannot_be_asked_for_is_shown_as_it_is_written(
    viewer: httpx.AsyncClient, query: str, hint: str
) -> None:
    assert hint in (await viewer.get(f"/uploads?{query}")).text


async def test_who_looks_for_a_name_is_told_what_an_upload_is_found_by(
    viewer: httpx.AsyncClient,
) -> None:
    assert "by its whole id" in (await viewer.get("/uploads?id=holiday.mp4")).text
    assert "by its whole id" not in (await viewer.get("/uploads?label=fake")).text


@pytest.mark.parametrize(
    "query", ["until=2000-01-01", "since=2000-01-01", "since=9998-12-31T23:30"]
)
async def test_the_first_and_the_last_year_can_be_asked_for(
    viewer: httpx.AsyncClient, query: str
) -> None:
    assert (await viewer.get(f"/uploads?{query}")).status_code == 200


@pytest.mark.parametrize("name", ["after", "before"])
@pytest.mark.parametrize("place", ["2026-03-01", "x~v1", "2026-03-01~v%001"])
async def test_a_page_begins_at_no_place_that_cannot_be(
    viewer: httpx.AsyncClient, name: str, place: str
) -> None:
    assert (await viewer.get(f"/uploads?{name}={place}")).status_code == 422


@pytest.mark.parametrize(
    ("query", "is_open"),
    [
        ("", False),
        ("label=fake&lane=&model=", False),
        ("tenant=acme", True),
        ("lane=live", True),
        ("decided=nothing", True),
        ("provenance=unknown", True),
        ("generator=a", True),
        ("model=m", True),
        ("policy=strict", True),
    ],
)
async def test_what_few_narrow_by_is_folded_away_unless_it_is_asked_for(
    viewer: httpx.AsyncClient, query: str, is_open: bool
) -> None:
    text = (await viewer.get(f"/uploads?{query}")).text

    assert ("<details open><summary>More to narrow by" in text) is is_open
    assert ("<details><summary>More to narrow by" in text) is not is_open


async def test_pages_follow_each_other_by_the_address_alone(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    for number in range(PAGE + 1):
        await house.review.flag(f"u{number:03}", face_pack=None)
    first = await viewer.get("/uploads?label=suspect")
    assert len(found(first.text)) == PAGE
    (following,) = re.findall(r'href="([^"]+)" data-key="n"', first.text)

    second = await viewer.get(html.unescape(following))

    assert found(second.text) == ["u000"]
    assert "suspect: 51" in second.text
    assert 'data-key="n"' not in second.text
    (back,) = re.findall(r'href="([^"]+)" data-key="b"', second.text)
    again = await viewer.get(html.unescape(back))
    assert found(again.text) == found(first.text)
    assert 'data-key="b"' not in again.text
    assert html.unescape(following) in html.unescape(again.text)


async def test_other_tenants_uploads_are_neither_found_nor_exported(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag("u1", tenant="other")

    for query in ("", "?tenant=other", "?id=u1"):
        for path in ("/uploads", "/uploads.csv", "/uploads.parquet"):
            content = (await viewer.get(path + query)).content
            assert b"holiday" not in content
    eve = await house.browser_of(await house.person(Role.VIEWER, "eve", Tenants.named("other")))
    assert found((await eve.get("/uploads")).text) == ["u1"]


async def test_what_uploaders_and_addresses_say_is_never_markup(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag("u1", file_name=SCRIPT)

    text = (await viewer.get("/uploads", params={"since": "2026-01-01", "x": SCRIPT})).text

    assert SCRIPT not in text
    assert "&lt;script&gt;" in text


async def test_csv_holds_what_was_found_and_no_formula(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag("u1", file_name='=HYPERLINK("http://x")')
    rejection = Rejection(reason="unreadable", detail="x")
    await house.review.flag(
        "u2",
        label=Label.REJECTED,
        action=Action.WITHHOLD,
        fake_probability=None,
        rejection=rejection,
        decided_at=NOON,
    )

    answer = await viewer.get("/uploads.csv")

    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="uploads.csv"'
    first, second = csv.DictReader(io.StringIO(answer.text))
    assert tuple(first) == COLUMNS
    assert first["file_name"] == '\'=HYPERLINK("http://x")'
    assert (first["upload_id"], first["fake_probability"]) == ("u1", "0.7000")
    assert (second["fake_probability"], second["reasons"]) == ("", "unreadable")
    narrowed = await viewer.get("/uploads.csv?label=rejected")
    assert len(narrowed.text.splitlines()) == 2


async def test_a_program_exports_with_the_scope_for_it_only(house: ReviewHouse) -> None:
    ann = await house.person(Role.VIEWER, "ann")
    reads = await house.program_of(ann, Permission.UPLOADS_READ)
    exports = await house.program_of(ann, Permission.EXPORT)

    for path in ("/uploads.csv", "/uploads.parquet"):
        assert (await reads.get(path)).status_code == 403
        assert (await exports.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("role", "told"), [(Role.VIEWER, 1), (Role.MODERATOR, 0), (Role.LEAD, 1), (Role.ADMIN, 1)]
)
async def test_moderators_do_not_find_decisions_about_what_they_may_be_asked(
    house: ReviewHouse, role: Role, told: int
) -> None:
    await house.review.flag("u1")
    reviews = house.review.memory.reviews
    (job,) = reviews.jobs.values()
    desk = house.review.desk
    await desk.queue.next("somebody")
    ruling = Ruling(kind=DecisionKind.UPHOLD, verdict_id=job.verdict_id, reason="forged", token="t")
    made = await desk.decisions.decide(job.job_id, "somebody", ruling)
    reviews.standing["u1"] = made.decision
    reviews.jobs[job.job_id] = replace(job, kind=JobKind.SECOND_REVIEW, blind=True)
    browser = await house.browser_of(await house.person(role, "ann"))

    for path in ("/uploads", "/uploads.csv"):
        assert (await browser.get(f"{path}?decided=withhold")).text.count("holiday.mp4") == told


WAITS = "hidden until it is decided"


async def waiting_and_not(first: bool) -> ReviewHouse:
    """A house with an upload that waits for a review, and one that does not."""
    house = ReviewHouse(impression_first=first)
    await house.review.flag("waits", reasons=(Reason.BLURRED,))
    clear = {"label": Label.CLEAR, "action": Action.PUBLISH, "fake_probability": 0.1}
    await house.review.flag("clear", decided_at=NOON, **clear)
    return house


@pytest.mark.parametrize(
    ("role", "first", "hidden"),
    [
        (Role.MODERATOR, True, True),
        (Role.MODERATOR, False, False),
        (Role.VIEWER, True, False),
        (Role.LEAD, True, False),
    ],
)
async def test_an_upload_that_waits_for_an_impression_is_listed_without_what_detectors_say(
    role: Role, first: bool, hidden: bool
) -> None:
    house = await waiting_and_not(first)
    browser = await house.browser_of(await house.person(role))

    text = (await browser.get("/uploads")).text

    assert sorted(found(text)) == ["clear", "waits"]
    row = text.partition('href="/uploads/waits"')[2].partition("</tr>")[0]
    told = ("suspect", "70 %", "the face is blurred", "review")
    assert [words in row for words in told] == [not hidden] * 4
    assert (WAITS in row) is hidden
    assert ("suspect: 1" in text) is not hidden
    assert ('id="chart-title"' in text) is not hidden
    for query in ("label=suspect", "from=0.6", "to=0.8", "reason=blurred", "model=faces"):
        names = found((await browser.get(f"/uploads?{query}")).text)
        assert ("waits" in names) is not hidden, query


@pytest.mark.parametrize(("first", "label"), [(True, "hidden"), (False, "suspect")])
async def test_an_upload_that_waits_for_an_impression_is_exported_without_what_detectors_say(
    first: bool, label: str
) -> None:
    house = await waiting_and_not(first)
    ann = await house.browser_of(await house.person(Role.MODERATOR))

    rows = csv.DictReader(io.StringIO((await ann.get("/uploads.csv")).text))

    by_id = {row["upload_id"]: row for row in rows}
    assert (by_id["waits"]["label"], by_id["clear"]["label"]) == (label, "clear")
    told = ("action", "fake_probability", "reasons", "model", "model_version")
    assert [bool(by_id["waits"][name]) for name in told] == [not first] * 5


@pytest.mark.parametrize(
    ("role", "first", "status"),
    [
        (Role.MODERATOR, True, 403),
        (Role.MODERATOR, False, 200),
        (Role.LEAD, True, 403),
        (Role.VIEWER, True, 200),
    ],
)
async def test_the_status_of_an_upload_tells_no_verdict_to_who_says_first_what_they_see(
    role: Role, first: bool, status: int
) -> None:
    house = await waiting_and_not(first)
    house.memory.uploads.update(house.review.memory.uploads)
    browser = await house.browser_of(await house.person(role))

    answer = await browser.get("/v1/uploads/waits")

    assert answer.status_code == status
    assert ("suspect" in answer.text) is (status == 200)


async def test_a_lead_finds_what_they_review_themselves_without_what_detectors_say() -> None:
    house = await waiting_and_not(first=True)
    lead = await house.person(Role.LEAD)
    browser = await house.browser_of(lead)
    assert WAITS not in (await browser.get("/uploads")).text

    assert await house.review.desk.queue.next(lead.person_id) is not None

    assert WAITS in (await browser.get("/uploads")).text
    assert "waits" not in found((await browser.get("/uploads?label=suspect")).text)
    assert 'id="chart-title"' in (await browser.get("/uploads")).text


async def test_once_it_is_decided_what_detectors_say_is_listed() -> None:
    house = await waiting_and_not(first=True)
    ann = await house.person(Role.MODERATOR)
    job = await house.review.desk.queue.next(ann.person_id)
    assert job is not None
    ruling = Ruling(kind=DecisionKind.UPHOLD, verdict_id=job.verdict_id, reason="forged", token="t")
    await house.review.desk.decisions.decide(job.job_id, ann.person_id, ruling)

    text = (await (await house.browser_of(ann)).get("/uploads?label=suspect")).text

    assert found(text) == ["waits"]
    assert WAITS not in text


async def test_why_something_was_rejected_is_listed_and_finds_it(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    rejection = Rejection(reason="unsupported_kind", detail="x")
    rejected = {"label": Label.REJECTED, "fake_probability": None, "rejection": rejection}
    await house.review.flag("u1", reasons=(), face_pack=None, **rejected)
    await house.review.flag("u2")

    text = (await viewer.get("/uploads?reason=unsupported_kind")).text

    assert found(text) == ["u1"]
    row = text.partition('href="/uploads/u1"')[2].partition("</tr>")[0]
    assert "the bytes are of no kind that is judged here" in row
    assert '<option value="unsupported_kind" selected>the bytes are of no kind' in text


def test_every_rejection_has_words_and_is_offered() -> None:
    reasons = {
        error.reason
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.MediaRejected)
    } - {errors.MediaRejected.reason}

    assert set(REJECTIONS) == reasons | {GAVE_UP}
    assert all(REJECTIONS.values())
