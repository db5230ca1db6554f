"""Reads EXIF: camera, software, times, comments (Pillow)."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from inference.provenance.blocks import LARGEST_BLOCK, Unread

# Tags of EXIF 3.0 (CIPA DC-008), sections 4.6.4 to 4.6.6
_MAIN = {
    0x010E: "ImageDescription",
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "DateTime",
}
_DETAILS, _PLACE = 0x8769, 0x8825
_DETAIL_TAGS = {
    0x9003: "DateTimeOriginal",
    0x9004: "DateTimeDigitized",
    0x9286: "UserComment",
    0xA431: "BodySerialNumber",
    0xA435: "LensSerialNumber",
}
_LATITUDE, _LONGITUDE = (1, 2), (3, 4)

# A comment begins with the name of its character set, in 8 bytes.
_CHARACTER_SETS = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"\0\0\0\0\0\0\0\0": "utf-8"}


def read_exif(block: bytes) -> dict[str, str]:
    """Read the fields that say where a picture comes from.

    Raises:
        Unread: it is too large. Pillow raises much else on damaged bytes.
    """
    if len(block) > LARGEST_BLOCK:
        raise Unread("too_large")
    exif = Image.Exif()
    exif.load(block)
    found = _texts(exif, _MAIN)
    found |= _texts(exif.get_ifd(_DETAILS), _DETAIL_TAGS)
    place = _place(exif.get_ifd(_PLACE))
    return found | ({"exif:GPS": place} if place else {})


def _texts(tags: Mapping[int, object], names: Mapping[int, str]) -> dict[str, str]:
    texts = {name: _text(tags.get(tag)) for tag, name in names.items()}
    return {f"exif:{name}": text for name, text in texts.items() if text}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.rstrip("\0")
    if not isinstance(value, bytes):
        return ""
    name = _CHARACTER_SETS.get(value[:8])
    if name is None:
        return value.decode("utf-8", "replace").rstrip("\0")
    if name == "utf-16" and not value[8:].startswith((b"\xff\xfe", b"\xfe\xff")):
        name = "utf-16-be" if value[8:9] == b"\0" else "utf-16-le"
    return value[8:].decode(name, "replace").rstrip("\0")


def _place(tags: Mapping[int, object]) -> str:
    """Degrees north and east, or nothing where they are not all there."""
    degrees = []
    for reference, value in (_LATITUDE, _LONGITUDE):
        parts = tags.get(value)
        if not isinstance(parts, tuple) or len(parts) != 3:
            return ""
        sign = -1.0 if tags.get(reference) in ("S", "W") else 1.0
        whole, minutes, seconds = (float(part) for part in parts)
        degrees.append(sign * (whole + minutes / 60.0 + seconds / 3600.0))
    return f"{degrees[0]:.5f} {degrees[1]:.5f}"
