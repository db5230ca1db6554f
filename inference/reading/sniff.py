"""Tells the container of a media by its first bytes; a file's name says nothing here."""

from __future__ import annotations

from moderation.errors import EmptyMedia, UnsupportedMedia
from moderation.media import Container

SNIFFED_BYTES = 4096

_EBML = b"\x1aE\xdf\xa3"
_DOC_TYPE = b"\x42\x82"

# Major and compatible brands of ISO base media files, https://mp4ra.org/registered-types/brands
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_STILL_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"miaf"})
_OTHER_STILLS = frozenset({b"crx ", b"jp2 ", b"jpm ", b"jpx ", b"avci", b"avcs"})

# A QuickTime file older than `ftyp` begins with one of these atoms.
_QUICKTIME_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})


def sniff(head: bytes) -> Container:
    """Name the container that the first bytes of a file (`SNIFFED_BYTES` suffice) begin.

    Only what is a medium in itself is known: play lists, scripts and documents that
    would make a decoder open other files are of no kind that is judged.

    Raises:
        EmptyMedia: there are no bytes.
        UnsupportedMedia: they begin no known container.
    """
    if not head:
        raise EmptyMedia
    container = _by_signature(head) or _iso_base_media(head) or _ebml(head)
    if container is None:
        raise UnsupportedMedia
    return container


def _by_signature(head: bytes) -> Container | None:
    if head.startswith(b"\xff\xd8\xff"):
        return Container.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Container.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Container.GIF
    if head.startswith(b"RIFF"):
        return {b"WEBP": Container.WEBP, b"AVI ": Container.AVI}.get(head[8:12])
    return None


def _iso_base_media(head: bytes) -> Container | None:
    """Read the brands of an MP4, QuickTime, HEIC or AVIF file (ISO 14496-12, section 4.3)."""
    if head[4:8] in _QUICKTIME_ATOMS:
        return Container.MOV
    if head[4:8] != b"ftyp":
        return None
    size = min(int.from_bytes(head[:4], "big"), len(head))
    major = head[8:12]
    brands = {major} | {head[at : at + 4] for at in range(16, size - 3, 4)}
    if major in _OTHER_STILLS:
        return None
    if brands & _AVIF_BRANDS:
        return Container.AVIF
    if major in _HEIC_BRANDS or (major in _STILL_BRANDS and brands & _HEIC_BRANDS):
        return Container.HEIC
    if major in _STILL_BRANDS:
        return None
    return Container.MOV if major == b"qt  " else Container.MP4


def _ebml(head: bytes) -> Container | None:
    """Read the DocType of a Matroska file (RFC 8794, section 11.2.7)."""
    if not head.startswith(_EBML):
        return None
    at = head.find(_DOC_TYPE, len(_EBML))
    if at < 0:
        return None
    name = head[at + 3 : at + 3 + (head[at + 2 : at + 3] or b"\x00")[0] % 0x80].rstrip(b"\x00")
    return {b"matroska": Container.MATROSKA, b"webm": Container.WEBM}.get(name)
