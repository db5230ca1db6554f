"""Images of every mode become RGB as shown, within limits checked before decoding."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from inference.reading.frames import DecodingLimits, Frame, Reading
from inference.reading.images import read_image
from moderation.errors import MediaTooLarge, UnreadableMedia
from moderation.media import Container, MediaKind

pillow_heif.register_heif_opener()

RED, GREEN = (220, 30, 20), (20, 190, 40)


def picture(width: int = 64, height: int = 48) -> Image.Image:
    """Red above, green below."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (0, height // 2, width, height))
    return image


def noise(width: int = 600, height: int = 400) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


def saved(image: Image.Image, plugin: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, plugin, **options)
    return buffer.getvalue()


def read(
    content: bytes, container: Container, limits: DecodingLimits | None = None
) -> tuple[Reading, list[Frame]]:
    reading, frames = read_image(io.BytesIO(content), container, limits or DecodingLimits())
    return reading, list(frames)


def near(pixel: np.ndarray, colour: tuple[int, int, int], by: int = 12) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= by)


@pytest.mark.parametrize(
    ("container", "plugin"),
    [
        (Container.JPEG, "JPEG"),
        (Container.PNG, "PNG"),
        (Container.WEBP, "WEBP"),
        (Container.GIF, "GIF"),
        (Container.AVIF, "AVIF"),
        (Container.HEIC, "HEIF"),
    ],
)
def test_every_container_yields_one_rgb_frame(container: Container, plugin: str) -> None:
    reading, frames = read(saved(picture(), plugin), container)

    assert [frame.at_seconds for frame in frames] == [0.0]
    assert frames[0].pixels.shape == (48, 64, 3)
    assert frames[0].pixels.dtype == np.uint8
    assert near(frames[0].pixels[4, 4], RED)
    assert near(frames[0].pixels[44, 4], GREEN)
    assert (reading.kind, reading.width, reading.height) == (MediaKind.IMAGE, 64, 48)
    assert (reading.frames_sampled, reading.frames_failed, reading.warnings) == (1, 0, [])


def test_exif_orientation_turns_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise

    reading, frames = read(saved(picture(), "JPEG", exif=exif), Container.JPEG)

    assert frames[0].pixels.shape == (64, 48, 3)
    assert near(frames[0].pixels[32, 44], RED)
    assert near(frames[0].pixels[32, 4], GREEN)
    assert (reading.width, reading.height) == (48, 64)


