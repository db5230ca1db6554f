"""The upload's own bytes: to whom they go, as what, which of them, and what of it is noted."""

from __future__ import annotations

import httpx
import pytest

from console.evidence.ranges import asked_of
from moderation.people import ALL_TENANTS, Permission, Role, Tenants
from storage.accounts.records import MediaPart
from tests.contracts.words import an_upload
from tests.unit.console.evidence import CLIP
from tests.unit.console.review import ReviewHouse

MP4 = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(range(256)) * 20
KEY = "media/acme/u1/0123"
MEDIA = "/uploads/u1/media"


@pytest.fixture
async def house() -> ReviewHouse:
    house = ReviewHouse()
    await house.review.flag(uri=f"store:///{KEY}", media=CLIP)
    await house.review.store.put(KEY, MP4)
    return house


async def accesses(house: ReviewHouse):
    return await house.accounts.log.accesses(ALL_TENANTS, limit=9)


async def test_the_media_comes_as_a_fixed_type_that_can_do_nothing(
    moderator: httpx.AsyncClient,
) -> None:
    answer = await moderator.get(MEDIA)

    assert (answer.status_code, answer.content) == (200, MP4)
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-disposition"] == 'attachment; filename="u1.mp4"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-store"
    policies = answer.headers.get_list("content-security-policy", split_commas=True)
    assert "default-src 'none'; sandbox" in [policy.strip() for policy in policies]
    assert any("frame-ancestors 'none'" in policy for policy in policies)


async def test_a_player_may_ask_for_a_part(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    answer = await moderator.get(f"{MEDIA}?for=review", headers={"Range": "bytes=100-199"})

    assert (answer.status_code, answer.content) == (206, MP4[100:200])
    assert answer.headers["content-range"] == f"bytes 100-199/{len(MP4)}"
    assert answer.headers["content-length"] == "100"
    (access,) = await accesses(house)
    assert (access.part, access.reason) == (MediaPart.ORIGINAL, "review")
    assert (access.tenant, access.upload_id, access.detail) == ("acme", "u1", "bytes 100-199")


async def test_bytes_that_it_does_not_have_are_refused_and_not_noted(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    answer = await moderator.get(MEDIA, headers={"Range": f"bytes={len(MP4)}-"})

    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(MP4)}"
    assert await accesses(house) == []


@pytest.mark.parametrize(
    ("header", "stretch"),
    [
        (None, (0, 10, True)),
        ("bytes=0-", (0, 10, False)),
        ("bytes=3-5", (3, 6, False)),
        ("bytes=9-9", (9, 10, False)),
        ("bytes=9-10", (9, 10, False)),
        ("bytes=-3", (7, 10, False)),
        ("bytes=-99", (0, 10, False)),
        ("bytes=5-4", (0, 10, True)),
        ("bytes=-", (0, 10, True)),
        ("bytes=0-1,3-4", (0, 10, True)),
        ("lines=0-1", (0, 10, True)),
        ("bytes=" + "9" * 40 + "-", (0, 10, True)),
    ],
)
def test_one_stretch_is_sent_and_what_is_none_is_passed_over(
    header: str | None, stretch: tuple[int, int, bool]
) -> None:
    asked = asked_of(header, size=10)

    assert asked is not None
    assert (asked.start, asked.end, asked.whole) == stretch


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-11", "bytes=-0"])
def test_what_begins_behind_the_end_is_no_stretch(header: str) -> None:
    assert asked_of(header, size=10) is None


async def test_a_look_that_cannot_be_noted_is_not_answered(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    house.review.log.fails = True

    answer = await moderator.get(MEDIA)

    assert answer.status_code == 503
    assert b"ftyp" not in answer.content


async def test_viewers_get_neither_the_media_nor_a_player(house: ReviewHouse) -> None:
    viewer = await house.browser_of(await house.person(Role.VIEWER, "vic"))

    answer = await viewer.get(MEDIA)

    assert answer.status_code == 403
    assert "The upload itself" not in (await viewer.get("/uploads/u1")).text
    assert await accesses(house) == []


async def test_a_program_needs_a_scope_of_its_own_for_media(house: ReviewHouse) -> None:
    ann = await house.person(Role.MODERATOR, "ann")
    reader = await house.program_of(ann, Permission.UPLOADS_READ)
    revealer = await house.program_of(ann, Permission.REVEAL)

    assert (await reader.get(MEDIA)).status_code == 403
    assert (await revealer.get(MEDIA)).content == MP4
    (access,) = await accesses(house)
    assert access.token_id == "t1"


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.ADMIN])
async def test_another_tenants_media_is_not_there(house: ReviewHouse, role: Role) -> None:
    eve = await house.browser_of(await house.person(role, "eve", Tenants.named("other")))

    theirs, none = await eve.get(MEDIA), await eve.get("/uploads/u9/media")

    assert theirs.status_code == none.status_code == 404
    assert await accesses(house) == []


