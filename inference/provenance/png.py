"""Takes text, EXIF and XMP out of a PNG, chunk by chunk, and inflates no more than it looks at."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from inference.provenance.blocks import (
    LARGEST_BLOCK,
    LONGEST_VALUE,
    MOST_FIELDS,
    Blocks,
    Unread,
    kept,
)

_SIGNATURE_BYTES = 8
_HEAD_BYTES, _CHECKSUM_BYTES = 8, 4
_MOST_CHUNKS = 100_000
_WANTED = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})
_XMP = "XML:com.adobe.xmp"


def png_blocks(file: BinaryIO) -> Blocks:
    """Read the chunks of a PNG (PNG, third edition, section 11.3), those behind the pixels too.

    Raises:
        Unread: a chunk goes beyond the file, or there is no end of them.
    """
    exif, read = b"", 0
    texts: dict[str, bytes] = {}
    for kind, content in _chunks(file):
        if kind == b"eXIf":
            exif = exif or content
            continue
        read += 1
        if read > MOST_FIELDS:  # to inflate them all could take minutes
            raise Unread("too_many_chunks")
        name, text = _TEXTS[kind](content)
        texts.setdefault(name, text)
    xmp = texts.pop(_XMP, b"")
    fields = {
        f"png:{name}": text[:LONGEST_VALUE].decode("utf-8", "replace")
        for name, text in texts.items()
    }
    return Blocks(exif=exif, xmp=xmp, fields=kept(fields))


def _chunks(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    end = file.seek(0, os.SEEK_END)
    at = file.seek(_SIGNATURE_BYTES)
    for _ in range(_MOST_CHUNKS):
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or head[4:] == b"IEND":
            return
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        at += _HEAD_BYTES + length + _CHECKSUM_BYTES
        if at > end:
            raise Unread("damaged")
        if kind in _WANTED:
            # one byte more than is read, so that who reads it sees that it is too large
            yield kind, file.read(min(length, LARGEST_BLOCK + 1))
        file.seek(at)
    raise Unread("too_large")


def _plain(content: bytes) -> tuple[str, bytes]:
    name, _, text = content.partition(b"\0")
    return _latin(name), text[:LONGEST_VALUE].decode("latin-1").encode()


def _compressed(content: bytes) -> tuple[str, bytes]:
    name, _, rest = content.partition(b"\0")
    return _latin(name), _inflated(rest[1:]).decode("latin-1").encode()


def _international(content: bytes) -> tuple[str, bytes]:
    name, _, rest = content.partition(b"\0")
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    _language, _, rest = rest.partition(b"\0")
    _translated, _, text = rest.partition(b"\0")
    return _latin(name), _inflated(text) if is_compressed else text


_TEXTS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}


def _inflated(content: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, LARGEST_BLOCK + 1)
    except zlib.error:
        return b""


def _latin(name: bytes) -> str:
    return name[:79].decode("latin-1")
