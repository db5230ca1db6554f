"""Small media of every kind that is judged, and what would lure a careless decoder elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from PIL import Image

from tests.clips import clip, sound
from tests.hostile import motion_jpeg, png_of, repeated_gif
from tests.origins import chunk, exif, packet, picture, text, with_chunks

_PORTRAIT = Path(__file__).parents[2] / "samples" / "portrait.jpg"


def media() -> list[bytes]:
    """A few kilobytes each; the first ones show a face."""
    return [*_portraits(), *_pictures(), *_videos()]


def _portraits() -> Iterator[bytes]:
    with Image.open(_PORTRAIT) as opened:
        small = opened.convert("RGB").resize((160, 160))
    for name, options in (
        ("JPEG", {"quality": 70}),
        ("JPEG", {"quality": 70, "progressive": True, "exif": exif({0x0112: 6, 0x010F: "A"})}),
        ("PNG", {}),
        ("WEBP", {"quality": 60}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 50}),
    ):
        content = io.BytesIO()
        small.save(content, name, **options)
        yield content.getvalue()
    content = io.BytesIO()
    frames = [small.resize((96, 96)).rotate(angle) for angle in (0, 10, 20)]
    frames[0].save(content, "WEBP", save_all=True, append_images=frames[1:])
    yield content.getvalue()
    small.convert("CMYK").save(content := io.BytesIO(), "JPEG")
    yield content.getvalue()


def _pictures() -> Iterator[bytes]:
    yield picture("JPEG", xmp=packet(xmp_CreatorTool="a tool"))
    yield with_chunks([text("parameters", "a prompt"), chunk(b"tRNS", bytes(6))])
    yield png_of(64, 64, whole=True)
    yield repeated_gif(20, width=40, height=30)


def _videos() -> Iterator[bytes]:
    small = partial(clip, frames=12)
    yield small()
    yield small(container="mov")
    yield small(container="matroska")
    yield small(container="webm", codec="libvpx-vp9")
    yield small(container="avi", codec="mjpeg", pixel_format="yuvj420p")
    yield motion_jpeg([(64, 48), (128, 96), (16, 16)])
    yield sound()


def lures(file: Path, address: str) -> list[bytes]:
    """Texts that name a file of the machine and an address to call."""
    names = (file.as_uri(), str(file), address)
    scripts = (
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{0}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{0}'\n",
        "v=0\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{0}\nm=video 0 RTP/AVP 96\n",
        '<svg xmlns="http://www.w3.org/2000/svg"><image href="{0}"/></svg>',
        '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "{0}">]><a>&b;</a>',
        "subfile,,start,0,end,0,,:{0}",
    )
    texts = [script.format(name).encode() for script in scripts for name in names]
    return [*texts, *(_data_reference(name.encode()) for name in names)]


def _data_reference(name: bytes) -> bytes:
    """A QuickTime box that says that a track's samples lie in another file."""
    url = (12 + len(name)).to_bytes(4, "big") + b"url " + bytes(4) + name
    return (16 + len(url)).to_bytes(4, "big") + b"dref" + bytes(4) + (1).to_bytes(4, "big") + url
