"""Builds media that mean harm, or that a careless encoder made."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction

import av
import numpy as np
from PIL import Image


def png_of(width: int, height: int, *, whole: bool) -> bytes:
    """A black grey-scale PNG; when not whole, its header alone."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 1) * height), 9) if whole else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", rows)
        + (_chunk(b"IEND", b"") if whole else b"")
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def repeated_gif(frames: int, *, width: int, height: int) -> bytes:
    """A GIF that shows one picture again and again; large ones cost minutes to decode."""
    buffer = io.BytesIO()
    stripes = np.arange(height, dtype=np.uint8)[:, None] // 8
    image = Image.fromarray(np.broadcast_to(stripes, (height, width)).copy(), "P")
    image.putpalette([level for grey in range(256) for level in (grey, grey, grey)])
    image.save(buffer, "GIF", optimize=False)
    content = buffer.getvalue()
    start = content.index(b"\x2c" + struct.pack("<HHHH", 0, 0, width, height))
    delay = b"\x21\xf9\x04\x04\x05\x00\x00\x00"
    return content[:start] + (delay + content[start:-1]) * frames + b"\x3b"


def motion_jpeg(
    sizes: list[tuple[int, int]], *, ticks: list[int] | None = None, container: str = "matroska"
) -> bytes:
    """A video whose frames (width, height each) and times are whatever is asked for."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        stream = target.add_stream("mjpeg", rate=10)
        stream.width, stream.height = sizes[0]
        stream.pix_fmt = "yuvj420p"
        target.start_encoding()
        for number, (width, height) in enumerate(sizes):
            picture = io.BytesIO()
            Image.new("RGB", (width, height), (number * 5 % 256, 90, 60)).save(picture, "JPEG")
            packet = av.Packet(picture.getvalue())
            packet.pts = packet.dts = number if ticks is None else ticks[number]
            packet.time_base, packet.stream = Fraction(1, 10), stream
            packet.is_keyframe = True
            target.mux(packet)
    return buffer.getvalue()
