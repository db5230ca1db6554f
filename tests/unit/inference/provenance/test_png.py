"""The text of a PNG is read wherever it stands, and no more of it inflated than is looked at."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.provenance.blocks import LARGEST_BLOCK, LONGEST_VALUE, MOST_FIELDS, Unread
from inference.provenance.png import png_blocks
from tests.origins import (
    PNG,
    chunk,
    compressed,
    exif,
    international,
    packet,
    text,
    with_chunks,
)

SETTINGS = "a fox\nSteps: 20, Sampler: Euler a"


def read(png: bytes) -> dict[str, str]:
    return dict(png_blocks(io.BytesIO(png)).fields)


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(
    "made",
    [
        text("parameters", SETTINGS),
        compressed("parameters", SETTINGS.encode()),
        international("parameters", SETTINGS.encode()),
        international("parameters", SETTINGS.encode(), is_compressed=True),
    ],
)
def test_text_of_every_kind_is_read_wherever_it_stands(made: bytes, behind: bool) -> None:
    assert read(with_chunks([made], behind=behind)) == {"png:parameters": SETTINGS}


def test_exif_and_xmp_are_taken_out_whole() -> None:
    xmp, tiff = packet(xmp_CreatorTool="a"), exif({0x0131: "b"}).tobytes()
    made = [international("XML:com.adobe.xmp", xmp), chunk(b"eXIf", tiff)]
    blocks = png_blocks(io.BytesIO(with_chunks(made)))
    assert (blocks.xmp, blocks.exif, dict(blocks.fields)) == (xmp, tiff, {})


def test_the_first_of_two_texts_stays() -> None:
    made = [text("Software", "one"), text("Software", "two")]
    assert read(with_chunks(made)) == {"png:Software": "one"}


def test_a_bomb_is_inflated_as_far_as_it_is_looked_at() -> None:
    bomb = bytes(100 * 2**20)
    made = [
        compressed("parameters", bomb),
        international("XML:com.adobe.xmp", bomb, is_compressed=True),
    ]
    blocks = png_blocks(io.BytesIO(with_chunks(made)))
    assert len(blocks.fields["png:parameters"]) == LONGEST_VALUE
    assert len(blocks.xmp) == LARGEST_BLOCK + 1  # which who reads it refuses


@pytest.mark.parametrize("count", [MOST_FIELDS, MOST_FIELDS + 1])
def test_so_many_texts_are_inflated_and_no_more(count: int) -> None:
    png = with_chunks([compressed(f"{n}", b"") for n in range(count)])
    if count <= MOST_FIELDS:
        assert png_blocks(io.BytesIO(png))
        return
    with pytest.raises(Unread, match="too_many_chunks"):
        png_blocks(io.BytesIO(png))


def test_a_chunk_that_is_longer_than_the_file_is_damage() -> None:
    with pytest.raises(Unread, match="damaged"):
        read(PNG + struct.pack(">I", 2**31) + b"tEXt" + b"parameters\0a")


def test_chunks_without_end_are_not_followed() -> None:
    with pytest.raises(Unread, match="too_large"):
        read(PNG + chunk(b"junk", b"") * 100_000)


@given(st.binary(max_size=100), st.sampled_from([b"tEXt", b"zTXt", b"iTXt", b"eXIf"]))
def test_whatever_stands_in_a_chunk_is_read(noise: bytes, kind: bytes) -> None:
    assert png_blocks(io.BytesIO(with_chunks([chunk(kind, noise)]))) is not None
