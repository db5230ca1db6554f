"""Reading provenance never raises because of bytes; what cannot be read is said."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.provenance.reading import read_provenance, reader_name
from inference.provenance.records import provenance_from, provenance_record
from inference.provenance.search import ProvenanceSearch
from moderation.provenance import Conflict, Provenance, ProvenanceState, UnreadPart, unread
from tests.clips import clip
from tests.origins import (
    compressed,
    exif,
    iim,
    international,
    packet,
    picture,
    text,
    trust_list,
    with_chunks,
    with_iim,
)
from tests.signing import signed, the_identity

TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def read(media: bytes, search: ProvenanceSearch | None = None) -> Provenance:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "media"
        file.write_bytes(media)
        return read_provenance(file, settings=search or ProvenanceSearch())


@pytest.mark.parametrize("plugin", ["JPEG", "WEBP", "AVIF", "HEIF"])
def test_exif_and_xmp_of_every_picture_are_read(plugin: str) -> None:
    tags = {"exif": exif({0x010F: "Canon"}), "xmp": packet(xmp_CreatorTool="GIMP")}
    provenance = read(picture(plugin, **tags))
    assert provenance.tags is not None
    assert provenance.tags.camera_make == "Canon"
    assert provenance.tags.software == "GIMP"
    assert provenance.unread == ()


def test_iptc_of_a_jpeg_is_read() -> None:
    provenance = read(with_iim(picture(), iim((110, b"Made with Google AI"))))
    assert [mark.generator for mark in provenance.generator_marks] == ["Google"]


def test_everything_of_a_png_is_read() -> None:
    made = [
        text("parameters", "a fox\nSteps: 20"),
        international("XML:com.adobe.xmp", packet(Iptc4xmpExt_DigitalSourceType=TRAINED)),
    ]
    provenance = read(with_chunks(made))
    assert provenance.tags is not None
    assert provenance.tags.digital_source_type == TRAINED
    assert [mark.generator for mark in provenance.generator_marks] == ["Stable Diffusion web UI"]


def test_the_encoder_of_a_video_is_read() -> None:
    provenance = read(clip(frames=2))
    assert provenance.tags is not None
    assert str(provenance.tags.encoder).startswith("Lavf")
    assert provenance.state is ProvenanceState.UNKNOWN


def test_credentials_and_tags_are_held_against_each_other() -> None:
    media = signed(picture("JPEG", exif=exif({0x0131: "Midjourney"})))
    provenance = read(media, ProvenanceSearch(signers=trust_list(the_identity())))
    assert provenance.state is ProvenanceState.TRUSTED
    assert provenance.conflicts == (Conflict.CAPTURE_BUT_GENERATOR,)


def test_the_reader_names_the_lists_it_used() -> None:
    search = ProvenanceSearch(signers=trust_list(the_identity()))
    assert read(picture(), search).reader == reader_name(search)
    assert "signers abababababababab" in reader_name(search)
    assert reader_name(ProvenanceSearch()) != reader_name(search)


def test_one_part_that_is_damaged_does_not_hide_the_others() -> None:
    media = picture("JPEG", exif=exif({0x010F: "Canon"}), xmp=b"<!DOCTYPE a><a/>")
    provenance = read(media)
    assert provenance.tags is not None
    assert provenance.tags.camera_make == "Canon"
    assert provenance.unread == (UnreadPart(part="xmp", why="forbidden_markup"),)


def test_a_bomb_in_xmp_is_too_large() -> None:
    bomb = international("XML:com.adobe.xmp", bytes(50 * 2**20), is_compressed=True)
    provenance = read(with_chunks([bomb, compressed("parameters", b"Steps: 20")]))
    assert provenance.unread == (UnreadPart(part="xmp", why="too_large"),)
    assert provenance.generator_marks


def test_bytes_of_no_media_are_unreadable() -> None:
    assert read(b"%PDF-1.7") == unread("unreadable")
    assert read(b"") == unread("unreadable")


def test_a_file_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    gone = read_provenance(tmp_path / "gone", settings=ProvenanceSearch())
    assert gone == unread("unreadable")


SEEDS = (
    signed(picture("JPEG", exif=exif({0x010F: "Canon"}), xmp=packet(xmp_CreatorTool="a"))),
    signed(picture("PNG"), "image/png"),
    signed(clip(frames=2), "video/mp4"),
    picture("WEBP", exif=exif({0x010F: "Canon"}), xmp=packet(xmp_CreatorTool="a")),
    with_chunks([text("parameters", "Steps: 20"), compressed("Comment", b"a")]),
    with_iim(picture(), iim((110, b"a"))),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(SEEDS),
    st.integers(0, 20_000),
    st.binary(min_size=1, max_size=30),
    st.booleans(),
)
def test_damage_anywhere_ends_in_a_provenance_that_travels(
    seed: bytes, at: int, noise: bytes, cuts: bool
) -> None:
    at %= len(seed)
    provenance = read(seed[:at] + noise + (b"" if cuts else seed[at + len(noise) :]))
    assert provenance_from(provenance_record(provenance)) == provenance
