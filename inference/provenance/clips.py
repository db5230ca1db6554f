"""Takes the tags of a video's container and streams (PyAV), and the XMP beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

from inference.provenance.blocks import LARGEST_BLOCK, Blocks, Unread, kept
from inference.reading.ffmpeg import guarded, opened
from moderation.media import Container

_ISO_BASE_MEDIA = frozenset({Container.MP4, Container.MOV})

# XMP Specification part 3, section 1.1.4 (MP4) and 1.1.5 (QuickTime)
_XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_XMP_IN_USER_DATA = (b"moov", b"udta", b"XMP_")

_HEAD_BYTES, _LARGE_HEAD_BYTES, _UUID_BYTES = 8, 16, 16
_MOST_BOXES = 10_000


def clip_blocks(file: BinaryIO, container: Container, *, pixels: int) -> Blocks:
    """Read a video's tags; nothing is decoded.

    Raises:
        Unread: boxes without an end.
        MediaRejected: FFmpeg cannot open it.
    """
    with opened(file, container, pixels=pixels, threads=1) as (source, stream), guarded():
        tags = {f"tag:{name.lower()}": value for name, value in source.metadata.items()}
        tags |= {f"stream:{name.lower()}": value for name, value in stream.metadata.items()}
    xmp = b""
    if container in _ISO_BASE_MEDIA:
        xmp = _Boxes(file).xmp(0, file.seek(0, os.SEEK_END), _XMP_IN_USER_DATA)
    return Blocks(xmp=xmp, fields=kept(tags))


class _Boxes:
    """The boxes of one file (ISO 14496-12, section 4.2); `_MOST_BOXES` are read, then no more."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._read = 0

    def xmp(self, start: int, end: int, path: tuple[bytes, ...]) -> bytes:
        """Look for XMP in a box of its own, or at the end of a path of boxes."""
        for kind, at, until in self._within(start, end):
            if kind == b"uuid" and self._content(at, at + _UUID_BYTES) == _XMP_UUID:
                return self._content(at + _UUID_BYTES, until)
            if kind != path[0]:
                continue
            if len(path) == 1:
                return self._content(at, until)
            found = self.xmp(at, until, path[1:])
            if found:
                return found
        return b""

    def _content(self, at: int, until: int) -> bytes:
        """Read a content, or one byte more of it than is ever taken."""
        self._file.seek(at)
        return self._file.read(max(0, min(until - at, LARGEST_BLOCK + 1)))

    def _within(self, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
        """Yield kind, begin and end of the content of each box."""
        at = start
        while end - at >= _HEAD_BYTES:
            self._read += 1
            if self._read > _MOST_BOXES:
                raise Unread("too_many_boxes")
            head = self._content(at, at + _LARGE_HEAD_BYTES)
            size, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], at + _HEAD_BYTES
            if size == 1:
                size, begin = int.from_bytes(head[8:], "big"), at + _LARGE_HEAD_BYTES
            until = end if size == 0 else at + size
            if until < begin or until > end:
                return  # cut off, which reading the video says
            yield kind, begin, until
            at = until
