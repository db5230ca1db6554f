"""Takes EXIF, XMP and IPTC out of a picture (Pillow; pillow-heif for HEIC)."""

from __future__ import annotations

import warnings
from typing import Any, BinaryIO

from PIL import Image

from inference.provenance.blocks import Blocks, kept
from inference.provenance.png import png_blocks
from inference.reading.images import open_image
from moderation.media import Container

_IPTC_RESOURCE = 0x0404  # Adobe Photoshop File Formats Specification, "Image Resource IDs"


def picture_blocks(file: BinaryIO, container: Container, *, pixels: int) -> Blocks:
    """Read a picture's headers; no pixel is decoded.

    Raises:
        Unread: a PNG without an end. Pillow raises much else on damaged bytes.
    """
    if container is Container.PNG:
        return png_blocks(file)
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        image = open_image(file, container, pixels=pixels)
        return _blocks(image, container)


def _blocks(image: Image.Image, container: Container) -> Blocks:
    info = image.info
    comment = _bytes(info.get("comment")).decode("utf-8", "replace")
    resources = info.get("photoshop")
    return Blocks(
        exif=_bytes(info.get("exif")),
        xmp=_bytes(info.get("xmp")),
        iim=_bytes(resources.get(_IPTC_RESOURCE)) if isinstance(resources, dict) else b"",
        fields=kept({f"{container.value}:comment": comment} if comment else {}),
    )


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else b""