def test_a_broken_exif_block_does_not_cost_the_picture() -> None:
    content = saved(picture(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xffgarbage")

    assert len(read(content, Container.JPEG)[1]) == 1


def test_transparent_parts_are_shown_on_white() -> None:
    image = Image.new("RGBA", (8, 8), (*RED, 0))
    image.paste((*GREEN, 255), (0, 4, 8, 8))

    pixels = read(saved(image, "PNG"), Container.PNG)[1][0].pixels

    assert near(pixels[1, 1], (255, 255, 255), by=0)
    assert near(pixels[6, 1], GREEN, by=0)


@pytest.mark.parametrize("mode", ["L", "1", "LA", "P", "RGBA"])
def test_other_modes_of_a_png_become_rgb(mode: str) -> None:
    pixels = read(saved(picture().convert(mode), "PNG"), Container.PNG)[1][0].pixels

    assert pixels.shape == (48, 64, 3)


def test_cmyk_becomes_rgb() -> None:
    pixels = read(saved(picture().convert("CMYK"), "JPEG"), Container.JPEG)[1][0].pixels

    assert near(pixels[4, 4], RED)


def test_sixteen_bit_grey_keeps_its_range() -> None:
    grey = np.array([[0, 0x8000], [0xFFFF, 0x00FF]], np.uint16)

    pixels = read(saved(Image.fromarray(grey), "PNG"), Container.PNG)[1][0].pixels

    assert pixels[:, :, 0].tolist() == [[0, 128], [255, 0]]
    assert (pixels == pixels[:, :, :1]).all()


@pytest.mark.parametrize(("pixels", "fits"), [(64 * 48, True), (64 * 48 - 1, False)])
def test_the_pixel_limit_holds_to_the_pixel(pixels: int, fits: bool) -> None:
    content, limits = saved(picture(), "PNG"), DecodingLimits(pixels=pixels)
    if fits:
        assert len(read(content, Container.PNG, limits)[1]) == 1
        return
    with pytest.raises(MediaTooLarge):
        read(content, Container.PNG, limits)


def test_a_huge_picture_is_refused_by_its_header_alone() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    content = (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(header))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + b"\x00\x00\x00\x00IDAT\x35\xaf\x06\x1e"
    )

    with pytest.raises(MediaTooLarge):
        read_image(io.BytesIO(content), Container.PNG, DecodingLimits())


@pytest.mark.parametrize(("container", "plugin"), [("jpeg", "JPEG"), ("png", "PNG")])
def test_a_cut_off_picture_is_judged_while_half_of_it_is_there(container: str, plugin: str) -> None:
    content = saved(noise(), plugin)

    reading, frames = read(content[: int(len(content) * 0.6)], Container(container))

    assert reading.warnings == ["truncated"]
    assert frames[0].pixels.shape == (400, 600, 3)
    with pytest.raises(UnreadableMedia):
        read(content[: int(len(content) * 0.4)], Container(container))


@pytest.mark.parametrize("container", list(Container)[:6])
def test_bytes_that_only_begin_like_an_image_are_unreadable(container: Container) -> None:
    plugin = {Container.HEIC: "HEIF"}.get(container, container.value.upper())
    content = saved(picture(), plugin)[:24] + b"\x00" * 200

    with pytest.raises(UnreadableMedia):
        read(content, container)


def test_bytes_of_another_plugin_are_not_tried() -> None:
    with pytest.raises(UnreadableMedia):
        read(saved(picture(), "TIFF"), Container.JPEG)


def animated(plugin: str, count: int, **options: object) -> bytes:
    frames = [Image.new("RGB", (32, 24), (n * 255 // count, 90, 200 - n)) for n in range(count)]
    return saved(frames[0], plugin, save_all=True, append_images=frames[1:], **options)


@pytest.mark.parametrize(
    ("container", "plugin"),
    [
        (Container.GIF, "GIF"),
        (Container.WEBP, "WEBP"),
        (Container.PNG, "PNG"),
        (Container.AVIF, "AVIF"),
    ],
)
def test_several_frames_make_a_video(container: Container, plugin: str) -> None:
    reading, frames = read(animated(plugin, 5, duration=200), container)

    assert reading.kind is MediaKind.VIDEO
    assert [round(frame.at_seconds, 3) for frame in frames] == [0.0, 0.2, 0.4, 0.6, 0.8]
    assert reading.duration_seconds == pytest.approx(1.0)
    assert len({int(frame.pixels[0, 0, 0]) for frame in frames}) == 5


def grey_then_coloured() -> bytes:
    """A GIF whose first frame has all greys for a palette, and whose second has its own colours."""
    greys = Image.frombytes("L", (64, 48), bytes(number % 256 for number in range(64 * 48)))
    colours = picture().convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    first, second = saved(greys, "GIF"), saved(colours, "GIF")
    size = second[10] & 7  # two to the power of one more entries, from the 13th byte on
    end = 13 + 3 * 2 ** (size + 1)
    descriptor = second.index(b",", end)
    frame = (
        second[descriptor : descriptor + 9]
        + bytes([second[descriptor + 9] | 0x80 | size])
        + second[13:end]
    )
    return first[:-1] + frame + second[descriptor + 10 :]


def test_colours_that_follow_a_grey_frame_are_shown() -> None:
    reading, frames = read(grey_then_coloured(), Container.GIF)
    assert reading.warnings == []
    assert frames[0].pixels[0, 8].tolist() == [8, 8, 8]
    assert near(frames[1].pixels[10, 30], RED)
    assert near(frames[1].pixels[40, 30], GREEN)


def test_a_long_animation_is_sampled_over_its_whole_length() -> None:
    content = animated("GIF", 200, duration=100)

    reading, frames = read(content, Container.GIF, DecodingLimits(frames=8))

    assert len(frames) == 8
    assert frames[0].at_seconds == 0.0
    assert frames[-1].at_seconds == pytest.approx(19.9)
    assert reading.warnings == []


def test_an_animation_that_costs_too_much_is_judged_on_its_beginning() -> None:
    content = animated("GIF", 200, duration=100)
    limits = DecodingLimits(frames=8, decoded_pixels=32 * 24 * 100)

    reading, frames = read(content, Container.GIF, limits)

    assert (len(frames), reading.frames_failed) == (4, 4)
    assert reading.warnings == ["sampling_cut_short"]


def test_a_cut_off_animation_is_judged_on_what_decodes() -> None:
    frames = [noise(64, 48).rotate(90 * n) for n in range(4)]
    content = saved(frames[0], "GIF", save_all=True, append_images=frames[1:] * 5)

    reading, decoded = read(content[: len(content) // 2], Container.GIF)

    assert reading.kind is MediaKind.VIDEO
    assert 2 <= len(decoded) < 16
