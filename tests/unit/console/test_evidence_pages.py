"""The page of an upload and its crops: what is told, to whom, and what of it is noted."""

from __future__ import annotations

import httpx
import pytest

from console.evidence.scored import Recorded
from console.evidence.words import place
from moderation.fusion import Family, Fusion
from moderation.lineage import Lineage
from moderation.people import ALL_TENANTS, Role, Tenants
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
from moderation.scores import CropScore
from moderation.tracks import Crop, CropQuality
from moderation.verdict import Label, Reason, Rejection
from tests.contracts.words import an_upload
from tests.unit.console.evidence import CLIP, CROP, SHEET
from tests.unit.console.review import ReviewHouse

OTHER = Tenants.named("other")
VERDICT = "/uploads/u1/verdicts/u1-strict"
SCRIPT = "<script>alert(1)</script>"


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
        "0:00.75 (97 %)",
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


def scored(crop_id: int, at_seconds: float, logit: float, *, sharpness: float = 100.0) -> CropScore:
    quality = CropQuality(
        face_pixels=120.0, sharpness=sharpness, frontality=0.9, detector_score=0.99
    )
    crop = Crop(
        crop_id=crop_id,
        track_id=0,
        at_seconds=at_seconds,
        box_xyxy=(0.0, 0.0, 10.0, 10.0),
        quality=quality,
    )
    return CropScore(crop=crop, logits={"b": logit})


FUSION = Fusion(id="none", families=(Family(finds="manipulated", weights={"b": 1.0}),))


async def test_a_strip_tells_every_crop_where_scores_are_kept_and_why_one_was_not_judged(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    late, blurred, early = scored(0, 5.0, 0.0), scored(1, 2.5, 9.0, sharpness=1.0), scored(2, 0, 0)
    house.review.said = Recorded(scores=(late, blurred, early), fusion=FUSION)
    await house.review.flag(media=CLIP)

    text = (await viewer.get("/uploads/u1")).text

    assert '<polyline class="strip-score" points="0.0,30.0 500.0,30.0">' in text
    assert '<rect class="strip-unjudged" x="248.0"' in text
    assert "0:02.50: not judged, the face is blurred" in text
    assert "0:00.67 · 50 %" in text


@pytest.mark.parametrize(
    ("at_seconds", "told"), [(0.88, "0:00.88"), (0.92, "0:00.92"), (59.996, "1:00.00")]
)
def test_frames_within_a_tenth_of_a_second_are_told_apart(at_seconds: float, told: str) -> None:
    assert place(at_seconds) == told


async def test_what_was_not_judged_is_told_by_the_policy_that_judged_alone(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    lineage = Lineage(pipeline="1", policy_name="strict", policy_sha256="ef" * 32)
    house.review.said = Recorded(scores=(scored(1, 2.5, 9.0, sharpness=1.0),), fusion=FUSION)
    await house.review.flag(lineage=lineage, media=CLIP)

    assert "not judged" not in (await viewer.get("/uploads/u1")).text


async def test_a_strip_without_kept_scores_has_the_strongest_frames_alone(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    text = (await viewer.get("/uploads/u1")).text

    assert "strip-mark" in text
    assert "strip-score" not in text


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


async def test_of_a_clear_upload_no_more_is_said_than_that_the_evidence_is_not_enough(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag(label=Label.CLEAR, fake_probability=0.59)

    text = (await viewer.get("/uploads/u1")).text

    assert "not enough evidence of forgery (probability of forgery:" in text
    assert "59 %" in text


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

    rows = text.partition("All verdicts, the current one first")[2].split("<tr>")[2:]
    assert ["suspect 70 %" in rows[0], "mild" in rows[0], 'aria-current="page"' in rows[0]] == 3 * [
        True
    ]
    for told in ("suspect 61 %", "close to a threshold", "faces 3", "strict", "u1-strict"):
        assert told in rows[1], told


async def test_what_stood_behind_a_superseded_verdict_is_still_shown(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    first = await house.review.flag(fake_probability=0.61)
    await house.review.flag(policy="mild", supersedes=first.verdict_id)

    text = (await viewer.get("/uploads/u1/verdicts/u1-strict")).text

    assert "61 %</span>" in text
    assert '<a href="/uploads/u1">a later one</a> took its place' in text
    assert (await viewer.get("/uploads/u1/verdicts/none")).status_code == 404


@pytest.mark.parametrize("path", ["/uploads/u1", "/uploads/u1/verdicts/u1-strict"])
async def test_scores_wait_for_the_first_impression_on_the_uploads_own_page_too(path: str) -> None:
    house = ReviewHouse(impression_first=True)
    house.review.said = Recorded(scores=(scored(0, 1.0, 3.5),), fusion=FUSION)
    await house.review.flag(media=CLIP)
    ann = await house.browser_of(await house.person(Role.MODERATOR, "ann"))
    lea = await house.browser_of(await house.person(Role.LEAD, "lea"))

    before = (await ann.get(path)).text
    job = (await ann.post("/queue/next")).headers["location"]
    held, lead = (await ann.get(path)).text, (await lea.get(path)).text

    assert "70 %" in lead
    assert "may come to you" in before
    assert f'<a href="{job}">A review of it is with you</a>' in held
    for text in (before, held):
        for told in (
            "70 %",
            "97 %",
            "may be forged",
            "data-seek",
            "Strongest frames",
            "faces 3",
            "strip",
        ):
            assert told not in text, told


async def test_scores_are_shown_where_impressions_are_not_asked_for(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.flag()

    assert "70 %" in (await moderator.get("/uploads/u1")).text


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
@pytest.mark.parametrize("path", ["/uploads/u1", VERDICT, CROP, SHEET])
async def test_another_tenants_upload_is_not_there(
    house: ReviewHouse, role: Role, path: str
) -> None:
    await house.review.flag()
    eve = await house.browser_of(await house.person(role, "eve", OTHER))

    theirs, none = await eve.get(path), await eve.get(path.replace("u1", "u9"))

    assert theirs.status_code == none.status_code == 404
    assert "holiday" not in theirs.text
    assert await house.accounts.log.accesses(ALL_TENANTS, limit=9) == []


async def test_a_strong_frame_is_sketched_with_its_box_and_the_face_where_it_was(
    house: ReviewHouse, viewer: httpx.AsyncClient
) -> None:
    await house.review.flag(media=CLIP)

    text = (await viewer.get("/uploads/u1")).text

    assert 'viewBox="0 0 640 360"' in text
    assert '<rect class="box" x="1.0" y="2.0" width="29.5" height="38.0">' in text
    # 1.3 times the longer side, about the same middle; the crop is the second of its sheet
    assert '<svg x="-8.9" y="-3.7" width="49.4" height="49.4" viewBox="224 0 224 224">' in text
