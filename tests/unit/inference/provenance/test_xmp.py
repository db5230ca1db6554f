"""XMP is read without entities, within bounds of size and depth."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.provenance.blocks import LARGEST_BLOCK, LONGEST_VALUE, Unread
from inference.provenance.xmp import read_xmp
from tests.origins import packet, rdf

_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"


def test_properties_are_read_as_elements() -> None:
    assert read_xmp(packet(xmp_CreatorTool="Adobe Firefly", photoshop_Credit="Somebody")) == {
        "xmp:CreatorTool": "Adobe Firefly",
        "xmp:Credit": "Somebody",
    }


def test_properties_are_read_as_attributes() -> None:
    block = rdf(f'<rdf:Description xmlns:i="{_IPTC}" i:DigitalSourceType="digitalCapture"/>')
    assert read_xmp(block) == {"xmp:DigitalSourceType": "digitalCapture"}


def test_a_property_of_several_languages_is_its_text() -> None:
    value = '<rdf:Alt><rdf:li xml:lang="x-default">a fox</rdf:li></rdf:Alt>'
    assert read_xmp(packet(dc_description=value)) == {"xmp:description": "a fox"}


def test_names_of_other_namespaces_say_nothing() -> None:
    assert read_xmp(rdf('<x:CreatorTool xmlns:x="urn:other">Firefly</x:CreatorTool>')) == {}


def test_a_packet_may_be_padded() -> None:
    assert read_xmp(packet(xmp_CreatorTool="a") + b" \n\0" * 100) == {"xmp:CreatorTool": "a"}


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE a [<!ENTITY e "eeee">]>',
        '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY e "&b;&b;&b;">]>',
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE a>",
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(declaration: str) -> None:
    block = packet(xmp_CreatorTool="a").partition(b"?>")[2]
    with pytest.raises(Unread, match="forbidden_markup"):
        read_xmp(declaration.encode() + block)


@pytest.mark.parametrize("depth", [60, 65])
def test_a_packet_is_read_to_a_depth(depth: int) -> None:
    block = b"<a>" * depth + b"</a>" * depth
    if depth <= 64:
        assert read_xmp(block) == {}
        return
    with pytest.raises(Unread, match="too_deep"):
        read_xmp(block)


def test_a_packet_of_countless_elements_is_not_read_through() -> None:
    with pytest.raises(Unread, match="too_deep"):
        read_xmp(b"<a>" + b"<b/>" * 20_000 + b"</a>")


@pytest.mark.parametrize("excess", [0, 1])
def test_a_packet_is_read_up_to_a_size(excess: int) -> None:
    block = b"<a>" + b"a" * (LARGEST_BLOCK - 7 + excess) + b"</a>"
    if not excess:
        assert read_xmp(block) == {}
        return
    with pytest.raises(Unread, match="too_large"):
        read_xmp(block)


def test_a_value_is_cut_to_what_is_looked_at() -> None:
    value = read_xmp(packet(xmp_CreatorTool="ab&amp;" * 100_000))["xmp:CreatorTool"]
    assert len(value) == LONGEST_VALUE


@given(st.binary(max_size=200))
def test_whatever_stands_there_is_read_or_said_to_be_damaged(noise: bytes) -> None:
    made = packet(xmp_CreatorTool="a")
    for block in (noise, made[:100] + noise + made[100:], made[: len(noise)] + noise):
        with suppress(Unread):
            assert isinstance(read_xmp(block), dict)
