"""Reads still and animated images into RGB pixels as shown (Pillow; pillow-heif for HEIC)."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, GifImagePlugin, Image, ImageFile, ImageOps, WebPImagePlugin

from inference.reading.frames import DecodingLimits, Frame, Reading
from moderation.errors import DecodingExceeded, MediaTooLarge, UnreadableMedia
from moderation.media import Container, MediaKind

# The one plugin of Pillow that may look at the bytes of each container.
_PLUGINS = {
    Container.JPEG: "JPEG",
    Container.PNG: "PNG",
    Container.WEBP: "WEBP",
    Container.GIF: "GIF",
    Container.AVIF: "AVIF",
    Container.HEIC: "HEIF",
}

# A JPEG's further pictures are depth maps and previews, those of a HEIC a burst: not one motion.
_ANIMATED = frozenset({Container.PNG, Container.WEBP, Container.GIF, Container.AVIF})

# Below this share of its rows a cut-off picture is not judged.
_ROWS_NEEDED = 0.5

# What Pillow's plugins raise on damaged bytes beside their own errors, which are OSErrors.
_DAMAGED = (
    AssertionError,
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    struct.error,
)

# Milliseconds for which browsers show a frame that asks for none.
_BROWSERS_DELAY = 100.0

# Importing them registers them; Pillow would otherwise import every plugin it has.
_REGISTERED = (AvifImagePlugin, WebPImagePlugin)


def read_image(
    file: BinaryIO, container: Container, limits: DecodingLimits
) -> tuple[Reading, Iterator[Frame]]:
    """Open an image; an animated one of several frames is read as a video.

    The picture's size is checked from the header, before a pixel is decoded.

    Raises:
        MediaTooLarge: more pixels than the limit.
        UnreadableMedia: not an image after all. Taking the frames raises it as well,
            when nothing decodes.
    """
    with _guarded():
        image = open_image(file, container, pixels=limits.pixels)
        count = int(getattr(image, "n_frames", 1)) if container in _ANIMATED else 1
    if count > 1:
        reading = Reading(kind=MediaKind.VIDEO, codec=container.value)
        return reading, _animation(image, count, reading, limits)
    reading = Reading(kind=MediaKind.IMAGE, codec=container.value)
    return reading, _still(file, container, reading, limits)


def open_image(file: BinaryIO, container: Container, *, pixels: int) -> Image.Image:
    """Read a picture's headers; what Pillow raises on damaged ones is not translated.

    Raises:
        MediaTooLarge: more than `pixels`.
    """
    if container is Container.HEIC:
        _register_heif()
    Image.MAX_IMAGE_PIXELS = pixels
    image = Image.open(file, formats=[_PLUGINS[container]])
    if image.width * image.height > pixels:
        raise MediaTooLarge(f"{image.width} x {image.height} pixels")
    return image


def _register_heif() -> None:
    """Let Pillow open HEIC; imported here because few uploads need it and it loads slowly."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _still(
    file: BinaryIO, container: Container, reading: Reading, limits: DecodingLimits
) -> Iterator[Frame]:
    with _guarded():
        image = open_image(file, container, pixels=limits.pixels)
        try:
            image.load()
        except OSError:
            image = _what_is_left(open_image(file, container, pixels=limits.pixels))
            reading.warn("truncated")
        with suppress(*_DAMAGED):  # a broken EXIF block says nothing about the pixels
            ImageOps.exif_transpose(image, in_place=True)
        frame = Frame(at_seconds=0.0, pixels=rgb(image))
    yield reading.count(frame)


def _what_is_left(image: Image.Image) -> Image.Image:
    """Decode a picture that was cut off, if at least `_ROWS_NEEDED` of it is there.

    The decoders leave the rows they did not reach in one colour. A cut-off progressive
    JPEG has no such rows: it is all there but blurred, which the crops' sharpness tells.

    Raises:
        UnreadableMedia: too little is there.
    """
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    pixels = rgb(image)
    reached = (pixels != pixels[-1, -1]).any(axis=(1, 2)).nonzero()[0]
    if not reached.size or (reached[-1] + 1) / image.height < _ROWS_NEEDED:
        raise UnreadableMedia("the picture is cut off, and too little of it is left")
    return image


def _animation(
    image: Image.Image, count: int, reading: Reading, limits: DecodingLimits
) -> Iterator[Frame]:
    """Yield frames spread evenly over an animation, by their number.

    Where a frame stands in time is only known once all before it were decoded, and
    an animation's delays are nearly always equal.
    """
    wanted = {round(n) for n in np.linspace(0, count - 1, min(count, limits.frames))}
    reachable = max(1, limits.decoded_pixels // (image.width * image.height))
    if count > reachable:
        reading.warn("sampling_cut_short")
    at_seconds = 0.0
    for number in range(min(count, reachable)):
        try:
            with _guarded():
                image.seek(number)
                image.load()
                _make_room_for_colours(image)
                pixels = rgb(image) if number in wanted else None
        except UnreadableMedia:
            reading.warn("damaged")
            break
        if pixels is not None:
            yield reading.count(Frame(at_seconds=at_seconds, pixels=pixels))
        at_seconds += (image.info.get("duration") or _BROWSERS_DELAY) / 1000.0
    reading.duration_seconds = at_seconds
    reading.frames_failed = len(wanted) - reading.frames_sampled
    if not reading.frames_sampled:
        raise UnreadableMedia


def _make_room_for_colours(image: Image.Image) -> None:
    """Let later frames of a GIF have colours where the first one is grey.

    Pillow 13 paints frames over the one before, but not where that one has 256 greys in their
    order: of a frame with a palette of its own it then keeps the indices and no palette.
    """
    if isinstance(image, GifImagePlugin.GifImageFile) and image.mode == "L":
        image.im = image.im.convert("RGB")
        image._mode = "RGB"  # as Pillow itself does with a first frame that has a palette


def rgb(image: Image.Image) -> NDArray[np.uint8]:
    """Bring a picture of any mode to H W C, uint8, 0 to 255, RGB.

    Transparent parts are shown on white, as most viewers do; 16 bits are cut to
    the upper 8.
    """
    if image.mode.startswith("I"):
        grey = np.clip(np.asarray(image).astype(np.int32) >> 8, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)  # H W C, uint8
    if image.has_transparency_data:
        shown = Image.new("RGBA", image.size, "white")
        shown.alpha_composite(image.convert("RGBA"))
        image = shown
    return np.array(image.convert("RGB"))


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn what Pillow raises and warns of into our errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise MediaTooLarge(str(error)) from error
    except MemoryError as error:
        raise DecodingExceeded from error
    except _DAMAGED as error:
        raise UnreadableMedia(f"{type(error).__name__} while decoding") from error
