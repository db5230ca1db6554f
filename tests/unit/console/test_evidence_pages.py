"""The page of an upload and its crops: what is told, to whom, and what of it is noted."""

from __future__ import annotations

import cv2
import httpx
import numpy as np
import pytest

from moderation.lineage import Lineage
from moderation.media import Container, MediaFacts, MediaKind
from moderation.people import ALL_TENANTS, Permission, Role, Tenants
from moderation.provenance import (
    Conflict,
    Credentials,
    GeneratorMark,
    ManifestPlace,
    MediaTags,
    Provenance,
    ProvenanceState,
    Signer,
)
from moderation.verdict import Action, Label, Reason, Rejection
from storage.accounts.records import MediaPart
from tests.contracts.words import an_upload
from tests.unit.console.review import ReviewHouse

OTHER = Tenants.named("other")
SCRIPT = "<script>alert(1)</script>"
CROP = "/uploads/u1/verdicts/u1-strict/crops/0"
CLIP = MediaFacts(
    sha256="ab" * 32,
    size_bytes=1,
    kind=MediaKind.VIDEO,
    container=Container.MP4,
    codec="h264",
    width=640,
    height=360,
    duration_seconds=10.0,
    frames_sampled=32,
)


@pytest.fixture
def house() -> ReviewHouse:
    return ReviewHouse()


@pytest.fixture
async def viewer(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.VIEWER, "vic"))


@pytest.fixture
async def moderator(house: ReviewHouse) -> httpx.AsyncClient:
    return await house.browser_of(await house.person(Role.MODERATOR, "ann"))


