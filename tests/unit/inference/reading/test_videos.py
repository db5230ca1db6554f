"""Frames of videos come as shown, in the order of time, from whatever still decodes."""

from __future__ import annotations

import io
import struct
from fractions import Fraction

import numpy as np
import pytest

from inference.reading.frames import DecodingLimits, Frame, Reading
from inference.reading.shown import turned
from inference.reading.videos import read_video
from moderation.errors import MediaTooLarge, NoVideoStream, UnreadableMedia
from moderation.media import Container, MediaKind
from tests.clips import clip, numbered, sound


def read(
    content: bytes, container: Container = Container.MP4, limits: DecodingLimits | None = None
) -> tuple[Reading, list[Frame]]:
    reading, frames = read_video(io.BytesIO(content), container, limits or DecodingLimits())
    return reading, list(frames)


@pytest.mark.parametrize(
    ("extension", "container", "codec", "pixel_format", "name"),
    [
        ("mp4", Container.MP4, "libx264", "yuv420p", "h264"),
        ("mov", Container.MOV, "libx264", "yuv420p", "h264"),
        ("mp4", Container.MP4, "libx265", "yuv420p", "hevc"),
        ("mp4", Container.MP4, "libsvtav1", "yuv420p", "av1"),
        ("mp4", Container.MP4, "mpeg4", "yuv420p", "mpeg4"),
        ("mov", Container.MOV, "mjpeg", "yuvj420p", "mjpeg"),
        ("matroska", Container.MATROSKA, "libx264", "yuv420p10le", "h264"),
        ("webm", Container.WEBM, "libvpx", "yuv420p", "vp8"),
        ("webm", Container.WEBM, "libvpx-vp9", "yuv420p", "vp9"),
        ("avi", Container.AVI, "mpeg4", "yuv420p", "mpeg4"),
        ("avi", Container.AVI, "libx264", "yuv420p", "h264"),
    ],
)
def test_every_container_and_codec_yields_its_frames(
    extension: str, container: Container, codec: str, pixel_format: str, name: str
) -> None:
    content = clip(container=extension, codec=codec, pixel_format=pixel_format, frames=49)

    reading, frames = read(content, container, DecodingLimits(frames=7))

    assert (reading.kind, reading.codec) == (MediaKind.VIDEO, name)
    assert (reading.width, reading.height) == (64, 48)
    assert reading.duration_seconds == pytest.approx(49 / 30, abs=0.05)
    assert [frame.at_seconds for frame in frames] == pytest.approx(
        [n * 8 / 30 for n in range(7)], abs=0.05
    )
    for frame in frames:
        assert frame.pixels.shape == (48, 64, 3)
        assert frame.pixels.dtype == np.uint8
        red = frame.pixels[24:].reshape(-1, 3).mean(axis=0)[0]
        assert red == pytest.approx(frame.at_seconds * 30 * 2, abs=14)
    assert (reading.frames_sampled, reading.frames_failed, reading.warnings) == (7, 0, [])


def test_a_long_video_is_looked_at_from_end_to_end_by_key_frames() -> None:
    content = clip(frames=600, key_every=12, draw=numbered(32, 32))

    reading, frames = read(content, limits=DecodingLimits(frames=10))

    numbers = [round(frame.at_seconds * 30) for frame in frames]
    assert len(frames) == 10
    assert all(number % 12 == 0 for number in numbers)
    assert (numbers[0], numbers[-1]) == (0, 588)
    assert reading.frames_failed == 0


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg4"])
@pytest.mark.parametrize(("key_every", "decoded_at_most"), [(12, 90), (2_000, 600)])
def test_a_long_video_yields_bursts_of_consecutive_frames(
    codec: str, key_every: int, decoded_at_most: int
) -> None:
    content = clip(frames=600, key_every=key_every, draw=numbered(64, 64), codec=codec)
    limits = DecodingLimits(frames=32, decoded_pixels=64 * 64 * decoded_at_most)

    reading, frames = read(content, limits=limits)

    numbers = [round(frame.at_seconds * 30) for frame in frames]
    assert numbers == sorted(set(numbers))
    bursts = [n for n in numbers if n + 1 in numbers and n + 2 in numbers]
    assert len(bursts) >= 6
    assert len(numbers) >= 31
    assert (reading.frames_failed, reading.warnings) == (0, [])
    for number, frame in zip(numbers, frames, strict=True):
        red = frame.pixels[40:].reshape(-1, 3).mean(axis=0)[0]
        assert red == pytest.approx(number * 2 % 256, abs=14) or number * 2 % 256 < 14


def test_a_long_video_with_one_key_frame_is_decoded_until_what_it_may_cost() -> None:
    content = clip(frames=400, key_every=1000, draw=numbered(32, 32))
    cost = DecodingLimits(frames=10, decoded_pixels=32 * 32 * 10_000)
    assert read(content, limits=cost)[0].frames_sampled == 10

    tight = DecodingLimits(frames=10, decoded_pixels=32 * 32 * 30)
    reading, frames = read(content, limits=tight)

    assert 1 <= len(frames) < 10
    assert reading.frames_failed == 10 - len(frames)
    assert "sampling_cut_short" in reading.warnings


