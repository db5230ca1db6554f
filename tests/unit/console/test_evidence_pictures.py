"""Crops as they are sent: to whom, how, and what of it is noted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from console.evidence.posters import poster
from inference.faces.facepack import write
from moderation.errors import MissingPack
from moderation.people import ALL_TENANTS, Permission, Role
from moderation.verdict import Action
from storage.accounts.records import MediaPart
from tests.unit.console.evidence import CLIP, CROP, POSTER, SHEET
from tests.unit.console.review import ReviewHouse
from tests.unit.inference.faces.test_facepack import a_pack

SAMPLES = Path(__file__).parents[3] / "samples"


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


async def test_all_crops_of_a_person_are_one_picture_and_one_look(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    text = (await moderator.get("/uploads/u1")).text
    answer = await moderator.get(SHEET)

    assert text.count(f'<image href="{SHEET}?for=upload" width="672" height="224">') == 4
    assert 'aria-label="Person 1 at 0:00.33" viewBox="224 0 224 224"' in text
    assert decoded(answer).shape == (224, 3 * 224, 3)
    assert answer.headers["content-type"] == "image/jpeg"
    assert house.review.store.reads == ["faces/u1"]
    (access,) = await house.accounts.log.accesses(ALL_TENANTS, limit=9)
    assert (access.part, access.detail) == (MediaPart.CROP, "u1-strict/person 1")


async def test_a_picture_that_a_browser_has_is_not_sent_again_and_noted_all_the_same(
    house: ReviewHouse, moderator: httpx.AsyncClient, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag()
    first = await moderator.get(SHEET)
    had = {"If-None-Match": first.headers["etag"]}

    again, theirs = await moderator.get(SHEET, headers=had), await viewer.get(SHEET, headers=had)

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert theirs.status_code == 200  # what may be revealed is no answer for who may not
    assert len(await house.accounts.log.accesses(ALL_TENANTS, limit=9)) == 3


@pytest.mark.parametrize("path", [CROP, SHEET, POSTER])
async def test_a_crop_that_cannot_be_noted_is_not_sent(
    house: ReviewHouse, moderator: httpx.AsyncClient, path: str
) -> None:
    await house.review.flag(media=CLIP)
    house.review.log.fails = True

    answer = await moderator.get(path)

    assert answer.status_code == 503
    assert answer.headers["content-type"] != "image/jpeg"


@pytest.mark.parametrize("path", [CROP, SHEET, POSTER])
async def test_who_may_not_reveal_is_sent_a_blurred_grey_crop(
    house: ReviewHouse, viewer: httpx.AsyncClient, moderator: httpx.AsyncClient, path: str
) -> None:
    await house.review.flag(media=CLIP)

    sharp, veiled = decoded(await moderator.get(path)), decoded(await viewer.get(path))

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
        SHEET.replace("tracks/0", "tracks/1"),
        SHEET.replace("tracks/0", "tracks/%2e%2e"),
        SHEET.replace("u1-strict", "other"),
        SHEET.replace("u1/", "u2/"),
        SHEET + "?for=fun",
        POSTER,  # nothing is known of its frames
        POSTER.replace("u1-strict", "other"),
        POSTER.replace("u1/", "u2/"),
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


async def test_a_poster_is_the_outline_of_a_frame_with_the_first_face_where_it_was(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    answer = await moderator.get(POSTER, params={"for": "review"})

    shown = decoded(answer)
    assert shown.shape == (270, 480, 3)
    assert answer.headers["cache-control"] == "no-store"
    # The crop is a square of 1.3 times the face's longer side, at the left; all else is ground.
    assert np.ptp(shown[:, 150:].astype(int)) <= 3
    assert np.ptp(shown[:80, :80].astype(int)) > 50
    (access,) = await house.accounts.log.accesses(ALL_TENANTS, limit=9)
    assert (access.reason, access.detail) == ("review", "u1-strict/poster")


@pytest.mark.parametrize(("width", "height"), [(1, 20_000), (20_000, 1), (3, 2)])
async def test_a_poster_is_small_and_has_the_shape_of_the_frame(width: int, height: int) -> None:
    made = poster(write(a_pack()), replace(CLIP, width=width, height=height), veiled=False)

    shown = cv2.imdecode(np.frombuffer(made, np.uint8), cv2.IMREAD_COLOR)
    assert 1 <= min(shown.shape[:2]) <= max(shown.shape[:2]) <= 480


def test_without_a_crop_there_is_no_poster() -> None:
    none = replace(a_pack(0), pixels=np.zeros((0, 224, 224, 3), np.uint8))
    with pytest.raises(MissingPack):
        poster(write(none), CLIP, veiled=False)


@pytest.mark.parametrize("kept", [True, False])
async def test_a_player_has_a_poster_where_crops_are_kept(
    house: ReviewHouse, moderator: httpx.AsyncClient, kept: bool
) -> None:
    clip = SAMPLES / "portrait.mp4"
    key = "media/acme/u1/clip"
    await house.review.flag(media=CLIP, uri=f"store:///{key}")
    await house.review.store.put(key, clip.read_bytes())
    if not kept:
        await house.review.store.delete("faces/u1")

    text = (await moderator.get("/uploads/u1")).text

    assert "<video" in text
    assert (f'poster="{POSTER}?for=upload"' in text) is kept