async def test_a_verdict_is_told_with_what_stands_behind_it(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    text = (await viewer.get("/uploads/u1")).text

    for told in (
        "may be forged",
        "70 %",
        "begins at 50 %, “forged” at 80 %",
        "close to a threshold",
        "0:00.5 to 0:02.2",
        "0:00.8 (97 %)",
        "manipulated 95 %",
        "faces 3",
        "strict",
        "temperature-1.7",
        "0:10.0",
    ):
        assert told in text, told


async def test_a_strip_puts_frames_at_their_place_along_the_time_line(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    text = (await viewer.get("/uploads/u1")).text

    assert '<rect class="strip-seen" x="50.0" y="0" width="175.0"' in text
    assert '<rect class="strip-mark" x="73.0" y="1.8"' in text
    assert "style=" not in text


async def test_thresholds_of_another_policy_than_the_one_in_force_are_not_told(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    lineage = Lineage(pipeline="1", policy_name="strict", policy_sha256="ef" * 32)
    await house.review.flag(lineage=lineage)

    assert "begins at" not in (await viewer.get("/uploads/u1")).text


async def test_why_it_abstained_is_said_in_words(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    reasons = (Reason.BLURRED, Reason.TURNED_AWAY)
    await house.review.flag(
        label=Label.UNKNOWN, fake_probability=None, reasons=reasons, tracks=(), face_pack=None
    )

    text = (await viewer.get("/uploads/u1")).text

    assert "abstains because the face is blurred; the face is turned away" in text
    assert "No crops are kept" in text


async def test_an_upload_without_an_end_says_when_one_is_due(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.ledger.announce(an_upload(), deadline_at=house.now)

    assert "due by 2026-03-01 12:00" in (await viewer.get("/uploads/u1")).text


async def test_superseded_verdicts_are_listed(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    first = await house.review.flag(fake_probability=0.61)
    await house.review.flag(policy="mild", supersedes=first.verdict_id)

    text = (await viewer.get("/uploads/u1")).text

    assert "suspect 61 %, faces 3, policy strict" in text


async def test_what_the_uploader_wrote_is_never_markup(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    provenance = Provenance(
        state=ProvenanceState.INVALID,
        credentials=Credentials(
            place=ManifestPlace.EMBEDDED,
            signer=Signer(issuer=SCRIPT),
            claim_generator=SCRIPT,
            status_codes=(SCRIPT,),
        ),
        tags=MediaTags(software=SCRIPT, camera_make=SCRIPT, encoder=SCRIPT, created_at=SCRIPT),
        generator_marks=(GeneratorMark(generator=SCRIPT, field=SCRIPT),),
        conflicts=(Conflict.CAPTURE_BUT_GENERATOR,),
    )
    rejection = Rejection(reason="unreadable", detail=SCRIPT)
    await house.review.flag("u1", file_name=SCRIPT, provenance=provenance)
    await house.review.flag(
        "u2", label=Label.REJECTED, fake_probability=None, rejection=rejection, file_name='"><b>'
    )
    job = (await moderator.post("/queue/next")).headers["location"]

    for path in ("/uploads/u1", "/uploads/u2", job):
        text = (await moderator.get(path)).text
        assert SCRIPT not in text
        assert '"><b>' not in text
    text = (await moderator.get("/uploads/u1")).text
    assert text.count("&lt;script&gt;alert(1)") >= 9
    assert "signed as captured, but a generator is named in it" in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
@pytest.mark.parametrize("path", ["/uploads/u1", CROP])
async def test_another_tenants_upload_is_not_there(
    house: ReviewHouse, role: Role, path: str
) -> None:
    await house.review.flag()
    eve = await house.browser_of(await house.person(role, "eve", OTHER))

    theirs, none = await eve.get(path), await eve.get(path.replace("u1", "u9"))

    assert theirs.status_code == none.status_code == 404
    assert "holiday" not in theirs.text
    assert await house.accounts.log.accesses(ALL_TENANTS, limit=9) == []


async def test_a_crop_is_encoded_anew_and_noted_before_it_is_sent(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag()

    answer = await moderator.get(CROP, params={"for": "review"})

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    assert decoded(answer).shape == (224, 224, 3)
    assert answer.content not in (await house.review.store.read("faces/u1"))
    (access,) = await house.accounts.log.accesses(ALL_TENANTS, limit=9)
    assert (access.part, access.reason, access.detail) == (MediaPart.CROP, "review", "u1-strict/0")
    assert (access.tenant, access.upload_id, access.at) == ("acme", "u1", house.now)


async def test_a_crop_that_cannot_be_noted_is_not_sent(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag()
    house.review.log.fails = True

    answer = await moderator.get(CROP)

    assert answer.status_code == 503
    assert answer.headers["content-type"] != "image/jpeg"


async def test_who_may_not_reveal_is_sent_a_blurred_grey_crop(
    house: ReviewHouse, viewer: httpx.AsyncClient, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag()

    sharp, veiled = decoded(await moderator.get(CROP)), decoded(await viewer.get(CROP))

    assert np.ptp(veiled.astype(int), axis=2).max() <= 3
    assert np.ptp(sharp.astype(int), axis=2).max() > 30
    assert "data-reveal" not in (await viewer.get("/uploads/u1")).text
    assert "data-reveal" in (await moderator.get("/uploads/u1")).text


def decoded(answer: httpx.Response) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/u1/verdicts/u1-strict/crops/3",
        "/uploads/u1/verdicts/other/crops/0",
        "/uploads/u2/verdicts/u1-strict/crops/0",
        "/uploads/u1/verdicts/u1-strict/crops/-1",
        "/uploads/u1/verdicts/u1-strict/crops/..%2f..%2findex.json",
        "/uploads/u1/verdicts/%2e%2e/crops/0",
        "/uploads/%2e%2e%2fpeople/verdicts/u1-strict/crops/0",
        "/uploads/u%001",
        CROP + "?for=fun",
    ],
)
async def test_what_is_no_id_of_a_crop_leads_nowhere(
    house: ReviewHouse, moderator: httpx.AsyncClient, path: str
) -> None:
    await house.review.flag("u1")
    await house.review.flag("u2")

    assert (await moderator.get(path)).status_code in (404, 422)
    assert await house.accounts.log.accesses(ALL_TENANTS, limit=9) == []


@pytest.mark.parametrize("pack", [b"no pack", None])
async def test_a_pack_that_is_damaged_or_gone_leaves_the_verdict_to_be_read(
    house: ReviewHouse, moderator: httpx.AsyncClient, pack: bytes | None
) -> None:
    await house.review.flag()
    if pack is None:
        await house.review.store.delete("faces/u1")
    else:
        await house.review.store.put("faces/u1", pack)

    shown = await moderator.get("/uploads/u1")

    assert (shown.status_code, "No crops are kept" in shown.text) == (200, True)
    assert (await moderator.get(CROP)).status_code == 404


async def test_a_program_may_read_a_crop_and_its_token_is_noted(house: ReviewHouse) -> None:
    await house.review.flag(action=Action.REVIEW)
    ann = await house.person(Role.MODERATOR, "ann")
    program = await house.program_of(ann, Permission.UPLOADS_READ)

    answer = await program.get(CROP)

    assert np.ptp(decoded(answer).astype(int), axis=2).max() <= 3
    (access,) = await house.accounts.log.accesses(ALL_TENANTS, limit=9)
    assert (access.person_id, access.token_id) == (ann.person_id, "t0")