def test_a_variable_frame_rate_is_sampled_by_time() -> None:
    ticks = [*range(0, 100, 5), *range(100, 200)]
    content = clip(frames=len(ticks), ticks=ticks)

    frames = read(content, limits=DecodingLimits(frames=15))[1]

    assert [frame.at_seconds for frame in frames] == pytest.approx(
        [n * 199 / 14 / 30 for n in range(15)], abs=0.2
    )


@pytest.mark.parametrize(
    ("rotation", "green_corner"), [(-90, (24, 60)), (90, (24, 3)), (180, (44, 30))]
)
def test_rotation_metadata_turns_the_frame_as_players_do(
    rotation: float, green_corner: tuple[int, int]
) -> None:
    reading, frames = read(clip(rotation=rotation))

    shown = (48, 64) if rotation == 180 else (64, 48)
    row, column = min(green_corner[0], shown[0] - 1), min(green_corner[1], shown[1] - 1)
    assert frames[0].pixels.shape[:2] == shown
    assert (reading.height, reading.width) == shown
    assert frames[0].pixels[row, column, 1] > 150
    assert frames[0].pixels[shown[0] - 1 - row, shown[1] - 1 - column, 1] < 60


def test_a_mirrored_frame_is_shown_mirrored() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    one = 1 << 16

    mirrored = turned(pixels, struct.pack("=9i", -one, 0, 0, 0, one, 0, 0, 0, 1 << 30))

    assert (mirrored == pixels[:, ::-1]).all()


def test_pixels_that_are_not_square_are_made_square() -> None:
    reading, _ = read(clip(pixel_shape=Fraction(3, 2)))

    assert (reading.width, reading.height) == (96, 48)


@pytest.mark.parametrize("matrix", [1, 5])
@pytest.mark.parametrize("colour_range", [1, 2])
def test_colours_survive_whatever_matrix_and_range_the_stream_names(
    matrix: int, colour_range: int
) -> None:
    colour = (200, 60, 40)

    def draw(_: int) -> np.ndarray:
        return np.full((48, 64, 3), colour, np.uint8)

    frames = read(clip(draw=draw, frames=3, colour=(matrix, colour_range)))[1]

    assert np.abs(frames[0].pixels[20, 20].astype(int) - colour).max() <= 5


@pytest.mark.parametrize(("pixels", "fits"), [(64 * 48, True), (64 * 48 - 1, False)])
def test_the_pixel_limit_holds_to_the_pixel(pixels: int, fits: bool) -> None:
    limits = DecodingLimits(pixels=pixels)
    if fits:
        assert read(clip(), limits=limits)[1]
        return
    with pytest.raises(MediaTooLarge):
        read(clip(), limits=limits)


@pytest.mark.parametrize(("seconds", "fits"), [(2.001, True), (1.999, False)])
def test_the_limit_of_length_holds(seconds: float, fits: bool) -> None:
    limits, content = DecodingLimits(seconds=seconds), clip(frames=60)
    if fits:
        assert read(content, limits=limits)[1]
        return
    with pytest.raises(MediaTooLarge):
        read(content, limits=limits)


def test_a_leap_in_the_timestamps_does_not_make_a_clip_too_long() -> None:
    ticks = [*range(30), *range(3_000_000, 3_000_030)]

    reading, frames = read(clip(frames=60, ticks=ticks))

    assert len(frames) == 32
    assert "timestamps_uneven" in reading.warnings
    assert reading.duration_seconds == pytest.approx(2.0, abs=0.1)


def test_sound_without_pictures_is_no_video() -> None:
    with pytest.raises(NoVideoStream):
        read(sound())


def test_a_cut_off_video_is_judged_on_what_is_left() -> None:
    content = clip(frames=200, draw=numbered(320, 240), container="matroska")

    _, frames = read(content[: int(len(content) * 0.7)], Container.MATROSKA)

    assert 4 <= len(frames) <= 32
    assert frames[-1].at_seconds < 6.5


def test_a_video_without_its_index_is_unreadable() -> None:
    content = clip()
    with pytest.raises(UnreadableMedia):
        read(content[: content.rindex(b"moov") - 4])


def test_bytes_that_only_begin_like_a_video_are_unreadable() -> None:
    with pytest.raises(UnreadableMedia):
        read(clip()[:40] + bytes(4096))


def test_damaged_packets_cost_their_frames_and_no_others() -> None:
    content = bytearray(clip(frames=60, codec="libx264", draw=numbered(320, 240)))
    start = content.index(b"mdat") + 4
    middle = start + (content.rindex(b"moov") - start) // 2
    content[middle : middle + 200] = bytes(200)

    reading, frames = read(bytes(content))

    assert len(frames) >= 10
    assert reading.frames_sampled + reading.frames_failed == 32
