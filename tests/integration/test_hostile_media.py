"""Media that mean harm cost a rejection, or frames; never a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Confines, Work
from inference.reading.frames import DecodingLimits
from moderation.errors import (
    DecodingExceeded,
    MediaRejected,
    MediaTooLarge,
    NoVideoStream,
    UnreadableMedia,
    UnsupportedMedia,
)
from moderation.media import MediaKind
from tests.clips import clip, sound
from tests.hostile import motion_jpeg, png_of, repeated_gif

MEBIBYTE = 2**20


@pytest.fixture
async def pool() -> AsyncIterator[DecoderPool]:
    made = DecoderPool(processes=1)
    yield made
    await made.close()


# Its index stands before its frames.
SAMPLE = (Path(__file__).parents[2] / "samples" / "portrait.mp4").read_bytes()


def write(media: Path, content: bytes) -> None:
    media.write_bytes(content)


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.mark.parametrize(
    ("content", "rejection"),
    [
        (png_of(60_000, 60_000, whole=False), MediaTooLarge),
        (png_of(12_000, 12_000, whole=True), MediaTooLarge),
        (sound(), NoVideoStream),
        (clip()[:-600], UnreadableMedia),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", UnsupportedMedia),
        (b"ffconcat version 1.0\nfile 'file:///etc/passwd'\n", UnsupportedMedia),
        (b"\x00\x00\x00\x08ftyp" + bytes(64), UnreadableMedia),
        (b"\xff\xd8\xff" + bytes(1000), UnreadableMedia),
    ],
    ids=[
        "gigapixel header",
        "decompression bomb",
        "sound only",
        "index missing",
        "play list",
        "concat script",
        "header of nothing",
        "zeros after a signature",
    ],
)
async def test_what_cannot_be_judged_is_rejected_with_its_reason(
    pool: DecoderPool, tmp_path: Path, content: bytes, rejection: type[MediaRejected]
) -> None:
    media = tmp_path / "looks-like-a.mp4"
    write(media, content)
    with pytest.raises(rejection):
        await pool.extract(media)


async def test_a_bomb_within_the_pixel_limit_is_only_a_large_picture(
    pool: DecoderPool, media: Path
) -> None:
    write(media, png_of(7_900, 7_900, whole=True))

    found = await pool.extract(media)

    assert (found.facts.width, found.crops) == (7_900, ())


async def test_ten_thousand_frames_of_an_animation_are_sampled(
    pool: DecoderPool, media: Path
) -> None:
    write(media, repeated_gif(10_000, width=40, height=30))

    found = await pool.extract(media)

    assert found.facts.kind is MediaKind.VIDEO
    assert (found.facts.frames_sampled, found.facts.frames_failed) == (32, 0)
    assert found.facts.duration_seconds == pytest.approx(500.0)


async def test_a_video_cut_off_behind_its_index_is_judged_on_what_is_left(
    pool: DecoderPool, media: Path
) -> None:
    write(media, SAMPLE[: len(SAMPLE) // 2])

    found = await pool.extract(media)

    assert found.facts.frames_sampled >= 8
    assert found.facts.frames_failed >= 8
    assert "truncated" in found.facts.warnings
    assert found.crops


async def test_a_change_of_resolution_is_noted_and_judged(pool: DecoderPool, media: Path) -> None:
    write(media, motion_jpeg([(64, 48)] * 20 + [(96, 64)] * 20))

    facts = (await pool.extract(media)).facts

    assert (facts.width, facts.height, facts.frames_sampled) == (64, 48, 32)
    assert facts.warnings == ("resolution_changed",)


async def test_frames_without_usable_times_are_counted_instead(
    pool: DecoderPool, media: Path
) -> None:
    write(media, motion_jpeg([(64, 48)] * 60, ticks=[0] * 60))

    facts = (await pool.extract(media)).facts

    assert facts.warnings == ("timestamps_missing",)
    assert (facts.frames_sampled, facts.duration_seconds) == (32, pytest.approx(6.0))


async def test_a_longer_video_than_allowed_is_too_large(media: Path) -> None:
    write(media, clip(frames=40, rate=10))
    pool = DecoderPool(processes=1, work=Work(limits=DecodingLimits(seconds=3.9)))
    try:
        with pytest.raises(MediaTooLarge):
            await pool.extract(media)
    finally:
        await pool.close()


async def test_what_costs_more_memory_than_allowed_exceeds(media: Path) -> None:
    write(media, png_of(7_900, 7_900, whole=True))
    pool = DecoderPool(
        processes=1, work=Work(confines=Confines(memory_bytes=320 * MEBIBYTE, niceness=0))
    )
    try:
        with pytest.raises(DecodingExceeded):
            await pool.extract(media)
    finally:
        await pool.close()


async def test_what_costs_more_processor_time_than_allowed_exceeds(media: Path) -> None:
    write(media, repeated_gif(1_000, width=1_200, height=1_000))
    pool = DecoderPool(processes=1, work=Work(confines=Confines(cpu_seconds=1)))
    try:
        with pytest.raises(DecodingExceeded, match="processor"):
            await pool.extract(media)
    finally:
        await pool.close()


async def test_what_takes_longer_than_allowed_exceeds_and_others_go_on(
    media: Path, tmp_path: Path
) -> None:
    write(media, repeated_gif(1_000, width=1_200, height=1_000))
    small = tmp_path / "small"
    write(small, clip(frames=2))
    pool = DecoderPool(processes=1, wall_seconds=2.0)
    try:
        with pytest.raises(DecodingExceeded, match="within"):
            await pool.extract(media)
        assert (await pool.extract(small)).facts.frames_sampled == 2
    finally:
        await pool.close()