@pytest.mark.parametrize(
    "uri",
    [
        "store:///media/other/u2/0123",
        "store:///media/acme/u3/0123",
        "store:///media/acme/u2/../../other/u2/0123",
        "store:///packs/acme/x.zip",
        "https://example.org/clip.mp4",
        "file:///etc/passwd",
    ],
)
async def test_an_address_gives_nothing_that_was_not_received_for_the_upload_itself(
    house: ReviewHouse, moderator: httpx.AsyncClient, uri: str
) -> None:
    for key in ("media/other/u2/0123", "media/acme/u3/0123", "packs/acme/x.zip"):
        await house.review.store.put(key, MP4)
    await house.review.flag("u2", uri=uri)

    assert (await moderator.get("/uploads/u2/media")).status_code == 404
    assert await accesses(house) == []


@pytest.mark.parametrize(
    "path",
    [
        "/uploads/..%2f..%2fmedia%2facme%2fu1/media",
        "/uploads/%2e%2e/media",
        "/uploads/u1%2f..%2fu1/media",
        "/uploads/u1%00/media",
        "/uploads/u1/media/..%2f0123",
        "/uploads/u1/media?for=fun",
    ],
)
async def test_only_ids_lead_to_media(
    house: ReviewHouse, moderator: httpx.AsyncClient, path: str
) -> None:
    assert (await moderator.get(path)).status_code in (404, 422)
    assert await accesses(house) == []


async def test_media_that_retention_took_is_said_to_be_gone(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.store.delete(KEY)

    text = (await moderator.get("/uploads/u1")).text

    assert "Its media is not kept any more" in text
    assert "<video" not in text
    assert (await moderator.get(MEDIA)).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html><script>alert(1)</script>", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"", None),
        (b"\x1aE\xdf\xa3\x42\x82\x88matroska", None),
        (b"\xff\xd8\xff\xe0 then <script>", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
    ],
)
async def test_the_first_bytes_choose_among_few_types_and_no_name_does(
    house: ReviewHouse, moderator: httpx.AsyncClient, content: bytes, kind: str | None
) -> None:
    await house.review.store.put(KEY, content)

    answer = await moderator.get(MEDIA)

    assert (answer.status_code == 200) is (kind is not None)
    if kind:
        assert answer.headers["content-type"] == kind


async def test_the_page_has_a_player_that_is_quiet_veiled_and_loads_nothing_by_itself(
    moderator: httpx.AsyncClient,
) -> None:
    text = (await moderator.get("/uploads/u1")).text

    player = text.partition("<video")[2].partition(">")[0]
    for told in (
        'src="/uploads/u1/media?for=upload"',
        'class="veiled"',
        " muted",
        'preload="none"',
    ):
        assert told in player
    assert "style=" not in text
    assert 'data-seek="0.75" data-crop="1" data-box="1.0 2.0 29.5 38.0" data-key="f"' in text
    assert text.count('data-key="f"') == 1


async def test_a_picture_is_fetched_only_when_it_is_unfolded(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    await house.review.store.put(KEY, b"\xff\xd8\xff\xe0")

    text = (await moderator.get("/uploads/u1")).text

    assert "<details>" in text
    assert 'src="/uploads/u1/media?for=upload" loading="lazy"' in text


async def test_an_upload_without_a_verdict_can_be_looked_at(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    upload = an_upload("u5", uri="store:///media/acme/u5/0123")
    await house.review.ledger.announce(upload, deadline_at=house.now)
    await house.review.store.put("media/acme/u5/0123", MP4)

    assert "<video" in (await moderator.get("/uploads/u5")).text
    assert (await moderator.get("/uploads/u5/media")).content == MP4


async def test_large_media_are_read_a_part_at_a_time(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    large = MP4 + bytes(range(256)) * 20_000  # three parts, the last of them short
    await house.review.store.put(KEY, large)

    answer = await moderator.get(MEDIA, headers={"Range": "bytes=7-"})

    assert answer.content == large[7:]
    assert max(house.review.store.parts) <= 2 * 1024 * 1024


async def test_a_review_has_the_player_too_and_says_what_the_look_is_for(
    house: ReviewHouse, moderator: httpx.AsyncClient
) -> None:
    job = (await moderator.post("/queue/next")).headers["location"]

    assert 'src="/uploads/u1/media?for=review"' in (await moderator.get(job)).text
