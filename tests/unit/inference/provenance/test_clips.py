"""The tags of videos, and the XMP beside them."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest

from inference.provenance.blocks import Blocks, Unread
from inference.provenance.clips import clip_blocks
from moderation.media import Container
from tests.origins import box, packet

XMP_UUID = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
PIXELS = 10_000


def tagged(container: str = "mp4", **tags: str) -> bytes:
    buffer = io.BytesIO()
    options = {"movflags": "use_metadata_tags"} if container in ("mp4", "mov") else {}
    with av.open(buffer, "w", format=container, options=options) as target:
        target.metadata.update(tags)
        stream = target.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        target.mux(stream.encode(frame))
        target.mux(stream.encode())
    return buffer.getvalue()


def read(media: bytes, container: Container = Container.MP4) -> Blocks:
    return clip_blocks(io.BytesIO(media), container, pixels=PIXELS)


@pytest.mark.parametrize(
    "container", [Container.MP4, Container.MOV, Container.MATROSKA, Container.AVI]
)
def test_tags_and_encoder_are_read(container: Container) -> None:
    fields = read(tagged(container.value, comment="made by Runway AI"), container).fields
    assert fields["tag:comment"] == "made by Runway AI"
    named = "tag:software" if container is Container.AVI else "tag:encoder"
    assert fields[named].startswith("Lavf")


def test_tags_of_quicktime_are_read_by_their_whole_names() -> None:
    make = {"com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15"}
    fields = read(tagged("mov", **make), Container.MOV).fields
    assert fields["tag:com.apple.quicktime.make"] == "Apple"
    assert fields["tag:com.apple.quicktime.model"] == "iPhone 15"


def test_xmp_in_a_box_of_its_own_is_taken_out() -> None:
    xmp = packet(xmp_CreatorTool="a")
    assert read(tagged() + box(b"uuid", XMP_UUID + xmp)).xmp == xmp
    assert read(tagged() + box(b"uuid", bytes(16) + xmp)).xmp == b""


def test_xmp_in_the_user_data_of_quicktime_is_taken_out() -> None:
    xmp = packet(xmp_CreatorTool="a")
    media = tagged("mov") + box(b"moov", box(b"udta", box(b"XMP_", xmp)))
    assert read(media, Container.MOV).xmp == xmp


@pytest.mark.parametrize("size", [0xFFFFFFFF, 7, 2])
def test_a_box_of_a_wrong_size_ends_the_search(size: int) -> None:
    media = tagged() + struct.pack(">I", size) + b"free" + box(b"uuid", XMP_UUID + b"<a/>")
    assert read(media).xmp == b""


def test_boxes_without_end_are_not_followed() -> None:
    with pytest.raises(Unread, match="too_many_boxes"):
        read(tagged() + box(b"free", b"") * 10_001)
