"""Media altered along their own seams: segments, chunks and boxes; then bytes within them."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

_PNG = b"\x89PNG\r\n\x1a\n"
_NESTING = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"udta", b"edts", b"ilst"}
)
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xdd\xe0-\xef\xfe]")
# Segment, SeekHead, Info, Tracks, Cluster, Cues, Tags and EBML itself, by their identifiers
_ELEMENT = re.compile(
    rb"\x18\x53\x80\x67|\x11\x4d\x9b\x74|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75"
    rb"|\x1c\x53\xbb\x6b|\x12\x54\xc3\x67|\x1a\x45\xdf\xa3"
)
_GIF_BLOCK = re.compile(rb"\x21[\xf9\xff\xfe]|\x00\x2c")
_MOST_BYTES = 2**21
_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)

Mutation = Callable[[list[bytes], random.Random], None]


def mutated(media: Sequence[bytes], lures: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the media, changed between one and eight times; `lures` are put into some."""
    chosen = chance.choice(media)
    parts = pieces(chosen)
    for _ in range(chance.randint(1, 8)):
        if parts:
            chance.choice(_MUTATIONS)(parts, chance)
    if chance.random() < 0.1:
        place = chance.randrange(len(parts) + 1)
        parts.insert(place, chance.choice(lures))
    if chance.random() < 0.1:
        parts += pieces(chance.choice(media))[chance.randint(0, 1) :]
    if chosen.startswith(_PNG) and chance.random() < 0.8:
        parts = [_with_right_sum(part) for part in parts]
    content = b"".join(parts)[:_MOST_BYTES]
    return (
        content[: chance.randrange(1, len(content))]
        if chance.random() < 0.1 and len(content) > 1
        else content
    )


def pieces(content: bytes) -> list[bytes]:
    """Cut a medium where its format is cut; together they are the medium again."""
    if content.startswith(_PNG):
        return [_PNG, *_counted(content[8:], "big", extra=12)]
    if content.startswith(b"RIFF"):
        return [content[:12], *_counted(content[12:], "little", extra=8, name_first=True)]
    if content[4:8] == b"ftyp":
        return _boxes(content)
    if content.startswith(b"\xff\xd8"):
        return _cut(content, _MARKER)
    if content.startswith(b"\x1aE\xdf\xa3"):
        return _cut(content, _ELEMENT)
    return _cut(content, _GIF_BLOCK)


def _cut(content: bytes, at: re.Pattern[bytes]) -> list[bytes]:
    places = [0, *(found.start() for found in at.finditer(content)), len(content)]
    return [content[start:stop] for start, stop in pairwise(places) if stop > start]


def _counted(content: bytes, order: str, *, extra: int, name_first: bool = False) -> list[bytes]:
    """Chunks with a name and a length of four bytes each."""
    parts, place = [], 0
    while place + 8 <= len(content):
        at = place + 4 * name_first
        length = int.from_bytes(content[at : at + 4], order) + extra
        length += name_first and length % 2
        parts.append(content[place : place + length])
        place += length
    return [*parts, content[place:]] if content[place:] else parts


def _boxes(content: bytes) -> list[bytes]:
    parts, place = [], 0
    while place + 8 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        box = content[place : place + length] if length >= 8 else content[place:]
        parts += [box[:8], *_boxes(box[8:])] if kind in _NESTING else [box]
        place += len(box)
    return [*parts, content[place:]] if content[place:] else parts


def _with_right_sum(chunk: bytes) -> bytes:
    """So that a decoder reads on: it looks at a chunk's check sum first."""
    return chunk[:-4] + zlib.crc32(chunk[4:-4]).to_bytes(4, "big") if len(chunk) >= 12 else chunk


def _drop(parts: list[bytes], chance: random.Random) -> None:
    del parts[chance.randrange(len(parts))]


def _repeat(parts: list[bytes], chance: random.Random) -> None:
    place = chance.randrange(len(parts))
    times = min(chance.choice((1, 2, 10, 1000)), _MOST_BYTES // (len(parts[place]) + 1))
    parts[place:place] = [parts[place]] * times


def _swap(parts: list[bytes], chance: random.Random) -> None:
    one, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]


def _cut_short(parts: list[bytes], chance: random.Random) -> None:
    place = chance.randrange(len(parts))
    parts[place] = parts[place][: chance.randrange(len(parts[place]) + 1)]


def _number(parts: list[bytes], chance: random.Random) -> None:
    """Overwrite some bytes, most often in what stands first: lengths and sizes are there."""
    place = chance.randrange(len(parts))
    part = bytearray(parts[place])
    width = chance.choice((1, 2, 4))
    if len(part) < width:
        return
    last = len(part) - width
    at = (
        chance.randrange(min(last, 40) + 1) if chance.random() < 0.7 else chance.randrange(last + 1)
    )
    value = chance.choice(_NUMBERS) & (256**width - 1)
    part[at : at + width] = value.to_bytes(width, chance.choice(("big", "little")))
    parts[place] = bytes(part)


def _flip(parts: list[bytes], chance: random.Random) -> None:
    place = chance.randrange(len(parts))
    part = bytearray(parts[place])
    for _ in range(chance.choice((1, 1, 4, 32)) if part else 0):
        part[chance.randrange(len(part))] ^= 1 << chance.randrange(8)
    parts[place] = bytes(part)


_MUTATIONS: tuple[Mutation, ...] = (
    _drop,
    _repeat,
    _swap,
    _cut_short,
    _number,
    _number,
    _flip,
    _flip,
)
