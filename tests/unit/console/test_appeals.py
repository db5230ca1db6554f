"""The appeals endpoint: who may appeal, against what, and what becomes of it."""

from __future__ import annotations

import json

import httpx
import pytest

from moderation.people import Permission, Role, Tenants
from moderation.review import JobKind, ReviewJob
from moderation.verdict import Action, Label
from storage.in_memory import InMemoryOutbox
from storage.reviews.in_memory import InMemorySettlement
from storage.reviews.in_memory_records import InMemoryReviewStatistics
from streams.enact import Enactor
from streams.topics import Topics
from tests.unit.console.review import ReviewHouse
from tests.unit.console.test_queue_pages import decide, take

WITHHELD = {"label": Label.FAKE, "action": Action.WITHHOLD}
APPEALS = "/v1/uploads/u1/appeals"
WORDS = {"text": "That is me: I filmed it."}


async def platform(house: ReviewHouse, *, tenants: str = "acme") -> httpx.AsyncClient:
    name = f"platform-{tenants}"
    admin = await house.person(Role.ADMIN, name, Tenants.named(tenants))
    return await house.program_of(admin, Permission.APPEALS_SUBMIT)


async def moderator(house: ReviewHouse, name: str) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, name))


def appeals(house: ReviewHouse) -> list[ReviewJob]:
    jobs = house.review.memory.reviews.jobs.values()
    return [job for job in jobs if job.kind is JobKind.APPEAL]


async def enact(house: ReviewHouse) -> list[dict[str, object]]:
    """Let what was decided take effect, and return the decisions that were told."""
    memory = house.review.memory
    settlement, figures = InMemorySettlement(memory), InMemoryReviewStatistics(memory)
    await Enactor(settlement, figures, Topics("test"), memory.reviews.plan).once()
    entries = await InMemoryOutbox(memory).pending(limit=100)
    return [json.loads(entry.message.value)["decision"] for entry in entries]


async def test_an_appeal_reaches_somebody_else_and_its_outcome_is_told_as_a_decision(
    house: ReviewHouse,
) -> None:
    await house.review.flag()
    ann, bob = await moderator(house, "ann"), await moderator(house, "bob")
    await decide(ann, await take(ann))
    (first,) = await enact(house)

    answer = await (await platform(house)).post(APPEALS, json=WORDS)

    assert answer.status_code == 202
    assert answer.json()["appeal_id"] == appeals(house)[0].job_id
    assert await take(ann) == "/queue?empty=true"
    job = await take(bob)
    shown = (await bob.get(job)).text
    assert "That is me: I filmed it." in shown
    assert "ann" not in shown.partition("</header>")[2].replace("channel", "")
    await decide(bob, job, kind="overturn", reason="genuine")
    told = (await enact(house))[-1]
    assert (told["job_kind"], told["action"], told["about"]) == (
        "appeal",
        "publish",
        first["decision_id"],
    )


async def test_the_same_appeal_sent_twice_is_one_and_another_is_refused_while_it_waits(
    house: ReviewHouse,
) -> None:
    await house.review.flag(**WITHHELD)
    program = await platform(house)

    answers = [await program.post(APPEALS, json=WORDS) for _ in range(2)]
    other = await program.post(APPEALS, json={"text": "Look again!"})

    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["reason"]) == (409, "appeal_open")
    assert len(appeals(house)) == 1


@pytest.mark.parametrize("tenants", ["other", "acme2"])
async def test_an_appeal_for_another_tenants_upload_finds_no_upload(
    house: ReviewHouse, tenants: str
) -> None:
    await house.review.flag(**WITHHELD)
    program = await platform(house, tenants=tenants)

    refused = await program.post(APPEALS, json=WORDS)
    unknown = await program.post("/v1/uploads/none/appeals", json=WORDS)

    for answer in (refused, unknown):
        assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_upload")
    assert appeals(house) == []


async def test_what_nobody_restricted_cannot_be_appealed(house: ReviewHouse) -> None:
    await house.review.flag(label=Label.CLEAR, action=Action.PUBLISH)

    answer = await (await platform(house)).post(APPEALS, json=WORDS)

    assert (answer.status_code, answer.json()["reason"]) == (409, "nothing_to_appeal")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('{"text": "%s"}' % ("x" * 4000), 202),
        ('{"text": "%s"}' % ("\\ud83d\\ude00" * 4000), 202),
        ('{"text": "%s"}' % ("x" * 4001), 422),
        ('{"text": ""}', 422),
        ('{"text": " \\n"}', 422),
        (r'{"text": "a\u0000b"}', 422),
        (r'{"text": "a\ud800b"}', 422),
        ('{"text": "x", "priority": 1}', 422),
        ('{"text": 7}', 422),
        ("{}", 422),
        ("no JSON", 422),
        (" " * (64 * 1024 + 1), 413),
    ],
)
async def test_an_appeal_holds_words_within_bounds(
    house: ReviewHouse, body: str, code: int
) -> None:
    await house.review.flag(**WITHHELD)

    answer = await (await platform(house)).post(APPEALS, content=body)

    assert answer.status_code == code
    assert len(appeals(house)) == (code == 202)


async def test_a_token_without_the_scope_and_a_moderator_may_not_appeal(
    house: ReviewHouse,
) -> None:
    await house.review.flag(**WITHHELD)
    admin = await house.person(Role.ADMIN, "root")
    program = await house.program_of(admin, Permission.UPLOADS_SUBMIT, Permission.UPLOADS_READ)

    for caller in (program, await moderator(house, "ann")):
        assert (await caller.post(APPEALS, json=WORDS)).status_code == 403
    assert appeals(house) == []


async def test_what_an_uploader_wrote_is_shown_as_theirs_and_never_as_markup(
    house: ReviewHouse,
) -> None:
    await house.review.flag(**WITHHELD)
    hostile = "</blockquote><script>alert(1)</script> ‮ https://evil.example"
    await (await platform(house)).post(APPEALS, json={"text": hostile})
    ann = await moderator(house, "ann")

    shown = (await ann.get(await take(ann))).text

    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert 'href="https://evil' not in shown
    assert "nothing in it was checked" in shown
    assert 'dir="auto"' in shown
