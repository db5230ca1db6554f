"""The container is told by the first bytes, and by nothing else."""

from __future__ import annotations

import pytest

from inference.reading.sniff import sniff
from moderation.errors import EmptyMedia, UnsupportedMedia
from moderation.media import Container


def ftyp(major: bytes, *compatible: bytes) -> bytes:
    body = major + b"\x00\x00\x00\x00" + b"".join(compatible)
    return (len(body) + 8).to_bytes(4, "big") + b"ftyp" + body + b"\x00\x00\x00\x08moov"


def ebml(doc_type: bytes) -> bytes:
    return b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\x82" + bytes([0x80 | len(doc_type)]) + doc_type


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", Container.JPEG),
        (b"\x89PNG\r\n\x1a\n", Container.PNG),
        (b"GIF89a", Container.GIF),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", Container.WEBP),
        (b"RIFF\x00\x00\x00\x00AVI LIST", Container.AVI),
        (ftyp(b"isom", b"isom", b"avc1"), Container.MP4),
        (ftyp(b"iso5", b"dash"), Container.MP4),
        (ftyp(b"3gp4"), Container.MP4),
        (ftyp(b"qt  "), Container.MOV),
        (b"\x00\x00\x00\x08wide\x00\x00\x00\x00mdat", Container.MOV),
        (ftyp(b"heic", b"mif1"), Container.HEIC),
        (ftyp(b"mif1", b"heic"), Container.HEIC),
        (ftyp(b"avif", b"mif1"), Container.AVIF),
        (ftyp(b"mif1", b"avif"), Container.AVIF),
        (ebml(b"webm"), Container.WEBM),
        (ebml(b"matroska"), Container.MATROSKA),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, container: Container) -> None:
    assert sniff(head) is container


@pytest.mark.parametrize(
    "head",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"#EXTM3U\n#EXT-X-VERSION:3\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"%PDF-1.7",
        b"<!doctype html>",
        b"PK\x03\x04",
        b"RIFF\x00\x00\x00\x00WAVEfmt ",
        b"II*\x00",
        b"BM\x00\x00",
        ftyp(b"crx "),
        ftyp(b"mif1", b"jpeg"),
        ebml(b"other"),
        b"\x1aE\xdf\xa3",
        b"\x1aE\xdf\xa3B\x82",
        b"\xff",
        b"hello, this is text",
    ],
)
def test_anything_else_is_unsupported_whatever_it_would_make_a_decoder_do(head: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        sniff(head)


def test_no_bytes_are_no_media() -> None:
    with pytest.raises(EmptyMedia):
        sniff(b"")
